"""What is remembered. Django finds models only where `thalas.models` imports them."""

from thalas.models.accounts import Account, KillSwitch
from thalas.models.heartbeats import Heartbeat, Refusal
from thalas.models.markets import ReplayTape
from thalas.models.runs import Brief, Decision, DecisionLeg, Run, Vote
from thalas.models.schedules import Schedule, Slot, Watchlist
from thalas.models.voters import Provider, SpendDay, SpendEntry, Voter

__all__ = [
    "Account",
    "Brief",
    "Decision",
    "DecisionLeg",
    "Heartbeat",
    "KillSwitch",
    "Provider",
    "Refusal",
    "ReplayTape",
    "Run",
    "Schedule",
    "Slot",
    "SpendDay",
    "SpendEntry",
    "Vote",
    "Voter",
    "Watchlist",
]
