"""Who can be asked now."""

from thalas import models


def available() -> dict[str, models.Voter]:
    """Return the voters that the environment offers and nobody has disabled, by name."""
    rows = models.Voter.objects.filter(is_present=True, is_enabled=True).order_by("name")
    return {voter.name: voter for voter in rows}
