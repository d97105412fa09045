"""A database that is away for a moment costs neither a claim nor an answer that is paid for."""

from decimal import Decimal

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, connection, transaction

from providers.voters.types import Abstention, Answer, Brief, Usage
from tests import caps
from tests.thalas.services import councils_at_work as council
from thalas import models
from thalas.services import patience, votes


def needs_a_server() -> None:
    """Skip the running test on SQLite."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite is a file, which is never away")


def cut_every_connection() -> None:
    """End every connection to the test's database, as a restart of the server does."""
    url = settings.HOUSE.database_url
    assert url is not None
    with psycopg.connect(url.get_secret_value(), autocommit=True) as server:
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [str(connection.settings_dict["NAME"])],
        )


class CuttingVoter:
    """A voter during whose call the database goes away and comes back."""

    def __init__(self) -> None:
        self.asked = 0

    def worst_case(self, brief: Brief) -> Usage:
        return Usage(cost_usd=Decimal("0.30"))

    def ask(self, brief: Brief, *, timeout_s: float) -> Answer:
        self.asked += 1
        cut_every_connection()
        unsure = tuple(Abstention(symbol=market.symbol, reasoning="unsure") for market in brief.markets)
        return Answer(opinions=unsure, usage=Usage(cost_usd=Decimal("0.02")))


@pytest.mark.usefixtures("shared_house")
def test_an_answer_in_hand_outlasts_the_loss_of_every_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    needs_a_server()
    voter = CuttingVoter()
    monkeypatch.setattr(votes, "_voter", lambda _name: voter)
    caps.allow_usd(1)
    run = council.opened(panel=["trend"])
    assert votes.ask(run_id=run.pk, voter="trend", clock=lambda: run.opened_at) == "abstained"
    assert (voter.asked, council.vote_of(run, "trend").starts) == (1, 1)
    assert models.SpendEntry.objects.get().booked_usd == Decimal("0.02")


@pytest.mark.usefixtures("shared_house")
def test_a_claim_whose_reply_was_lost_is_still_mine_and_asks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    needs_a_server()
    run = council.opened(panel=["trend"])
    lost = iter([True, False])
    claim = votes.claim_vote

    def claim_and_lose_the_reply(**ids: object) -> votes.Claim | None:
        mine = claim(**ids)  # type: ignore[arg-type]
        if next(lost):
            raise OperationalError("the server closed the connection unexpectedly")
        return mine

    monkeypatch.setattr(votes, "claim_vote", claim_and_lose_the_reply)
    assert votes.ask(run_id=run.pk, voter="trend", clock=lambda: run.opened_at) in ("cast", "abstained")
    assert council.vote_of(run, "trend").starts == 1


@pytest.mark.usefixtures("shared_house")
def test_a_step_is_given_up_once_patience_is_over() -> None:
    needs_a_server()
    tries = []

    def step() -> None:
        tries.append(1)
        raise OperationalError("away")

    with pytest.raises(OperationalError, match="away"):
        patience.through_outage(step, within_s=0.5)
    assert len(tries) >= 2


@pytest.mark.usefixtures("shared_house")
def test_within_a_transaction_nothing_is_tried_again() -> None:
    tries = []

    def step() -> None:
        tries.append(1)
        raise OperationalError("away")

    with pytest.raises(OperationalError), transaction.atomic():
        patience.through_outage(step, within_s=5.0)
    assert len(tries) == 1
