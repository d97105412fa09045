"""Ask a Thalas over HTTP: `with Thalas(base_url, key) as thalas: thalas.ask(["BTC/USD"])`."""

from thalas.client.answers import (
    Advice,
    Decision,
    KillSwitch,
    Run,
    RunLine,
    Schedule,
    Slot,
    Vote,
    Voter,
    Watchlist,
)
from thalas.client.errors import (
    ApiError,
    BadRequest,
    Broken,
    Conflict,
    Forbidden,
    NotFound,
    TooManyRequests,
    Unauthorized,
    Unavailable,
)
from thalas.client.events import Cancelled, Decided, Event, Voted
from thalas.client.houses import Thalas
from thalas.client.wires import Patience

__all__ = [
    "Advice",
    "ApiError",
    "BadRequest",
    "Broken",
    "Cancelled",
    "Conflict",
    "Decided",
    "Decision",
    "Event",
    "Forbidden",
    "KillSwitch",
    "NotFound",
    "Patience",
    "Run",
    "RunLine",
    "Schedule",
    "Slot",
    "Thalas",
    "TooManyRequests",
    "Unauthorized",
    "Unavailable",
    "Vote",
    "Voted",
    "Voter",
    "Watchlist",
]
