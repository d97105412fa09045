import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.thalas.admin.clients import errors, refused, saved, sign_in
from tests.thalas.dashboard import factories
from thalas import models

VOTER = "/admin/thalas/voter/trend/change/"


@pytest.fixture
def keeper(db: None) -> Client:
    factories.voter("trend")
    return sign_in(User.objects.create(username="keeper", is_staff=True, is_superuser=True))


def test_a_voter_changes_in_weight_and_switch_only(keeper: Client) -> None:
    saved(
        keeper, VOTER, {"weight": "2.5", "model": "another", "provider": "x", "timeout_s": "99", "name": "y"}
    )
    voter = models.Voter.objects.get()
    assert (voter.weight, voter.is_enabled) == (2.5, False)
    assert (voter.pk, voter.model, voter.provider_id, voter.timeout_s) == ("trend", "trend", "analyst", 5.0)


@pytest.mark.parametrize("weight", ["-1", "1000001"])
def test_a_weight_that_no_ballot_can_carry_is_refused(keeper: Client, weight: str) -> None:
    told = errors(refused(keeper, VOTER, {"weight": weight}), "weight")
    assert "cannot be used: give a number from 0 to 1e+06" in told


@pytest.mark.parametrize("kind", ["voter", "provider"])
def test_neither_is_added_or_deleted_by_hand(keeper: Client, kind: str) -> None:
    name = {"voter": "trend", "provider": "analyst"}[kind]
    assert keeper.get(f"/admin/thalas/{kind}/add/").status_code == 403
    assert keeper.post(f"/admin/thalas/{kind}/{name}/delete/", {"post": "yes"}).status_code == 403
