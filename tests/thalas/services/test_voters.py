"""The voters' rows follow the environment; what a person has set stays."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.conf import settings

from providers.voters.vendors import VoterSpec
from tests import caps
from tests.thalas.services import councils_at_work as council
from thalas import models, roster
from thalas.errors import BadInput
from thalas.services import councils, voters

pytestmark = pytest.mark.usefixtures("house")


def spec(name: str = "shed", **changes: object) -> VoterSpec:
    fields: dict[str, object] = {
        "provider": name,
        "wire": "openai_chat",
        "model": "m-1",
        "base_url": "http://127.0.0.1:9/v1",
        "weight": 1.0,
    }
    return VoterSpec(name=name, **{**fields, **changes})  # type: ignore[arg-type]


def everyone() -> dict[str, VoterSpec]:
    return dict(roster.specs(settings.THALAS))


def test_a_new_voter_comes_with_its_provider_and_its_cap_and_is_enabled() -> None:
    new = voters.sync(everyone() | {"shed": spec()}, {"shed": Decimal("2.50")})
    assert new == ["shed"]
    voter = models.Voter.objects.select_related("provider").get(pk="shed")
    assert (voter.is_enabled, voter.is_present, caps.usd_a_day("shed")) == (True, True, Decimal("2.50"))


def test_a_provider_without_a_cap_may_spend_nothing() -> None:
    voters.sync({"shed": spec()}, {})
    assert caps.usd_a_day("shed") == 0


def test_syncing_twice_changes_nothing() -> None:
    voters.sync(everyone(), {})
    before = list(models.Voter.objects.values())
    assert voters.sync(everyone(), {}) == []
    assert list(models.Voter.objects.values()) == before


def test_what_the_environment_says_is_taken_over() -> None:
    voters.sync({"shed": spec()}, {})
    voters.sync({"shed": replace(spec(), model="m-2", weight=2.5, timeout_s=3.0, is_simulated=True)}, {})
    voter = models.Voter.objects.get(pk="shed")
    assert (voter.model, voter.weight, voter.timeout_s, voter.is_simulated) == ("m-2", 2.5, 3.0, True)


def test_a_persons_switch_and_cap_are_kept() -> None:
    voters.sync({"shed": spec()}, {"shed": Decimal(1)})
    models.Voter.objects.filter(pk="shed").update(is_enabled=False)
    caps.allow_usd("0.10", provider="shed")
    voters.sync({"shed": spec()}, {"shed": Decimal(1)})
    assert models.Voter.objects.get(pk="shed").is_enabled is False
    assert caps.usd_a_day("shed") == Decimal("0.10")


def test_a_voter_that_is_gone_is_marked_and_cannot_be_seated_until_it_is_back() -> None:
    voters.sync(everyone() | {"shed": spec()}, {})
    voters.sync(everyone(), {})
    assert models.Voter.objects.get(pk="shed").is_present is False
    with pytest.raises(BadInput, match="panel='shed' cannot be used"):
        councils.seat(["shed"])
    assert "shed" not in {voter.name for voter in councils.seat(None)}
    assert voters.sync(everyone() | {"shed": spec()}, {}) == []
    assert [voter.name for voter in councils.seat(["shed"])] == ["shed"]


def test_history_keeps_a_voter_that_is_gone() -> None:
    voters.sync({"shed": spec()}, {})
    run = council.opened(panel=["shed"])
    voters.sync(everyone(), {})
    assert council.vote_of(run, "shed").voter.model == "m-1"


def test_an_environment_without_voters_leaves_none_present() -> None:
    voters.sync({}, {})
    assert not models.Voter.objects.filter(is_present=True).exists()
