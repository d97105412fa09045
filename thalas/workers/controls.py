"""What may be asked of a worker from afar: how it is, and to tell of its work. Nothing that changes it.

Whoever reaches the broker can broadcast Celery's control commands, and `shutdown` is one of them.
"""

from collections.abc import MutableMapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from thalas.workers import envelopes
from thalas.workers.envelopes import Refused, Text

HARMLESS = frozenset(
    {
        "ping",
        "clock",
        "stats",
        "conf",
        "report",
        "active",
        "active_queues",
        "registered",
        "reserved",
        "scheduled",
        "revoked",
        "query_task",
        "heartbeat",
        "enable_events",
        "disable_events",
        # their older names, by which `inspect` may ask
        "dump_active",
        "dump_reserved",
        "dump_schedule",
        "dump_revoked",
        "dump_tasks",
    }
)


class ReplyTo(BaseModel):
    """Where the answer goes: to whoever asked, never into a queue of work."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    exchange: Literal["reply.celery.pidbox"]
    routing_key: Text


class Command(BaseModel):
    """A control command as Celery's `inspect` broadcasts it."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    method: Text
    arguments: dict[Text, object] | None = None
    destination: list[Text] | None = None
    pattern: Text | None = None
    matcher: Text | None = None
    ticket: Text | None = None
    reply_to: ReplyTo | None = None


def unlearn(commands: MutableMapping[str, Any]) -> None:
    """Take every command that is not harmless out of *commands*, whichever way one might arrive."""
    for name in commands.keys() - HARMLESS:
        del commands[name]


def look_over(body: bytes) -> None:
    """Let a harmless command pass.

    Raises:  Refused.
    """
    content = envelopes.parse(body)
    try:
        command = Command.model_validate(content)
    except ValidationError as error:
        raise Refused("control", body[: envelopes.TOLD_CHARACTERS]) from error
    if command.method not in HARMLESS:
        raise Refused("control", command.method)
