"""Rows read by SQL that is written out are the models that Django reads."""

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
