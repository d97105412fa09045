"""`python -m tests.chaos.sowing`: tables, four simulated voters, two schedules, a fast replay."""

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from thalas import models, roster  # noqa: E402
from thalas.selectors import clock, markets  # noqa: E402
from thalas.services import beats, replays, voters  # noqa: E402

# A daily candle passes in ten seconds: other briefs, other latencies.
SPEED = 86_400 / 10.0
DEADLINE_S = 12.0
CAP_USD = 100_000


def sow() -> None:
    """Make every row that the load needs."""
    call_command("migrate", verbosity=0, interactive=False)
    replays.resume(markets.market().span(), speed=SPEED, now=clock.now())
    voters.sync(roster.specs(settings.THALAS), roster.caps_usd(settings.THALAS))
    models.Voter.objects.exclude(name__startswith="emulated-").update(is_enabled=False)
    models.BudgetCap.objects.filter(measure="usd_per_day").update(amount=CAP_USD * 1_000_000)
    watchlist = models.Watchlist.objects.create(name="chaos", symbols=["BTC/USD"])
    for name, every_s, overlap in (("overlapping", 5, "allow"), ("one-at-a-time", 2, "skip")):
        schedule = models.Schedule.objects.create(
            name=name,
            why="chaos",
            watchlist=watchlist,
            timeframe="1d",
            cadence=models.Schedule.Cadence.INTERVAL,
            every_s=every_s,
            overlap=overlap,
            deadline_s=DEADLINE_S,
            starts_at=clock.now(),
        )
        beats.tick_row(schedule)


if __name__ == "__main__":
    sow()
