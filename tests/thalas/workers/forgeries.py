"""What a stranger who reaches the broker can put into it, each with the word it is refused under."""

import base64
import json
import pickle
import uuid
import zlib
from pathlib import Path

NOBODY = str(uuid.UUID(int=7))
ASK, CLOSE = "tasks.votes.ask", "tasks.runs.close"
NOTHING_AFTERWARDS: dict[str, object] = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
CHORD: dict[str, object] = {
    "task": CLOSE,
    "args": [],
    "kwargs": {"run_id": NOBODY},
    "options": {"task_id": NOBODY, "reply_to": NOBODY, "group_id": NOBODY},
    "subtask_type": None,
    "immutable": True,
}


class Trap:
    """Makes a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.path,)


def body(*, args: object = (), kwargs: object = None, embedded: object = None) -> bytes:
    """Return the body of a task message; by default one that asks nobody about nothing."""
    asked = {"run_id": NOBODY, "voter": "nobody"} if kwargs is None else kwargs
    return json.dumps([args, asked, embedded or NOTHING_AFTERWARDS]).encode()


def headers(task: object = ASK, **changes: object) -> dict[str, object]:
    """Return headers as Celery writes them."""
    usual: dict[str, object] = {
        "lang": "py",
        "task": task,
        "id": str(uuid.uuid4()),
        "shadow": None,
        "eta": None,
        "expires": None,
        "group": None,
        "group_index": None,
        "retries": 0,
        "timelimit": [None, None],
        "root_id": None,
        "parent_id": None,
        "argsrepr": "()",
        "kwargsrepr": "{}",
        "origin": "gen1@somewhere",
        "ignore_result": True,
        "replaced_task_nesting": 0,
        "stamped_headers": None,
        "stamps": {},
    }
    return {**usual, **changes}


def properties(**changes: object) -> dict[str, object]:
    """Return properties as kombu writes them."""
    usual: dict[str, object] = {
        "delivery_mode": 2,
        "delivery_info": {"exchange": "", "routing_key": "votes"},
        "priority": 0,
        "body_encoding": "base64",
        "delivery_tag": str(uuid.uuid4()),
    }
    return {**usual, **changes}


def envelope(content: bytes | None = None, **changes: object) -> bytes:
    """Return one message as it lies in Redis."""
    usual: dict[str, object] = {
        "body": base64.b64encode(body() if content is None else content).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": headers(),
        "properties": properties(),
    }
    return json.dumps({**usual, **changes}).encode()


def task(**changes: object) -> bytes:
    """Return a message whose headers differ from a sound one's by *changes*."""
    return envelope(headers=headers(**changes))


def chord(**changes: object) -> bytes:
    """Return a message whose chord differs from a sound one's by *changes*."""
    return envelope(body(embedded={**NOTHING_AFTERWARDS, "chord": {**CHORD, **changes}}))


def no_messages() -> list[bytes]:
    """Return what is not even a message."""
    sound = envelope().decode()
    return [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"7",
        b"NaN",
        b'"text"',
        b"\x80\x04\x95\x00\xff garbage",
        sound.encode("utf-16"),
        envelope(b"not json"),
        envelope(body().replace(b"nobody", b"\xff")),
        envelope(body().replace(b'"nobody"', b"NaN")),
        envelope(body().replace(b'"voter"', b'"run_id"')),
        b"[" * 100_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b"9" * 10_000,
        sound.replace('"retries": 0', '"retries": NaN').encode(),
        sound.replace('"retries": 0', '"retries": 1e999').encode(),
        sound.replace('"retries": 0', '"retries": 0, "retries": 0').encode(),
        sound.replace('"retries": 0', '"retries": {"__type__": "datetime", "__value__": 7}').encode(),
        sound.replace("gen1", "\\ud800").encode(),
        envelope(body=None),
        envelope(body=["no", "text"]),
        envelope(body="*** not base64 ***"),
        envelope(headers=None),
        envelope(headers=["task"]),
        envelope(properties=None),
        envelope(properties={}),
        envelope(properties=properties(delivery_tag=None)),
        envelope(properties=properties(delivery_tag={"a": 1})),
        envelope(properties=properties(delivery_info="votes")),
        envelope(properties=properties(delivery_info={"exchange": 7, "routing_key": None})),
        envelope(properties=properties(body_encoding="rot13")),
        envelope(properties=properties(priority="urgent")),
    ]


