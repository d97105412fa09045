"""Keys of the HTTP API, as they are looked up at the door and listed for people."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from thalas import models
from thalas.errors import NotFound
from thalas.selectors import rows

NOBODYS_SHA256 = "0" * 64
MAX_PRESENTED = 200


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key that has shown its secret and is good now.

    limits   (requests, seconds) of each window
    is_stale whether its last use was noted more than a minute ago
    """

    prefix: str
    account: str
    scopes: frozenset[str]
    limits: tuple[tuple[int, int], ...]
    is_stale: bool
    seen_at: datetime


NOTED_EVERY = timedelta(minutes=1)


def recognised(presented: str) -> KnownKey | None:
    """Return the key that `prefix.secret` names if it is good by the database's clock, or None."""
    prefix, dot, secret = presented.partition(".")
    if not dot or not prefix.isascii() or not secret.isascii() or len(presented) > MAX_PRESENTED:
        return None
    if "\x00" in presented:
        return None
    found = rows.first_now(models.ApiKey, "prefix = %(prefix)s", prefix=prefix)
    # A prefix that nobody has takes as long as one that somebody has.
    known = NOBODYS_SHA256 if found is None else found[0].secret_sha256
    is_right = hmac.compare_digest(sha256(secret), known)
    if found is None or not is_right:
        return None
    key, now = found
    return _known(key, now) if is_good(key, now=now) else None


def _known(key: models.ApiKey, now: datetime) -> KnownKey:
    return KnownKey(
        prefix=key.prefix,
        account=key.account_id,
        scopes=frozenset(key.scopes),
        limits=((key.per_second, 1), (key.per_minute, 60), (key.per_hour, 3600)),
        is_stale=key.last_used_at is None or now - key.last_used_at >= NOTED_EVERY,
        seen_at=now,
    )


def is_good(key: models.ApiKey, *, now: datetime) -> bool:
    """Say whether *key* is neither revoked nor expired at *now*."""
    is_revoked = key.revoked_at is not None
    is_expired = key.expires_at is not None and key.expires_at <= now
    return not is_revoked and not is_expired


def sha256(secret: str) -> str:
    """Return what is kept of *secret*. It has 256 bits of its own, so no salt and no slow hash is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def find(prefix: str) -> models.ApiKey:
    """Return the key that *prefix* names.

    Raises:  NotFound.
    """
    key = models.ApiKey.objects.filter(pk=prefix).first()
    if key is None:
        raise NotFound(f"no key has the prefix {prefix}; `manage.py api_key list` shows them")
    return key


def every() -> list[models.ApiKey]:
    """Return all keys, the oldest first."""
    return list(models.ApiKey.objects.order_by("created_at"))
