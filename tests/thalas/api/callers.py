"""Keys and clients for tests of the API."""

from datetime import datetime, timedelta

from django.test import Client

from thalas.domain.scopes import SCOPES
from thalas.selectors import clock
from thalas.services import keys
from thalas.services.keys import Limits, MadeKey

WIDE = Limits(per_second=100_000, per_minute=100_000, per_hour=100_000)


def key(
    *scopes: str,
    account: str = "demo",
    limits: Limits = WIDE,
    expires_at: datetime | None = None,
    now: datetime | None = None,
) -> MadeKey:
    """Make a key with *scopes* (all if none is named) and hardly any limits."""
    return keys.create(
        name="a test",
        scopes=list(scopes) or sorted(SCOPES),
        account=account,
        expires_at=expires_at,
        limits=limits,
        by="a test",
        now=now or clock.now(),
    )


def client(shown: str = "", **headers: str) -> Client:
    """Return a client that shows the key *shown*, if one."""
    given = {"Authorization": f"Bearer {shown}"} if shown else {}
    return Client(headers={**given, **headers})


def past(**ago: float) -> datetime:
    """Return a time so long ago by the database's clock."""
    return clock.now() - timedelta(**ago)
