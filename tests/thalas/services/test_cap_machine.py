"""Caps through whatever befalls them: wrong clocks, rollovers, late and lost calls, people changing them."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from providers.errors import VoterError
from providers.voters.types import Usage
from tests import seeds
from thalas import models
from thalas.domain import budgets as words
from thalas.domain.budgets import Measure, Subject
from thalas.selectors import budgets as reading
from thalas.services import budgets, caps, notices
from thalas.services.budgets import Reservation
from thalas.services.ledgers import Buyer

# Half a minute before a month ends.
BORN_AT = seeds.moment(2026, 1, 31, 23, 59, 30)
SKEWS_S = (0, 5, -5, 86_400, -86_400)
STEPS_S = st.sampled_from((0, 1, 20, 61, 3_700, 43_000, 86_400))
# The one on the provider's dollars a day is always there; the others come and go.
CHANGED = (
    (Subject.PROVIDER, "analyst", Measure.USD_PER_DAY),
    (Subject.PROVIDER, "analyst", Measure.REQUESTS_PER_MINUTE),
    (Subject.VOTER, "trend", Measure.USD_PER_MONTH),
    (Subject.VOTER, "trend", Measure.TOKENS_PER_MINUTE),
    (Subject.ACCOUNT, "demo", Measure.TOKENS_PER_DAY),
)
AMOUNTS = {
    Measure.USD_PER_DAY: st.sampled_from(("0.3", "1", "2")),
    Measure.USD_PER_MONTH: st.sampled_from(("0.5", "2", None)),
    Measure.REQUESTS_PER_MINUTE: st.sampled_from(("1", "5", None)),
    Measure.TOKENS_PER_MINUTE: st.sampled_from(("50", "900", None)),
    Measure.TOKENS_PER_DAY: st.sampled_from(("100", "3000", None)),
}


@dataclass
class Held:
    """A call that is under way, or was."""

    reservation: Reservation
    worst_micro: int
    tokens: int


class Caps(RuleBasedStateMachine):
    """One house, whose clock only goes forward, while its workers' clocks are wrong."""

    def __init__(self) -> None:
        super().__init__()
        for table in (models.SpendEntry, models.BudgetWindow, models.BudgetCap):
            table.objects.all().delete()
        self.now = BORN_AT
        self.held: list[Held] = []
        caps.declare("analyst", cap_usd=Decimal(1), now=self.now)

    @rule(
        voter=st.sampled_from(("trend", "momentum")),
        micro=st.integers(0, 600_000),
        tokens=st.integers(0, 600),
        skew_s=st.sampled_from(SKEWS_S),
    )
    def reserve(self, voter: str, micro: int, tokens: int, skew_s: int) -> None:
        worst = Usage(tokens_in=tokens, cost_usd=words.usd(micro), requests=1)
        before = windows()
        try:
            made = budgets.reserve(
                Buyer(voter, "analyst", "demo"), worst, now=self.now + timedelta(seconds=skew_s)
            )
        except VoterError:
            assert {key: held for key, held in windows().items() if held} == {
                key: held for key, held in before.items() if held
            }
            return
        assert made is not None
        self.held.append(Held(made, micro, tokens))
        for (kind, subject, measure, _), held in windows_that_grew(before).items():
            assert held <= models.BudgetCap.objects.get(kind=kind, subject=subject, measure=measure).amount

    @rule(data=st.data(), share=st.floats(0, 1), late_s=STEPS_S)
    def settle(self, data: st.DataObject, share: float, late_s: int) -> None:
        """Settle any call, perhaps one that was settled, or given up as lost, before."""
        if not self.held:
            return
        call = data.draw(st.sampled_from(self.held))
        self.now += timedelta(seconds=late_s)
        cost_usd = words.usd(int(call.worst_micro * share))
        used = Usage(tokens_in=int(call.tokens * share), cost_usd=cost_usd, requests=1)
        before = windows()
        budgets.settle(call.reservation, used, now=self.now)
        assert windows_that_grew(before) == {}

    @rule(step_s=STEPS_S)
    def wait(self, step_s: int) -> None:
        self.now += timedelta(seconds=step_s)
        notices.notice(now=self.now)
        notices.book_lost(now=self.now)
        notices.tidy(now=self.now)
        lost = models.SpendEntry.objects.filter(
            settled_at=None, reserved_at__lt=self.now - notices.LONGEST_CALL
        )
        assert not lost.exists(), "nothing is reserved for ever"

    @rule(data=st.data(), cap=st.sampled_from(CHANGED))
    def change(self, data: st.DataObject, cap: tuple[Subject, str, Measure]) -> None:
        """Let a person set a cap, above or below what is committed, or remove it."""
        kind, subject, measure = cap
        amount = data.draw(AMOUNTS[measure])
        caps.set_cap(kind.value, subject, measure.value, amount, by="a person", now=self.now)

    @invariant()
    def every_window_that_some_clock_is_in_is_the_sum_of_its_ledger(self) -> None:
        for cap in models.BudgetCap.objects.all():
            measure = Measure(cap.measure)
            for starts_at in {
                words.starts(self.now + timedelta(seconds=skew)).of(measure) for skew in SKEWS_S
            }:
                mine = models.BudgetWindow.objects.filter(
                    kind=cap.kind, subject=cap.subject, measure=cap.measure, starts_at=starts_at
                ).first()
                ledger = reading.committed(Subject(cap.kind), cap.subject, measure, starts_at)
                assert ledger == (mine.committed if mine else 0)


Key = tuple[str, str, str, object]


def windows() -> dict[Key, int]:
    """Return what each window holds."""
    rows = models.BudgetWindow.objects.values_list("kind", "subject", "measure", "starts_at", "committed")
    return {row[:4]: row[4] for row in rows}


def windows_that_grew(before: dict[Key, int]) -> dict[Key, int]:
    """Return the windows that hold more than they did."""
    return {key: held for key, held in windows().items() if held > before.get(key, 0)}


def run(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Caps,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            # Makes no failing sequence shorter, which may take minutes.
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.usefixtures("house")
def test_whatever_happens_no_window_passes_its_cap_and_each_is_its_ledgers_sum() -> None:
    run(examples=12, steps=25)


@pytest.mark.acceptance
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("house")
def test_whatever_happens_at_length_no_window_passes_its_cap() -> None:
    run(examples=300, steps=50)
