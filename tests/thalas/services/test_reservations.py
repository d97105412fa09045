"""Room on an account is given away once, however many closers want it at the same moment."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from functools import partial
from threading import Event, Thread

import pytest
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from providers.markets import timeframes
from tests.thalas.services import councils_at_work as council
from tests.thalas.services.approvals import PASSED, SYMBOLS, answered_runs, close, close_only, room_for_one
from tests.thalas.services.threads import at_once
from thalas import models
from thalas.selectors import clock, desks, markets
from thalas.services import closings

LIMIT_USD = Decimal(1500)
CLOSERS = 12  # a process has sixteen connections; the watcher looks through one


def close_each(runs: list[models.Run]) -> list[str]:
    return [close(run) for run in runs]


def held_usd() -> Decimal:
    """Return what is held free now, as whoever looks from outside sees it."""
    open_now = models.Reservation.objects.filter(expires_at__gt=clock.now())
    return open_now.aggregate(sum=Sum("size_usd"))["sum"] or Decimal(0)


class Watcher(Thread):
    """Looks at the account as often as it can, and keeps the most that was ever held free."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most, self.looks, self.enough = Decimal(0), 0, Event()

    def run(self) -> None:
        try:
            while not self.enough.is_set():
                self.most, self.looks = max(self.most, held_usd()), self.looks + 1
        finally:
            connection.close()

    def __enter__(self) -> "Watcher":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.enough.set()
        self.join(timeout=10)


def _check_fifty_closers() -> None:
    room_for_one()
    runs = answered_runs(50)
    with Watcher() as watcher:
        works: list[Callable[[], list[str]]] = [partial(close_each, runs[k::CLOSERS]) for k in range(CLOSERS)]
        verdicts = [verdict for its in at_once(*works) for verdict in its]
    assert len(verdicts) == len(runs)
    passed = [verdict for verdict in verdicts if verdict in PASSED]
    assert len(passed) == 1
    assert models.Reservation.objects.count() == 1
    assert held_usd() <= LIMIT_USD
    assert watcher.looks > 0
    assert watcher.most <= LIMIT_USD


@pytest.mark.usefixtures("shared_house")
def test_of_fifty_approvals_at_once_exactly_one_gets_the_room() -> None:
    _check_fifty_closers()


@pytest.mark.acceptance
@pytest.mark.usefixtures("shared_house")
def test_of_fifty_approvals_at_once_exactly_one_gets_the_room_in_every_round() -> None:
    for _ in range(20):
        models.Run.objects.all().delete()
        _check_fifty_closers()


@pytest.mark.usefixtures("shared_house")
def test_guards_that_close_in_batches_and_closers_of_one_share_the_same_room() -> None:
    room_for_one()
    runs = answered_runs(24)

    def sweep() -> int:
        due = models.Run.objects.filter(state=models.Run.State.OPEN).order_by("deadline_at")
        return closings.close_free(
            due, by=closings.GUARD, reason="the deadline has passed", now=clock.now(), limit=8
        )

    def alone(run: models.Run) -> int:
        closings.close_run(run.pk, by=closings.CHORD, reason="every vote is in", now=clock.now())
        return 1

    with Watcher() as watcher:
        at_once(sweep, sweep, sweep, sweep, *(partial(alone, run) for run in runs[::4]))
        while sweep():
            pass
    legs = models.DecisionLeg.objects.all()
    assert legs.count() == len(runs)
    assert sum(leg.verdict in PASSED for leg in legs) == 1
    assert watcher.most <= LIMIT_USD


@pytest.mark.usefixtures("house")
def test_what_is_held_free_is_counted_and_expires_when_the_next_candle_closes() -> None:
    room_for_one()
    first, second = answered_runs(2)
    assert close(first) in PASSED
    kept = models.Reservation.objects.get()
    assert (kept.run_id, kept.symbol, kept.side) == (first.pk, "BTC/USD", "BUY")
    tape = markets.tape(now=kept.made_at)
    at_expiry = timeframes.last_close("1d", markets.tape(now=kept.expires_at).at.market_at)
    assert kept.expires_at - kept.made_at < timedelta(days=1)
    assert at_expiry == timeframes.last_close("1d", tape.at.market_at) + timeframes.length("1d")
    assert close(second) == "vetoed"
    leg = models.DecisionLeg.objects.get(decision_id=second.pk)
    assert leg.verdict_reason.startswith("Vetoed by total_exposure")
    models.Reservation.objects.update(made_at=kept.made_at - timedelta(days=2), expires_at=kept.made_at)
    third = answered_runs(2)[1]
    assert close(third) in PASSED


