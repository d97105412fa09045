"""Runs over HTTP: asked for, read whole, listed, waited for, cancelled; and never another account's."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from tests.thalas.api import callers
from tests.thalas.services import councils_at_work as council
from thalas import models
from thalas.selectors import clock
from thalas.services import closings

pytestmark = pytest.mark.usefixtures("house")

RUNS = "/api/v1/runs"


@pytest.fixture
def client() -> Client:
    """A client of the demo account that may do everything."""
    return callers.client(callers.key().shown)


def post(client: Client, body: dict[str, Any], path: str = RUNS, **headers: str) -> Any:
    return client.post(path, body, content_type="application/json", headers=headers)


def ask(**changes: Any) -> dict[str, Any]:
    return {"symbols": ["BTC/USD"], "timeframe": "1d", **changes}


def close(run: models.Run) -> None:
    closings.close_run(run.pk, by="guard", reason="a test", now=council.later(run, 1))


def test_a_question_is_accepted_and_says_where_its_run_is(client: Client) -> None:
    answer = post(client, ask(panel=["trend", "momentum"], deadline_s=7))
    assert answer.status_code == 202, answer.content
    told = answer.json()
    run = models.Run.objects.get(pk=told["id"])
    assert answer.headers["Location"] == f"{RUNS}/{run.pk}"
    assert (told["state"], told["shared"], told["age_s"]) == ("open", False, 0.0)
    assert sorted(run.votes.values_list("voter_id", flat=True)) == ["momentum", "trend"]
    assert (run.deadline_at - run.opened_at).total_seconds() == 7.0


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"symbols": []}, "symbols", "at least 1"),
        ({"symbols": ["DOGE/USD"]}, "symbol", "the market has"),
        ({"timeframe": "3d"}, "timeframe", "BTC/USD has"),
        ({"strategy": "moon"}, "strategy", "give default"),
        ({"method": "dictator"}, "method", "give weighted_majority"),
        ({"panel": ["nobody"]}, "panel", "these voters can be asked now"),
        ({"panel": []}, "panel", "at least 1"),
        ({"deadline_s": 0.5}, "deadline_s", "greater than or equal to 1"),
        ({"deadline_s": "7"}, "deadline_s", "valid number"),
        ({"may_close_early": "yes"}, "may_close_early", "valid boolean"),
        ({"colour": "red"}, "colour", "not permitted"),
    ],
)
def test_a_bad_field_is_named_with_what_would_be_right(
    client: Client, changes: dict[str, Any], field: str, words: str
) -> None:
    answer = post(client, ask(**changes))
    assert answer.status_code == 400
    assert words in answer.json()["details"][field]
    assert not models.Run.objects.exists()


def test_a_run_is_read_whole(client: Client) -> None:
    run = council.opened(panel=["trend", "momentum", "breakout", "volatility"])
    council.answered(run, {"trend": council.buy(run), "momentum": council.hold(run)})
    council.answered(run, {"breakout": council.abstain(run)})
    close(run)
    told = client.get(f"{RUNS}/{run.pk}").json()
    states = {vote["voter"]: vote["state"] for vote in told["votes"]}
    assert states == {"breakout": "abstained", "momentum": "cast", "trend": "cast", "volatility": "missing"}
    said = {vote["voter"]: vote["answers"][0]["action"] for vote in told["votes"] if vote["answers"]}
    assert said == {"breakout": None, "momentum": "HOLD", "trend": "BUY"}
    leg = told["decision"]["legs"][0]
    assert leg["arithmetic"].startswith(leg["outcome"])
    assert [check["code"] for check in leg["checks"]][:2] == ["kill_switch", "action"]
    assert (told["panel"], told["settled"], told["state"]) == (4, 4, "closed")
    market = told["brief"]["markets"][0]
    assert (market["symbol"], market["candles"], market["indicators"]) == ("BTC/USD", None, None)
    assert len(market["sha256"]) == 64


def test_a_run_is_decided_by_the_method_asked_for_and_tells_what_it_was_and_how_many_it_heard(
    client: Client,
) -> None:
    told = post(client, ask(panel=["trend", "momentum"], method="confidence_average")).json()
    run = models.Run.objects.get(pk=told["id"])
    council.answered(run, {"trend": council.buy(run), "momentum": council.hold(run)})
    close(run)
    told = client.get(f"{RUNS}/{run.pk}").json()
    leg = told["decision"]["legs"][0]
    assert (told["method"], leg["baseline"], leg["cast"]) == ("confidence_average", "HOLD", 2)
    assert leg["n_eff"] == pytest.approx(4 / 3)  # two analysts of weight 1: 4 / (2 + 2 × 0.5)
    assert leg["arithmetic"].startswith("HOLD: average +0.40 against ±0.20")  # agreement 0.50 is below 0.55


def test_an_unknown_method_is_told_the_four_there_are(client: Client) -> None:
    told = post(client, ask(method="dictator")).json()
    assert told["detail"] == (
        "method='dictator' cannot be used: give weighted_majority or confidence_average "
        "or risk_adjusted or log_opinion_pool"
    )


def test_a_full_brief_shows_candles_and_indicators(client: Client) -> None:
    run = council.opened()
    market = client.get(f"{RUNS}/{run.pk}?brief=full").json()["brief"]["markets"][0]
    assert len(market["candles"]) == 30
    assert "rsi_14" in market["indicators"]


def test_a_brief_that_cannot_be_read_hides_nothing_else(client: Client) -> None:
    run = council.opened()
    models.Brief.objects.update(payload="{")
    told = client.get(f"{RUNS}/{run.pk}").json()
    assert told["brief"] == {"sha256": run.brief_id, "as_of": None, "markets": []}
    assert len(told["votes"]) == 5


def test_a_decision_is_read_alone_and_not_before_there_is_one(client: Client) -> None:
    run = council.opened()
    assert client.get(f"{RUNS}/{run.pk}/decision").status_code == 409
    close(run)
    told = client.get(f"{RUNS}/{run.pk}/decision").json()
    assert [leg["outcome"] for leg in told["legs"]] == ["NO_DECISION"]


def test_an_open_run_is_cancelled_once_and_who_did_is_on_record(client: Client) -> None:
    run = council.opened()
    answer = post(client, {}, f"{RUNS}/{run.pk}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert post(client, {}, f"{RUNS}/{run.pk}/cancel").status_code == 409
    assert list(models.AuditEntry.objects.filter(action="run.cancel").values_list("target", flat=True)) == [
        str(run.pk)
    ]


def test_another_accounts_run_is_not_there(client: Client) -> None:
    models.Account.objects.create(name="other", equity_usd=Decimal(1))
    run = council.opened(account="other")
    for path in ("", "/decision", "/events", "?wait=1"):
        assert client.get(f"{RUNS}/{run.pk}{path}").status_code == 404, path
    assert post(client, {}, f"{RUNS}/{run.pk}/cancel").status_code == 404
    assert client.get(RUNS).json()["runs"] == []
    run.refresh_from_db()
    assert run.state == "open"


def test_a_key_that_may_only_read_opens_nothing(client: Client) -> None:
    reader = callers.client(callers.key("runs:read").shown)
    assert post(reader, ask()).status_code == 403
    assert reader.get(RUNS).status_code == 200
    assert callers.client().get(RUNS).status_code == 401


def test_runs_are_listed_page_by_page_while_new_ones_come(client: Client) -> None:
    now = clock.now()
    old = [council.opened(now=now - timedelta(minutes=minutes)) for minutes in range(7)]
    first = client.get(f"{RUNS}?limit=3").json()
    assert [run["id"] for run in first["runs"]] == [str(run.pk) for run in old[:3]]
    assert first["newer"] is None
    newest = council.opened(now=now + timedelta(seconds=1))
    second = client.get(f"{RUNS}?limit=3&after={first['older']}").json()
    assert [run["id"] for run in second["runs"]] == [str(run.pk) for run in old[3:6]]
    third = client.get(f"{RUNS}?limit=3&after={second['older']}").json()
    assert [run["id"] for run in third["runs"]] == [str(old[6].pk)]
    assert third["older"] is None
    back = client.get(f"{RUNS}?limit=3&before={third['newer']}").json()
    assert back["runs"] == second["runs"]
    top = client.get(f"{RUNS}?limit=9&before={second['newer']}").json()
    assert [run["id"] for run in top["runs"]] == [str(run.pk) for run in [newest, *old[:3]]]
    assert top["newer"] is None


def test_runs_of_one_moment_are_neither_lost_nor_shown_twice(client: Client) -> None:
    now = clock.now()
    opened = {str(council.opened(now=now).pk) for _ in range(5)}
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = client.get(f"{RUNS}?limit=2&after={cursor}").json()
        seen += [run["id"] for run in page["runs"]]
        cursor = page["older"]
    assert sorted(seen) == sorted(opened)


def test_runs_are_found_by_symbol_and_state(client: Client) -> None:
    bitcoin, both = council.opened("BTC/USD"), council.opened("ETH/USD", "BTC/USD")
    close(both)

    def found(query: str) -> set[str]:
        return {run["id"] for run in client.get(f"{RUNS}?{query}").json()["runs"]}

    assert found("symbol=BTC/USD") == {str(bitcoin.pk), str(both.pk)}
    assert found("symbol=eth/usd") == {str(both.pk)}
    assert found("symbol=BTC") == set()
    assert found("state=open") == {str(bitcoin.pk)}
    assert client.get(f"{RUNS}?state=ajar").status_code == 400


@pytest.mark.parametrize("cursor", ["x", "%FF", "bm90IGEgY3Vyc29y", "A" * 201])
def test_what_is_no_cursor_is_refused(client: Client, cursor: str) -> None:
    answer = client.get(f"{RUNS}?after={cursor}")
    assert answer.status_code == 400
    assert "after" in answer.json()["details"]


def test_a_run_that_does_not_exist_is_not_found(client: Client) -> None:
    assert client.get(f"{RUNS}/{UUID(int=1)}").status_code == 404
    assert client.get(f"{RUNS}/last").status_code == 404


def test_an_equal_question_shares_the_run_and_hears_its_age(client: Client) -> None:
    first = post(client, ask()).json()
    opened_at = clock.now() - timedelta(seconds=20)
    models.Run.objects.update(opened_at=opened_at)
    second = post(client, ask()).json()
    assert (second["id"], second["shared"]) == (first["id"], True)
    assert 20 <= second["age_s"] <= (clock.now() - opened_at).total_seconds()
    assert post(client, ask(force_refresh=True)).json()["id"] != first["id"]


def test_the_same_key_with_the_same_body_is_the_same_run_and_another_body_a_conflict(client: Client) -> None:
    headers = {"Idempotency-Key": "k-1"}
    first = post(client, ask(force_refresh=True), **headers)
    again = post(client, ask(force_refresh=True), **headers)
    assert again.json()["id"] == first.json()["id"]
    assert again.headers["Idempotent-Replayed"] == "true"
    conflict = post(client, ask(force_refresh=True, symbols=["ETH/USD"]), **headers)
    assert conflict.status_code == 409
    assert "another body" in conflict.json()["detail"]
    assert models.Run.objects.count() == 1
