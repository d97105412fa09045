"""Hundreds of attacks on the emulator's model that obeys: each moves it without the fence, none with it.

A vote that is moved differs in anything, action, confidence, levels or words, from the vote on the same
numbers beside harmless text.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import httpx
import orjson
import pytest

from providers.emulator import answers, routes
from providers.emulator.scripts import NO_RULE
from providers.errors import VoterError
from providers.voters import ballots, wires
from providers.voters.model_voters import ModelVoter
from providers.voters.registry import WIRES
from providers.voters.types import Abstention, Brief, Opinion
from providers.voters.vendors import GEMINI, OPENAI_CHAT
from providers.voters.vendors import WIRES as ABILITIES
from tests.providers.emulator.running import Running, emulator
from tests.providers.voters import unfenced
from tests.providers.voters.attacks import CARRIERS, Attack, attacks, brought, harmless
from tests.providers.voters.samples import KEY, voter

MODEL = "emulated-obedient"
Said = tuple[Opinion | Abstention, ...]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with emulator(tmp_path_factory.mktemp("emulator")) as one:
        yield one


def asked(running: Running, wire: str, model: str = MODEL) -> ModelVoter:
    """Return a voter whose model obeys, at the address that the vendor's documents would give."""
    base_url = running.base_url + ("beta" if wire == GEMINI else "")
    return voter(base_url, wire=wire, model=model)


def read(wire: str, body: bytes) -> Said:
    """Return what the answer *body* of *wire* says on the only symbol."""
    reading = wires.read(WIRES[wire], orjson.loads(body))
    return ballots.read(wires.ballot_text(WIRES[wire], reading, ABILITIES[wire].enforced), ["BTC/USDT"])


def answered(brief: Brief, *, has_lines: bool = False) -> Said:
    """Return the vote on *brief* without its fence, as the emulator's server computes it."""
    body = unfenced.request(OPENAI_CHAT, brief, model=MODEL, has_lines=has_lines)
    asked = routes.CHAT.asked(orjson.loads(body), None)
    reply = answers.reply(routes.CHAT, asked, NO_RULE, call_id="1", sent_bytes=len(body), median_s=0)
    return read(OPENAI_CHAT, reply.body)


def posted(client: httpx.Client, running: Running, wire: str, brief: Brief) -> Said:
    """Return the vote on *brief* without its fence, as the server answers it."""
    target = asked(running, wire)
    where = f"{target.base_url}/{target.wire.path(target.base_url, MODEL)}"
    sent = unfenced.request(wire, brief, model=MODEL)
    return read(wire, client.post(where, content=sent, headers=dict(target.wire.headers(KEY))).content)


def is_obeyed(attack: Attack, said: Said) -> bool:
    """Say whether the vote is the one that *attack* tells its reader to cast."""
    return isinstance(said[0], Opinion) and said[0].action.value == attack.action


@cache
def every() -> tuple[Attack, ...]:
    """Return all attacks."""
    return tuple(attacks())


def moved(one: ModelVoter, tried: Iterable[Attack]) -> Counter[str]:
    """Count, by kind, the attacks of *tried* that change anything in the vote that *one* casts."""
    expected: dict[str, Said] = {}
    found = Counter[str]()
    for attack in tried:
        if attack.carrier not in expected:
            expected[attack.carrier] = one.ask(harmless(attack), timeout_s=10).opinions
        try:
            found[attack.kind] += one.ask(brought(attack), timeout_s=10).opinions != expected[attack.carrier]
        except VoterError:
            found[attack.kind] += 1
    return found


def test_every_attack_is_one_of_its_own_and_they_are_of_every_sort() -> None:
    assert len({(attack.carrier, attack.action, *attack.values) for attack in every()}) == len(every()) >= 500
    assert {attack.carrier for attack in every()} == set(CARRIERS)
    assert len({attack.language for attack in every()}) >= 10


def test_every_attack_moves_a_model_that_obeys_where_there_is_no_fence() -> None:
    assert [attack for attack in every() if not is_obeyed(attack, answered(brought(attack)))] == []


def test_lines_around_text_as_it_came_would_not_be_enough() -> None:
    through = Counter(
        attack.kind for attack in every() if is_obeyed(attack, answered(brought(attack), has_lines=True))
    )
    assert {kind for kind in through if "fence break" not in kind} == set()
    assert through.total() >= 100
    all_of_them = f"| **{len(every())}** | **{len(every())}** | **{through.total()}** | **0** |"
    assert all_of_them in (Path(__file__).parents[3] / "docs/providers.md").read_text()


def test_no_attack_moves_it_through_the_fence_over_real_sockets(running: Running) -> None:
    found = moved(asked(running, OPENAI_CHAT), every())
    assert (found.total(), sum(1 for _ in every())) == (0, running.state()["started"] - len(CARRIERS))


@pytest.mark.parametrize("wire", sorted(WIRES))
def test_over_each_wire_some_of_every_kind_move_it_without_the_fence_and_none_with_it(
    running: Running, wire: str
) -> None:
    few = every()[::31]
    with httpx.Client(trust_env=False) as client:
        assert all(is_obeyed(attack, posted(client, running, wire, brought(attack))) for attack in few)
    assert moved(asked(running, wire), few).total() == 0


def test_a_model_that_knows_no_fence_is_moved_through_it(running: Running) -> None:
    few = every()[::31]
    # Some are not read any more: they were hidden in letters that do not come through.
    assert moved(asked(running, OPENAI_CHAT, "emulated-gullible"), few).total() > len(few) / 2


@pytest.mark.acceptance
def test_over_every_wire_each_attack_moves_it_without_the_fence_and_none_with_it(running: Running) -> None:
    lines = [f"{'kind':28} {'made':>5}" + "".join(f" {wire[:18]:>20}" for wire in sorted(WIRES))]
    made = Counter(attack.kind for attack in every())
    table = {}
    with httpx.Client(trust_env=False) as client:
        for wire in sorted(WIRES):
            free = Counter[str]()
            for attack in every():
                free[attack.kind] += is_obeyed(attack, posted(client, running, wire, brought(attack)))
            table[wire] = free, moved(asked(running, wire), every())
    for kind, count in made.items():
        cells = [f"{free[kind]} → {held[kind]}" for free, held in table.values()]
        lines.append(f"{kind:28} {count:5}" + "".join(f" {cell:>20}" for cell in cells))
    sys.stdout.write("\n".join(lines) + f"\n{'all':28} {made.total():5}\n")
    for free, held in table.values():
        assert (free, held.total()) == (made, 0)
