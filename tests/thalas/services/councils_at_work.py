"""Runs that are open, and voters whose answers a test decides; time is whatever the test says it is."""

from datetime import datetime, timedelta

from providers.voters.types import Abstention, Action, Answer, Opinion, RiskLevel
from tests import seeds
from thalas import models
from thalas.domain import briefs
from thalas.selectors import clock
from thalas.services import councils, votes


def opened(*symbols: str, now: datetime | None = None, **changes: object) -> models.Run:
    """Open a run on *symbols* (BTC/USD if none) at *now*, with the panel and deadline of `seeds.question`."""
    return councils.open_question(seeds.question(*symbols, **changes), now=now or clock.now())


def claimed(run: models.Run, voter: str, *, after_s: float = 0.0) -> votes.Claim:
    """Claim the vote of *voter* so many seconds after the run's opening."""
    claim = votes.claim_vote(run_id=run.pk, voter=voter, now=later(run, after_s))
    assert claim is not None, f"{voter} could not be claimed"
    return claim


def later(run: models.Run, seconds: float) -> datetime:
    """Return the moment so many seconds after *run* was opened."""
    return run.opened_at + timedelta(seconds=seconds)


def price(run: models.Run) -> float:
    """Return the price of the run's only symbol."""
    return price_of(run, run.symbols[0])


def price_of(run: models.Run, symbol: str) -> float:
    """Return the price of *symbol* in the run's brief."""
    from_brief = {market.symbol: market.price for market in briefs.decode(run.brief.payload).markets}
    return from_brief[symbol]


def opinion(
    run: models.Run,
    action: Action = Action.BUY,
    confidence: float = 0.8,
    *,
    symbol: str | None = None,
    stop: float | None = None,
    target: float | None = None,
) -> Opinion:
    """Return an opinion whose stop lies 5 % and target 10 % away on the right side, unless they are given."""
    symbol = symbol or run.symbols[0]
    at, side = price_of(run, symbol), {Action.BUY: 1, Action.SELL: -1, Action.HOLD: 0}[action]
    return Opinion(
        symbol=symbol,
        action=action,
        confidence=confidence,
        reasoning=f"says {action}",
        risk_level=RiskLevel.MEDIUM,
        stop=stop if stop is not None or not side else at * (1 - 0.05 * side),
        target=target if target is not None or not side else at * (1 + 0.10 * side),
    )


def buy(run: models.Run, confidence: float = 0.8) -> Answer:
    """Return an answer that buys every symbol of *run*."""
    return Answer(opinions=tuple(opinion(run, Action.BUY, confidence, symbol=s) for s in run.symbols))


def hold(run: models.Run, confidence: float = 0.8) -> Answer:
    """Return an answer that holds every symbol of *run*."""
    return Answer(opinions=tuple(opinion(run, Action.HOLD, confidence, symbol=s) for s in run.symbols))


def abstain(run: models.Run) -> Answer:
    """Return an answer without an opinion on any symbol."""
    return Answer(opinions=tuple(Abstention(symbol=s, reasoning="cannot tell") for s in run.symbols))


def answered(run: models.Run, answers: dict[str, Answer], *, after_s: float = 0.0) -> None:
    """Claim and record each of *answers*, by voter."""
    for voter, answer in answers.items():
        votes.record(claimed(run, voter, after_s=after_s), answer, latency_ms=5.0, now=later(run, after_s))


def everyone(run: models.Run, answer: Answer, *, after_s: float = 0.0) -> None:
    """Let the whole panel give the same answer."""
    panel = run.votes.order_by("voter_id").values_list("voter_id", flat=True)
    answered(run, dict.fromkeys(panel, answer), after_s=after_s)


def vote_of(run: models.Run, voter: str) -> models.Vote:
    """Return the vote of *voter* as it is stored now."""
    return models.Vote.objects.get(run=run, voter_id=voter)
