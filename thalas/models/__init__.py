"""What is remembered. Django finds models only where `thalas.models` imports them."""

from thalas.models.accounts import Account, KillSwitch, LimitsVersion
from thalas.models.audits import AuditEntry, AuditHead
from thalas.models.budgets import BudgetCap, BudgetNotice, BudgetWindow, SpendEntry
from thalas.models.doors import ApiKey, IdempotentRequest
from thalas.models.heartbeats import Heartbeat, Refusal
from thalas.models.markets import ReplayTape
from thalas.models.positions import Position, Reservation
from thalas.models.runs import Brief, Decision, DecisionLeg, Run, RunSymbol, Vote
from thalas.models.schedules import Schedule, Slot, Watchlist
from thalas.models.voters import Provider, Voter, VoterModel
from thalas.models.webhooks import Webhook, WebhookDelivery

__all__ = [
    "Account",
    "ApiKey",
    "AuditEntry",
    "AuditHead",
    "Brief",
    "BudgetCap",
    "BudgetNotice",
    "BudgetWindow",
    "Decision",
    "DecisionLeg",
    "Heartbeat",
    "IdempotentRequest",
    "KillSwitch",
    "LimitsVersion",
    "Position",
    "Provider",
    "Refusal",
    "ReplayTape",
    "Reservation",
    "Run",
    "RunSymbol",
    "Schedule",
    "Slot",
    "SpendEntry",
    "Vote",
    "Voter",
    "VoterModel",
    "Watchlist",
    "Webhook",
    "WebhookDelivery",
]
