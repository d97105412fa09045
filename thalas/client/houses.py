"""A house over HTTP: ask its council, watch a run, read what was decided."""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Self, TypeVar
from uuid import UUID

from thalas.client import events
from thalas.client.answers import (
    Accepted,
    Advice,
    Decision,
    Opinion,
    Readiness,
    Run,
    RunLine,
    RunPage,
    VoterAdvice,
)
from thalas.client.errors import Unavailable
from thalas.client.events import Event
from thalas.client.ledgers import Audit, Budgets, Webhooks
from thalas.client.risks import Risks
from thalas.client.rooms import Switch, Voters, Watchlists, at, given, new_key, parsed
from thalas.client.schedules import Schedules
from thalas.client.wires import Call, Patience, Wire

OpinionT = TypeVar("OpinionT", bound=Opinion)
# The house waits no longer than this for one request.
MOST_WAIT_S = 60.0
# A run ends by its deadline and a little. What the house's own deadline is the client cannot know: where
# it is longer than this, the request is sent again under its key and waits on.
USUAL_DEADLINE_S = 110.0
GRACE_S = 10.0


class Thalas:
    """One house and one key.

    timeout_s  for each request, beside what it waits on purpose
    patience   how long to go on trying where that is safe; `Patience(longest_s=0)` never tries again
    """

    def __init__(
        self, base_url: str, key: str, *, timeout_s: float = 10.0, patience: Patience | None = None
    ) -> None:
        self._patience = patience or Patience()
        self._wire = Wire(base_url, key, timeout_s=timeout_s, patience=self._patience)
        self.voters = Voters(self._wire)
        self.schedules = Schedules(self._wire)
        self.watchlists = Watchlists(self._wire)
        self.kill_switch = Switch(self._wire)
        self.webhooks = Webhooks(self._wire)
        self.audit = Audit(self._wire)
        self.risk = Risks(self._wire)
        self.budgets = Budgets(self._wire)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Thalas({self._wire.shown!r})"

    def close(self) -> None:
        """Close all connections."""
        self._wire.close()

    def ask(
        self,
        symbols: Sequence[str],
        *,
        timeframe: str | None = None,
        panel: Sequence[str] | None = None,
        deadline_s: float | None = None,
        may_close_early: bool = False,
        method: str | None = None,
        force_refresh: bool = False,
        wait_s: float = 0.0,
        idempotency_key: str | None = None,
    ) -> Run:
        """Ask the council about *symbols*; with *wait_s*, wait so long for what it decides, as `run` does.

        A key is made up unless *idempotency_key* is given, so that a lost answer never opens a second run.
        """
        body = given(
            symbols=list(symbols),
            timeframe=timeframe,
            panel=None if panel is None else list(panel),
            deadline_s=deadline_s,
            may_close_early=may_close_early,
            method=method,
            force_refresh=force_refresh,
        )
        # The wait is no part of this request: under one key, one question is one run however long one waits.
        call = Call("POST", "/runs", body=body, repeat_key=idempotency_key or new_key())
        run = parsed(Run, self._wire.send(call))
        if wait_s <= 0:
            return run
        told = self.run(run.id, wait_s=wait_s)
        return told.model_copy(update={"shared": run.shared, "age_s": run.age_s})

    def run(self, run_id: UUID | str, *, wait_s: float = 0.0) -> Run:
        """Return all that is known of a run; with *wait_s*, wait so long for its end."""
        until = self._patience.clock() + wait_s
        while True:
            left_s = max(0.0, min(until - self._patience.clock(), MOST_WAIT_S))
            params = {"wait": f"{left_s:.3f}"}
            run = parsed(Run, self._wire.send(Call("GET", at("runs", run_id), params=params, wait_s=left_s)))
            if run.is_over or self._patience.clock() >= until:
                return run

    def decision(self, run_id: UUID | str) -> Decision:
        """Return what a run decided; Conflict while it is open, and for ever where it was cancelled."""
        return parsed(Decision, self._wire.send(Call("GET", at("runs", run_id, "decision"))))

    def runs(self, *, symbol: str = "", state: str = "", page: int = 100) -> Iterator[RunLine]:
        """Yield runs, the newest first, page by page as far as they are wanted."""
        params = {"limit": str(page), **given(symbol=symbol or None, state=state or None)}
        while True:
            runs = parsed(RunPage, self._wire.send(Call("GET", "/runs", params=params)))
            yield from runs.runs
            if runs.older is None:
                return
            params["after"] = runs.older

    def events(self, run_id: UUID | str, *, last_event_id: str = "") -> Iterator[Event]:
        """Yield each vote of a run as it comes, and then its end, however often the connection breaks.

        last_event_id  the id of the last event that somebody has seen before: only what is later comes
        """
        return events.follow(self._wire, at("runs", run_id, "events"), last_event_id=last_event_id)

    def cancel(self, run_id: UUID | str) -> Run:
        """Cancel an open run: it decides nothing."""
        return parsed(Run, self._wire.send(Call("POST", at("runs", run_id, "cancel"))))

    def llm_consensus(
        self,
        market_data: Mapping[str, object],
        *,
        pair: str,
        current_price: float,
        timeframe: str | None = None,
        providers: Sequence[str] | None = None,
        provider_weights: Mapping[str, float] | None = None,
        method: str | None = None,
        deadline_s: float | None = None,
        force_refresh: bool = False,
        idempotency_key: str | None = None,
    ) -> Advice:
        """Ask the council about the market data given, and wait for its advice.

        Raises:  Unavailable if the run has not ended in time; it goes on, and `run` finds it.
        """
        body = given(
            market_data=dict(market_data),
            pair=pair,
            current_price=current_price,
            timeframe=timeframe,
            providers=None if providers is None else list(providers),
            provider_weights=None if provider_weights is None else dict(provider_weights),
            method=method,
            deadline_s=deadline_s,
            force_refresh=force_refresh,
        )
        return self._advised(Advice, "llm-consensus", body, idempotency_key)

    def llm(
        self,
        market_data: Mapping[str, object],
        *,
        pair: str,
        current_price: float,
        timeframe: str | None = None,
        provider: str | None = None,
        deadline_s: float | None = None,
        force_refresh: bool = False,
        idempotency_key: str | None = None,
    ) -> VoterAdvice:
        """Ask one voter, of *provider* if it is given, about the market data given, and wait for its advice.

        Raises:  Unavailable if the run has not ended in time; it goes on, and `run` finds it.
        """
        body = given(
            market_data=dict(market_data),
            pair=pair,
            current_price=current_price,
            timeframe=timeframe,
            provider=provider,
            deadline_s=deadline_s,
            force_refresh=force_refresh,
        )
        return self._advised(VoterAdvice, "llm", body, idempotency_key)

    def readiness(self) -> Readiness:
        """Return whether the council can be asked, and how each voter has fared lately."""
        return parsed(Readiness, self._wire.send(Call("GET", "/strategies/llm-consensus")))

    def _advised(
        self, kind: type[OpinionT], strategy: str, body: Mapping[str, object], idempotency_key: str | None
    ) -> OpinionT:
        deadline_s = body.get("deadline_s")
        wait_s = (deadline_s if isinstance(deadline_s, int | float) else USUAL_DEADLINE_S) + GRACE_S
        key = idempotency_key or new_key()
        call = Call("POST", at("strategies", strategy), body=body, repeat_key=key, wait_s=wait_s)
        answer = self._wire.send(call)
        if answer.status_code == HTTPStatus.ACCEPTED:
            run_id = parsed(Accepted, answer).run_id
            raise Unavailable(f"Run {run_id} has not ended in time; it goes on", status=answer.status_code)
        return parsed(kind, answer)
