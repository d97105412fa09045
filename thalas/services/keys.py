"""Make, rotate and revoke keys of the HTTP API, and let in who has a good one."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import OperationalError, transaction
from django.db.models import Q

from thalas import models
from thalas.domain.scopes import SCOPES
from thalas.errors import BadInput, NotPossible
from thalas.selectors import keys
from thalas.selectors.keys import KnownKey
from thalas.services import audits

log = structlog.get_logger(__name__)
SECRET_BYTES = 32
MAX_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How often a key may be used in any second, minute and hour."""

    per_second: int = 10
    per_minute: int = 60
    per_hour: int = 1000


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key, and the only time that its secret is seen: *shown* is `prefix.secret`."""

    key: models.ApiKey
    shown: str


def admit(presented: str) -> KnownKey | None:
    """Return the key that `prefix.secret` names if it is good, and note that it was used; else None."""
    key = keys.recognised(presented)
    if key is not None and key.is_stale:
        _note_use(key)
    return key


def _note_use(key: KnownKey) -> None:
    """Note the use at most once a minute. Nobody is turned away because it could not be noted."""
    is_old = Q(last_used_at=None) | Q(last_used_at__lte=key.seen_at - keys.NOTED_EVERY)
    try:
        models.ApiKey.objects.filter(is_old, pk=key.prefix).update(last_used_at=key.seen_at)
    except OperationalError as error:
        log.warning("key_use_not_noted", key=key.prefix, error=type(error).__name__)


def create(
    *,
    name: str,
    scopes: list[str],
    account: str,
    expires_at: datetime | None,
    limits: Limits,
    by: str,
    now: datetime,
) -> MadeKey:
    """Make a key for *account*.

    Raises:  BadInput naming what cannot be used.
    """
    _check(name=name, scopes=scopes, account=account, expires_at=expires_at, limits=limits, now=now)
    with transaction.atomic():
        made = _made(
            name=name.strip(),
            scopes=sorted(set(scopes)),
            account_id=account,
            expires_at=expires_at,
            created_by=by[:100],
            created_at=now,
            per_second=limits.per_second,
            per_minute=limits.per_minute,
            per_hour=limits.per_hour,
        )
        audits.append(actor=by, action="key.create", target=made.key.prefix, details=_told(made.key), now=now)
    return made


def rotate(prefix: str, *, overlap: timedelta, by: str, now: datetime) -> MadeKey:
    """Make a key like the one that *prefix* names; the old one works for *overlap* more.

    A key with an expiry gets a new one, as long from now as the old one's was from its making.

    Raises:  NotFound; NotPossible if it is not good any more; BadInput.
    """
    if overlap < timedelta(0):
        raise BadInput("overlap", str(overlap), "give a time from 0 on, such as 1d")
    with transaction.atomic():
        old = _locked(prefix)
        if not keys.is_good(old, now=now):
            raise NotPossible(f"key {prefix} is revoked or expired; create a new one")
        made = _made(
            name=old.name,
            scopes=old.scopes,
            account_id=old.account_id,
            expires_at=None if old.expires_at is None else now + (old.expires_at - old.created_at),
            created_by=by[:100],
            created_at=now,
            per_second=old.per_second,
            per_minute=old.per_minute,
            per_hour=old.per_hour,
            replaces=old,
        )
        old.expires_at = min(old.expires_at or now + overlap, now + overlap)
        old.save(update_fields=["expires_at"])
        told = {"replaced_by": made.key.prefix, "old_expires_at": old.expires_at.isoformat()}
        audits.append(actor=by, action="key.rotate", target=prefix, details=told, now=now)
    return made


def revoke(prefix: str, *, by: str, now: datetime) -> models.ApiKey:
    """Revoke the key that *prefix* names, at once and for good.

    Raises:  NotFound; NotPossible if it is revoked already.
    """
    with transaction.atomic():
        key = _locked(prefix)
        if key.revoked_at is not None:
            raise NotPossible(f"key {prefix} was revoked at {key.revoked_at:%Y-%m-%d %H:%M:%S} UTC")
        key.revoked_at = now
        key.save(update_fields=["revoked_at"])
        audits.append(actor=by, action="key.revoke", target=prefix, details={"name": key.name}, now=now)
    return key


def _locked(prefix: str) -> models.ApiKey:
    keys.find(prefix)
    return models.ApiKey.objects.select_for_update().get(pk=prefix)


def _made(**fields: object) -> MadeKey:
    secret = secrets.token_urlsafe(SECRET_BYTES)
    prefix = f"tk{secrets.token_hex(6)}"
    key = models.ApiKey.objects.create(prefix=prefix, secret_sha256=keys.sha256(secret), **fields)
    return MadeKey(key=key, shown=f"{prefix}.{secret}")


def _told(key: models.ApiKey) -> dict[str, object]:
    return {
        "name": key.name,
        "account": key.account_id,
        "scopes": key.scopes,
        "expires_at": None if key.expires_at is None else key.expires_at.isoformat(),
        "limits": [key.per_second, key.per_minute, key.per_hour],
    }


def _check(
    *,
    name: str,
    scopes: list[str],
    account: str,
    expires_at: datetime | None,
    limits: Limits,
    now: datetime,
) -> None:
    if not 0 < len(name.strip()) <= 80:
        raise BadInput("name", name, "give 1 to 80 characters that say whose key it is")
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        value = unknown[0] if unknown else ""
        raise BadInput("scopes", value, f"give one or more of {', '.join(sorted(SCOPES))}")
    if not models.Account.objects.filter(pk=account).exists():
        raise BadInput("account", account, f"give one of {', '.join(_accounts())}")
    if expires_at is not None and expires_at <= now:
        raise BadInput("expires", expires_at.isoformat(), "give a time to come, such as 90d")
    for window in ("per_second", "per_minute", "per_hour"):
        value = getattr(limits, window)
        if not 1 <= value <= MAX_LIMIT:
            raise BadInput(window, value, f"give a whole number from 1 to {MAX_LIMIT}")


def _accounts() -> list[str]:
    return list(models.Account.objects.order_by("name").values_list("name", flat=True))
