"""Turn a question into an open run: check it, take the snapshot, seat the panel."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from providers.voters.types import Brief
from thalas import models
from thalas.domain import briefs
from thalas.domain.consensus import MAX_WEIGHT
from thalas.domain.given import Given, brief
from thalas.domain.methods import Method
from thalas.errors import BadInput, NotFound
from thalas.selectors import accounts, histories, markets, voters
from thalas.services import runs

MAX_SYMBOLS = 50
MAX_DEADLINE_S = 3600.0


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody wants the council to look at.

    panel       names of voters; None seats every voter that is enabled
    account     name of the account whose limits the gate applies
    may_close_early  close as soon as no answer to come can change an outcome
    method      how the votes become an outcome, by its name
    given       market data that came with the question, instead of the market's own
    weights     weight of each voter of a provider in this run, by the provider's name in any case
    """

    symbols: Sequence[str]
    timeframe: str
    requested_by: str
    deadline_s: float
    kind: models.Run.Kind = models.Run.Kind.ADHOC
    panel: Sequence[str] | None = None
    account: str = accounts.DEMO
    may_close_early: bool = False
    method: str = Method.WEIGHTED_MAJORITY.value
    given: Given | None = None
    weights: Mapping[str, float] = field(default_factory=dict)


def open_question(question: Question, *, now: datetime) -> models.Run:
    """Check *question*, read the market, and open the run; nothing is stored if anything is wrong.

    Raises:  BadInput naming the field; MarketError if the market has no candles for it.
    """
    return runs.open_run(prepare(question, now=now), now=now)


def prepare(question: Question, *, now: datetime) -> runs.Opening:
    """Check *question* and gather everything its run needs, without storing anything.

    Raises:  BadInput; MarketError.
    """
    given, method = question.given, check_method(question.method)
    symbols = [] if given else check_symbols(question.symbols, question.timeframe)
    deadline_s = check_deadline(question.deadline_s)
    panel = seat(question.panel)
    account = accounts.get(question.account)
    return runs.Opening(
        kind=question.kind,
        brief=brief(given, at=now) if given else _snapshot(symbols, question.timeframe, account, now=now),
        panel=panel,
        account=account,
        requested_by=question.requested_by,
        deadline_s=deadline_s,
        may_close_early=question.may_close_early,
        method=method,
        weights=weights(question.weights, panel),
    )


def _snapshot(symbols: Sequence[str], timeframe: str, account: models.Account, *, now: datetime) -> Brief:
    """Return the brief, with the candles at hand that its close will judge the account's risk by."""
    shown = markets.snapshot(symbols, timeframe, now=now)
    if markets.is_live():
        held = account.positions.values_list("symbol", flat=True)
        histories.freshen([*symbols, *held], at=shown.as_of)
    return shown


def ask_again(run_id: UUID, *, requested_by: str, now: datetime) -> models.Run:
    """Open a new run on an old run's brief and panel.

    Raises:  NotFound; BadInput if a member of the old panel is gone.
    """
    old = models.Run.objects.select_related("brief", "account").filter(pk=run_id).first()
    if old is None:
        raise NotFound(f"there is no run {run_id}")
    opening = runs.Opening(
        kind=models.Run.Kind.AGAIN,
        brief=briefs.decode(old.brief.payload),
        panel=seat(list(old.votes.order_by("voter_id").values_list("voter_id", flat=True))),
        account=old.account,
        requested_by=requested_by,
        deadline_s=(old.deadline_at - old.opened_at).total_seconds(),
        may_close_early=old.may_close_early,
        method=Method(old.method),
    )
    return runs.open_run(opening, now=now)


def check_symbols(symbols: Sequence[str], timeframe: str) -> list[str]:
    """Return *symbols* as the market writes them, each once.

    Raises:  BadInput for an unknown symbol or timeframe, none, or too many.
    """
    offers = markets.offers()
    if not symbols:
        raise BadInput("symbols", list(symbols), f"give 1 to {MAX_SYMBOLS} of {', '.join(offers)}")
    wanted = list(dict.fromkeys(symbol.strip().upper() for symbol in symbols))
    if len(wanted) > MAX_SYMBOLS:
        raise BadInput("symbols", f"{len(wanted)} symbols", f"at most {MAX_SYMBOLS}")
    for symbol in wanted:
        if symbol not in offers:
            raise BadInput("symbol", symbol, f"the market has {', '.join(offers)}")
        if timeframe not in offers[symbol]:
            raise BadInput("timeframe", timeframe, f"{symbol} has {', '.join(offers[symbol])}")
    return wanted


def check_method(name: str) -> Method:
    """Return the method of aggregation called *name*.

    Raises:  BadInput.
    """
    if name not in set(Method):
        raise BadInput("method", name, f"give {' or '.join(Method)}")
    return Method(name)


def check_deadline(deadline_s: float) -> float:
    """Return *deadline_s* if a run can have it.

    Raises:  BadInput.
    """
    if not (math.isfinite(deadline_s) and 1 <= deadline_s <= MAX_DEADLINE_S):
        raise BadInput("deadline", deadline_s, f"give seconds from 1 to {MAX_DEADLINE_S:g}")
    return deadline_s


def seat(names: Sequence[str] | None) -> list[models.Voter]:
    """Return the voters of a panel: those named, or everyone who is enabled.

    Raises:  BadInput for an unknown or disabled name, or an empty panel.
    """
    available = voters.available()
    if not available:
        raise BadInput(
            "panel", [], "no voter is enabled; run `manage.py sync_voters` or enable one in the admin"
        )
    if names is None:
        return list(available.values())
    if not names:
        raise BadInput("panel", [], f"give one or more of {', '.join(available)}")
    for name in names:
        if name not in available:
            raise BadInput("panel", name, f"these voters can be asked now: {', '.join(available)}")
    return [available[name] for name in dict.fromkeys(names)]


def weights(wanted: Mapping[str, float], panel: Sequence[models.Voter]) -> dict[str, float]:
    """Return the weight of each voter of *panel* whose provider has one in *wanted*, in place of its own.

    Providers that have no seat are let be: clients list all they know.

    Raises:  BadInput for a weight that is negative or not finite, or a provider named twice.
    """
    known: dict[str, float] = {}
    for name, weight in wanted.items():
        if not (math.isfinite(weight) and 0 <= weight <= MAX_WEIGHT):
            raise BadInput(f"provider_weights.{name}", weight, f"give a number from 0 to {MAX_WEIGHT:g}")
        if name.casefold() in known:
            raise BadInput(f"provider_weights.{name}", name, "it is given twice; case makes no difference")
        known[name.casefold()] = weight
    providers = {voter.name: voter.provider_id.casefold() for voter in panel}
    return {name: known[provider] for name, provider in providers.items() if provider in known}


def seated(providers: Sequence[str]) -> list[str]:
    """Return the voters that can be asked now of *providers*, which may name voters as well, in any case.

    Raises:  BadInput for a name that nobody bears.
    """
    available = voters.available()
    found: list[str] = []
    for name in providers:
        wanted = name.casefold()
        mine = [v for v in available.values() if wanted in (v.name.casefold(), v.provider_id.casefold())]
        if not mine:
            known = sorted({v.provider_id for v in available.values()})
            raise BadInput("providers", name, f"these can be asked now: {', '.join(known) or 'none'}")
        found += [voter.name for voter in mine]
    return list(dict.fromkeys(found))
