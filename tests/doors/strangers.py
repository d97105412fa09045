"""A stranger with patience: schemathesis tries everything that the API's own document allows, and more."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events
from schemathesis.schemas import BaseSchema

SEED = 20_261_121
# What these take besides its form must name something that exists, or come from an earlier answer:
# an unknown symbol, voter or watchlist, a cursor or time that no list has, an address that is refused.
NAMING = (
    "POST /api/v1/runs",
    "GET /api/v1/runs",
    "GET /api/v1/runs/{run_id}/events",
    "POST /api/v1/strategies/llm",
    "POST /api/v1/strategies/llm-consensus",
    "POST /api/v1/schedules",
    "PATCH /api/v1/schedules/{name}",
    "GET /api/v1/schedules/{name}/slots",
    "POST /api/v1/watchlists",
    "PATCH /api/v1/watchlists/{name}",
    "POST /api/v1/webhooks",
    "PUT /api/v1/budgets",
    "POST /api/v1/budgets/estimate",
    # and these compare fields: one price with another, returns with positions, those heard with those asked
    "POST /api/v1/risk/portfolio",
    "POST /api/v1/risk/position",
    "POST /api/v1/risk/evaluate-signal",
    "POST /api/v1/risk/check-limits",
    "POST /api/v1/risk/calculate-stop-loss",
)
# Names that exist, so that not all of what is made up ends at "there is no such thing".
KNOWN = ["BTC/USD", "BTC/USDT", "1d", "majors", "bitcoin-hourly", "trend", "analyst", "a-new-one"]
READY = "GET /api/readyz"  # says 503 while the house is not ready, and here nobody else is at work
GUARDED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


@dataclass(slots=True)
class Findings:
    """What came of it: *cases* by phase, answers by status, and everything that was wrong."""

    cases: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    @property
    def kinds(self) -> set[str]:
        """The names of the checks that failed."""
        return {fault.partition(":")[0] for fault in self.faults}


@schemathesis.check
def refusals_say_what_is_wrong(_ctx: Any, response: Any, _case: Any) -> None:
    """Every refusal of a request names a field, or says in which line and column its JSON breaks."""
    if response.status_code == 400:
        told = response.json()
        assert told["detail"], "a 400 says nothing"
        assert told["details"], "a 400 names no field"


@schemathesis.check
def answers_are_guarded(_ctx: Any, response: Any, _case: Any) -> None:
    """Every answer, an error too, carries the headers that keep browsers from running or keeping it."""
    for name, value in GUARDED.items():
        assert response.headers.get(name) == [value], f"{name} is missing"
    (policy,) = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'"), policy
    assert "unsafe" not in policy


def configured(headers: dict[str, str], *, examples: int, walk: int = 0) -> SchemathesisConfig:
    """Return what to try: all phases and checks, *examples* of random ones for each operation.

    walk  each has other random ones; only the first has those that are the same each time
    """
    may_refuse = {"checks": {"positive_data_acceptance": {"enabled": False}}}
    may_be_unready = {"checks": {"not_a_server_error": {"expected-statuses": ["2xx", "4xx", "503"]}}}
    return SchemathesisConfig.from_dict(
        {
            "seed": SEED + walk,
            "headers": headers,
            "continue-on-failure": True,
            "request-timeout": 30,
            "dictionaries": {"known": {"values": KNOWN}},
            "generation": {
                "max-examples": examples,
                "database": "none",
                "allow-x00": False,  # no text may hold it, which JSON Schema cannot say; test_bodies has it
                "dictionaries": {"string": {"dictionary": "known", "probability": 0.4}},
            },
            "phases": {
                "coverage": {"enabled": walk == 0},
                "stateful": {"generation": {"max-examples": 4 * examples}},
            },
            "operations": [
                *({"include-name": name, **may_refuse} for name in NAMING),
                {"include-name": READY, **may_be_unready},
            ],
        }
    )


def knock(schema: BaseSchema) -> Findings:
    """Try everything that *schema* offers and return what was found."""
    found = Findings()
    for event in schemathesis.engine.from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            _count(event, found)
            found.faults += _failed(event)
        elif isinstance(event, events.NonFatalError):
            found.faults.append(f"error: {event.label}: {event.value}")
        elif isinstance(event, events.FatalError):
            raise event.exception
    return found


def is_of_time(fault: str) -> bool:
    """Say whether a slow house alone can have caused *fault*: nothing came in time, or a 503 did."""
    return fault.startswith("no_answer:") or (fault.startswith("not_a_server_error:") and " 503: " in fault)


def _count(event: events.ScenarioFinished, found: Findings) -> None:
    for tried in event.recorder.interactions.values():
        found.cases[event.phase.value] += 1
        if tried.response is None:
            found.faults.append(f"no_answer: {tried.request.method} {tried.request.uri}")
        else:
            found.statuses[tried.response.status_code] += 1


def _failed(event: events.ScenarioFinished) -> Iterator[str]:
    for checks in event.recorder.checks.values():
        for check in checks:
            if check.failure_info is not None:
                failure, sample = check.failure_info.failure, check.failure_info.code_sample
                status = getattr(failure, "status_code", "")
                told = f"{failure.title} {status}: {failure.message[:300]}\n  {sample[:600]}"
                yield f"{check.name}: {event.recorder.label}: {told}"
