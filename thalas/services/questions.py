"""One run for one question: who asks the same within its time to live shares the run, and hears its age."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from django.conf import settings
from django.db import transaction

from providers.markets import timeframes
from providers.voters.types import Brief
from thalas import models, roster
from thalas.domain import briefs
from thalas.domain.consensus import Outcome, default_quorum
from thalas.errors import BadInput
from thalas.selectors import records
from thalas.services import audits, councils, repeats, runs, turns

STRATEGIES = ("default",)
# A question about a market lives until the market's candle changes, and never longer than this.
LIVES = timedelta(seconds=300)
# A price farther away than this, as a share of the one that was judged, is another question.
PRICE_CHANGE = 0.005
LOOKED_AT = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of a question.

    is_shared  the run was opened by an earlier, equal question
    is_repeat  this very request has come before
    panel      the voters of a run that was opened now, in the order of their names
    """

    run: models.Run
    is_shared: bool = False
    is_repeat: bool = False
    panel: tuple[str, ...] = ()

    @property
    def is_new(self) -> bool:
        """Say whether the run was opened now."""
        return not (self.is_shared or self.is_repeat)


def ask(
    question: councils.Question,
    *,
    now: datetime,
    request: repeats.Request | None = None,
    is_forced: bool = False,
) -> Asked:
    """Return the run on *question*: the one of this *request*, that of an equal question, or a new one.

    Raises:  BadInput; MarketError; KeyReused.
    """
    if request is not None and (known := _recalled(request)):
        return known
    opening = councils.prepare(question, now=now)
    opening = replace(opening, question_sha256=digest(opening))
    with transaction.atomic():
        if request is not None and (known := _recalled(request)):
            return known
        turns.take("question", opening.question_sha256)
        shared = None if is_forced else _equal(opening, now)
        run = shared or runs.open_within(opening, now=now)
        panel = () if shared else tuple(sorted(voter.name for voter in opening.panel))
        asked = Asked(run, is_shared=shared is not None, panel=panel)
        if request is not None:
            repeats.keep(request, run=run, answer={"shared": asked.is_shared}, now=now)
        if asked.is_new:
            audits.append(actor=question.requested_by, action="run.open", target=str(run.pk), now=now)
    return asked


def check_strategy(name: str) -> None:
    """Check that there is a strategy called *name*.

    Raises:  BadInput.
    """
    if name not in STRATEGIES:
        raise BadInput("strategy", name, f"give {' or '.join(STRATEGIES)}")


@transaction.atomic
def cancel(run_id: UUID, *, account: str, by: str, now: datetime) -> models.Run:
    """Cancel an open run of *account*, and put on record who did.

    Raises:  NotFound, for another account's run as well; NotPossible if it is no longer open.
    """
    records.run(run_id, account=account)
    run = runs.cancel_run(run_id, by=by, now=now)
    audits.append(actor=by, action="run.cancel", target=str(run_id), now=now)
    return run


def digest(opening: runs.Opening) -> str:
    """Return the SHA-256 of everything that makes *opening*'s question what it is, in hexadecimal.

    The price of given data is not part of it: a small change of it is the same question.
    """
    account = opening.account
    told: list[object] = [
        STRATEGIES[0],
        opening.method.value,
        account.pk,
        [account.min_confidence, account.min_agreement, account.limits_version],
        opening.quorum if opening.quorum is not None else default_quorum(len(opening.panel)),
        opening.may_close_early,
        opening.brief.timeframe,
        [_candle(opening.brief, index) for index in range(len(opening.brief.markets))],
        sorted(_seat(voter, opening) for voter in opening.panel),
        roster.prompts_sha256(settings.THALAS, [voter.name for voter in opening.panel]),
    ]
    return hashlib.sha256(orjson.dumps(told)).hexdigest()


def _recalled(request: repeats.Request) -> Asked | None:
    with transaction.atomic():
        kept = repeats.recall(request)
    if kept is None or kept.run is None:
        return None
    return Asked(kept.run, is_shared=bool((kept.answer or {}).get("shared")), is_repeat=True)


def _candle(brief: Brief, index: int) -> list[object]:
    market = brief.markets[index]
    closed_at = None if market.is_given else market.closed_at
    return [market.symbol, market.source, market.sha256, closed_at, market.lap]


def _seat(voter: models.Voter, opening: runs.Opening) -> list[object]:
    weight = opening.weights.get(voter.name, voter.weight)
    return [voter.name, voter.provider_id, voter.model, weight, voter.timeout_s]


def _equal(opening: runs.Opening, now: datetime) -> models.Run | None:
    """Return the newest run on the same question that can still be shared."""
    since = now - _lifetime(opening.brief)
    equal = models.Run.objects.filter(question_sha256=opening.question_sha256, opened_at__gt=since)
    found = equal.order_by("-opened_at")
    return next((run for run in found[:LOOKED_AT] if _serves(run, opening, now)), None)


def _lifetime(brief: Brief) -> timedelta:
    is_given = any(market.is_given for market in brief.markets)
    return min(LIVES, timeframes.length(brief.timeframe)) if is_given else LIVES


def _serves(run: models.Run, opening: runs.Opening, now: datetime) -> bool:
    """Say whether *run* answers in time or has an answer, which a cancelled one never has, at this price."""
    if run.state == models.Run.State.OPEN:
        # It may have been opened after this question came, which then waited for its turn.
        in_time = max(now, run.opened_at) + timedelta(seconds=opening.deadline_s)
        if not now < run.deadline_at <= in_time:
            return False
    elif not _outcomes(run) or Outcome.NO_DECISION.value in _outcomes(run):
        return False
    if not any(market.is_given for market in opening.brief.markets):
        return True  # the candle is part of the question, and the price is its close
    was = [market.price for market in briefs.decode(run.brief.payload).markets]
    return _are_near(was, [market.price for market in opening.brief.markets])


def _outcomes(run: models.Run) -> list[str]:
    return list(models.DecisionLeg.objects.filter(decision=run.pk).values_list("outcome", flat=True))


def _are_near(was: Sequence[float], now: Sequence[float]) -> bool:
    return all(abs(b - a) <= PRICE_CHANGE * a for a, b in zip(was, now, strict=True))
