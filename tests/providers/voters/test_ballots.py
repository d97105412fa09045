"""The ballot: what models are shown and what they may answer."""

from datetime import timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.errors import ErrorKind, PermanentVoterError
from providers.voters import ballots
from providers.voters.outside import clean
from providers.voters.types import Abstention, Opinion
from tests.providers.voters.samples import INDICATORS, NOON, brief

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def shown(text: str) -> dict[str, object]:
    data: dict[str, object] = orjson.loads(text.removeprefix("<brief>\n").removesuffix("\n</brief>"))
    return data


def test_a_brief_is_shown_whole_and_compact() -> None:
    data = shown(ballots.show(brief()))
    assert data == {
        "timeframe": "1h",
        "as_of": "2026-01-05T12:00Z",
        "markets": [
            {
                "symbol": "BTC/USDT",
                "source": "test",
                "price": 100.0,
                "closed_at": "2026-01-05T12:00Z",
                # A fiftieth of the range of 3 is 0.06: hundredths. A thousandth of 12.5 is 0.0125: tenths.
                "price_unit": 0.01,
                "volume_unit": 0.1,
                "opened_at": ["2026-01-05T12:00Z"] * 2,
                "candles": [[10_000, 150, 50, 125, 9_900]] * 2,
                "indicators": INDICATORS,
                "faults": [],
            }
        ],
    }


def test_no_text_from_outside_can_leave_the_fence() -> None:
    @given(st.text(alphabet='</>bref\n`\\"u003', max_size=60))
    def check(fault: str) -> None:
        text = ballots.show(brief(fault=fault))
        assert text.count("<") == text.count(">") == 2
        assert text.count("\n") == 2
        kept = clean(fault, limit=60).replace("\\", "/")
        assert shown(text)["markets"][0]["faults"] == ([kept] if fault else [])  # type: ignore[index]

    check()


@given(
    st.fixed_dictionaries(
        {
            "symbol": st.just("BTC/USDT"),
            "action": st.sampled_from(["BUY", "SELL", "HOLD", "ABSTAIN"]),
            "confidence": FINITE | st.integers(-5, 5),
            "reasoning": st.text(),
            "risk_level": st.sampled_from(["low", "medium", "high"]),
            "stop_loss": st.none() | FINITE,
            "take_profit": st.none() | FINITE,
        }
    )
)
def test_every_ballot_that_keeps_to_the_schema_is_read(vote: dict[str, object]) -> None:
    said = ballots.read(orjson.dumps({"votes": [vote]}).decode(), ["BTC/USDT"])[0]
    if vote["action"] == "ABSTAIN":
        assert isinstance(said, Abstention)
        assert said.reasoning
        return
    assert isinstance(said, Opinion)
    assert said.confidence == vote["confidence"]
    assert (said.stop, said.target) == (vote["stop_loss"], vote["take_profit"])
    assert len(said.reasoning) <= ballots.MAX_REASONING


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(PermanentVoterError) as raised:
        ballots.read(text, ["BTC/USDT"])
    assert raised.value.kind is ErrorKind.BAD_RESPONSE


def test_no_votes_at_all_are_abstentions() -> None:
    said = ballots.read('{"votes":[]}', ["A/B", "C/D"])
    assert [one.reasoning for one in said] == ["gave no answer for A/B", "gave no answer for C/D"]


def test_the_refusal_names_the_field() -> None:
    with pytest.raises(PermanentVoterError, match=r"votes\.0\.confidence: Input should be a valid number"):
        ballots.read('{"votes":[{"symbol":"A/B","action":"BUY","confidence":null}]}', ["A/B"])


def test_time_is_shown_in_utc() -> None:
    later = brief().model_copy(update={"as_of": NOON + timedelta(minutes=1)})
    assert shown(ballots.show(later))["as_of"] == "2026-01-05T12:01Z"
