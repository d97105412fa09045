"""The checks, in the order they run; a check's code is its function's name, its docstring the meaning."""

from risk.checks.cases import CheckFunction
from risk.checks.costs import liquidity, price_collar, slippage
from risk.checks.exposures import (
    concentration,
    correlation,
    leverage,
    market_exposure,
    position_count,
    position_size,
    total_exposure,
)
from risk.checks.facts import action, data_age, data_quality, kill_switch, quorum
from risk.checks.halts import daily_loss, drawdown, open_orders, order_rate, portfolio_age, weekly_loss
from risk.checks.orders import (
    backers,
    min_agreement,
    min_confidence,
    price,
    stop_present,
    stop_side,
    target_side,
)
from risk.checks.sizes import degraded, dust, regime
from risk.checks.tails import expected_shortfall, value_at_risk

EVERY_PROPOSAL: tuple[CheckFunction, ...] = (kill_switch, action, data_quality, data_age, quorum)
ORDERS_ONLY: tuple[CheckFunction, ...] = (
    portfolio_age,
    daily_loss,
    weekly_loss,
    drawdown,
    open_orders,
    order_rate,
    backers,
    min_confidence,
    min_agreement,
    price,
    price_collar,
    stop_present,
    stop_side,
    target_side,
    position_count,
    position_size,  # the first to read the size
    market_exposure,
    total_exposure,
    leverage,
    concentration,
    correlation,
    liquidity,
    slippage,
    value_at_risk,
    expected_shortfall,
    regime,  # after the limits: half of what is allowed, not half of what was wished for
    degraded,
    dust,
)
CHECKS = EVERY_PROPOSAL + ORDERS_ONLY


def described() -> str:
    """Return the checks as the table that docs/risk.md holds."""
    lines = ["| check | asked of | it passes when |", "|---|---|---|"]
    for check in CHECKS:
        asked = "every proposal" if check in EVERY_PROPOSAL else "orders"
        lines.append(f"| `{check.__name__}` | {asked} | {check.__doc__} |")
    return "\n".join(lines) + "\n"
