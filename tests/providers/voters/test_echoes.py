"""Whatever a provider answers, the key that it was asked with is in nothing that is kept, shown or logged."""

import logging
import traceback
from collections.abc import Iterator

import pytest

from providers.errors import VoterError
from tests.doors import canaries
from tests.providers.voters import echoes
from tests.providers.voters.samples import brief, patience, voter
from tests.thalas.client import scripts

NAMES = list(echoes.DAMAGES)
NOBODY = {"refused": "http://127.0.0.1:1/v1", "no such name": "https://nobody.invalid/v1"}
# A key may hold any letter that shows; these are the ones that writers of JSON, HTML and addresses escape.
KEYS = {
    "plain": "sk-proj-" + canaries.canary(),
    "awkward": canaries.canary()[:30] + '/+"\\&<%=~' + canaries.canary()[:30],
}


@pytest.fixture(scope="module")
def server() -> Iterator[scripts.House]:
    """A server that tells the key back, the way the first part of the path says."""
    with scripts.house(lambda heard: echoes.answer(heard, NAMES[int(heard.path.split("/")[1])])) as one:
        yield one


def came_of(base_url: str, wire: str, key: str, *, timeout_s: float = 5.0) -> str:
    """Return all that is left of a call: its answer, or its error with the way through the code."""
    asked = voter(base_url, wire=wire, api_key=key, patience=patience(0))
    try:
        answer = asked.ask(brief(echoes.SYMBOL), timeout_s=timeout_s)
    except VoterError as error:
        told = "".join(traceback.format_exception(error)) + repr(error.__context__)
        return f"{asked!r} {error.kind} {error!r} {told}"
    return f"{asked!r} {answer!r}"


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("wire", echoes.WIRES)
def test_no_answer_of_a_provider_brings_its_key_back(
    server: scripts.House, wire: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    key, told = KEYS[kind], dict[str, str]()
    for number, damage in enumerate(NAMES):
        timeout_s = 0.3 if damage == "hanging" else 5.0
        told[damage] = came_of(f"{server.url}/{number}/v1", wire, key, timeout_s=timeout_s)
    for damage, base_url in NOBODY.items():
        told[damage] = came_of(base_url, wire, key)
    told["no TLS"] = came_of(server.url.replace("http", "https"), wire, key)
    told["log"] = caplog.text
    assert [damage for damage, text in told.items() if canaries.found(text, {"key": key})] == []
    # The scanner sees what there is to see: the key came there.
    assert canaries.found(str(server.heard[-1].headers), {"key": key})
