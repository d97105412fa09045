"""Who may do what: every operation of the document with every kind of key, exactly as listed here.

An operation that is not listed fails, and so does a line here that no operation answers to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from tests.thalas.api import callers
from tests.thalas.services import councils_at_work as council
from thalas import models
from thalas.api.app import api
from thalas.domain.scopes import SCOPES
from thalas.selectors import clock
from thalas.services import keys

pytestmark = pytest.mark.usefixtures("house")


@dataclass(frozen=True)
class Row:
    """What an operation answers.

    scope   the one that opens it; None for everybody
    own     the status for a good key of the account that everything belongs to
    other   the status for a good key of another account; what no account owns it may see and change
    sent    the body
    name    what {name} in the path stands for
    """

    scope: str | None
    own: int = 200
    other: int = 200
    sent: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""


QUESTION = {"symbols": ["BTC/USD"], "timeframe": "1d"}
MARKET = {"market_data": {"rsi_14": 40.0}, "pair": "BTC/USDT", "current_price": 50_000.0, "wait": False}
SCHEDULE = {"name": "new", "why": "a test", "watchlist": "spare", "timeframe": "1d"}
LIST = {"name": "new", "symbols": ["BTC/USD"]}
MINE = "https://example.com/of-the-account-demo"
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
BOOK = {"positions": [HELD], "portfolio_value": 1e4}
NEW = {"new_position_value": 100.0, "new_position_type": "crypto"}
SAID = {
    "weighted_confidence": 0.8,
    "agreement_score": 0.9,
    "participating_providers": 4,
    "total_providers": 4,
}
STOP = {"entry_price": 100.0, "position_type": "LONG", "volatility": 0.05}
CAP = {"kind": "account", "subject": "demo", "measure": "usd_per_day", "amount": 5.0}
LISTED = {
    "GET /api/healthz": Row(None),
    "GET /api/readyz": Row(None, 503, 503),  # no other process runs beside these tests
    "POST /api/v1/runs": Row("runs:write", 202, 202, QUESTION),
    "GET /api/v1/runs": Row("runs:read"),
    "GET /api/v1/runs/{run_id}": Row("runs:read", 200, 404),
    "GET /api/v1/runs/{run_id}/decision": Row("runs:read", 409, 404),
    "POST /api/v1/runs/{run_id}/cancel": Row("runs:write", 200, 404),
    "GET /api/v1/runs/{run_id}/events": Row("runs:read", 200, 404),
    "GET /api/v1/strategies/llm-consensus": Row("runs:read"),
    "POST /api/v1/strategies/llm-consensus": Row("runs:write", 202, 202, MARKET),
    "POST /api/v1/strategies/llm": Row("runs:write", 202, 202, MARKET),
    "GET /api/v1/voters": Row("voters:read"),
    "GET /api/v1/voters/{name}": Row("voters:read", name="trend"),
    "PATCH /api/v1/voters/{name}": Row("voters:write", sent={"weight": 2.0}, name="trend"),
    "GET /api/v1/budgets": Row("budgets:read"),
    "PUT /api/v1/budgets": Row("budgets:write", 200, 400, CAP),
    "GET /api/v1/budgets/history": Row("budgets:read"),
    "POST /api/v1/budgets/estimate": Row("budgets:read", sent=QUESTION),
    "GET /api/v1/schedules": Row("schedules:read"),
    "POST /api/v1/schedules": Row("schedules:write", 201, 201, SCHEDULE),
    "GET /api/v1/schedules/{name}": Row("schedules:read", name="mine"),
    "PATCH /api/v1/schedules/{name}": Row("schedules:write", sent={"why": "because"}, name="mine"),
    "DELETE /api/v1/schedules/{name}": Row("schedules:write", 204, 204, name="mine"),
    "POST /api/v1/schedules/{name}/pause": Row("schedules:write", name="mine"),
    "POST /api/v1/schedules/{name}/resume": Row("schedules:write", name="mine"),
    "GET /api/v1/schedules/{name}/slots": Row("schedules:read", name="mine"),
    "GET /api/v1/watchlists": Row("watchlists:read"),
    "POST /api/v1/watchlists": Row("watchlists:write", 201, 201, LIST),
    "GET /api/v1/watchlists/{name}": Row("watchlists:read", name="spare"),
    "PATCH /api/v1/watchlists/{name}": Row("watchlists:write", sent={"symbols": ["BTC/USD"]}, name="spare"),
    "DELETE /api/v1/watchlists/{name}": Row("watchlists:write", 204, 204, name="spare"),
    "POST /api/v1/risk/portfolio": Row("risk:read", sent=BOOK),
    "POST /api/v1/risk/position": Row("risk:read", sent={"position": HELD, "portfolio_value": 1e4}),
    "POST /api/v1/risk/evaluate-signal": Row("risk:read", sent={"consensus_metadata": SAID}),
    "POST /api/v1/risk/check-limits": Row("risk:read", sent={**BOOK, **NEW}),
    "POST /api/v1/risk/calculate-stop-loss": Row("risk:read", sent=STOP),
    "GET /api/v1/kill-switch": Row("switch:read"),
    "POST /api/v1/kill-switch/trip": Row("switch:trip", sent={"reason": "a test"}),
    "POST /api/v1/kill-switch/release": Row("switch:release", sent={"reason": "a test"}),
    "GET /api/v1/audit": Row("audit:read"),
    "GET /api/v1/webhooks": Row("webhooks:read"),
    "POST /api/v1/webhooks": Row("webhooks:write", 201, 201, {"url": "https://example.com/another"}),
    "DELETE /api/v1/webhooks/{webhook_id}": Row("webhooks:write", 204, 404),
    "GET /api/v1/webhooks/{webhook_id}/deliveries": Row("webhooks:read", 200, 404),
}


@cache
def document() -> Mapping[str, Mapping[str, Any]]:
    """Return every operation of the document by method and path."""
    paths = api.get_openapi_schema()["paths"]
    return {
        f"{method.upper()} {path}": operation
        for path, methods in paths.items()
        for method, operation in methods.items()
    }


@dataclass(frozen=True)
class World:
    """A run and a webhook that belong to the account `demo`, and keys of all kinds."""

    run_id: str
    webhook_id: str
    shown: Mapping[str, str]


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    """Make one of everything that a path can name, and one key of every kind."""
    models.Account.objects.create(name="other", equity_usd=Decimal(1))
    row = LISTED[request.getfixturevalue("name")]
    needed = [row.scope] if row.scope else []
    revoked = callers.key()
    keys.revoke(revoked.key.prefix, by="a test", now=clock.now())
    shown = {
        "none": "",
        "malformed": "Bearer of bad news",
        "unknown": f"tk000000000000.{revoked.shown.partition('.')[2]}",
        "expired": callers.key(expires_at=callers.past(hours=1), now=callers.past(days=1)).shown,
        "revoked": revoked.shown,
        "wrong scope": callers.key(*sorted(SCOPES - {row.scope})).shown,
        "other account": callers.key(*needed, account="other").shown,
        "right": callers.key(*needed).shown,
    }
    for watchlist in ("mine", "spare"):
        models.Watchlist.objects.create(name=watchlist, symbols=["BTC/USD"])
    models.Schedule.objects.create(
        name="mine",
        why="a test",
        watchlist_id="mine",
        timeframe="1d",
        cadence="candle",
        starts_at=clock.now(),
    )
    made = {"secret": "a test", "created_at": clock.now(), "created_by": "a test"}
    webhook = models.Webhook.objects.create(account_id="demo", url=MINE, **made)
    return World(str(council.opened("BTC/USD").pk), str(webhook.pk), shown)


def asked(name: str, row: Row, world: World, kind: str) -> Any:
    """Return what *name* answers a key of this *kind*; what it has done is undone."""
    method, path = name.split(" ")
    client: Client = callers.client(world.shown[kind])
    body: dict[str, Any] = {} if method == "GET" else {"data": row.sent, "content_type": "application/json"}
    address = f"192.0.2.{list(world.shown).index(kind)}"
    call = getattr(client, method.lower())
    with transaction.atomic():
        answer = call(
            path.format(run_id=world.run_id, webhook_id=world.webhook_id, name=row.name),
            REMOTE_ADDR=address,
            **body,
        )
        transaction.set_rollback(True)
    return answer


def test_every_operation_is_listed_and_every_line_is_an_operation() -> None:
    assert set(document()) == set(LISTED)


@pytest.mark.parametrize("name", sorted(set(document()) | set(LISTED)))
def test_each_kind_of_key_gets_what_is_listed(name: str, world: World) -> None:
    row = LISTED[name]
    assert document()[name]["x-scope"] == row.scope
    refused = {
        "none": 401,
        "malformed": 401,
        "unknown": 401,
        "expired": 401,
        "revoked": 401,
        "wrong scope": 403,
    }
    expected = dict.fromkeys(refused, row.own) if row.scope is None else refused
    expected = {**expected, "other account": row.other, "right": row.own}
    answers = {kind: asked(name, row, world, kind) for kind in expected}
    assert {kind: answer.status_code for kind, answer in answers.items()} == expected
    if answers["other account"].status_code < 400:
        told = b"".join(answers["other account"])
        assert world.run_id.encode() not in told
        assert MINE.encode() not in told
