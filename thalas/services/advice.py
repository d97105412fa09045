"""The gate on market data that a caller gave: what needs an account or a market's time is not asked."""

from decimal import Decimal

import risk
from providers.voters.types import SymbolBrief
from thalas import models
from thalas.domain.consensus import Consensus, Outcome, Rules
from thalas.services import judgements
from thalas.services.judgements import Judgement

ORDERS = (Outcome.BUY, Outcome.SELL)
APPROVED, VETOED = risk.VerdictOutcome.APPROVED, risk.VerdictOutcome.VETOED
NO_ORDER = risk.VerdictOutcome.NO_ORDER

# The checks that need nothing but the question, the votes and the switch; the others are not asked.
ASKED = frozenset(
    {
        "kill_switch",
        "action",
        "quorum",
        "backers",
        "min_confidence",
        "min_agreement",
        "price",
        "stop_present",
        "stop_side",
        "target_side",
    }
)
NOTHING_KNOWN = {
    "data_quality": "The data came with the question: there are no candles to look for faults in.",
    "data_age": "The data came with the question: nothing is known of its age.",
    "position_size": "Advice has no size: no account trades on it.",
    "degraded": "Advice has no size that could be cut.",
    "dust": "Advice has no size that could be too small.",
    "price_collar": "The data came with the question: there is no market to compare the price with.",
}
NO_ACCOUNT = "Advice is for no account: what one holds, has lost or has ordered is not looked at."
# Stand-ins for what only checks that are not asked look at; their findings are thrown away.
ANY_EQUITY_USD, ANY_SIZE_USD, ANY_AGE_CANDLES = 1e6, 1e3, 0.0


def judge(
    consensus: Consensus,
    market: SymbolBrief,
    *,
    rules: Rules,
    account: models.Account,
    is_killed: bool | None,
) -> Judgement:
    """Put what *consensus* says before the gate; approved is never more than advice, and has no size."""
    asked = judgements.proposal(consensus, market, rules=rules, size_usd=ANY_SIZE_USD)
    state = risk.MarketState(faults=market.faults, age_candles=ANY_AGE_CANDLES, is_killed=is_killed)
    limits = risk.Limits(
        min_confidence=account.min_confidence,
        min_agreement=account.min_agreement,
        version=account.limits_version,
    )
    verdict = risk.assess(asked, risk.flat(ANY_EQUITY_USD), state, limits)
    return _judgement(verdict, is_order=consensus.outcome in ORDERS)


def _judgement(verdict: risk.Verdict, *, is_order: bool) -> Judgement:
    vetoes = [c for c in verdict.checks if c.code in ASKED and c.outcome.is_veto]
    if vetoes:
        codes = ", ".join(check.code for check in vetoes)
        outcome, reason = VETOED, f"Vetoed by {codes}: {vetoes[0].message}"
    elif is_order:
        outcome, reason = APPROVED, "Approved as advice, without a size: no check objects."
    else:
        outcome, reason = NO_ORDER, "The consensus asks for no order."
    checks = [_kept(check) for check in verdict.checks]
    return Judgement(outcome.value, reason, Decimal(0), Decimal(0), checks)


def _kept(check: risk.Check) -> dict[str, str | float | None]:
    if check.code in ASKED:
        return judgements.kept(check)
    return {
        "code": check.code,
        "outcome": risk.CheckOutcome.NOT_APPLICABLE.value,
        "value": None,
        "limit": None,
        "message": NOTHING_KNOWN.get(check.code, NO_ACCOUNT),
    }
