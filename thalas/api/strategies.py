"""The strategies that clients have always called: the council's advice, and one voter's, on given data."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from thalas import dispatch, models
from thalas.api import boards, views_strategies
from thalas.api.doors import Door, caller
from thalas.api.errors import Refused
from thalas.api.requests import RepeatKey, repeatable
from thalas.api.schemas_strategies import (
    AcceptedOut,
    ConsensusIn,
    ConsensusOut,
    HealthOut,
    LlmIn,
    LlmOut,
    StrategyIn,
)
from thalas.api.views_runs import Told, tell_asked
from thalas.api.waits import Waiting, answer
from thalas.domain import given
from thalas.domain.methods import Method
from thalas.errors import BadInput, NotPossible
from thalas.selectors import clock, panels, voters
from thalas.selectors.records import Record
from thalas.services import councils, questions

router = Door(tags=["strategies"])
# A run is closed by its deadline and two seconds; who waits a little longer has always seen it.
PATIENCE_S = 5.0
ANALYST = "analyst"


class NobodyToAsk(Refused):
    """No voter can be asked now."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    error = "No LLM providers available"

    def __init__(self) -> None:
        super().__init__("No voter is enabled; `manage.py sync_voters` lists those that the house could ask")


@dataclass(frozen=True, slots=True)
class Asking:
    """A question that was asked over this wire, and when."""

    asked: questions.Asked
    now: datetime
    deadline_s: float

    @property
    def told(self) -> Told:
        """Return which run it got, in the words of this wire."""
        told = tell_asked(self.asked, now=self.now)
        return {"run_id": told.pop("id"), **told}

    @property
    def headers(self) -> dict[str, str]:
        """Return where the run is, and whether the request has come before."""
        replayed = {"Idempotent-Replayed": "true"} if self.asked.is_repeat else {}
        return {"Location": f"/api/v1/runs/{self.asked.run.pk}", **replayed}


@router.post("/llm-consensus", scope="runs:write", response={200: ConsensusOut, 202: AcceptedOut})
def ask_council(request: HttpRequest, wanted: ConsensusIn, idempotency_key: RepeatKey) -> HttpResponse:
    """Ask the council about the market data given, and wait for its advice.

    No decision is answered as HOLD with `degraded: true`; `outcome` tells the two apart.
    """
    asking = _ask_council(request, wanted, idempotency_key)

    def tell(record: Record) -> HttpResponse:
        told = views_strategies.tell_consensus(record, weights=list(wanted.provider_weights or {}))
        return answer(asking.told | told, ConsensusOut, headers=asking.headers)

    return _heard(asking, tell, is_waiting=wanted.wait)


@router.post("/llm", scope="runs:write", response={200: LlmOut, 202: AcceptedOut})
def ask_one(request: HttpRequest, wanted: LlmIn, idempotency_key: RepeatKey) -> HttpResponse:
    """Ask one voter about the market data given, and wait for its advice."""
    asking = _ask_one(request, wanted, idempotency_key)

    def tell(record: Record) -> HttpResponse:
        return answer(asking.told | views_strategies.tell_voter(record), LlmOut, headers=asking.headers)

    return _heard(asking, tell, is_waiting=wanted.wait)


@router.get("/llm-consensus", scope="runs:read", response=HealthOut)
def check_council(request: HttpRequest) -> Told:
    """Say whether the council can be asked, and how its voters have fared in the newest 200 runs."""
    panel = panels.fare(account=caller(request).account)
    well = sum(fare.is_well for fare in panel.fares.values())
    status = "healthy" if well == panel.available else "degraded"
    return {
        "status": status if panel.available else "unavailable",
        "available_providers": panel.available,
        "required_providers": panel.needed,
        "provider_health": {name: _tell_fare(fare) for name, fare in panel.fares.items()},
        "metrics": {
            "total_requests": panel.runs,
            "successful_requests": panel.decided,
            "failed_requests": panel.runs - panel.decided,
            "success_rate": panel.decided / panel.runs if panel.runs else 1.0,
        },
    }


def _tell_fare(fare: panels.Fare) -> Told:
    status = "healthy" if fare.is_well else "degraded"
    return {
        "status": status if fare.is_available else "unavailable",
        "model": fare.model,
        "requests": fare.requests,
        "errors": fare.errors,
        "avg_latency_ms": fare.mean_ms,
    }


def _heard(asking: Asking, tell: Callable[[Record], HttpResponse], *, is_waiting: bool) -> HttpResponse:
    """Answer with what *tell* makes of the run once it has ended; 202 if that takes too long."""
    run = asking.asked.run

    def then(record: Record | None) -> HttpResponse:
        if record is None:
            return answer(asking.told, AcceptedOut, status=202, headers=asking.headers)
        if record.run.state == models.Run.State.CANCELLED:
            raise NotPossible(f"run {run.pk} was cancelled: {record.run.close_reason}")
        return tell(record)

    if not is_waiting:
        return then(None)
    return Waiting(lambda: boards.ended(run.pk, within_s=asking.deadline_s + PATIENCE_S), then)


def _ask_council(request: HttpRequest, wanted: ConsensusIn, key: str | None) -> Asking:
    _somebody()
    panel = None if wanted.providers is None else councils.seated(wanted.providers)
    return _ask(request, wanted, panel, key, "POST /strategies/llm-consensus", method=wanted.method)


def _ask_one(request: HttpRequest, wanted: LlmIn, key: str | None) -> Asking:
    _somebody()
    return _ask(request, wanted, [_one(wanted.provider)], key, "POST /strategies/llm")


def _somebody() -> None:
    if not voters.available():
        raise NobodyToAsk


def _one(provider: str | None) -> str:
    """Return the voter of *provider* that weighs most; without one, a model's before an analyst's."""
    seats = voters.available()
    try:
        names = list(seats) if provider is None else councils.seated([provider])
    except BadInput as error:
        raise BadInput("provider", error.value, error.instead) from error
    return min(names, key=lambda name: (seats[name].wire == ANALYST, -seats[name].weight, name))


def _ask(
    request: HttpRequest,
    wanted: StrategyIn,
    panel: list[str] | None,
    key: str | None,
    route: str,
    *,
    method: str = Method.WEIGHTED_MAJORITY.value,
) -> Asking:
    who, now = caller(request), clock.now()
    deadline_s = settings.HOUSE.thalas_deadline_s if wanted.deadline_s is None else wanted.deadline_s
    data = given.read(
        pair=wanted.pair, timeframe=wanted.timeframe, price=wanted.current_price, data=wanted.market_data
    )
    question = councils.Question(
        symbols=[data.pair],
        timeframe=data.timeframe,
        requested_by=who.actor,
        deadline_s=deadline_s,
        kind=models.Run.Kind.GIVEN,
        panel=panel,
        account=who.account,
        given=data,
        weights=wanted.provider_weights or {},
        method=method,
    )
    asked = dispatch.ask(
        question, now=now, request=repeatable(request, key, route=route), is_forced=wanted.force_refresh
    )
    return Asking(asked, now, deadline_s)
