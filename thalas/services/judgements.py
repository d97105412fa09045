"""From a consensus to a verdict: the one place where Decimal money and float risk meet."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

import risk
from providers.voters.types import SymbolBrief
from thalas import models
from thalas.domain.consensus import Consensus, Rules

CENT = Decimal("0.01")
LEVEL = Decimal("0.0000000001")
# What the columns hold: a decision that cannot be stored would leave its run open for ever.
LEVEL_LIMIT = 1e14
REQUESTED_LIMIT_USD = 1e13


@dataclass(frozen=True, slots=True)
class Judgement:
    """The gate's verdict in the shapes that a decision stores."""

    verdict: str
    reason: str
    requested_usd: Decimal
    size_usd: Decimal
    checks: list[dict[str, str | float | None]]


def judge(
    consensus: Consensus,
    market: SymbolBrief,
    *,
    rules: Rules,
    account: models.Account,
    age_candles: float,
    is_killed: bool | None,
) -> Judgement:
    """Size what *consensus* asks for on *account* and put it before the gate."""
    requested = _requested_usd(consensus, market.price, account)
    asked = proposal(consensus, market, rules=rules, size_usd=requested)
    state = risk.MarketState(faults=market.faults, age_candles=age_candles, is_killed=is_killed)
    verdict = risk.assess(
        asked, risk.Portfolio(equity_usd=float(account.equity_usd)), state, _limits(account)
    )
    return Judgement(
        verdict=verdict.outcome.value,
        reason=verdict.reason,
        requested_usd=_cents(requested),
        size_usd=_cents(verdict.size_usd),
        checks=[
            {
                "code": c.code,
                "outcome": c.outcome.value,
                "value": c.value,
                "limit": c.limit,
                "message": c.message,
            }
            for c in verdict.checks
        ],
    )


def proposal(consensus: Consensus, market: SymbolBrief, *, rules: Rules, size_usd: float) -> risk.Proposal:
    """Return what *consensus* asks of the gate, for so much money."""
    return risk.Proposal(
        symbol=market.symbol,
        action=consensus.outcome.value,
        price=market.price,
        stop=consensus.stop,
        target=consensus.target,
        size_usd=size_usd,
        confidence=consensus.confidence,
        agreement=consensus.agreement,
        votes_cast=sum(consensus.counts.values()),
        quorum=max(rules.quorum, 1),
        panel=rules.panel,
        is_degraded=consensus.is_degraded,
    )


def level(price: float | None) -> Decimal | None:
    """Return a price level as it is stored, to ten decimal places; None for one that no column holds."""
    if price is None or not abs(price) < LEVEL_LIMIT:
        return None
    return Decimal(repr(price)).quantize(LEVEL, ROUND_HALF_EVEN)


def _requested_usd(consensus: Consensus, price: float, account: models.Account) -> float:
    """Return the size that risks the account's share at the stop; 0 where the gate has to refuse anyway.

    A stop next to the price asks for more than any account holds; the gate cuts that to the account's limits.
    """
    if consensus.stop is None:
        return 0.0
    try:
        size_usd = risk.fixed_fractional(
            float(account.equity_usd),
            risk_fraction=float(account.risk_per_trade_pct) / 100.0,
            price=price,
            stop=consensus.stop,
            confidence=consensus.confidence,
        )
    except risk.RiskError:
        return 0.0
    return min(size_usd, REQUESTED_LIMIT_USD)


def _limits(account: models.Account) -> risk.Limits:
    return risk.Limits(
        max_position_pct=float(account.max_position_pct) / 100.0,
        min_confidence=account.min_confidence,
        min_agreement=account.min_agreement,
        version=account.limits_version,
    )


def _cents(usd: float) -> Decimal:
    """Return *usd* in whole cents, rounded down so that no limit is passed by rounding."""
    return Decimal(repr(usd)).quantize(CENT, ROUND_DOWN)
