"""Who may vote, who provides them, and what their calls have cost."""

from decimal import Decimal

from django.db import models
from django.db.models import Q


class Provider(models.Model):
    """Where voters come from, with its daily spending cap in US dollars.

    cap_usd_per_day  the environment's, or what a person has set since the environment's last changed
    """

    name = models.CharField(max_length=40, primary_key=True)
    cap_usd_per_day = models.DecimalField(max_digits=12, decimal_places=6, default=Decimal(0))
    declared_cap_usd = models.DecimalField(
        max_digits=12, decimal_places=6, default=Decimal(0), editable=False
    )

    def __str__(self) -> str:
        return self.name


class Voter(models.Model):
    """One member of the council. Keys are never here; workers find them in their environment.

    weight      what counts: the environment's, or what a person has set since the environment last changed it
    is_present  the environment still offers this voter; history keeps those that are gone
    is_enabled  a person's choice: False leaves it out of new panels
    """

    name = models.CharField(max_length=60, primary_key=True)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="voters")
    wire = models.CharField(max_length=20)
    model = models.CharField(max_length=100)
    weight = models.FloatField(default=1.0)
    declared_weight = models.FloatField(default=1.0, editable=False)
    timeout_s = models.FloatField()
    is_simulated = models.BooleanField(default=False)
    is_present = models.BooleanField(default=True)
    is_enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.CheckConstraint(name="voter_weight_not_negative", condition=Q(weight__gte=0))]

    def __str__(self) -> str:
        return self.name


class VoterModel(models.Model):
    """A model that has answered in a voter's name; made once, by whoever saw it first.

    asked        what the voter asked for at that moment
    is_as_asked  *model* is that one, perhaps with its date
    """

    voter = models.ForeignKey(Voter, on_delete=models.CASCADE, related_name="models")
    asked = models.CharField(max_length=100)
    model = models.CharField(max_length=100)
    is_as_asked = models.BooleanField()
    first_seen_at = models.DateTimeField()

    class Meta:
        ordering = ["voter", "first_seen_at"]
        constraints = [models.UniqueConstraint(name="voter_model_once", fields=["voter", "model"])]

    def __str__(self) -> str:
        return f"{self.voter_id}: {self.model}"


class SpendDay(models.Model):
    """What one provider's calls of one UTC day may have cost at most so far: the row that holds the cap.

    In whole millionths of a US dollar, so that adding is exact on every database.
    """

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="days")
    spent_on = models.DateField()
    committed_microusd = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="spend_day_once", fields=["provider", "spent_on"]),
            models.CheckConstraint(name="spend_day_not_negative", condition=Q(committed_microusd__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.spent_on}: US$ {self.committed_microusd / 1e6:.6f}"


class SpendEntry(models.Model):
    """One call's line in the ledger: the worst case reserved before it, the true cost booked after.

    An entry that was never settled (its worker died in mid-call) stays booked at its worst case.
    """

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="spend")
    vote = models.ForeignKey("thalas.Vote", on_delete=models.SET_NULL, null=True, related_name="spend")
    spent_on = models.DateField()
    reserved_usd = models.DecimalField(max_digits=12, decimal_places=6)
    booked_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    reserved_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "spend entries"
        indexes = [models.Index(fields=["provider", "spent_on"], name="spend_by_provider_and_day")]
        constraints = [models.CheckConstraint(name="spend_not_negative", condition=Q(reserved_usd__gte=0))]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.spent_on}: {self.booked_usd or self.reserved_usd}"
