"""The checks, in the order they run; a check's code is its function's name, its docstring the meaning."""

from risk.checks.cases import CheckFunction
from risk.checks.facts import action, data_age, data_quality, kill_switch, quorum
from risk.checks.orders import min_agreement, min_confidence, price, stop_present, stop_side, target_side
from risk.checks.sizes import degraded, dust, position_size

EVERY_PROPOSAL: tuple[CheckFunction, ...] = (kill_switch, action, data_quality, data_age, quorum)
ORDERS_ONLY: tuple[CheckFunction, ...] = (
    min_confidence,
    min_agreement,
    price,
    stop_present,
    stop_side,
    target_side,
    position_size,
    degraded,  # after position_size: half of what is allowed, not half of what was wished for
    dust,
)
CHECKS = EVERY_PROPOSAL + ORDERS_ONLY
