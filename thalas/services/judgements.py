"""From a consensus to a verdict: the one place where Decimal money and float risk meet."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

import risk
from providers.voters.types import SymbolBrief
from thalas import models, regime_policies
from thalas.domain.consensus import Consensus, Rules
from thalas.selectors import histories
from thalas.selectors.desks import Desk

CENT = Decimal("0.01")
LEVEL = Decimal("0.0000000001")
# What the columns hold: a decision that cannot be stored would leave its run open for ever.
LEVEL_LIMIT = 1e14
REQUESTED_LIMIT_USD = 1e13
# Candles know no bid and no ask: ten basis points between them is assumed.
ASSUMED_HALF_SPREAD = 0.0005
# All that can be asked about now; other kinds of market come with their own sources.
MARKET_TYPE = "crypto"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The gate's verdict in the shapes that a decision stores."""

    verdict: str
    reason: str
    requested_usd: Decimal
    size_usd: Decimal
    checks: list[dict[str, str | float | None]]

    @property
    def is_order(self) -> bool:
        """Say whether an order may go out."""
        return self.size_usd > 0


def judge(
    consensus: Consensus,
    market: SymbolBrief,
    *,
    rules: Rules,
    desk: Desk,
    timeframe: str,
    age_candles: float,
    is_killed: bool | None,
) -> Judgement:
    """Size what *consensus* asks for on the account at *desk* and put it before the gate."""
    requested = _requested_usd(consensus, market.price, desk.account)
    asked = proposal(consensus, market, rules=rules, size_usd=requested)
    portfolio, state = _scene(asked, market, desk, timeframe, age_candles=age_candles, is_killed=is_killed)
    verdict = risk.assess(asked, portfolio, state, desk.limits)
    return Judgement(
        verdict=verdict.outcome.value,
        reason=verdict.reason,
        requested_usd=_cents(requested),
        size_usd=_cents(verdict.size_usd),
        checks=[kept(check) for check in verdict.checks],
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
        backers=consensus.backers,
        is_degraded=consensus.is_degraded,
        market_type=MARKET_TYPE,
    )


def kept(check: risk.Check) -> dict[str, str | float | None]:
    """Return *check* as a decision stores it."""
    return {
        "code": check.code,
        "outcome": check.outcome.value,
        "value": check.value,
        "limit": check.limit,
        "message": check.message,
    }


def level(price: float | None) -> Decimal | None:
    """Return a price level as it is stored, to ten decimal places; None for one that no column holds."""
    if price is None or not abs(price) < LEVEL_LIMIT:
        return None
    return Decimal(repr(price)).quantize(LEVEL, ROUND_HALF_EVEN)


def _scene(
    asked: risk.Proposal,
    market: SymbolBrief,
    desk: Desk,
    timeframe: str,
    *,
    age_candles: float,
    is_killed: bool | None,
) -> tuple[risk.Portfolio, risk.MarketState]:
    """Return the portfolio and the market that *asked* is judged in; without an order neither is read."""
    faults = (*market.faults, *desk.faults)
    if asked.action not in risk.ORDERS or desk.tape is None:
        return risk.flat(float(desk.account.equity_usd)), risk.MarketState(faults, age_candles, is_killed)
    portfolio, returns = desk.scene(market.symbol)
    now = desk.tape.at.market_at
    own = histories.history(market.symbol, timeframe, at=now)
    past = histories.history(market.symbol, histories.RISK_TIMEFRAME, at=now)
    return portfolio, risk.MarketState(
        faults=faults,
        age_candles=age_candles,
        is_killed=is_killed,
        returns=returns,
        reference_price=float(own.closes[-1]) if own else None,
        volume_usd=past.volume_usd if past else None,
        half_spread=ASSUMED_HALF_SPREAD,
        policy=regime_policies.policies().of(own.regime) if own else None,
    )


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


def _cents(usd: float) -> Decimal:
    """Return *usd* in whole cents, rounded down so that no limit is passed by rounding."""
    return Decimal(repr(usd)).quantize(CENT, ROUND_DOWN)
