"""What stops an account says why, in a sentence that somebody who placed no order understands."""

import pytest

from tests.risk.cases import finding


@pytest.mark.parametrize(
    ("orders", "outcome", "value", "told"),
    [
        ((), "passed", 0.0, "BTC/USD has no open order and may have none."),
        (("ETH/USD",), "passed", 0.0, "BTC/USD has no open order and may have none."),
        (
            ("BTC/USD",),
            "failed",
            1.0,
            "BTC/USD has an open order and may have none; what is approved is open until its candle closes.",
        ),
        (
            ("BTC/USD", "ETH/USD", "BTC/USD"),
            "failed",
            2.0,
            "BTC/USD has 2 open orders and may have none; what is approved is open until its candle closes.",
        ),
    ],
)
def test_an_order_that_is_open_on_the_symbol_refuses_another_on_either_side(
    orders: tuple[str, ...], outcome: str, value: float, told: str
) -> None:
    for side in ({}, {"action": "SELL", "stop": 105.0, "target": 90.0}):
        found = finding("open_orders", open_orders=orders, **side)
        assert (found.outcome, found.value, found.limit, found.message) == (outcome, value, 0.0, told)
