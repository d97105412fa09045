"""Who may vote, and who provides them."""

from django.db import models
from django.db.models import Q


class Provider(models.Model):
    """Where voters come from; what their calls may cost is in `budgets`."""

    name = models.CharField(max_length=40, primary_key=True)

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
