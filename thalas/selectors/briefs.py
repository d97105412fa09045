"""What the voters of a run were shown, read once: a brief never changes under its SHA-256."""

from functools import lru_cache

from providers.voters.types import Brief
from thalas import models
from thalas.domain import briefs
from thalas.selectors import rows

# All voters of a run read the same one, and reading it costs a millisecond for each market.
REMEMBERED = 16


@lru_cache(maxsize=REMEMBERED)
def shown(sha256: str) -> Brief:
    """Return the brief that is stored as *sha256*."""
    stored = rows.first(models.Brief, "sha256 = %(sha256)s", sha256=sha256)
    if stored is None:
        raise models.Brief.DoesNotExist(f"there is no brief {sha256}")
    return briefs.decode(stored.payload)
