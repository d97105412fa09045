"""Voters over HTTP: what they cost and failed at, and changing what a person may change."""

import pytest

from tests import caps, seeds
from tests.thalas.api import callers
from thalas import models
from thalas.selectors import audits, clock
from thalas.services import councils

pytestmark = pytest.mark.usefixtures("house")
HERE = "/api/v1/voters"


@pytest.fixture
def voter() -> models.Voter:
    """Return one of the voters."""
    found = models.Voter.objects.order_by("name").first()
    assert found is not None
    return found


def patch(name: str, *scopes: str, **body: object) -> tuple[int, dict[str, object]]:
    """Change the voter *name*; return status and answer."""
    client = callers.client(callers.key(*(scopes or ("voters:write",))).shown)
    answer = client.patch(f"{HERE}/{name}", body, content_type="application/json")
    return answer.status_code, answer.json()


def test_every_voter_is_listed_with_what_today_has_cost_and_what_is_left(voter: models.Voter) -> None:
    caps.allow_usd("2.50", provider=voter.provider_id)
    caps.spend(voter.provider_id, 1_000_000)
    answer = callers.client(callers.key("voters:read").shown).get(HERE)
    told = {row["name"]: row for row in answer.json()["voters"]}
    assert set(told) == set(models.Voter.objects.values_list("pk", flat=True))
    row = told[voter.pk]
    assert (row["spent_today_usd"], row["cap_usd_per_day"], row["left_today_usd"]) == (1.0, 2.5, 1.5)
    assert (row["is_present"], row["is_enabled"], row["failures"]) == (True, True, [])


def test_a_voter_says_what_it_failed_at_lately(voter: models.Voter) -> None:
    run = councils.open_question(seeds.question(), now=clock.now())
    run.votes.filter(voter=voter).update(
        state="failed", error_kind="timeout", error="took too long", recorded_at=clock.now()
    )
    told = callers.client(callers.key("voters:read").shown).get(f"{HERE}/{voter.pk}").json()
    assert [(row["kind"], row["told"]) for row in told["failures"]] == [("timeout", "took too long")]


def test_a_disabled_voter_is_left_out_of_new_panels_and_the_change_is_audited(voter: models.Voter) -> None:
    status, told = patch(voter.pk, is_enabled=False)
    assert (status, told["is_enabled"], told["weight"]) == (200, False, voter.weight)
    run = councils.open_question(seeds.question(), now=clock.now())
    assert not run.votes.filter(voter=voter).exists()
    entry = audits.entries(limit=1)[0]
    assert (entry.action, entry.target, entry.details) == (
        "voter.edit",
        voter.pk,
        {"is_enabled": [True, False]},
    )


def test_a_weight_can_be_given_and_the_same_again_is_no_change(voter: models.Voter) -> None:
    assert patch(voter.pk, weight=2.5)[1]["weight"] == 2.5
    before = audits.entries(limit=1)[0].seq
    assert patch(voter.pk, weight=2.5)[0] == 200
    assert patch(voter.pk)[0] == 200
    assert [entry.seq for entry in audits.entries() if entry.action == "voter.edit"] == [before]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"weight": -1}, "weight"),
        ({"weight": "1"}, "weight"),
        ({"weight": None}, "weight"),
        ({"weight": 1e9}, "weight"),
        ({"is_enabled": 1}, "is_enabled"),
        ({"model": "another"}, "model"),
    ],
)
def test_what_cannot_be_changed_is_refused_by_name(
    voter: models.Voter, body: dict[str, object], field: str
) -> None:
    status, told = patch(voter.pk, **body)
    assert (status, list(told["details"])) == (400, [field])  # type: ignore[call-overload]


def test_an_unknown_voter_is_404_and_reading_is_not_writing(voter: models.Voter) -> None:
    assert patch("nobody", weight=1)[0] == 404
    assert patch(voter.pk, "voters:read", weight=1)[0] == 403
    assert callers.client(callers.key("voters:read").shown).get(f"{HERE}/nobody").status_code == 404
