"""Ask a Thalas over HTTP: `with Thalas(base_url, key) as thalas: thalas.ask(["BTC/USD"])`."""

from thalas.client.answers import Advice, Decision, Readiness, Run, RunLine, Vote, VoterAdvice
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
from thalas.client.holdings import (
    AuditEntry,
    Delivery,
    KillSwitch,
    Schedule,
    Slot,
    Voter,
    Watchlist,
    Webhook,
)
from thalas.client.houses import Thalas
from thalas.client.risks import PortfolioRisk, PositionRisk, RiskMetrics, Room, SignalRisk, StopLevels
from thalas.client.wires import Patience

__all__ = [
    "Advice",
    "ApiError",
    "AuditEntry",
    "BadRequest",
    "Broken",
    "Cancelled",
    "Conflict",
    "Decided",
    "Decision",
    "Delivery",
    "Event",
    "Forbidden",
    "KillSwitch",
    "NotFound",
    "Patience",
    "PortfolioRisk",
    "PositionRisk",
    "Readiness",
    "RiskMetrics",
    "Room",
    "Run",
    "RunLine",
    "Schedule",
    "SignalRisk",
    "Slot",
    "StopLevels",
    "Thalas",
    "TooManyRequests",
    "Unauthorized",
    "Unavailable",
    "Vote",
    "Voted",
    "Voter",
    "VoterAdvice",
    "Watchlist",
    "Webhook",
]
