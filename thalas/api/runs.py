"""Runs over HTTP: open, read, list, watch, wait for, cancel."""

from datetime import datetime
from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from ninja import Header, Query

from thalas import dispatch, models
from thalas.api import boards, streams, views_runs
from thalas.api.doors import Door, caller
from thalas.api.requests import MOST_WAIT_S, RepeatKey, Wait, repeatable
from thalas.api.schemas_runs import AskedOut, AskedRunOut, DecisionOut, RunIn, RunOut, RunsOut, State
from thalas.api.views_runs import Told
from thalas.api.waits import Waiting, answer
from thalas.errors import BadInput, NotPossible
from thalas.selectors import clock, records
from thalas.selectors.records import Record
from thalas.services import questions
from thalas.services.councils import Question

router = Door(tags=["runs"])
HERE = "/api/v1/runs"
Symbol = Annotated[str, Query("", max_length=40, description="such as BTC/USD")]
Cursor = Annotated[str, Query("", max_length=200, description="from an earlier answer")]


@router.post("", scope="runs:write", response={200: AskedRunOut, 202: AskedOut})
def open_run(request: HttpRequest, wanted: RunIn, wait: Wait, idempotency_key: RepeatKey) -> HttpResponse:
    """Ask the council; with `wait`, answer when it has decided.

    An equal question within its time to live shares the run of the first and says so.
    """
    asked, now = _ask(request, wanted, idempotency_key)
    send = partial(dispatch.send, asked)
    headers = {"Location": f"{HERE}/{asked.run.pk}"}
    if asked.is_repeat:
        headers["Idempotent-Replayed"] = "true"
    told = views_runs.tell_asked(asked, now=now)

    def then(record: Record | None) -> HttpResponse:
        if record is None:
            return answer(told, AskedOut, status=202, headers=headers)
        whole = views_runs.tell_run(record) | told | {"state": record.run.state}
        return answer(whole, AskedRunOut, headers=headers)

    if wait:
        send()
        return Waiting(lambda: boards.ended(asked.run.pk, within_s=min(wait, MOST_WAIT_S)), then)
    # The run is kept: whoever asked need not wait for the broker, nor hear that it is away.
    return answer(told, AskedOut, status=202, headers=headers, work=send)


@router.get("", scope="runs:read", response=RunsOut)
def list_runs(
    request: HttpRequest,
    symbol: Symbol,
    after: Cursor,
    before: Cursor,
    state: State | None = None,
    limit: Annotated[int, Query(30, ge=1, le=200)] = 30,
) -> Told:
    """List runs, the newest first; `after` goes on to older ones, `before` back to newer ones."""
    if after and before:
        raise BadInput("before", before[:60], "give after or before, not both")
    page = records.page(
        account=caller(request).account,
        symbol=symbol,
        state=state or "",
        after=after,
        before=before,
        limit=limit,
    )
    return {
        "runs": [views_runs.tell_line(run) for run in page.runs],
        "older": page.older,
        "newer": page.newer,
    }


@router.get("/{uuid:run_id}", scope="runs:read", response=RunOut)
def read_run(
    request: HttpRequest, run_id: UUID, wait: Wait, brief: Literal["summary", "full"] = "summary"
) -> Told | Waiting:
    """Read a run: its brief, its votes, its arithmetic, every risk check, its cost."""
    account, is_full = caller(request).account, brief == "full"
    found = records.record(run_id, account=account)

    def then(record: Record | None) -> HttpResponse:
        newest = record or records.record(run_id, account=account)
        return answer(views_runs.tell_run(newest, is_full=is_full), RunOut)

    if wait and found.run.state == models.Run.State.OPEN:
        return Waiting(lambda: boards.ended(run_id, within_s=min(wait, MOST_WAIT_S)), then)
    return views_runs.tell_run(found, is_full=is_full)


@router.get("/{uuid:run_id}/decision", scope="runs:read", response=DecisionOut)
def read_decision(request: HttpRequest, run_id: UUID) -> Told:
    """Read what a run decided; 409 as long as it has not."""
    record = records.record(run_id, account=caller(request).account)
    told = views_runs.tell_decision(record)
    if told is None:
        raise NotPossible(f"run {run_id} is {record.run.state} and has no decision")
    return told


@router.post("/{uuid:run_id}/cancel", scope="runs:write", response=RunOut)
def cancel_run(request: HttpRequest, run_id: UUID) -> Told:
    """Cancel an open run: it files no decision. 409 if it has ended."""
    who = caller(request)
    questions.cancel(run_id, account=who.account, by=who.actor, now=clock.now())
    return views_runs.tell_run(records.record(run_id, account=who.account))


@router.get("/{uuid:run_id}/events", scope="runs:read", response={200: None, 204: None})
def watch_run(
    request: HttpRequest,
    run_id: UUID,
    last_event_id: Annotated[str, Header("", alias="Last-Event-ID", max_length=64)],
) -> HttpResponseBase:
    """Watch a run: server-sent events, one for each vote, then its decision, then the end.

    `Last-Event-ID` goes on where an earlier stream broke off; 204 if there is nothing more to come.
    """
    panel = records.run(run_id, account=caller(request).account).votes.count()
    return streams.respond(run_id, panel=panel, last_event_id=last_event_id) or HttpResponse(status=204)


def _ask(request: HttpRequest, wanted: RunIn, key: str | None) -> tuple[questions.Asked, datetime]:
    who, now = caller(request), clock.now()
    question = Question(
        symbols=wanted.symbols,
        timeframe=wanted.timeframe,
        requested_by=who.actor,
        deadline_s=settings.HOUSE.thalas_deadline_s if wanted.deadline_s is None else wanted.deadline_s,
        panel=wanted.panel,
        account=who.account,
        may_close_early=wanted.may_close_early,
        method=wanted.method,
    )
    questions.check_strategy(wanted.strategy)
    asked = questions.ask(
        question,
        now=now,
        request=repeatable(request, key, route="POST /runs"),
        is_forced=wanted.force_refresh,
    )
    return asked, now
