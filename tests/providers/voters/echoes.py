"""A server that tells back the key it was asked with: by every way that an answer of a provider has.

Some servers do: in the words of an error, in a page of a proxy that shows the request, in a trace.
"""

import json
import time
from collections.abc import Callable, Mapping
from urllib.parse import quote

from providers.voters.vendors import ANTHROPIC_MESSAGES, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES
from tests.providers.voters import bodies
from tests.providers.voters.bodies import WIRES
from tests.thalas.client.scripts import CUT, Heard, Said

Damage = Callable[[str, str], Said]
PATHS = {
    "/chat/completions": OPENAI_CHAT,
    "/responses": OPENAI_RESPONSES,
    "/messages": ANTHROPIC_MESSAGES,
    ":generateContent": GEMINI,
}
SYMBOL = "BTC/USD"
# Longer than whoever asks waits.
HANGS_S = 1.5


def wire_of(heard: Heard) -> str:
    """Return the wire by which *heard* was asked; a list of models is asked for over none."""
    return next((wire for path, wire in PATHS.items() if heard.path.endswith(path)), OPENAI_CHAT)


def key_of(heard: Heard) -> str:
    """Return the key that *heard* came with, or ""."""
    bearer = heard.headers.get("authorization", "").removeprefix("Bearer ")
    return heard.headers.get("x-api-key") or heard.headers.get("x-goog-api-key") or bearer


def answer(heard: Heard, damage: str) -> Said:
    """Return what *damage* makes of the answer to *heard*."""
    return DAMAGES[damage](wire_of(heard), key_of(heard))


def well(heard: Heard) -> Said:
    """Return a good answer to *heard*."""
    return _ballot(wire_of(heard), reasoning="all is well")


def spread(text: str) -> str:
    """Return *text* with a letter that shows nothing between all others."""
    return "\u200b".join(text)


def escaped(text: str) -> str:
    """Return the inside of a JSON string that reads *text*, every letter written as its number."""
    return "".join(f"\\u{ord(letter):04x}" for letter in text)


def _error(status: int, message: str, **headers: str) -> Said:
    body = {"error": {"message": message, "type": message[:60], "code": message[-60:], "status": "X"}}
    return Said(status, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})


def _echo(status: int) -> Damage:
    return lambda _, key: _error(status, f"Incorrect API key provided: {key}. Authorization: Bearer {key}")


def _page(status: int) -> Damage:
    head = "<html><pre>GET / HTTP/1.1\nAuthorization: Bearer {0}\nx-api-key: {0}</pre>"
    return lambda _, key: Said(
        status, head.format(key).encode(), {"Content-Type": "text/html", "X-Echo": key}
    )


def _moved(status: int) -> Damage:
    return lambda _, key: _error(status, "moved", Location=f"https://example.com/?key={quote(key)}")


def _ballot(wire: str, **changed: object) -> Said:
    return _said(wire, bodies.ballot(**{"symbol": SYMBOL, "stop_loss": None, **changed}))


def _said(wire: str, text: str) -> Said:
    return Said(200, bodies.said(wire, text), {"Content-Type": "application/json"})


def _slashed(_wire: str, key: str) -> Said:
    """Escape what JSON lets one escape, as some languages' writers do."""
    body = json.dumps({"error": {"message": f"wrong key {key}"}}).replace("/", "\\/").replace("+", "\\u002b")
    return Said(401, body.encode())


def _as_model(wire: str, key: str) -> Said:
    body = bodies.said(wire, bodies.ballot(symbol=SYMBOL, stop_loss=None))
    return Said(200, body.replace(json.dumps(bodies.MODEL).encode(), json.dumps(spread(key)).encode()))


def _hanging(_wire: str, _key: str) -> Said:
    time.sleep(HANGS_S)
    return CUT


def _within(wire: str, key: str) -> Said:
    """Break off in the middle of a body that has begun with the key."""
    whole = _ballot(wire, reasoning=key).body
    return Said(200, whole[: len(whole) // 2], is_cut=True)


DAMAGES: Mapping[str, Damage] = {
    **{f"told {status}": _echo(status) for status in (400, 401, 402, 403, 404, 408, 413, 422, 429)},
    **{f"told {status}": _echo(status) for status in (498, 500, 502, 503, 504, 529)},
    **{f"page {status}": _page(status) for status in (200, 401, 403, 500, 502)},
    **{f"moved {status}": _moved(status) for status in (301, 302, 307, 308)},
    "escaped": _slashed,
    "escaped letters": lambda _, key: Said(401, b'{"error":{"message":"%b"}}' % escaped(key).encode()),
    "spread": lambda _, key: _error(401, spread(key)),
    "cut off at its end": lambda _, key: _error(401, f"wrong key {key[:-6]}***"),
    "cut off at its start": lambda _, key: _error(401, f"wrong key ***{key[6:]}"),
    "far behind": lambda _, key: _error(429, "x" * 1_990 + key),
    "where it is cut": lambda _, key: _error(429, "x" * 180 + key),
    "within a 200": lambda _, key: Said(200, json.dumps({"error": {"message": key, "code": key}}).encode()),
    "reasoning": lambda wire, key: _ballot(wire, reasoning=f"my key is {key}"),
    "reasoning, escaped": lambda wire, key: _said(
        wire, bodies.ballot(symbol=SYMBOL, reasoning="@", stop_loss=None).replace("@", escaped(key))
    ),
    "reasoning, spread": lambda wire, key: _ballot(wire, reasoning=spread(key)),
    "reasoning, half": lambda wire, key: _ballot(wire, reasoning=f"it starts {key[: len(key) // 2]}"),
    "abstaining": lambda wire, key: _ballot(wire, action="ABSTAIN", reasoning=key),
    "its symbol": lambda wire, key: _ballot(wire, symbol=key),
    "its action": lambda wire, key: _ballot(wire, action=key),
    "a field": lambda wire, key: _said(wire, json.dumps({"votes": [{key: 1}]})),
    "a field twice": lambda wire, key: _said(wire, f'{{"a":1,{json.dumps(key)}:1,{json.dumps(key)}:2}}'),
    "no ballot": lambda wire, key: _said(wire, f"I was given {key}"),
    "its end": lambda wire, key: Said(200, bodies.said(wire, bodies.ballot(symbol=SYMBOL), ended=key)),
    "its model": _as_model,
    "no JSON": lambda _, key: Said(200, key.encode()),
    "no UTF-8": lambda _, key: Said(200, b"\xff" + key.encode()),
    "JSON of another kind": lambda _, key: Said(200, json.dumps([key]).encode()),
    "another type": lambda _, key: Said(200, json.dumps({"choices": [{key: 7}], "output": key}).encode()),
    "not HTTP": lambda _, key: Said(200, key.encode(), {"Content-Encoding": "gzip"}),
    "cut": lambda *_: CUT,
    "cut within": _within,
    "hanging": _hanging,
}
__all__ = ["DAMAGES", "HANGS_S", "SYMBOL", "WIRES", "answer", "key_of", "well", "wire_of"]
