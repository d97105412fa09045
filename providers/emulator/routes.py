"""Where each wire is asked: the vendors' own paths."""

import re
from dataclasses import dataclass

from providers.emulator.anthropic_messages import AnthropicMessages
from providers.emulator.gemini import Gemini
from providers.emulator.openai_chat import OpenAIChat
from providers.emulator.openai_responses import OpenAIResponses
from providers.emulator.wires import Wire

CHAT, RESPONSES, MESSAGES, GEMINI = OpenAIChat(), OpenAIResponses(), AnthropicMessages(), Gemini()
PATHS: dict[str, Wire] = {
    "/v1/chat/completions": CHAT,
    "/v1/responses": RESPONSES,
    "/v1/messages": MESSAGES,
}
GENERATE = re.compile(r"/v1(?:beta)?/(?:models|tunedModels)/([^:]+):generateContent")


@dataclass(frozen=True, slots=True)
class Route:
    """A wire, and the model if the address names it."""

    wire: Wire
    model: str | None = None


def find(path: str) -> Route | None:
    """Return what is asked at *path*, None if nothing is."""
    if path in PATHS:
        return Route(PATHS[path])
    named = GENERATE.fullmatch(path)
    return Route(GEMINI, named[1]) if named else None


def of_family(path: str) -> Wire:
    """Return the wire whose errors a caller of the unknown *path* expects."""
    return GEMINI if path.startswith("/v1beta/") else CHAT
