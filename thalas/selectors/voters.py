"""Who can be asked now, and who was asked."""

from uuid import UUID

from django.db import connection

from thalas import models
from thalas.selectors import rows

PANEL = "SELECT voter_id FROM thalas_vote WHERE run_id = %(run_id)s ORDER BY voter_id"


def available() -> dict[str, models.Voter]:
    """Return the voters that the environment offers and nobody has disabled, by name."""
    found = rows.find(models.Voter, "is_present AND is_enabled ORDER BY name")
    return {voter.name: voter for voter in found}


def panel(run_id: UUID) -> list[str]:
    """Return the names of those who vote in *run_id*, sorted."""
    with connection.cursor() as cursor:
        cursor.execute(PANEL, rows.adapted({"run_id": run_id}))
        return [name for (name,) in cursor.fetchall()]
