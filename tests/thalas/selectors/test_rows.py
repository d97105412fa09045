"""Rows read by SQL that is written out are the models that Django reads."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import models as django_models

from tests.thalas.services import councils_at_work as council
from thalas import models
from thalas.selectors import clock, rows
from thalas.services import closings

pytestmark = pytest.mark.usefixtures("house")


def fields_of(row: django_models.Model) -> dict[str, tuple[type, object]]:
    """Return name to type and value of every column of *row*."""
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return {name: (type(value), value) for name, value in values.items()}


@pytest.mark.parametrize(
    "model",
    [
        models.Account,
        models.Brief,
        models.DecisionLeg,
        models.KillSwitch,
        models.ReplayTape,
        models.Run,
        models.Vote,
        models.Voter,
    ],
    ids=lambda model: str(model.__name__),
)
def test_every_column_is_what_django_reads(model: type[django_models.Model]) -> None:
    run = council.opened(deadline_s=5.0)
    council.answered(run, {"trend": council.buy(run), "momentum": council.hold(run)})
    closings.close_run(run.pk, by="guard", reason="a test", now=clock.now())
    key = model._meta.pk.column
    found = rows.find(model, f"1 = 1 ORDER BY {key}")
    expected = list(model._default_manager.order_by("pk"))
    assert len(found) == len(expected) > 0
    assert list(map(fields_of, found)) == list(map(fields_of, expected))
    assert found == expected
    assert not any(row._state.adding for row in found)


def test_what_is_looked_for_is_a_value_and_never_sql() -> None:
    assert rows.first(models.Account, "name = %(name)s", name="demo' OR '1' = '1") is None
    assert rows.first(models.Account, "name = %(name)s", name="100 %s %(name)s") is None


def test_of_many_names_each_is_found() -> None:
    names = ("trend", "nobody", "momentum")
    places, values = rows.listed(names)
    found = rows.find(models.Voter, f"name IN {places} ORDER BY name", **values)
    assert [voter.name for voter in found] == ["momentum", "trend"]


def test_rows_side_by_side_are_what_django_reads_and_each_is_one_object() -> None:
    run = council.opened("BTC/USD", "ETH/USD", deadline_s=5.0)
    council.answered(run, {"trend": council.buy(run), "momentum": council.hold(run)})
    closings.close_run(run.pk, by="guard", reason="a test", now=clock.now())
    still_open = council.opened()
    found = rows.find_beside(
        ((models.Run, "run"), (models.DecisionLeg, "leg")),
        "thalas_run run LEFT JOIN thalas_decisionleg leg ON leg.decision_id = run.id "
        "ORDER BY run.opened_at, run.id, leg.position",
    )
    read = list(models.Run.objects.all())
    assert len(read) == 2
    assert [pair[0].pk for pair in found] == [run.pk, run.pk, still_open.pk]
    assert fields_of(found[0][0]) == fields_of(models.Run.objects.get(pk=run.pk))
    assert found[0][0] is found[1][0]
    legs = list(models.DecisionLeg.objects.order_by("position"))
    assert [fields_of(pair[1]) for pair in found[:2]] == list(map(fields_of, legs))
    assert found[2][1] is None


def test_a_row_can_be_changed_and_saved_as_one_that_django_has_read() -> None:
    run = rows.find(models.Run, "id = %(id)s", id=council.opened().pk)[0]
    assert run.account.name == "demo"
    run.close_reason = "looked at"
    run.save(update_fields=["close_reason"])
    run.refresh_from_db()
    assert (run.close_reason, models.Run.objects.count()) == ("looked at", 1)


def test_a_row_comes_with_the_databases_time() -> None:
    before = clock.now()
    found = rows.first_now(models.Account, "name = %(name)s", name="demo")
    assert found is not None
    assert found[0] == models.Account.objects.get(name="demo")
    assert before <= found[1] <= clock.now()
    assert found[1].utcoffset() == timedelta(0)
    assert rows.first_now(models.Account, "name = %(name)s", name="nobody") is None


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 21, 19, 38, 50, 123456, tzinfo=UTC),
        datetime(2026, 11, 21, 19, 38, 50, 120000, tzinfo=UTC),
        datetime(2026, 11, 21, 19, 38, 50, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 3, 29, 3, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    ],
)
def test_a_moment_comes_back_as_it_went_in(moment: datetime) -> None:
    brief = models.Brief.objects.create(sha256="0" * 64, payload="{}", created_at=moment)
    for read in (models.Brief.objects.get(), rows.find(models.Brief, "TRUE")[0]):
        assert read.created_at == brief.created_at
        assert read.created_at.tzinfo is UTC
