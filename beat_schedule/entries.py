"""How often: everything that repeats, each with its reason. `manage.py sync_schedule` puts it into force."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WatchlistEntry:
    """Symbols under a name, made once; afterwards the list belongs to whoever edits it in the admin."""

    name: str
    symbols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScanEntry:
    """A scan of a watchlist at each close of *timeframe*; beat looks every *tick_s* seconds.

    method  how its votes become an outcome, by its name; afterwards a person may choose another
    """

    name: str
    why: str
    watchlist: str
    timeframe: str
    tick_s: int
    is_enabled: bool = True
    method: str = "weighted_majority"


@dataclass(frozen=True, slots=True)
class ChoreEntry:
    """A task that keeps the house in order, every *every_s* seconds."""

    name: str
    why: str
    task: str
    every_s: int


WATCHLISTS = (
    WatchlistEntry("majors", ("BTC/USD", "ETH/USD", "LTC/USD")),
    WatchlistEntry("bitcoin", ("BTC/USD",)),
)

SCANS = (
    ScanEntry(
        name="majors-daily",
        why="The main job: ask the council on every daily candle of the majors, as soon as it has closed.",
        watchlist="majors",
        timeframe="1d",
        tick_s=2,
    ),
    ScanEntry(
        name="bitcoin-hourly",
        why="A faster rhythm to try; off by default, as an hour of the demo's replay passes in 2.5 seconds.",
        watchlist="bitcoin",
        timeframe="1h",
        tick_s=2,
        is_enabled=False,
    ),
)

CHORES = (
    ChoreEntry(
        name="prune",
        why="Old runs go after THALAS_RETENTION_DAYS days, so that a demo left on does not fill the disk.",
        task="tasks.housekeeping.prune",
        every_s=3600,
    ),
    ChoreEntry(
        name="webhooks",
        why="Webhooks hear of a decision within seconds of its filing.",
        task="tasks.webhooks.deliver",
        every_s=3,
    ),
    ChoreEntry(
        name="budgets",
        why="Budgets that fill are told of within seconds, and no reservation outlives its call for ever.",
        task="tasks.budgets.look_after",
        every_s=5,
    ),
    ChoreEntry(
        name="audit-anchor",
        why="A chain rewritten together with its head is found only from outside.",
        task="tasks.webhooks.anchor",
        every_s=3600,
    ),
)
