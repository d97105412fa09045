"""Logs as JSON lines on standard error, without secrets."""

import logging
import logging.config
import re
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

import structlog

from providers.masks import Mask

# The secrets of people's keys and of webhooks, too, which no environment knows; and what pydantic quotes of
# a value that it refuses, which may be anything.
SECRET = re.compile(
    r"(sk-[A-Za-z0-9_\-]{8,}|Bearer\s+\S+|://[^/\s:@]*:[^/\s@]+@|tk[0-9a-f]{12}\.[\w\-]+|whsec_[\w\-]+"
    r"|(?<=input_value=).{1,1000}?(?=, input_type=))"
)


@dataclass(frozen=True, slots=True)
class Redaction:
    """Blanks out what looks like a key, a token or a password in a URL, and what *mask* knows to be one."""

    mask: Mask

    def __call__(self, _: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Clean every value of *event*, however deep it lies."""
        for name, value in event.items():
            event[name] = self._clean(value)
        return event

    def _clean(self, value: object) -> object:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {self._clean(key): self._clean(item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._clean(item) for item in value]
        return SECRET.sub("[secret]", self.mask.clean(str(value)))


# httpx logs whole URLs at INFO; Celery logs a line or more for every message, and the database has it all.
QUIET: tuple[str, ...] = ("httpx", "httpcore", "celery.app.trace", "celery.worker.strategy", "celery.beat")

# While the database is away, whoever needs it says so; the pool would, six times a second. Of every path
# that there is not, Django tells whatever a stranger has written there, or somebody by mistake.
TOO_TALKATIVE = ("psycopg.pool", "django.request", "django.template")

PROCESSORS: list[structlog.typing.Processor] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]
# One list for as long as the process lives: loggers that are in use keep it when logs are set up anew.
OURS: list[structlog.typing.Processor] = [*PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter]


def configure(level: str, secrets: Iterable[str]) -> None:
    """Send structlog's and the standard library's records to one JSON stream, without *secrets*."""
    renderer = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": PROCESSORS,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            Redaction(Mask(secrets, instead="[secret]")),
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
            "loggers": _loggers(),
        }
    )
    structlog.configure(
        processors=OURS,
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _loggers() -> dict[str, dict[str, object]]:
    """Return what is said of single loggers."""
    return {
        **{name: {"level": "WARNING"} for name in QUIET},
        **{name: {"level": "ERROR"} for name in TOO_TALKATIVE},
        # By now it has handlers of its own, which know no secrets. Whom it answered it keeps to itself.
        "uvicorn": {"handlers": [], "propagate": True},
        "uvicorn.access": {"handlers": [], "propagate": False},
    }
