"""What is remembered. Django finds models only where `thalas.models` imports them."""

from thalas.models.accounts import Account, KillSwitch
from thalas.models.audits import AuditEntry, AuditHead
from thalas.models.doors import ApiKey, IdempotentRequest
from thalas.models.heartbeats import Heartbeat, Refusal
from thalas.models.markets import ReplayTape
from thalas.models.runs import Brief, Decision, DecisionLeg, Run, RunSymbol, Vote
from thalas.models.schedules import Schedule, Slot, Watchlist
from thalas.models.voters import Provider, SpendDay, SpendEntry, Voter, VoterModel
from thalas.models.webhooks import Webhook, WebhookDelivery

__all__ = [
    "Account",
    "ApiKey",
    "AuditEntry",
    "AuditHead",
    "Brief",
    "Decision",
    "DecisionLeg",
    "Heartbeat",
    "IdempotentRequest",
    "KillSwitch",
    "Provider",
    "Refusal",
    "ReplayTape",
    "Run",
    "RunSymbol",
    "Schedule",
    "Slot",
    "SpendDay",
    "SpendEntry",
    "Vote",
    "Voter",
    "VoterModel",
    "Watchlist",
    "Webhook",
    "WebhookDelivery",
]
