"""One call to one voter on a small brief, by the way that every vote takes: claimed, paid and recorded."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from django.conf import settings

from providers.voters.types import Brief
from thalas import models, roster
from thalas.domain import given
from thalas.errors import NotFound, NotPossible
from thalas.selectors import accounts
from thalas.services import runs, votes

# Time for the claim and the record around the call.
SLACK_S = 2.0
LONGEST_S = 600.0
SYMBOL, TIMEFRAME, PRICE = "BTC/USD", "1d", 100.0
INDICATORS: dict[str, object] = {"rsi_14": 55.0, "sma_50": 98.0, "sma_200": 95.0, "atr_14": 2.0}


def ask(name: str, *, by: str, clock: Callable[[], datetime]) -> models.Vote:
    """Ask the voter *name* once, whether it is enabled or not, and return its vote.

    The run around it is cancelled with the answer in it: it decides nothing, and could not, since its
    quorum is more than its panel.

    Raises:  NotFound; NotPossible if this environment does not offer the voter.
    """
    voter = models.Voter.objects.filter(pk=name).first()
    if voter is None:
        raise NotFound(f"there is no voter {name}; known: {', '.join(_known())}")
    if name not in roster.specs(settings.THALAS):
        raise NotPossible(f"this environment does not offer the voter {name}; `--list` says what it lacks")
    opening = runs.Opening(
        kind=models.Run.Kind.GIVEN,
        brief=_brief(clock()),
        panel=[voter],
        account=accounts.get(accounts.DEMO),
        requested_by=f"{by}, to test {name}",
        deadline_s=min(voter.timeout_s + SLACK_S, LONGEST_S),
        quorum=2,
    )
    run = runs.open_run(opening, now=clock())
    try:
        votes.ask(run_id=run.pk, voter=name, clock=clock)
    finally:
        with suppress(NotPossible):  # a guard was faster
            runs.cancel_run(run.pk, by="its end: it was a test", now=clock())
    return models.Vote.objects.get(run=run, voter=name)


def _brief(now: datetime) -> Brief:
    market = given.read(pair=SYMBOL, timeframe=TIMEFRAME, price=PRICE, data=INDICATORS)
    return given.brief(market, at=now)


def _known() -> list[str]:
    return list(models.Voter.objects.order_by("name").values_list("name", flat=True))
