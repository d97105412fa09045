"""What is stored by statements that are written out is what Django would have stored."""

import pytest
from django.db import IntegrityError, transaction

from tests.thalas.selectors.test_rows import fields_of
from tests.thalas.services import councils_at_work as council
from thalas import models
from thalas.selectors import clock
from thalas.services import inserts

pytestmark = pytest.mark.usefixtures("house")


def legs(decision: models.Decision, count: int) -> list[models.DecisionLeg]:
    """Return so many legs of *decision*."""
    return [
        models.DecisionLeg(
            decision=decision,
            position=number,
            symbol=f"S{number}",
            outcome="BUY",
            confidence=0.1 * number,
            agreement=0.5,
            n_eff=1.5,
            is_degraded=number % 2 == 0,
            arithmetic="1 + 1 = 2 %s",
            scores={"BUY": 0.25},
            counts={"BUY": 2},
            price="1.2345678901",
            verdict="approved",
            verdict_reason='it\'s "fine"',
            requested_usd="12.34",
            size_usd="12.30",
            checks=[{"code": "dust", "value": None}],
        )
        for number in range(count)
    ]


def decision() -> models.Decision:
    """Return a decision that is not stored yet."""
    now = clock.now()
    return models.Decision(
        run=council.opened(),
        filed_at=now,
        panel=5,
        heard=3,
        is_degraded=True,
        latency_ms=12.5,
        cost_usd="0.000123",
        tokens=77,
        limits_version=1,
    )


def test_more_rows_than_go_into_one_statement_are_stored_as_django_stores_them() -> None:
    ours, djangos = decision(), decision()
    inserts.put([ours])
    inserts.put(legs(ours, inserts.MOST_ROWS + 3))
    djangos.save()
    models.DecisionLeg.objects.bulk_create(legs(djangos, inserts.MOST_ROWS + 3))
    different = {"id", "decision_id", "run_id", "filed_at"}

    def stored(of: models.Decision) -> list[dict[str, object]]:
        rows = [models.Decision.objects.get(pk=of.pk), *models.DecisionLeg.objects.filter(decision=of.pk)]
        return [{k: v for k, v in fields_of(row).items() if k not in different} for row in rows]

    assert stored(ours) == stored(djangos)
    assert len(stored(ours)) == inserts.MOST_ROWS + 4


def test_nothing_is_stored_of_nothing() -> None:
    inserts.put([])


def test_what_is_there_stays_where_it_may_and_is_an_error_where_not() -> None:
    now = clock.now()
    first = models.Brief(sha256="a" * 64, payload="first", created_at=now)
    second = models.Brief(sha256="a" * 64, payload="second", created_at=now)
    inserts.put([first])
    inserts.put([second], or_leave=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        inserts.put([second])
    assert models.Brief.objects.get().payload == "first"


def test_a_vote_begins_as_its_model_says() -> None:
    run = council.opened(deadline_s=4.0, panel=["trend"])
    vote = run.votes.get()
    told = models.Vote(
        run=run,
        voter_id="trend",
        weight=vote.weight,
        timeout_s=4.0,
        request_model=vote.voter.model,
        published_at=run.opened_at,
        is_simulated=vote.voter.is_simulated,
    )
    told.pk = vote.pk
    assert {n: value for n, (_, value) in fields_of(vote).items()} == {
        n: value for n, (_, value) in fields_of(told).items()
    }
