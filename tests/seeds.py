"""The rows every test of a run starts from: account, kill switch, replay, analysts, schedules."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.conf import settings

from beat_schedule import sync
from thalas import models, roster
from thalas.selectors import clock, markets
from thalas.services import replays, voters
from thalas.services.councils import Question

# Ten days into the tape: every series has closed candles, and none of its known gaps is near.
DAYS_IN = timedelta(days=10, hours=6)


def sow() -> None:
    """Make the rows, at the database's own time; the replay is at DAYS_IN and hardly moves."""
    now = clock.now()
    models.Account.objects.get_or_create(name="demo", defaults={"equity_usd": Decimal(10_000)})
    models.KillSwitch.objects.update_or_create(
        pk=models.KillSwitch.ONLY_ID, defaults={"state": "released", "changed_at": now}
    )
    replays.resume(markets.market().span(), speed=1.0, now=now)
    tape = models.ReplayTape.objects.get()
    models.ReplayTape.objects.update(market_anchor_at=tape.starts_at + DAYS_IN)
    voters.sync(roster.specs(settings.THALAS), roster.caps_usd(settings.THALAS))
    sync.sync(now=now)


def question(*symbols: str, **changes: object) -> Question:
    """Return a question on *symbols* (BTC/USD if none) with sensible everything else."""
    fields: dict[str, object] = {
        "symbols": symbols or ("BTC/USD",),
        "timeframe": "1d",
        "requested_by": "a test",
        "deadline_s": 30.0,
    }
    return Question(**{**fields, **changes})  # type: ignore[arg-type]


def moment(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    """Return an aware UTC time."""
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
