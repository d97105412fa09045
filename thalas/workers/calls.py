"""What a message to a worker may ask for: one of our tasks by its own arguments, and nothing on top."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from thalas.workers import envelopes
from thalas.workers.envelopes import Refused, Text

OURS = "tasks."
CLOSE = "tasks.runs.close"
LONGEST_ARGUMENT = 300


def _moment(text: str) -> str:
    try:
        datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("beyond time") from error
    return text


Argument = Annotated[str, Field(max_length=LONGEST_ARGUMENT)] | int | bool | None
Arguments = Annotated[dict[Text, Argument], Field(max_length=20)]
Nothing = Annotated[list[object], Field(max_length=0)]


class Headers(BaseModel):
    """A task message's headers. Nothing here is ever retried, delayed, renamed or bounded in time by one."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    task: Text
    id: Text
    eta: None = None
    shadow: None = None
    expires: Annotated[Text, AfterValidator(_moment)] | None = None
    retries: Literal[0] = 0
    group: Text | None = None
    group_index: int | None = None
    root_id: Text | None = None
    parent_id: Text | None = None
    timelimit: Annotated[list[None], Field(max_length=2)] | None = None
    ignore_result: bool | None = None
    argsrepr: Annotated[str, Field(max_length=2000)] | None = None
    kwargsrepr: Annotated[str, Field(max_length=2000)] | None = None
    replaced_task_nesting: Literal[0] = 0
    stamped_headers: None = None
    stamps: Annotated[dict[str, object], Field(max_length=0)] | None = None


class _Closed(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class Callback(_Closed):
    """The only callback there is: a chord's, which closes a run."""

    task: Literal["tasks.runs.close"]
    args: Nothing
    kwargs: Arguments
    options: Annotated[dict[Literal["task_id", "reply_to", "group_id"], Text], Field(max_length=3)]
    subtask_type: None = None
    immutable: Literal[True]
    chord_size: int | None = None


class Embedded(_Closed):
    """What a task message asks to be done afterwards."""

    callbacks: Nothing | None
    errbacks: Nothing | None
    chain: Nothing | None
    chord: Callback | None


class Body(_Closed):
    """A task message's body, its three parts by name."""

    args: Nothing
    kwargs: Arguments
    embedded: Embedded


@dataclass(frozen=True, slots=True)
class Terms:
    """The arguments without which a task cannot be called."""

    required: frozenset[str]

    @classmethod
    def of(cls, task: Callable[..., object]) -> "Terms":
        """Return the terms of the function *task*."""
        parameters = inspect.signature(task).parameters.values()
        return cls(frozenset(p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty))

    def hold_for(self, kwargs: Mapping[str, object]) -> bool:
        """Say whether *kwargs* has what is required, as text, and run ids that are ones."""
        return all(isinstance(kwargs.get(name), str) for name in self.required) and _is_run_id(
            kwargs.get("run_id")
        )


def _is_run_id(value: object) -> bool:
    if value is None:
        return True
    try:
        UUID(str(value))
    except ValueError:
        return False
    return True


def look_over(headers: object, body: bytes, *, terms: Mapping[str, Terms]) -> None:
    """Let a message pass that calls a task of *terms* as our publishers do.

    Raises:  Refused.
    """
    wanted = headers.get("task") if isinstance(headers, Mapping) else None
    if not isinstance(wanted, str):
        raise Refused("headers", headers)
    if wanted not in terms:
        raise Refused("unknown_task", wanted)
    try:
        Headers.model_validate(headers)
    except ValidationError as error:
        raise Refused("headers", f"{wanted}: {error.errors()[0]['loc']}") from error
    call = _body(wanted, body)
    if not terms[wanted].hold_for(call.kwargs):
        raise Refused("arguments", f"{wanted} {call.kwargs}")
    chord = call.embedded.chord
    if chord is not None and not (CLOSE in terms and terms[CLOSE].hold_for(chord.kwargs)):
        raise Refused("callback", f"{wanted} {chord.kwargs}")


def _body(wanted: str, body: bytes) -> Body:
    content = envelopes.parse(body)
    if not isinstance(content, list) or len(content) != 3:
        raise Refused("arguments", f"{wanted} {body[:60]!r}")
    try:
        return Body.model_validate(dict(zip(("args", "kwargs", "embedded"), content, strict=True)))
    except ValidationError as error:
        place = error.errors()[0]["loc"]
        raise Refused("callback" if place[0] == "embedded" else "arguments", f"{wanted} {place}") from error
