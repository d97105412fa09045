"""Duplicate, reordered, late and lost deliveries are harmless: the database is as a model in plain Python."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from providers.voters import registry
from providers.voters.vendors import VoterSpec
from tests.machines import doubles, machine, pictures
from tests.machines.doubles import ScriptedVoter
from thalas import models
from thalas.selectors import clock
from thalas.services import closings, runs, votes

LONG = settings(deadline=None, suppress_health_check=list(HealthCheck), stateful_step_count=50)
# Makes no failing sequence shorter, which may take minutes: the full form does.
BRISK = settings(LONG, max_examples=100, phases=(Phase.explicit, Phase.reuse, Phase.generate))


class Standing:
    """A clock that stands: how long a call really takes would make the same steps lead elsewhere."""

    @staticmethod
    def monotonic() -> float:
        """Return the time."""
        return 0.0


@pytest.fixture
def council(house: None, monkeypatch: pytest.MonkeyPatch) -> type[machine.Council]:
    """The machine, with voters that say what it tells them."""
    scripts = {name: ScriptedVoter() for name in machine.PANEL}

    def build(spec: VoterSpec, *, api_key: str | None) -> ScriptedVoter:
        return scripts[spec.name]

    monkeypatch.setattr(registry, "build", build)
    monkeypatch.setattr(votes, "time", Standing)
    machine.Council.scripts, machine.Council.opening = scripts, machine.prepare()
    return machine.Council


@pytest.mark.timeout(900)
def test_whatever_the_order_of_deliveries_the_database_is_as_the_model(
    council: type[machine.Council],
) -> None:
    run_state_machine_as_test(council, settings=BRISK)


@pytest.mark.acceptance
@pytest.mark.timeout(3600)
def test_two_thousand_orders_of_deliveries_leave_the_database_as_the_model(
    council: type[machine.Council],
) -> None:
    run_state_machine_as_test(council, settings=settings(LONG, max_examples=2_000))


@pytest.mark.usefixtures("house")
@settings(LONG, max_examples=30)
@given(
    words=st.lists(st.sampled_from(doubles.WORDS), min_size=5, max_size=5),
    order=st.permutations(machine.PANEL),
    is_late=st.lists(st.booleans(), min_size=5, max_size=5),
)
def test_a_decision_is_the_same_for_any_order_of_its_votes(
    words: list[str], order: list[str], is_late: list[bool]
) -> None:
    opening, now = machine.prepare(), clock.now()
    said = dict(zip(machine.PANEL, words, strict=True))
    late = {voter for voter, flag in zip(machine.PANEL, is_late, strict=True) if flag}
    decisions = []
    for voters in (machine.PANEL, order):
        run = runs.open_run(opening, now=now)
        claims = {voter: votes.claim_vote(run_id=run.pk, voter=voter, now=now) for voter in voters}

        def record(voter: str, claims: dict[str, votes.Claim | None] = claims) -> None:
            claim = claims[voter]
            assert claim is not None
            votes.record(claim, doubles.result(said[voter], claim.brief), latency_ms=1.0, now=now)

        for voter in voters:
            if voter not in late:
                record(voter)
        closings.close_run(run.pk, by=closings.GUARD, reason="a test", now=run.deadline_at)
        for voter in late:
            record(voter)
        decisions.append(pictures.decided(run))
        models.Reservation.objects.all().delete()  # the next run finds the same account
    first, second = decisions
    assert first == second
