"""Runs whose votes are in and say BUY, closed one by one, on an account with room for one of them."""

from typing import Any

from tests.thalas.services import councils_at_work as council
from thalas import models
from thalas.selectors import clock
from thalas.services import closings

SYMBOLS = ("BTC/USD", "ETH/USD", "LTC/USD")
PASSED = ("approved", "resized")


def answered_runs(count: int, **changes: Any) -> list[models.Run]:
    """Open so many runs, on one symbol each in turn, all of whose votes are in and say BUY."""
    runs = []
    for place in range(count):
        run = council.opened(SYMBOLS[place % len(SYMBOLS)], panel=["trend", "momentum"], **changes)
        council.everyone(run, council.buy(run))
        runs.append(run)
    return runs


def room_for_one() -> None:
    """Let the account hold 15 % of its equity in all, which is one position of the largest size."""
    models.Account.objects.update(limits={"max_exposure_pct": 0.15})


def close(run: models.Run) -> str:
    closings.close_run(run.pk, by=closings.CHORD, reason="every vote is in", now=clock.now())
    return models.DecisionLeg.objects.get(decision_id=run.pk).verdict


def close_only(run: models.Run) -> None:
    closings.close_run(run.pk, by=closings.CHORD, reason="every vote is in", now=clock.now())
