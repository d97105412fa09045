"""The vendors' own libraries, asked what we ask: a ballot by schema, parsed, at the same emulator.

Run by the benchmarks' own environment: `.peers/bin/python benchmarks/peers/sdks.py`; imports nothing of ours.
Reads one JSON object from its input, and prints one with the CPU ms of each call by wire.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Literal

import anthropic
import openai
from google.genai import Client, types
from pydantic import BaseModel

WARM_UP = 10


class Vote(BaseModel):
    """What is asked for each symbol."""

    symbol: str
    action: Literal["BUY", "SELL", "HOLD", "ABSTAIN"]
    confidence: float
    reasoning: str
    risk_level: Literal["low", "medium", "high"]
    stop_loss: float | None
    take_profit: float | None


class Ballot(BaseModel):
    """What is asked in all."""

    votes: list[Vote]


def main() -> int:
    """Ask over each wire and tell what it cost; return the exit code."""
    job = json.load(sys.stdin)
    asks = _asks(job["root"], job["instructions"], job["brief"], job["models"])
    used = {wire: _used_ms(ask, job["calls"], job["symbols"]) for wire, ask in asks.items()}
    versions = {one.__name__: one.__version__ for one in (anthropic, openai)}
    json.dump({"cpu_ms": used, "versions": versions}, sys.stdout)
    return 0


def _used_ms(ask: Callable[[], Ballot | None], calls: int, symbols: int) -> list[float]:
    used = []
    for place in range(WARM_UP + calls):
        began = time.process_time()
        ballot = ask()
        took_ms = (time.process_time() - began) * 1000
        if ballot is None or len(ballot.votes) != symbols:
            raise SystemExit("a library gave no ballot")
        if place >= WARM_UP:
            used.append(took_ms)
    return used


def _asks(
    root: str, instructions: str, brief: str, models: dict[str, str]
) -> dict[str, Callable[[], Ballot | None]]:
    chat = openai.OpenAI(api_key="emulated", base_url=f"{root}/v1", max_retries=0)
    messages = anthropic.Anthropic(api_key="emulated", base_url=root, max_retries=0)
    gemini = Client(api_key="emulated", http_options=types.HttpOptions(base_url=root))
    said = [{"role": "system", "content": instructions}, {"role": "user", "content": brief}]

    def ask_chat() -> Ballot | None:
        completion = chat.chat.completions.parse(
            model=models["openai_chat"], messages=said, response_format=Ballot, max_completion_tokens=2_000
        )
        parsed: Ballot | None = completion.choices[0].message.parsed
        return parsed

    def ask_responses() -> Ballot | None:
        response = chat.responses.parse(
            model=models["openai_responses"], input=said, text_format=Ballot, max_output_tokens=2_000
        )
        parsed: Ballot | None = response.output_parsed
        return parsed

    def ask_messages() -> Ballot | None:
        message = messages.messages.parse(
            model=models["anthropic_messages"],
            system=instructions,
            messages=said[1:],
            output_format=Ballot,
            max_tokens=2_000,
        )
        parsed: Ballot | None = message.parsed_output
        return parsed

    def ask_gemini() -> Ballot | None:
        wanted = types.GenerateContentConfig(
            system_instruction=instructions,
            response_mime_type="application/json",
            response_schema=Ballot,
            max_output_tokens=2_000,
        )
        answer = gemini.models.generate_content(model=models["gemini"], contents=brief, config=wanted)
        return answer.parsed if isinstance(answer.parsed, Ballot) else None

    return {
        "openai_chat": ask_chat,
        "openai_responses": ask_responses,
        "anthropic_messages": ask_messages,
        "gemini": ask_gemini,
    }


if __name__ == "__main__":
    sys.exit(main())
