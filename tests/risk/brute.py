"""What an order breaks, from the gate's four arguments alone, in plain Python by the definitions."""

from fractions import Fraction
from math import fsum, sqrt

from risk import Limits, MarketState, Portfolio, Proposal

# Sums in another order end a little elsewhere; nothing that matters is that small.
NEARLY = 1.0 + 1e-9


def broken(
    size: float, proposal: Proposal, portfolio: Portfolio, market: MarketState, limits: Limits
) -> list[str]:
    """Return the names of the limits that an order of *size* dollars breaks; all inputs are sound numbers."""
    return [
        name
        for name, is_broken in {
            **_facts(size, proposal, portfolio, market, limits),
            **_holdings(size, proposal, portfolio, limits),
            **_past(size, proposal, portfolio, market, limits),
        }.items()
        if is_broken
    ]


def _facts(
    size: float, proposal: Proposal, portfolio: Portfolio, market: MarketState, limits: Limits
) -> dict[str, bool]:
    sign = 1 if proposal.action == "BUY" else -1
    stop, target, price = proposal.stop, proposal.target, proposal.price
    equity = portfolio.equity_usd

    def fell(before: float | None, most: float) -> bool:
        return before is None or (before - equity) / before > most

    assert portfolio.age_candles is not None
    assert portfolio.open_orders is not None
    assert portfolio.recent_orders is not None
    assert market.reference_price is not None
    assert market.policy is not None
    factor = market.policy.size_factor * (limits.degraded_factor if proposal.is_degraded else 1.0)
    return {
        "kill switch": market.is_killed is not False,
        "faults": len(market.faults) > 0,
        "age": not 0 <= market.age_candles <= limits.max_age_candles,
        "portfolio age": not 0 <= portfolio.age_candles <= limits.max_age_candles,
        "quorum": proposal.votes_cast < proposal.quorum,
        "day": fell(portfolio.day_equity_usd, limits.max_daily_loss_pct),
        "week": fell(portfolio.week_equity_usd, limits.max_weekly_loss_pct),
        "peak": fell(portfolio.peak_equity_usd, limits.max_drawdown_pct),
        "open orders": proposal.symbol in portfolio.open_orders,
        "rate": portfolio.recent_orders + 1 > limits.max_orders_per_hour,
        "backers": (proposal.backers or 0) < (2 if proposal.panel >= 4 else 1),
        "confidence": proposal.confidence < limits.min_confidence,
        "agreement": proposal.agreement < limits.min_agreement,
        "collar": abs(price - market.reference_price) / market.reference_price > limits.max_price_gap_pct,
        "stop": stop is None or stop <= 0 or (price - stop) * sign <= 0,
        "target": target is not None and (target <= 0 or (target - price) * sign <= 0),
        "grows": size > proposal.size_usd * factor * NEARLY,
        "flips": size <= 0,
        "dust": size < limits.min_order_usd,
    }


def _holdings(size: float, proposal: Proposal, portfolio: Portfolio, limits: Limits) -> dict[str, bool]:
    equity = portfolio.equity_usd
    assert portfolio.symbols is not None
    assert portfolio.market_types is not None
    assert portfolio.exposures_usd is not None
    assert portfolio.leverages is not None
    held = list(
        zip(
            (*portfolio.symbols, proposal.symbol),
            (*portfolio.market_types, proposal.market_type),
            [abs(value) for value in (*portfolio.exposures_usd.tolist(), size)],
            (*portfolio.leverages.tolist(), proposal.leverage),
            strict=True,
        )
    )
    by_symbol = {name: fsum(usd for symbol, _, usd, _ in held if symbol == name) for name, *_ in held}
    of_type = fsum(usd for _, kind, usd, _ in held if kind == proposal.market_type)
    most_of_type = {
        "crypto": limits.max_crypto_pct,
        "polymarket": limits.max_polymarket_pct,
        "equity": limits.max_equity_pct,
    }[proposal.market_type]
    return {
        "count": len(by_symbol) > limits.max_positions,
        "position": by_symbol[proposal.symbol] > limits.max_position_pct * equity * NEARLY,
        "market type": of_type > most_of_type * equity * NEARLY,
        "total": fsum(usd for _, _, usd, _ in held) > limits.max_exposure_pct * equity * NEARLY,
        "leverage": fsum(usd * times for _, _, usd, times in held) > limits.max_leverage * equity * NEARLY,
        "concentration": fsum((usd / equity) ** 2 for usd in by_symbol.values())
        > limits.max_concentration * NEARLY,
    }


def _past(
    size: float, proposal: Proposal, portfolio: Portfolio, market: MarketState, limits: Limits
) -> dict[str, bool]:
    assert portfolio.exposures_usd is not None
    assert portfolio.leverages is not None
    assert portfolio.returns is not None
    assert market.returns is not None
    assert market.volume_usd is not None
    assert market.half_spread is not None
    sign, equity = (1.0 if proposal.action == "BUY" else -1.0), portfolio.equity_usd
    exposures, rows, own = (
        portfolio.exposures_usd.tolist(),
        portfolio.returns.tolist(),
        market.returns.tolist(),
    )
    moved = [usd * times for usd, times in zip(exposures, portfolio.leverages.tolist(), strict=True)]
    moved.append(sign * size * proposal.leverage)
    losses = sorted(
        (
            -fsum(usd * move for usd, move in zip(moved, moves, strict=True))
            for moves in zip(*rows, own, strict=True)
        ),
        reverse=True,
    )
    whole, rest = divmod((1 - Fraction(str(limits.tail_level))) * len(losses), 1)
    shortfall = (fsum(losses[:whole]) + float(rest) * losses[whole]) / float(whole + rest)
    together = fsum(
        abs(usd)
        for usd, row in zip(exposures, rows, strict=True)
        if _correlation(row, own) * sign * (1 if usd > 0 else -1) >= limits.max_correlation + 1e-9
    )
    cost = market.half_spread + _deviation(own) * sqrt(size / market.volume_usd)
    slack = 1e-9 * equity
    return {
        "correlated": together + size > limits.max_correlated_pct * equity * NEARLY,
        "liquidity": size > limits.max_volume_pct * market.volume_usd * NEARLY,
        "slippage": cost > limits.max_slippage_pct * NEARLY,
        "value at risk": losses[whole] > limits.max_var_pct * equity * NEARLY + slack,
        "shortfall": shortfall > limits.max_es_pct * equity * NEARLY + slack,
    }


def _mean(values: list[float]) -> float:
    return fsum(values) / len(values)


def _deviation(values: list[float]) -> float:
    middle = _mean(values)
    return sqrt(fsum((value - middle) ** 2 for value in values) / (len(values) - 1))


def _correlation(one: list[float], other: list[float]) -> float:
    mine, its = _mean(one), _mean(other)
    both = fsum((a - mine) * (b - its) for a, b in zip(one, other, strict=True))
    return both / sqrt(fsum((a - mine) ** 2 for a in one) * fsum((b - its) ** 2 for b in other))