def other_languages(trap: Path) -> list[bytes]:
    """Return messages in what we do not speak; the pickle makes *trap* where it is read."""
    armed = pickle.dumps(((), {"run_id": Trap(trap)}, {}))
    return [
        envelope(armed, **{"content-type": kind, "content-encoding": coding})
        for kind, coding in (
            ("application/x-python-serialize", "binary"),
            ("application/x-yaml", "utf-8"),
            ("application/data", "binary"),
            ("application/json", "utf-16"),
            ("text/plain", "us-ascii"),
            ("", ""),
        )
    ]


def bad_headers() -> list[bytes]:
    """Return messages whose headers ask for what nobody may ask for."""
    return [
        envelope(headers={}),  # the first version of Celery's protocol keeps the task in its body
        task(task=["tasks.votes.ask"]),
        task(task=None),
        task(id=None),
        task(id={"a": 1}),
        task(eta="2999-01-01T00:00:00+00:00"),
        task(expires="yesterday"),
        task(expires=7),
        task(expires="9999-12-31T23:59:59-14:00"),
        task(retries=10**30),
        task(retries="many"),
        task(timelimit=[1, 1]),
        task(timelimit="soon"),
        task(shadow="tasks.innocent"),
        task(group={"a": 1}),
        task(group_index="first"),
        task(stamped_headers=["a"], stamps={"a": "b"}),
        task(argsrepr="x" * 5_000),
    ]


def bad_arguments() -> list[bytes]:
    """Return calls of real tasks that they would not understand."""
    return [
        envelope(b"{}"),
        envelope(b"[]"),
        envelope(body(args=["extra"])),
        envelope(body(args={"a": 1})),
        envelope(body(kwargs=[])),
        envelope(body(kwargs={})),
        envelope(body(kwargs={"run_id": NOBODY})),
        envelope(body(kwargs={"run_id": NOBODY, "voter": None})),
        envelope(body(kwargs={"run_id": NOBODY, "voter": {"a": [None]}})),
        envelope(body(kwargs={"run_id": "'; DROP TABLE", "voter": "trend"})),
        envelope(body(kwargs={"run_id": NOBODY, "voter": "x" * 5_000})),
        envelope(body(kwargs={"run_id": 7, "voter": "trend"})),
    ]


def bad_callbacks() -> list[bytes]:
    """Return calls that want something done afterwards which no call of ours wants."""
    system = {"task": "os.system", "args": ["true"], "kwargs": {}, "options": {}}
    return [
        chord(task="os.system"),
        chord(args=["extra"]),
        chord(kwargs={"run_id": "no uuid"}),
        chord(kwargs={}),
        chord(immutable=False),
        chord(options={"queue": "elsewhere"}),
        chord(subtask_type="chain"),
        envelope(body(embedded={**NOTHING_AFTERWARDS, "callbacks": [system]})),
        envelope(body(embedded={**NOTHING_AFTERWARDS, "errbacks": [system]})),
        envelope(body(embedded={**NOTHING_AFTERWARDS, "chain": [system]})),
        envelope(body(embedded={**NOTHING_AFTERWARDS, "chord": "tasks.runs.close"})),
        envelope(body(embedded=[1])),
    ]


def all_kinds(trap: Path) -> list[tuple[str, bytes]]:
    """Return every kind of message that a queue must refuse, each with the word it is counted under."""
    strangers = ("os.system", "celery.chunks", "celery.map", "celery.chord_unlock", "tasks.votes.Ask", "")
    bomb = base64.b64encode(zlib.compress(b" " * 50_000_000)).decode()
    compressed = envelope(body=bomb, headers=headers(compression="application/x-gzip"))
    return [
        *(("malformed", raw) for raw in no_messages()),
        *(("content_type", raw) for raw in other_languages(trap)),
        *(("headers", raw) for raw in bad_headers()),
        *(("unknown_task", task(task=name)) for name in strangers),
        *(("arguments", raw) for raw in bad_arguments()),
        *(("callback", raw) for raw in bad_callbacks()),
        ("compressed", compressed),
        ("oversized", envelope(b" " * 1_200_000)),
    ]
