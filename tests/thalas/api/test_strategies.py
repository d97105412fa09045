"""The contract with clients that exist: every field, type, unit and error code of the strategies."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.processes import waits
from tests.thalas.api import callers
from tests.thalas.services import councils_at_work as council
from thalas import models
from thalas.selectors import clock
from thalas.services import closings, runs

CONSENSUS, LLM = "/api/v1/strategies/llm-consensus", "/api/v1/strategies/llm"
UP = {"macd_hist": 12.0, "roc_10": 4.0, "rsi_14": 61.0, "atr_pct": 2.0, "atr_14": 1000.0}


def body(**changes: Any) -> dict[str, Any]:
    return {"market_data": {**UP, "news": "quiet"}, "pair": "BTC/USDT", "current_price": 50_000, **changes}


def post(client: Client, told: dict[str, Any], path: str = CONSENSUS, **headers: str) -> Any:
    return client.post(path, told, content_type="application/json", headers=headers)


def buys(run: models.Run) -> None:
    answers = {voter: council.buy(run, 0.8) for voter in ("trend", "momentum", "breakout")}
    council.answered(run, answers | {"volatility": council.hold(run), "mean_reversion": council.abstain(run)})


def says_nothing(run: models.Run) -> None:
    council.answered(run, {vote.voter_id: council.abstain(run) for vote in run.votes.all()[:1]})


def cancelled(run: models.Run) -> None:
    runs.cancel_run(run.pk, by="Ann", now=clock.now())


@pytest.fixture
def council_that() -> Iterator[Callable[[Callable[[models.Run], None]], None]]:
    """A thread beside the test that lets each new run be answered in some way, and closes it."""
    stop, workers = threading.Event(), []

    def work(act: Callable[[models.Run], None]) -> None:
        while not stop.wait(0.02):
            for run in models.Run.objects.filter(state="open"):
                act(run)
                closings.close_run(run.pk, by="chord", reason="every vote is in", now=clock.now())
        connection.close()

    def start(act: Callable[[models.Run], None]) -> None:
        workers.append(threading.Thread(target=work, args=[act]))
        workers[-1].start()

    yield start
    stop.set()
    for worker in workers:
        worker.join()


@pytest.fixture
def client(shared_house: None) -> Client:
    """A client of the demo account."""
    return callers.client(callers.key().shown)


Start = Callable[[Callable[[models.Run], None]], None]


def test_the_council_answers_with_every_field_of_the_contract(client: Client, council_that: Start) -> None:
    council_that(buys)
    answer = post(client, body(provider_weights={"ANALYST": 0.5, "openai": 2}))
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert (told["decision"], told["risk_level"], told["degraded"]) == ("BUY", "medium", False)
    assert told["suggested_stop_loss"] == 47_500.0
    assert told["suggested_take_profit"] == 55_000.0
    assert told["reasoning"] == "Consensus (3/4 voters agree): says BUY"
    assert told["confidence"] == pytest.approx(0.8 * (0.7 + 0.3 * 3 / 4))
    metadata = told["consensus_metadata"]
    assert metadata["total_providers"] == 5
    assert metadata["participating_providers"] == 4
    assert metadata["agreement_score"] == pytest.approx(0.75)
    assert metadata["weighted_confidence"] == told["confidence"]
    assert metadata["vote_breakdown"] == {"BUY": 3, "SELL": 0, "HOLD": 1}
    assert metadata["weighted_votes"] == pytest.approx({"BUY": 1.2, "SELL": 0.0, "HOLD": 0.4})
    assert 0 < metadata["total_latency_ms"] < 60_000
    assert (metadata["total_cost_usd"], metadata["total_tokens"]) == (0.0, 0)
    assert metadata["timestamp"].endswith("Z")
    assert metadata["unused_weights"] == ["openai"]
    assert (metadata["method"], metadata["baseline"]) == ("weighted_majority", "BUY")
    assert metadata["n_eff"] == pytest.approx(16 / (4 + 12 * 0.5))  # four analysts
    responses = {one["voter"]: one for one in told["provider_responses"]}
    assert responses["trend"]["provider"] == "analyst"
    assert (responses["trend"]["decision"], responses["trend"]["confidence"]) == ("BUY", 0.8)
    assert [one["state"] for one in told["silent_responses"]] == ["abstained"]
    assert models.Run.objects.get(pk=told["run_id"]).kind == "given"


def test_the_council_advises_by_the_method_asked_for(client: Client, council_that: Start) -> None:
    council_that(buys)
    answer = post(client, body(method="log_opinion_pool"))
    told = answer.json()["consensus_metadata"]
    assert (told["method"], models.Run.objects.get().method) == ("log_opinion_pool", "log_opinion_pool")
    refused = post(client, body(method="dictator"))
    assert refused.status_code == 400
    assert "or log_opinion_pool" in refused.json()["details"]["method"]


def test_checks_that_need_an_account_or_candle_times_are_not_asked(
    client: Client, council_that: Start
) -> None:
    council_that(buys)
    risk = post(client, body()).json()["risk"]
    outcomes = {check["code"]: check["outcome"] for check in risk["checks"]}
    assert risk["verdict"] == "approved"
    unasked = {code for code, outcome in outcomes.items() if outcome == "not_applicable"}
    asked = {"kill_switch", "action", "quorum", "backers", "min_confidence", "min_agreement"}
    asked |= {"price", "stop_present", "stop_side", "target_side"}
    assert set(outcomes) - unasked == asked
    assert {"data_quality", "data_age", "position_size", "value_at_risk", "degraded", "dust"} < unasked
    assert {outcome for code, outcome in outcomes.items() if code not in unasked} == {"passed"}


def test_the_kill_switch_vetoes_advice_too(client: Client, council_that: Start) -> None:
    models.KillSwitch.objects.update(state="engaged")
    council_that(buys)
    risk = post(client, body()).json()["risk"]
    assert risk["verdict"] == "vetoed"
    assert "kill_switch" in risk["reason"]


def test_no_decision_is_answered_as_hold_and_degraded(client: Client, council_that: Start) -> None:
    council_that(says_nothing)
    told = post(client, body()).json()
    assert (told["decision"], told["outcome"], told["degraded"]) == ("HOLD", "NO_DECISION", True)
    assert (told["suggested_stop_loss"], told["provider_responses"]) == (None, [])
    assert sorted(one["state"] for one in told["silent_responses"]) == ["abstained"] + ["missing"] * 4


def test_a_run_that_is_cancelled_meanwhile_is_a_conflict(client: Client, council_that: Start) -> None:
    council_that(cancelled)
    assert post(client, body()).status_code == 409


def test_who_does_not_wait_is_told_which_run_it_is(client: Client) -> None:
    started = time.monotonic()
    answer = post(client, body(wait=False))
    waits.not_after(started, 1.0, "not waiting")
    assert (answer.status_code, answer.json()["state"]) == (202, "open")
    assert answer.headers["Location"].endswith(answer.json()["run_id"])


def test_the_brief_is_what_was_given(client: Client) -> None:
    run_id = post(client, body(wait=False)).json()["run_id"]
    market = client.get(f"/api/v1/runs/{run_id}?brief=full").json()["brief"]["markets"][0]
    assert market["indicators"] == UP
    assert (market["context"], market["source"], market["closed_at"]) == ({"news": "quiet"}, "given", None)


@pytest.mark.parametrize("path", [CONSENSUS, LLM])
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"market_data": {}}, "market_data"),
        ({"market_data": {"rsi": None}}, "market_data.rsi"),
        ({"market_data": "x"}, "market_data"),
        ({"pair": "BTC"}, "pair"),
        ({"timeframe": "2m"}, "timeframe"),
        ({"current_price": 0}, "current_price"),
        ({"current_price": "50000"}, "current_price"),
        ({"provider_weights": {"openai": -1}}, "provider_weights.openai"),
        ({"deadline_s": 0}, "deadline_s"),
    ],
)
def test_a_bad_field_is_named(client: Client, path: str, changes: dict[str, Any], field: str) -> None:
    answer = post(client, body(**changes), path)
    assert answer.status_code == 400, answer.content
    assert field in answer.json()["details"]
    assert answer.json()["error"]


@pytest.mark.parametrize("field", ["market_data", "pair", "current_price"])
def test_a_missing_field_is_named(client: Client, field: str) -> None:
    told = body()
    del told[field]
    answer = post(client, told)
    assert (answer.status_code, list(answer.json()["details"])) == (400, [field])


def test_a_provider_that_cannot_be_asked_is_named(client: Client) -> None:
    assert "providers" in post(client, body(providers=["gemini"])).json()["details"]
    assert "provider" in post(client, body(provider="gemini"), LLM).json()["details"]


def test_a_panel_is_named_by_providers_or_voters_in_any_case(client: Client) -> None:
    run_id = post(client, body(providers=["Trend"], wait=False)).json()["run_id"]
    assert list(models.Vote.objects.filter(run=run_id).values_list("voter_id", flat=True)) == ["trend"]
    run_id = post(client, body(providers=["ANALYST", "trend"], wait=False)).json()["run_id"]
    assert models.Vote.objects.filter(run=run_id).count() == 5


@pytest.mark.parametrize("path", [CONSENSUS, LLM])
def test_without_voters_nobody_can_be_asked(client: Client, path: str) -> None:
    models.Voter.objects.update(is_enabled=False)
    answer = post(client, body(), path)
    assert (answer.status_code, answer.json()["error"]) == (503, "No LLM providers available")


def test_the_same_key_with_another_body_is_a_conflict(client: Client) -> None:
    first = post(client, body(wait=False), **{"Idempotency-Key": "k"})
    again = post(client, body(wait=False), **{"Idempotency-Key": "k"})
    assert again.json()["run_id"] == first.json()["run_id"]
    assert post(client, body(wait=False, pair="ETH/USDT"), **{"Idempotency-Key": "k"}).status_code == 409


def test_one_voter_answers_with_every_field_of_the_contract(client: Client, council_that: Start) -> None:
    council_that(lambda run: council.everyone(run, council.buy(run)))
    told = post(client, body(provider="momentum"), LLM).json()
    assert (told["decision"], told["reasoning"], told["risk_level"]) == ("BUY", "says BUY", "medium")
    assert told["confidence"] == pytest.approx(0.8)
    assert (told["suggested_stop_loss"], told["suggested_take_profit"]) == (47_500.0, 55_000.0)
    assert (told["pair"], told["timeframe"]) == ("BTC/USDT", "5m")
    assert (told["provider"], told["model"], told["voter"]) == ("analyst", "momentum", "momentum")


def test_a_silent_voter_is_a_degraded_hold(client: Client, council_that: Start) -> None:
    council_that(lambda run: council.everyone(run, council.abstain(run)))
    told = post(client, body(provider="momentum"), LLM).json()
    assert (told["decision"], told["degraded"]) == ("HOLD", True)
    assert "cannot tell" in told["reasoning"]


def test_health_is_always_told(client: Client, council_that: Start) -> None:
    told = client.get(CONSENSUS).json()
    assert (told["status"], told["available_providers"], told["required_providers"]) == ("healthy", 5, 3)
    assert told["metrics"] == {
        "total_requests": 0,
        "successful_requests": 0,
        "failed_requests": 0,
        "success_rate": 1.0,
    }
    council_that(says_nothing)
    post(client, body())
    told = client.get(CONSENSUS).json()
    assert told["status"] == "degraded"
    assert told["metrics"]["failed_requests"] == 1
    states = {name: (one["requests"], one["errors"]) for name, one in told["provider_health"].items()}
    assert sorted(states.values()) == [(1, 0)] + [(1, 1)] * 4
    models.Voter.objects.update(is_enabled=False)
    answer = client.get(CONSENSUS)
    assert (answer.status_code, answer.json()["status"]) == (200, "unavailable")
