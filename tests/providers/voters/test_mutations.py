"""Any bytes are survived, whatever the wire, and none of them becomes a vote that was not cast."""

import math
import re
import time
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest

from providers.errors import VoterError
from providers.voters import prices, vendors
from providers.voters.model_voters import ModelVoter
from providers.voters.types import Answer, Opinion, Usage
from providers.voters.vendors import (
    ANTHROPIC_MESSAGES,
    GEMINI,
    OPENAI_CHAT,
    OPENAI_RESPONSES,
    Abilities,
    Enforced,
)
from tests.providers import recordings
from tests.providers.canned import Canned, canned
from tests.providers.voters.bodies import CALLED, COMPLETE, WIRES, ballot, called, said
from tests.providers.voters.handed import handed
from tests.providers.voters.mutations import mutations
from tests.providers.voters.samples import PRICE, brief, voter

pytestmark = [pytest.mark.recorded, pytest.mark.timeout(900)]

LONGEST_CPU_S = 0.1
FLOAT = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
FORMS = (Enforced.JSON_SCHEMA, Enforced.TOOL)
# The list reads the vendors' own figures, wherever they stand in an answer and whatever they are.
LISTED: dict[str, prices.Price] = {
    OPENAI_CHAT: prices.ListPrice("openai", "gpt-5.4-mini"),
    OPENAI_RESPONSES: prices.ListPrice("openai", "gpt-5.4-mini"),
    ANTHROPIC_MESSAGES: prices.ListPrice("anthropic", "claude-haiku-4-5"),
    GEMINI: prices.ListPrice("google", "gemini-2.5-flash"),
}

Ask = Callable[[int, bytes], Answer | VoterError]


@pytest.fixture(scope="module")
def served() -> Iterator[Canned]:
    with canned() as one:
        yield one


class TestHanded:
    """Half of the five thousand of each wire, as the server's reply holds them."""

    @pytest.mark.parametrize("wire", WIRES)
    def test_wrong_answers_are_survived(self, wire: str) -> None:
        survive(wire, Enforced.JSON_SCHEMA, from_desk(wire, Enforced.JSON_SCHEMA, PRICE), count=2_500)


class TestHandedCalls:
    """The other half: calls of a tool, priced by the list. A class of its own is run beside the other."""

    @pytest.mark.parametrize("wire", WIRES)
    def test_wrong_calls_are_survived(self, wire: str) -> None:
        survive(wire, Enforced.TOOL, from_desk(wire, Enforced.TOOL, LISTED[wire]), count=2_500)


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("enforced", FORMS)
def test_wrong_answers_that_come_over_a_connection_are_the_same_to_us(
    served: Canned, wire: str, enforced: Enforced
) -> None:
    desk, network = from_desk(wire, enforced, PRICE), from_network(served, wire, enforced)
    for place, body in enumerate(mutations(bodies(wire, enforced), 100, seed=29)):
        assert told(network(status(place), body)) == told(desk(status(place), body)), body[:500]


@pytest.mark.acceptance
@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("enforced", FORMS)
def test_a_hundred_thousand_wrong_answers_per_wire_are_survived(
    served: Canned, wire: str, enforced: Enforced
) -> None:
    survive(wire, enforced, from_desk(wire, enforced, LISTED[wire]), count=45_000)
    survive(wire, enforced, from_network(served, wire, enforced), count=5_000)


def bodies(wire: str, enforced: Enforced) -> list[bytes]:
    make = called if enforced is Enforced.TOOL else said
    perfect = [
        make(wire, ballot(confidence="25%", action="short")),
        make(wire, ballot()),
        make(wire, ballot(action="SELL", confidence=0.25, take_profit=90)),
    ]
    recorded = [one.body for one in recordings.exchanges(wire)]
    # As many perfect ones as recorded: most recorded ones are no ballots to begin with.
    return recorded + perfect * (len(recorded) // 2)


def status(place: int) -> int:
    return 200 if place % 5 else 429


def from_desk(wire: str, enforced: Enforced, price: prices.Price) -> Ask:
    """Return how to ask a voter that is handed its reply."""
    asked = handed(wire, Abilities(enforced=enforced, max_tokens="max_tokens"), price)

    def ask(status: int, body: bytes) -> Answer | VoterError:
        asked.hand(status, body)
        return outcome(asked)

    return ask


def from_network(served: Canned, wire: str, enforced: Enforced) -> Ask:
    """Return how to ask a voter over a connection."""
    can = Abilities(enforced=enforced, max_tokens="max_tokens")
    asked = voter(served.base_url, wire=wire, abilities=can)

    def ask(status: int, body: bytes) -> Answer | VoterError:
        served.answer(body, status=f"{status} Wrong")
        return outcome(asked)

    return ask


def outcome(asked: ModelVoter) -> Answer | VoterError:
    try:
        return asked.ask(brief(), timeout_s=30)
    except VoterError as error:
        return error


def told(outcome: Answer | VoterError) -> object:
    """Return what two equal outcomes have in common."""
    return outcome if isinstance(outcome, Answer) else (outcome.kind, str(outcome), vars(outcome)["usage"])


def survive(wire: str, enforced: Enforced, ask: Ask, *, count: int) -> None:
    voted = 0
    for place, body in enumerate(mutations(bodies(wire, enforced), count, seed=28)):
        cpu_s, heard = timed(ask, status(place), body)
        if cpu_s >= LONGEST_CPU_S:  # once more: the collector of garbage may have run in the middle
            cpu_s, heard = timed(ask, status(place), body)
        assert cpu_s < LONGEST_CPU_S, body[:500]
        check_bill(heard)
        if isinstance(heard, Answer):
            voted += 1
            check(heard, body.decode(), wire)
    assert voted >= count / 100  # some changes leave a ballot whole


def timed(ask: Ask, status: int, body: bytes) -> tuple[float, Answer | VoterError]:
    """Return the seconds of CPU that asking took, and what became of it."""
    started_s = time.thread_time()
    heard = ask(status, body)
    return time.thread_time() - started_s, heard


def check_bill(heard: Answer | VoterError) -> None:
    usage = heard.usage if isinstance(heard, Answer) else vars(heard)["usage"]
    assert isinstance(usage, Usage)
    assert 0 <= usage.cost_usd < Decimal(100_000)


def check(answer: Answer, body: str, wire: str) -> None:
    assert f'"{COMPLETE[wire]}"' in body or f'"{CALLED[wire]}"' in body
    written = {float(number) for number in FLOAT.findall(body)}
    for said_ in answer.opinions:
        assert said_.symbol == "BTC/USDT"
        if isinstance(said_, Opinion):
            named = (said_.confidence, said_.stop, said_.target)
            numbers = [number for number in named if number is not None]
            assert all(map(math.isfinite, numbers))
            assert all(is_written(number, written) for number in numbers)


def is_written(number: float, written: set[float]) -> bool:
    """Say whether *number* stands in the answer, alone or as a percentage."""
    return any(math.isclose(number, one) or math.isclose(number, one / 100) for one in written)


def test_every_wire_is_put_to_the_test() -> None:
    assert set(WIRES) == set(vendors.WIRES)
