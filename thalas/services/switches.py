"""Turn the kill switch: it stays as it was turned until somebody turns it back, and each turn is audited."""

from datetime import datetime

from django.db import transaction

from thalas import models
from thalas.errors import BadInput
from thalas.selectors import switches
from thalas.selectors.switches import Standing
from thalas.services import audits

MOST_LETTERS = 200


def trip(*, reason: str, by: str, now: datetime) -> Standing:
    """Engage the switch: from now on nothing is approved. One that is engaged keeps its first reason.

    Raises:  BadInput if no reason is given, or more than a sentence.
    """
    return _turn(models.KillSwitch.State.ENGAGED, "kill_switch.trip", reason=reason, by=by, now=now)


def release(*, reason: str, by: str, now: datetime) -> Standing:
    """Release the switch: approvals are possible again. One that is released stays as it is.

    Raises:  BadInput if no reason is given, or more than a sentence.
    """
    return _turn(models.KillSwitch.State.RELEASED, "kill_switch.release", reason=reason, by=by, now=now)


def _turn(state: models.KillSwitch.State, action: str, *, reason: str, by: str, now: datetime) -> Standing:
    reason = _usable(reason)
    with transaction.atomic():
        row = models.KillSwitch.objects.select_for_update().filter(pk=models.KillSwitch.ONLY_ID).first()
        if row is not None and row.state == state:
            return switches.told(row)
        before = "unreadable" if row is None else row.state
        made = {"state": state, "reason": reason, "changed_by": by[:100], "changed_at": now}
        row, _ = models.KillSwitch.objects.update_or_create(pk=models.KillSwitch.ONLY_ID, defaults=made)
        audits.append(actor=by, action=action, details={"reason": reason, "before": before}, now=now)
        return switches.told(row)


def _usable(reason: str) -> str:
    reason = " ".join(reason.replace("\x00", " ").split())
    if not reason:
        raise BadInput("reason", reason, "say in a sentence why the switch is turned")
    if len(reason) > MOST_LETTERS:
        raise BadInput("reason", reason[:40] + "…", f"say it in at most {MOST_LETTERS} letters")
    return reason
