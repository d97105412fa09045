"""The client reaches every operation of the API's own document, but for those that are listed here."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any

import jsonschema_rs
import pytest

from tests.thalas.client import scripts
from tests.thalas.client.scripts import RUN_ID
from thalas.api.app import api
from thalas.client import Broken, Thalas
from thalas.client.schedules import Terms

LEFT_OUT = {
    "GET /api/healthz": "a probe's, without a key and beside /api/v1",
    "GET /api/readyz": "a probe's, without a key and beside /api/v1",
}
DATA = {"rsi_14": 38.2}
WHEN = Terms(cadence="crontab", crontab="0 8 * * 1-5", timezone="Europe/Berlin", deadline_s=20.0)
HELD = {
    "id": "p1",
    "pair": "BTC/USD",
    "market_type": "crypto",
    "entry_price": 100.0,
    "current_price": 110.0,
    "amount": 10.0,
    "value_usd": 1100.0,
    "unrealized_pnl": 100.0,
}
CALLS: dict[str, Callable[[Thalas], object]] = {
    "POST /api/v1/runs": lambda thalas: thalas.ask(["BTC/USD"], panel=["trend"], deadline_s=9.0),
    "GET /api/v1/runs": lambda thalas: list(thalas.runs(symbol="BTC/USD", state="open")),
    "GET /api/v1/runs/{run_id}": lambda thalas: thalas.run(RUN_ID),
    "GET /api/v1/runs/{run_id}/decision": lambda thalas: thalas.decision(RUN_ID),
    "POST /api/v1/runs/{run_id}/cancel": lambda thalas: thalas.cancel(RUN_ID),
    "GET /api/v1/runs/{run_id}/events": lambda thalas: list(thalas.events(RUN_ID)),
    "POST /api/v1/strategies/llm-consensus": lambda thalas: thalas.llm_consensus(
        DATA, pair="BTC/USDT", current_price=6.1e4, providers=["analyst"], provider_weights={"analyst": 2.0}
    ),
    "GET /api/v1/strategies/llm-consensus": lambda thalas: thalas.readiness(),
    "POST /api/v1/strategies/llm": lambda thalas: thalas.llm(
        DATA, pair="BTC/USDT", current_price=6.1e4, provider="analyst", timeframe="1h"
    ),
    "GET /api/v1/voters": lambda thalas: thalas.voters.all(),
    "GET /api/v1/voters/{name}": lambda thalas: thalas.voters.read("trend"),
    "PATCH /api/v1/voters/{name}": lambda thalas: thalas.voters.edit("trend", is_enabled=True, weight=2.0),
    "GET /api/v1/budgets": lambda thalas: thalas.budgets.all(),
    "PUT /api/v1/budgets": lambda thalas: thalas.budgets.set("voter", "trend", "tokens_per_day", 5_000),
    "POST /api/v1/budgets/estimate": lambda thalas: thalas.budgets.estimate(
        ["BTC/USD"], timeframe="1h", panel=["trend"]
    ),
    "GET /api/v1/budgets/history": lambda thalas: thalas.budgets.history(days=7),
    "GET /api/v1/schedules": lambda thalas: thalas.schedules.all(),
    "POST /api/v1/schedules": lambda thalas: thalas.schedules.create(
        "mine", why="to see", watchlist="majors", timeframe="1d", **WHEN
    ),
    "GET /api/v1/schedules/{name}": lambda thalas: thalas.schedules.read("mine"),
    "PATCH /api/v1/schedules/{name}": lambda thalas: thalas.schedules.edit(
        "mine", why="to see more", missed="skip", overlap="allow", may_close_early=True, is_enabled=False
    ),
    "DELETE /api/v1/schedules/{name}": lambda thalas: thalas.schedules.delete("mine"),
    "POST /api/v1/schedules/{name}/pause": lambda thalas: thalas.schedules.pause("mine"),
    "POST /api/v1/schedules/{name}/resume": lambda thalas: thalas.schedules.resume("mine"),
    "GET /api/v1/schedules/{name}/slots": lambda thalas: list(thalas.schedules.slots("mine")),
    "GET /api/v1/watchlists": lambda thalas: thalas.watchlists.all(),
    "POST /api/v1/watchlists": lambda thalas: thalas.watchlists.create("mine", ["BTC/USD"]),
    "GET /api/v1/watchlists/{name}": lambda thalas: thalas.watchlists.read("mine"),
    "PATCH /api/v1/watchlists/{name}": lambda thalas: thalas.watchlists.edit("mine", ["ETH/USD"]),
    "DELETE /api/v1/watchlists/{name}": lambda thalas: thalas.watchlists.delete("mine"),
    "POST /api/v1/risk/portfolio": lambda thalas: thalas.risk.portfolio(
        [HELD], 1e4, returns={"BTC/USD": [0.01] * 30}, method="parametric", confidence=0.99, horizon_periods=5
    ),
    "POST /api/v1/risk/position": lambda thalas: thalas.risk.position(HELD, 1e4),
    "POST /api/v1/risk/evaluate-signal": lambda thalas: thalas.risk.evaluate_signal(
        weighted_confidence=0.8,
        agreement_score=0.9,
        participating_providers=4,
        total_providers=4,
        volatility=0.02,
    ),
    "POST /api/v1/risk/check-limits": lambda thalas: thalas.risk.check_limits(
        [HELD], 1e4, new_value=100.0, new_type="crypto", limits={"max_positions": 5}
    ),
    "POST /api/v1/risk/calculate-stop-loss": lambda thalas: thalas.risk.stop_loss(
        100.0, "LONG", volatility=0.05, market_type="crypto", risk_per_trade=0.01
    ),
    "GET /api/v1/kill-switch": lambda thalas: thalas.kill_switch.read(),
    "POST /api/v1/kill-switch/trip": lambda thalas: thalas.kill_switch.trip("a test"),
    "POST /api/v1/kill-switch/release": lambda thalas: thalas.kill_switch.release("a test is over"),
    "GET /api/v1/audit": lambda thalas: list(thalas.audit.entries()),
    "GET /api/v1/webhooks": lambda thalas: thalas.webhooks.all(),
    "POST /api/v1/webhooks": lambda thalas: thalas.webhooks.create("https://example.com/hook"),
    "DELETE /api/v1/webhooks/{webhook_id}": lambda thalas: thalas.webhooks.delete(7),
    "GET /api/v1/webhooks/{webhook_id}/deliveries": lambda thalas: list(thalas.webhooks.deliveries(7)),
}


@cache
def document() -> dict[str, Any]:
    """Return the API's document as clients read it."""
    read: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(), default=str))
    return read


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every operation by method and path."""
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_every_operation_has_a_call_or_a_reason_why_not() -> None:
    assert {name for name, _ in operations()} == {*CALLS, *LEFT_OUT}
    assert not set(CALLS) & set(LEFT_OUT)


@pytest.mark.parametrize("name", CALLS)
def test_a_call_sends_what_the_document_asks_for(name: str) -> None:
    with scripts.client(scripts.told({})) as (thalas, house), suppress(Broken):
        CALLS[name](thalas)  # the house of this test answers nothing that could be read
    method, path = name.split(" ")
    operation = dict(operations())[name]
    heard = house.heard[0]
    sent_to, _, query = heard.path.partition("?")
    assert heard.method == method
    assert re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), sent_to)
    places = {(item["in"], item["name"]) for item in operation.get("parameters", [])}
    assert {("query", pair.split("=")[0]) for pair in query.split("&") if pair} <= places
    if ("header", "Idempotency-Key") in places:
        assert heard.headers["idempotency-key"]
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        assert problems(schema, json.loads(heard.body)) == []
    else:
        assert not heard.body


def problems(schema: dict[str, Any], body: object) -> list[str]:
    """Return what *schema* of the document has against *body*; a field that it does not name is one, too."""
    validator = jsonschema_rs.Draft202012Validator({**schema, "components": document()["components"]})
    told = [error.message for error in validator.iter_errors(body)]
    named = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["properties"]
    assert isinstance(body, dict)
    return told + sorted(set(body) - set(named))


def test_what_the_document_has_against_a_body_is_found() -> None:
    schema = {"$ref": "#/components/schemas/WatchlistIn"}
    assert problems(schema, {"name": "mine", "symbols": ["BTC/USD"]}) == []
    assert len(problems(schema, {"name": "no name", "symbols": [], "more": 1})) >= 3
