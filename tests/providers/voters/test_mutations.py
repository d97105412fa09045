"""Any bytes are survived, whatever the wire, and none of them becomes a vote that was not cast."""

import contextlib
import math
import re
import time
from collections.abc import Iterator

import pytest

from providers.errors import VoterError
from providers.voters import vendors
from providers.voters.model_voters import ModelVoter
from providers.voters.types import Answer, Opinion
from providers.voters.vendors import Abilities, Enforced
from tests.providers import recordings
from tests.providers.canned import Canned, canned
from tests.providers.voters.bodies import CALLED, COMPLETE, WIRES, ballot, called, said
from tests.providers.voters.mutations import mutations
from tests.providers.voters.samples import brief, voter

pytestmark = [pytest.mark.recorded, pytest.mark.timeout(900)]

LONGEST_CPU_S = 0.1
FLOAT = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


@pytest.fixture(scope="module")
def served() -> Iterator[Canned]:
    with canned() as one:
        yield one


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("enforced", [Enforced.JSON_SCHEMA, Enforced.TOOL])
def test_wrong_answers_are_survived(served: Canned, wire: str, enforced: Enforced) -> None:
    survive(served, wire, enforced, count=150)


@pytest.mark.acceptance
@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("enforced", [Enforced.JSON_SCHEMA, Enforced.TOOL])
def test_ten_thousand_wrong_answers_per_wire_are_survived(
    served: Canned, wire: str, enforced: Enforced
) -> None:
    survive(served, wire, enforced, count=5_000)


def survive(served: Canned, wire: str, enforced: Enforced, *, count: int) -> None:
    make = called if enforced is Enforced.TOOL else said
    other = ballot(confidence="25%", action="short")
    perfect = [
        make(wire, other),
        make(wire, ballot()),
        make(wire, ballot(action="SELL", confidence=0.25, take_profit=90)),
    ]
    recorded = [one.body for one in recordings.exchanges(wire)]
    # As many perfect ones as recorded: most recorded ones are no ballots to begin with.
    bodies = recorded + perfect * (len(recorded) // 2)
    can = Abilities(enforced=enforced, max_tokens="max_tokens")
    asked = voter(served.base_url, wire=wire, abilities=can)
    voted = 0
    for place, body in enumerate(mutations(bodies, count, seed=28)):
        served.answer(body, status="200 OK" if place % 5 else "429 Too Many Requests")
        cpu_s, answer = ask(asked)
        if cpu_s >= LONGEST_CPU_S:  # once more: the collector of garbage may have run in the middle
            cpu_s, answer = ask(asked)
        assert cpu_s < LONGEST_CPU_S, body[:500]
        if answer is not None:
            voted += 1
            check(answer, body.decode(), wire)
    assert voted >= count / 100  # some changes leave a ballot whole


def ask(asked: ModelVoter) -> tuple[float, Answer | None]:
    """Return the seconds of CPU that asking took, and the answer if it was one."""
    started_s = time.thread_time()
    answer = None
    with contextlib.suppress(VoterError):
        answer = asked.ask(brief(), timeout_s=30)
    return time.thread_time() - started_s, answer


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
    assert answer.usage.cost_usd >= 0


def is_written(number: float, written: set[float]) -> bool:
    """Say whether *number* stands in the answer, alone or as a percentage."""
    return any(math.isclose(number, one) or math.isclose(number, one / 100) for one in written)


def test_every_wire_is_put_to_the_test() -> None:
    assert set(WIRES) == set(vendors.WIRES)
