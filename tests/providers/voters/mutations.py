"""Answers gone wrong: recorded and perfect ones, changed at random in every way that was thought of."""

import gzip
import random
import re
from collections.abc import Callable, Iterator

import orjson

NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
NAME = re.compile(rb'"[A-Za-z_]+"\s*:')
WORDS = [b"NaN", b"-Infinity", b"1e999", b"-1e999", b"true", b"null", b'"7"', b"-1", b"1e15", b"9" * 400]
WORDS += [b"0x10", b"01", b"1.", b"[]", b"{}", b'""', b"2.17", b"1" + b"0" * 30]
VALUES: list[object] = [None, True, 7, -1.5, 2**53, "x", "BUY", "stop", "", [], {}, [[]], {"a": None}, ["x"]]
STRAYS = (b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\\", b'"', b"\n")
# Too deep for any parser that calls itself.
DEPTH = 100_000

Change = Callable[[random.Random, bytes], bytes]


def mutations(bodies: list[bytes], count: int, *, seed: int) -> Iterator[bytes]:
    """Yield *count* changed ones of *bodies*, the same for the same *seed*."""
    dice = random.Random(seed)
    for _ in range(count):
        body = dice.choice(bodies)
        # Mostly one change: what is wrong in several ways is refused for the first of them.
        for _ in range(dice.choice((1, 1, 1, 2, 4))):
            body = dice.choice(CHANGES)(dice, body)
        yield body


def _cut(dice: random.Random, body: bytes) -> bytes:
    return body[: dice.randrange(len(body) + 1)]


def _flip(dice: random.Random, body: bytes) -> bytes:
    changed = bytearray(body or b"{")
    changed[dice.randrange(len(changed))] = dice.randrange(256)
    return bytes(changed)


def _drop(dice: random.Random, body: bytes) -> bytes:
    start = dice.randrange(len(body) + 1)
    return body[:start] + body[start + dice.randrange(40) :]


def _repeat(dice: random.Random, body: bytes) -> bytes:
    start = dice.randrange(len(body) + 1)
    end = start + dice.randrange(200)
    return body[:end] + body[start:end] + body[end:]


def _insert(dice: random.Random, body: bytes) -> bytes:
    start = dice.randrange(len(body) + 1)
    return (
        body[:start] + dice.choice((b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\\", b'"', b"\n")) + body[start:]
    )


def _other_number(dice: random.Random, body: bytes) -> bytes:
    found = list(NUMBER.finditer(body))
    if not found:
        return body
    one = dice.choice(found)
    return body[: one.start()] + dice.choice(WORDS) + body[one.end() :]


def _double_name(dice: random.Random, body: bytes) -> bytes:
    found = list(NAME.finditer(body))
    if not found:
        return body
    one = dice.choice(found)
    return body[: one.start()] + one[0] + dice.choice(WORDS[4:7]) + b"," + body[one.start() :]


def _nest(dice: random.Random, body: bytes) -> bytes:
    bracket = dice.choice((b"[", b'{"a":'))
    depth = dice.choice((900, 1_100, DEPTH))
    start = dice.randrange(len(body) + 1)
    return body[:start] + bracket * depth + (b"]" * depth if bracket == b"[" else b"") + body[start:]


def _frame(dice: random.Random, body: bytes) -> bytes:
    whole: list[Change] = [
        lambda _, b: b"data: " + b + b"\n\ndata: [DONE]\n\n",
        lambda _, b: gzip.compress(b),
        lambda _, b: b"[" + b + b"]",
        lambda _, b: b + b,
        lambda _, b: b"```json\n" + b + b"\n```",
        lambda d, _: d.randbytes(d.randrange(200)),
        lambda _, b: b.decode("utf-8", "replace").encode("utf-16"),
        lambda _, b: b"<html>" + b[:50],
    ]
    return dice.choice(whole)(dice, body)


def _other_value(dice: random.Random, body: bytes) -> bytes:
    """Put another value at a random place of the parsed answer."""
    try:
        raw = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    holders = list(_holders(raw))
    if not holders:
        return body
    holder = dice.choice(holders)
    value = dice.choice(VALUES)
    if isinstance(holder, list):
        holder[dice.randrange(len(holder))] = value
    elif dice.random() < 0.2:
        del holder[dice.choice(list(holder))]
    else:
        holder[dice.choice(list(holder))] = value
    return orjson.dumps(raw)


def _holders(value: object) -> Iterator[dict[str, object] | list[object]]:
    """Yield every object and list in *value* that holds something."""
    if isinstance(value, dict | list) and value:
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _holders(inner)


CHANGES: tuple[Change, ...] = (
    _cut,
    _flip,
    _drop,
    _repeat,
    _insert,
    _other_number,
    _other_number,
    _double_name,
    _nest,
    _frame,
    _other_value,
    _other_value,
    _other_value,
)
