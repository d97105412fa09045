"""The state machine: whatever happens to a council's messages, workers and closers, in any order."""

import itertools
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from providers.errors import VoterError
from providers.voters.types import Answer, Usage
from tests import caps, seeds
from tests.machines import doubles, theories
from tests.machines.doubles import ScriptedVoter
from tests.machines.pictures import Picture
from thalas import models
from thalas.domain.methods import Method
from thalas.errors import NotPossible
from thalas.selectors import clock
from thalas.services import budgets, closings, councils, guards, runs, votes

PANEL = ("breakout", "mean_reversion", "momentum", "trend", "volatility")
PROVIDER, CAP = "analyst", 100_000
LOST, TAKES_LONG = "lost", "takes long"
OTHER_FATES = (doubles.DIES, doubles.RAISES, LOST, TAKES_LONG, TAKES_LONG)
MOST_RUNS, MOST_OPEN = 8, 3

words = st.sampled_from(doubles.WORDS)
# Quarters of a second are exact in a float: the model and the database agree to the last bit.
deadlines = st.sampled_from((30.0, 60.0, 15.0, 4.5, 1.0))
timeouts = st.sampled_from((0.5, 2.0, 5.0))
passing = st.sampled_from((0.25, 0.5, 1.0, 1.25, 2.5, 4.0, 7.25))
prices = st.sampled_from(((0, 0), (10_000, 10_000), (30_000, 5_000), (60_000, 0)))
panels = st.lists(st.sampled_from(PANEL), min_size=1, max_size=5, unique=True)
# By which method a run may close early; as many wait for all.
methods = st.sampled_from(("", *Method, "", "", ""))
seats_at = st.integers(0, 4)


@dataclass(frozen=True, slots=True)
class Seat:
    """A claim that some worker holds: whose vote it is, and what was reserved for the call."""

    run: models.Run
    claim: votes.Claim
    reservation: budgets.Reservation | None
    entry: theories.Entry | None


