"""Logs as JSON lines on standard error, without secrets."""

import logging
import logging.config
import re
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

SECRET = re.compile(r"(sk-[A-Za-z0-9_\-]{8,}|Bearer\s+\S+|://[^/\s:@]*:[^/\s@]+@)")


def redact(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank out what looks like a key, a token or a password in a URL, however deep it lies."""
    for name, value in event.items():
        event[name] = _clean(value)
    return event


def _clean(value: object) -> object:
    if isinstance(value, str):
        return SECRET.sub("[secret]", value)
    if isinstance(value, Mapping):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return SECRET.sub("[secret]", str(value))


# httpx logs whole URLs at INFO; Celery logs a line or more for every message, and the database has it all.
QUIET = ("httpx", "httpcore", "celery.app.trace", "celery.worker.strategy", "celery.beat")

PROCESSORS: list[structlog.typing.Processor] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def configure(level: str) -> None:
    """Send structlog's and the standard library's records to one JSON stream."""
    renderer = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": PROCESSORS,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            redact,
            structlog.processors.JSONRenderer(sort_keys=True, default=str),
        ],
    }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": renderer},
            "handlers": {"stream": {"class": "logging.StreamHandler", "formatter": "json"}},
            "root": {"handlers": ["stream"], "level": level},
            "loggers": {name: {"level": "WARNING"} for name in QUIET}
            # While the database is away, whoever needs it says so; the pool would, six times a second.
            | {"psycopg.pool": {"level": "ERROR"}},
        }
    )
    structlog.configure(
        processors=[*PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
