"""Which names mean the model that was asked, by what providers were recorded to answer."""

from collections.abc import Iterator

import orjson
import pytest

from tests.providers import recordings
from thalas.domain import aliases

# What was recorded under another name than it was asked by, and is another model as far as a name tells.
OTHERS = {
    ("deepseek-chat", "deepseek-v4-flash"),
    ("gpt-5.6", "gpt-5.6-sol"),
    ("google/gemini-2.0-flash-exp:free", "x-ai/grok-4"),
    # Azure asks by the name of a deployment, which tells nothing.
    ("openllmetry-testing", "gpt-35-turbo"),
    ("openllmetry-testing", "gpt-4.1-mini-2025-04-14"),
}


def asked_and_answered() -> Iterator[tuple[str, str]]:
    """Yield the models of every recorded generation; Gemini's wire asks by the address, which is not here."""
    for one in recordings.successes():
        asked = orjson.loads(one.sent).get("model") if one.sent else None
        answered = one.raw.get("model")
        if isinstance(asked, str) and isinstance(answered, str):
            yield asked, answered


@pytest.mark.parametrize(
    ("asked", "answered", "is_as_asked"),
    [
        ("gpt-4o", "gpt-4o", True),
        ("gpt-4o", "gpt-4o-2024-08-06", True),
        ("gpt-4o", "gpt-4o-mini", False),
        ("gpt-4o", "gpt-4o-mini-2024-07-18", False),
        ("gpt-4o-2024-08-06", "gpt-4o-2024-11-20", False),
        ("gpt-4o-2024-08-06", "gpt-4o", False),
        ("gpt-3.5-turbo", "gpt-3.5-turbo-0125", True),
        ("gpt-4-vision-preview", "gpt-4-1106-vision-preview", True),
        ("gpt-5", "gpt-5.2-2025-12-11", False),
        ("o3-mini", "o3-mini-2025-01-31", True),
        ("claude-sonnet-4-5", "claude-sonnet-4-5-20250929", True),
        ("claude-sonnet-4-5", "claude-sonnet-5-4", False),
        ("claude-haiku-4-5", "claude-opus-4-5", False),
        ("anthropic/claude-haiku-4.5", "anthropic/claude-4.5-haiku-20251001", True),
        ("anthropic/claude-haiku-4.5", "claude-haiku-4-5-20251001", True),
        ("anthropic/claude-haiku-4.5", "openai/claude-haiku-4.5", False),
        ("mistral-small-latest", "mistral-small-latest", True),
        ("mistral-small-latest", "mistral-small-2506", True),
        ("mistral-small-2506", "mistral-small-2409", False),
        ("gemini-2.0-flash", "gemini-2.0-flash-001", True),
        ("gemini-2.0-flash", "models/gemini-2.0-flash", True),
        ("gemini-2.5-flash", "gemini-2.5-flash-preview-05-20", False),
        ("gemini-2.5-flash-preview", "gemini-2.5-flash-preview-05-20", True),
        ("gpt-oss:120b", "gpt-oss:20b", False),
        ("llama3", "llama3:latest", True),
        ("google/gemini-2.0-flash-exp:free", "google/gemini-2.0-flash-exp", True),
        ("GPT-4o", "gpt-4o", True),
        ("", "gpt-4o", False),
    ],
)
def test_a_name_may_gain_a_date_and_lose_its_maker_and_nothing_else(
    asked: str, answered: str, is_as_asked: bool
) -> None:
    assert aliases.is_as_asked(asked, answered) is is_as_asked


@pytest.mark.recorded
def test_what_was_recorded_is_the_model_that_was_asked_but_for_the_known_others() -> None:
    pairs = set(asked_and_answered())
    assert len(pairs) >= 40
    assert {pair for pair in pairs if not aliases.is_as_asked(*pair)} == OTHERS
