"""Answers as each wire documents them, for what no recording shows."""

from collections.abc import Mapping, Sequence

import orjson

from providers.voters.vendors import ANTHROPIC_MESSAGES, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES

WIRES = (OPENAI_CHAT, OPENAI_RESPONSES, ANTHROPIC_MESSAGES, GEMINI)
COMPLETE = {OPENAI_CHAT: "stop", OPENAI_RESPONSES: "completed"} | {
    ANTHROPIC_MESSAGES: "end_turn",
    GEMINI: "STOP",
}
CALLED = {**COMPLETE, OPENAI_CHAT: "tool_calls", ANTHROPIC_MESSAGES: "tool_use"}
MODEL = "a-model"
SENT, RECEIVED = 700, 50


def ballot(**changed: object) -> str:
    """Return a filled-in ballot on BTC/USDT as text."""
    vote = {
        "symbol": "BTC/USDT",
        "action": "BUY",
        "confidence": 0.7,
        "reasoning": "up",
        "risk_level": "low",
        "stop_loss": 95.0,
        "take_profit": None,
    }
    return orjson.dumps({"votes": [{**vote, **changed}]}).decode()


def said(wire: str, text: str, *, ended: str | None = None) -> bytes:
    """Return the answer that says *text* and ended with *ended*, else completely."""
    word = ended or COMPLETE[wire]
    piece: dict[str, object] = {"text": text}
    match wire:
        case "openai_chat":
            return _chat({"content": text}, word)
        case "openai_responses":
            content = [{"type": "output_text", "annotations": [], **piece}]
            return _responses([{"type": "message", "status": "completed", "content": content}], word)
        case "anthropic_messages":
            return _messages([{"type": "text", **piece}], word)
        case _:
            return _gemini([piece], word)


def called(wire: str, arguments: str, *, times: int = 1, name: str = "ballot") -> bytes:
    """Return the answer that calls the tool *name* with *arguments*."""
    word = CALLED[wire]
    match wire:
        case "openai_chat":
            call = {"id": "1", "type": "function", "function": {"name": name, "arguments": arguments}}
            return _chat({"content": None, "tool_calls": [call] * times}, word)
        case "openai_responses":
            item = {"type": "function_call", "name": name, "arguments": arguments, "status": "completed"}
            return _responses([item] * times, word)
        case "anthropic_messages":
            block = {"type": "tool_use", "id": "1", "name": name, "input": orjson.loads(arguments)}
            return _messages([block] * times, word)
        case _:
            return _gemini([{"functionCall": {"name": name, "args": orjson.loads(arguments)}}] * times, word)


def _chat(message: dict[str, object], ended: str) -> bytes:
    choice = {"index": 0, "finish_reason": ended, "message": {"role": "assistant", **message}}
    usage = {"prompt_tokens": SENT, "completion_tokens": RECEIVED, "total_tokens": SENT + RECEIVED}
    return orjson.dumps({"id": "1", "model": MODEL, "choices": [choice], "usage": usage})


def _responses(output: Sequence[Mapping[str, object]], ended: str) -> bytes:
    is_cut = not ended.startswith("complete")
    thought: dict[str, object] = {"type": "reasoning", "id": "rs_1", "summary": []}
    answer = {
        "id": "1",
        "object": "response",
        "status": "incomplete" if is_cut else ended,
        "incomplete_details": {"reason": ended} if is_cut else None,
        "error": None,
        "model": MODEL,
        "output": [thought, *output],
        "usage": {"input_tokens": SENT, "output_tokens": RECEIVED},
    }
    return orjson.dumps(answer)


def _messages(content: Sequence[Mapping[str, object]], ended: str) -> bytes:
    usage = {"input_tokens": SENT - 200, "cache_read_input_tokens": 200, "output_tokens": RECEIVED}
    answer = {"id": "1", "type": "message", "role": "assistant", "model": MODEL, "content": content}
    return orjson.dumps({**answer, "stop_reason": ended, "usage": usage})


def _gemini(parts: Sequence[Mapping[str, object]], ended: str) -> bytes:
    thought: dict[str, object] = {"text": "Let me think.", "thought": True}
    candidate = {"content": {"role": "model", "parts": [thought, *parts]}, "finishReason": ended}
    usage = {"promptTokenCount": SENT, "candidatesTokenCount": RECEIVED - 30, "thoughtsTokenCount": 30}
    return orjson.dumps({"candidates": [candidate], "usageMetadata": usage, "modelVersion": MODEL})