@pytest.mark.usefixtures("house")
def test_an_order_on_a_symbol_with_an_open_order_is_refused_on_either_side() -> None:
    first, _, _, again = answered_runs(4)
    assert close(first) in PASSED
    assert close(again) == "vetoed"
    reason = models.DecisionLeg.objects.get(decision_id=again.pk).verdict_reason
    assert reason.startswith("Vetoed by open_orders")
    assert reason.endswith(
        ": BTC/USD has an open order and may have none; what is approved is open until its candle closes."
    )


@pytest.mark.usefixtures("house")
def test_legs_of_one_run_share_the_room() -> None:
    room_for_one()
    run = council.opened(*SYMBOLS, panel=["trend", "momentum"])
    council.everyone(run, council.buy(run))
    closings.close_run(run.pk, by=closings.CHORD, reason="every vote is in", now=clock.now())
    verdicts = list(models.DecisionLeg.objects.order_by("position").values_list("verdict", flat=True))
    assert [verdict in PASSED for verdict in verdicts] == [True, False, False]


@pytest.mark.usefixtures("house")
def test_a_hold_locks_no_account_and_an_order_takes_two_statements_more() -> None:
    counts = {}
    for name, say in (("order", council.buy), ("hold", council.hold)):
        run = council.opened(panel=["trend", "momentum"])
        council.everyone(run, say(run))
        with CaptureQueriesContext(connection) as asked:
            close_only(run)
        counts[name] = len(asked)
        locks = [query["sql"] for query in asked if "NO KEY UPDATE" in query["sql"]]
        assert len(locks) == (1 if name == "order" and connection.vendor == "postgresql" else 0)
    assert counts["order"] == counts["hold"] + 2  # what is held, and what is held free


@pytest.mark.usefixtures("house")
def test_the_balance_and_the_positions_make_the_equity() -> None:
    now = clock.now()
    tape = markets.tape(now=now)
    price = desks.read(["demo"], is_locking=True, now=now, tape=tape)
    assert price["demo"].portfolio().equity_usd == 10_000.0
    models.Position.objects.create(
        account_id="demo",
        symbol="BTC/USD",
        market_type="crypto",
        amount=Decimal("-0.5"),
        entry_price=Decimal(5000),
        leverage=Decimal(2),
        opened_at=tape.at.market_at - timedelta(days=5),
    )
    desk = desks.read(["demo"], is_locking=True, now=now, tape=tape)["demo"]
    held = desk.holdings()[0]
    portfolio = desk.portfolio()
    assert portfolio.equity_usd == pytest.approx(10_000.0 - 0.5 * (held.price - 5000.0))
    assert portfolio.exposures_usd is not None
    assert portfolio.exposures_usd.tolist() == pytest.approx([-0.5 * held.price / 2.0])
    assert held.days_held == 5
    assert 0.0 <= held.age_candles < 1.0


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("limits", [{"max_var_pct": "lots"}, {"max_vra_pct": 0.1}, [1]])
def test_limits_that_make_no_sense_refuse_every_order(limits: object) -> None:
    models.Account.objects.update(limits=limits)
    run = answered_runs(1)[0]
    with suppress(ValueError):
        assert close(run) == "vetoed"
    reason = models.DecisionLeg.objects.get(decision_id=run.pk).verdict_reason
    assert reason.startswith("Vetoed by data_quality: ")


@pytest.mark.usefixtures("house")
def test_an_account_approves_nothing_of_a_market_type_it_may_not_hold() -> None:
    models.Account.objects.update(market_types=["polymarket"])
    assert close(answered_runs(1)[0]) == "vetoed"
    assert models.DecisionLeg.objects.get().verdict_reason.startswith("Vetoed by market_exposure")
