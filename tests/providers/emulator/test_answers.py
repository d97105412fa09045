"""What the emulator makes up: latencies, counts and bodies."""

import orjson
import pytest

from providers.emulator import answers
from providers.emulator.latencies import LONGEST_S
from providers.emulator.routes import CHAT
from providers.emulator.scripts import NO_RULE, Rule
from providers.emulator.wires import Asked, Body
from providers.voters import ballots
from tests.providers.voters.samples import brief


def request(model: str = "emulated-trend", *symbols: str) -> Asked:
    said: Body = {"role": "user", "content": ballots.show(brief(*symbols))}
    return CHAT.asked({"model": model, "messages": [said]}, None)


def reply(asked: Asked, rule: Rule = NO_RULE, *, median_s: float = 0.4) -> answers.Reply:
    return answers.reply(CHAT, asked, rule, call_id="1", sent_bytes=4_001, median_s=median_s)


def test_the_same_request_has_the_same_latency_and_votes() -> None:
    assert reply(request()) == reply(request())
    assert reply(request("a")).latency_s != reply(request("b")).latency_s


def test_latencies_lie_around_their_median_and_below_2_seconds() -> None:
    latencies_s = sorted(reply(request(f"model-{number}")).latency_s for number in range(500))
    # The median of 500 draws of a log-normal with spread 0.5 errs by about 3 %.
    assert latencies_s[250] == pytest.approx(0.4, rel=0.12)
    assert latencies_s[0] > 0.05
    assert latencies_s[-1] <= LONGEST_S
    assert reply(request(), median_s=100.0).latency_s == LONGEST_S


def test_tokens_are_a_quarter_of_the_bytes_rounded_up() -> None:
    body = orjson.loads(reply(request()).body)
    text = body["choices"][0]["message"]["content"]
    assert body["usage"]["prompt_tokens"] == 1_001  # 4,001 / 4
    assert body["usage"]["completion_tokens"] == -(-len(text.encode()) // 4)
    assert body["usage"]["total_tokens"] == 1_001 + body["usage"]["completion_tokens"]


def test_every_symbol_of_the_brief_is_voted_on() -> None:
    text = orjson.loads(reply(request("m", "A/B", "C/D", "E/F")).body)["choices"][0]["message"]["content"]
    assert [said.symbol for said in ballots.read(text, ["A/B", "C/D", "E/F"])] == ["A/B", "C/D", "E/F"]


@pytest.mark.parametrize(
    ("rule", "body"),
    [
        (Rule(body="as it is"), b"as it is"),
        (Rule(body={"a": [1]}), b'{"a":[1]}'),
        (Rule(body="", status=503), b""),
    ],
)
def test_a_scripted_body_is_sent_as_it_is(rule: Rule, body: bytes) -> None:
    assert (reply(request(), rule).body, reply(request(), rule).status) == (body, rule.status)


def test_the_scripts_vote_and_confidence_win() -> None:
    body = orjson.loads(reply(request(), Rule(action="SELL", confidence=2.5)).body)
    vote = orjson.loads(body["choices"][0]["message"]["content"])["votes"][0]
    assert (vote["action"], vote["confidence"]) == ("SELL", 2.5)
    assert vote["take_profit"] < 100.0 < vote["stop_loss"]


def test_a_scripted_latency_wins() -> None:
    assert reply(request(), Rule(latency_s=30.0)).latency_s == 30.0