class Council(RuleBasedStateMachine):
    """Runs of a council in the database, and beside each the same run in theory."""

    opened = Bundle("opened")
    seats = Bundle("seats")
    scripts: dict[str, ScriptedVoter]
    opening: runs.Opening

    def __init__(self) -> None:
        super().__init__()
        # Everything of one sequence is undone at its end.
        self._undone = transaction.atomic()
        self._undone.__enter__()
        caps.allow_usd(Decimal(CAP) / 1_000_000, provider=PROVIDER)
        # Half a minute before midnight: most sequences cross into the next day's budget.
        self.born_at = clock.now().replace(hour=23, minute=59, second=30, microsecond=0)
        self.now_s = 0.0
        self.runs: dict[models.Run, theories.Run] = {}
        self.held: list[Seat] = []
        self.ledger = theories.Ledger(CAP)
        self.picture = Picture(self.born_at)

    def teardown(self) -> None:
        """Forget this sequence."""
        transaction.set_rollback(True)
        self._undone.__exit__(None, None, None)

    @property
    def now(self) -> datetime:
        """The time of this machine, which services are told."""
        return self.born_at + timedelta(seconds=self.now_s)

    @property
    def day(self) -> int:
        """Days since the first midnight, for the ledger."""
        return (self.now.date() - self.born_at.date()).days

    @property
    def open(self) -> list[theories.Run]:
        """The runs that are open."""
        return [run for run in self.runs.values() if run.state == theories.OPEN]

    # --- what opens, and how time goes on --------------------------------------------------------

    @initialize(target=opened, panel=panels, timeout_s=timeouts, deadline_s=deadlines, early_by=methods)
    def open_the_first(
        self, panel: list[str], timeout_s: float, deadline_s: float, early_by: str
    ) -> models.Run:
        """Begin with an open run."""
        return self._open(panel, timeout_s, deadline_s, early_by)

    @precondition(lambda self: len(self.runs) < MOST_RUNS and len(self.open) < MOST_OPEN)
    @rule(target=opened, panel=panels, timeout_s=timeouts, deadline_s=deadlines, early_by=methods)
    def open_run(self, panel: list[str], timeout_s: float, deadline_s: float, early_by: str) -> models.Run:
        """Open a run of some of the voters."""
        return self._open(panel, timeout_s, deadline_s, early_by)

    @rule(seconds=passing)
    def time_passes(self, seconds: float) -> None:
        """Let leases and deadlines run out."""
        self.now_s += seconds

    # --- deliveries ------------------------------------------------------------------------------

    @rule(
        target=seats,
        run=opened,
        fates=st.lists(words | st.sampled_from(OTHER_FATES), min_size=5, max_size=5),
        order=st.permutations(range(5)),
        price=prices,
    )
    def a_chord_goes_out(
        self, run: models.Run, fates: list[str], order: list[int], price: tuple[int, int]
    ) -> object:
        """Deliver the whole panel's messages in some order; some are lost, some workers die or take long."""
        held = []
        panel = sorted(self.runs[run].votes)
        for voter, fate in [(panel[place], fates[place]) for place in order if place < len(panel)]:
            if fate == TAKES_LONG:
                held.append(self._claim(run, voter, price[0]))
            elif fate != LOST:
                self._ask(run, voter, fate, price)
        return multiple(*(seat for seat in held if seat is not None))

    @rule(run=opened, place=seats_at, word=words | st.just(doubles.RAISES), price=prices)
    def a_message_is_delivered(self, run: models.Run, place: int, word: str, price: tuple[int, int]) -> None:
        """Let a worker take a message, ask and record."""
        self._ask(run, self._who(run, place), word, price)

    @rule(run=opened, place=seats_at, word=words, price=prices, times=st.integers(2, 3))
    def a_message_is_delivered_again_and_again(
        self, run: models.Run, place: int, word: str, price: tuple[int, int], times: int
    ) -> None:
        """Deliver the same message two or three times in a row."""
        for _ in range(times):
            self._ask(run, self._who(run, place), word, price)

    @rule(run=opened, place=seats_at, price=prices)
    def a_worker_dies_while_it_asks(self, run: models.Run, place: int, price: tuple[int, int]) -> None:
        """Deliver a message to a worker that does not survive the call."""
        self._ask(run, self._who(run, place), doubles.DIES, price)

    @rule(run=opened, place=seats_at, price=prices, word=words, fate=words | st.just(doubles.DIES))
    def a_worker_is_overtaken(
        self, run: models.Run, place: int, price: tuple[int, int], word: str, fate: str
    ) -> None:
        """Let a lease run out and another worker take over; then the first comes back with its answer."""
        voter = self._who(run, place)
        seat = self._claim(run, voter, price[0])
        self.now_s += self.runs[run].votes[voter].timeout_s + 2.25
        self._ask(run, voter, fate, price)
        if seat is not None:
            self._record(seat, word, 5_000, 0)

    @rule(run=opened, place=seats_at, price=prices, times=st.sampled_from((4, 2, 1)))
    def workers_die_one_after_the_other(
        self, run: models.Run, place: int, price: tuple[int, int], times: int
    ) -> None:
        """Kill each worker that takes the message, and let its lease run out."""
        for _ in range(times):
            voter = self._who(run, place)
            self._ask(run, voter, doubles.DIES, price)
            self.now_s += self.runs[run].votes[voter].timeout_s + 2.25

    @rule(target=seats, run=opened, place=seats_at, price=prices)
    def a_worker_takes_its_time(self, run: models.Run, place: int, price: tuple[int, int]) -> object:
        """Deliver a message to a worker that will record later, or never."""
        seat = self._claim(run, self._who(run, place), price[0])
        return multiple() if seat is None else seat

    @rule(seat=seats, word=words, cost=st.sampled_from((0, 5_000)), quarters_late=st.integers(0, 8))
    def a_worker_records(self, seat: Seat, word: str, cost: int, quarters_late: int) -> None:
        """Record for a claim, whatever has become of it meanwhile; for a second time, too."""
        self._record(seat, word, cost, quarters_late)

    @precondition(lambda self: self.held)
    @rule(said=st.lists(words, min_size=5, max_size=5), cost=st.sampled_from((0, 5_000)))
    def all_who_take_long_record(self, said: list[str], cost: int) -> None:
        """Record for every claim that is still held."""
        for seat, word in zip(self.held, itertools.cycle(said), strict=False):
            self._record(seat, word, cost, 0)
        self.held.clear()

    def _record(self, seat: Seat, word: str, cost: int, quarters_late: int) -> None:
        result = doubles.result(word, seat.claim.brief, cost=cost)
        if seat.entry is not None and isinstance(result, Answer):
            budgets.settle(seat.reservation, result.usage, now=self.now)
            self.ledger.settle(seat.entry, cost)
        became = votes.record(seat.claim, result, latency_ms=quarters_late * 250.0, now=self.now)
        said = doubles.becomes(word, cost)
        recorded_s = self.now_s + quarters_late / 4
        assert became == self.runs[seat.run].record(seat.claim.voter, seat.claim.token, said, recorded_s)

    # --- guards, chords, waiters and people ------------------------------------------------------

    @rule()
    def a_guard_sweeps(self) -> None:
        """Let a guard give up and close what it may, and nothing else."""
        done = guards.sweep(now=self.now)
        given_up = sum(run.give_up_lost(self.now_s) for run in self.open)
        closed = sum(run.close("guard") for run in self.open if run.is_due(self.now_s))
        assert (done.given_up, done.closed) == (given_up, closed)

    @rule()
    def a_guard_looks_for_lost_votes(self) -> None:
        """Take exactly the votes that nobody is asking for and somebody should; twice takes none twice."""
        taken = {(vote.run_id, vote.voter_id) for vote in guards.votes_to_resend(now=self.now)}
        expected = {
            (run.pk, name)
            for run, theory in self.runs.items()
            if theory.state == theories.OPEN
            for name in theory.take_unasked(self.now_s)
        }
        assert taken == expected
        assert guards.votes_to_resend(now=self.now) == []

    @rule(run=opened)
    def the_chord_calls_back(self, run: models.Run) -> None:
        """Close what is fully answered, and only that."""
        theory = self.runs[run]
        is_closed = closings.close_if_answered(run.pk, by=closings.CHORD, now=self.now)
        if theory.is_answered:
            theory.close(closings.CHORD)
        assert is_closed == theory.is_answered

    @rule(run=opened)
    def somebody_looks_whether_it_is_settled(self, run: models.Run) -> None:
        """Close a run early, if it may and nobody can turn it any more."""
        is_closed = closings.close_if_settled(run.pk, now=self.now)
        assert is_closed == self._follow_early(run)

    @rule(run=opened, by=st.sampled_from((closings.WAITER, closings.GUARD, "person", *[""] * 5)))
    def somebody_ends_it(self, run: models.Run, by: str) -> None:
        """Close or cancel a run whatever its state; the first one wins, the others read. Often, nobody."""
        if by == "person":
            self._cancel(run)
        elif by:
            closed = closings.close_run(run.pk, by=by, reason="it was time", now=self.now)
            self.runs[run].close(by)
            assert (closed.state, closed.closed_by) == (self.runs[run].state, self.runs[run].closed_by)

    def _cancel(self, run: models.Run) -> None:
        was_open = self.runs[run].cancel()
        try:
            runs.cancel_run(run.pk, by="a person", now=self.now)
        except NotPossible:
            assert not was_open
        else:
            assert was_open

    # --- what must hold after every step ---------------------------------------------------------

    @invariant()
    def the_database_is_as_the_model(self) -> None:
        """Compare every row with the theory, and what is closed with what it was."""
        self.picture.compare(self.runs, self.ledger)

    # --- a worker's part -------------------------------------------------------------------------

    def _open(self, panel: list[str], timeout_s: float, deadline_s: float, early_by: str) -> models.Run:
        method = Method(early_by or Method.WEIGHTED_MAJORITY)
        seated = list(models.Voter.objects.filter(pk__in=panel))
        for voter in seated:
            voter.timeout_s = timeout_s
        opening = replace(
            self.opening,
            panel=seated,
            deadline_s=deadline_s,
            may_close_early=bool(early_by),
            method=method,
        )
        run = runs.open_run(opening, now=self.now)
        timeout_s = min(timeout_s, deadline_s)
        self.runs[run] = theories.Run(
            opened_s=self.now_s,
            deadline_s=self.now_s + deadline_s,
            quorum=(len(panel) + 1) // 2,
            votes={name: theories.Vote(timeout_s, self.now_s) for name in panel},
            may_close_early=bool(early_by),
            method=method.value,
        )
        return run

    def _who(self, run: models.Run, place: int) -> str:
        panel = sorted(self.runs[run].votes)
        return panel[place % len(panel)]

    def _ask(self, run: models.Run, voter: str, word: str, price: tuple[int, int]) -> None:
        theory, (worst, cost) = self.runs[run], price
        self.scripts[voter].word, self.scripts[voter].worst, self.scripts[voter].cost = word, worst, cost
        try:
            became = votes.ask(run_id=run.pk, voter=voter, clock=lambda: self.now)
        except doubles.Killed:
            became = "killed"
        vote = models.Vote.objects.get(run=run, voter_id=voter)
        token = vote.token
        if token is None or theory.claim(voter, token, self.now_s) is None:
            assert became == "not_mine"
            return
        recorded_s = (vote.recorded_at - self.born_at).total_seconds() if vote.recorded_at else self.now_s
        assert recorded_s == self.now_s  # the clock stands while a voter is asked
        said = self._charge(word, worst, cost)
        if said is None:
            assert became == "killed"
        else:
            assert became == theory.record(voter, token, said, recorded_s)
            self._follow_early(run)

    def _follow_early(self, run: models.Run) -> bool:
        """Take over an early close, of which the theory knows when it is wrong; say whether there was one."""
        closed_by = models.Run.objects.values_list("closed_by", flat=True).get(pk=run.pk)
        theory = self.runs[run]
        if closed_by != closings.EARLY or theory.state != theories.OPEN:
            return False
        assert theory.may_close_early
        assert not theory.is_answered
        assert theory.cannot_be_turned(run.min_confidence, run.min_agreement)
        theory.close_early()
        return True

    def _charge(self, word: str, worst: int, cost: int) -> theories.Said | None:
        """Return what a call becomes once the ledger has allowed it or not; None if its worker died."""
        if worst and not self.ledger.reserve(worst, self.day):
            return theories.Said("failed", error_kind="budget_exhausted")
        if word == doubles.DIES:
            return None
        said = doubles.becomes(word, cost)
        if worst and said.state != "failed":
            self.ledger.settle(self.ledger.entries[-1], cost)
        return said

    def _claim(self, run: models.Run, voter: str, worst: int) -> Seat | None:
        claim = votes.claim_vote(run_id=run.pk, voter=voter, now=self.now)
        theory = self.runs[run]
        timeout_s = theory.claim(voter, claim.token if claim else None, self.now_s)
        assert (claim.timeout_s if claim else None) == timeout_s
        if claim is None:
            return None
        seat = Seat(run, claim, *self._reserve(claim, worst))
        self.held.append(seat)
        return seat

    def _reserve(
        self, claim: votes.Claim, worst: int
    ) -> tuple[budgets.Reservation | None, theories.Entry | None]:
        wanted = Usage(cost_usd=Decimal(worst) / 1_000_000)
        if not worst:
            return None, None
        allowed = self.ledger.reserve(worst, self.day)
        try:
            reservation = budgets.reserve(claim.buyer, wanted, now=self.now)
        except VoterError:
            assert not allowed
            return None, None
        assert allowed
        return reservation, self.ledger.entries[-1]


def prepare() -> runs.Opening:
    """Return what every run of the machine is opened with; its panel and deadline vary."""
    return councils.prepare(seeds.question("BTC/USD", panel=PANEL), now=clock.now())
