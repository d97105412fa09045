"""The prompt file: its version, its hash, and what it promises models."""

import hashlib

import orjson
import pytest

from providers.voters import ballots, prompts
from providers.voters.types import Action
from tests.providers.voters.samples import brief


def test_the_hash_is_of_exactly_what_is_sent() -> None:
    prompt = prompts.load()
    assert prompt.sha256 == hashlib.sha256(prompt.text.encode()).hexdigest()
    assert prompt.version >= 1
    assert "version:" not in prompt.text


def test_the_prompt_explains_every_field_of_a_brief_and_of_a_ballot() -> None:
    text = prompts.load().text
    shown = ballots.show(brief())
    for field in (
        "timeframe",
        "as_of",
        "markets",
        "symbol",
        "price",
        "closed_at",
        "price_unit",
        "volume_unit",
        "opened_at",
        "candles",
        "indicators",
        "faults",
    ):
        assert f'"{field}":' in shown
        assert f"`{field}`" in text
    vote = orjson.loads(orjson.dumps(ballots.schema(["A/B"])))["properties"]["votes"]["items"]["properties"]
    for field in set(vote) - {"symbol"}:
        assert f"`{field}`" in text
    for action in [*Action, "ABSTAIN"]:
        assert action in text
    assert ballots.OPENING in text
    assert ballots.CLOSING in text


@pytest.mark.parametrize("head", ["", "version:", "version: one", "Version: 1", "version: 1.0", "# Council"])
def test_a_file_without_a_version_is_refused(head: str) -> None:
    with pytest.raises(ValueError, match="needs `version: <number>`"):
        prompts.parse("council", head, "text")


def test_a_file_without_text_is_refused() -> None:
    with pytest.raises(ValueError, match="and text after it"):
        prompts.parse("council", "version: 1", " \n")


def test_another_text_has_another_hash() -> None:
    first, second = (prompts.parse("council", "version: 1", text) for text in ("a", "b"))
    assert first.sha256 != second.sha256
