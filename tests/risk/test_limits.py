"""The limits an account starts with are the ones the page states."""

from dataclasses import asdict
from pathlib import Path

from risk import Limits

PAGE = Path(__file__).parents[2] / "docs" / "risk.md"


def test_the_page_states_every_limit_with_its_default() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert asdict(Limits()) == {
        "max_position_pct": 0.15,
        "max_age_candles": 2.0,
        "min_confidence": 0.0,
        "min_agreement": 0.0,
        "min_order_usd": 10.0,
        "degraded_factor": 0.5,
        "version": 1,
    }
    missing = [name for name, value in asdict(Limits()).items() if f"| `{name}` | {value} |" not in page]
    assert missing == []
