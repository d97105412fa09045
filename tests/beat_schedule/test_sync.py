"""The declared table comes into force as often as one likes; what people made or switched off stays."""

from dataclasses import replace

import pytest
from django.core.management import call_command
from django_celery_beat.models import IntervalSchedule, PeriodicTask, PeriodicTasks

from beat_schedule import entries, sync
from providers.markets import timeframes
from thalas import models
from thalas.celery import app
from thalas.errors import NotFound
from thalas.selectors import clock, markets
from thalas.services import schedules

pytestmark = pytest.mark.usefixtures("house")

CHORES = {"thalas.audit-anchor", "thalas.budgets", "thalas.prune", "thalas.webhooks"}


def rows() -> list[dict[str, object]]:
    return list(PeriodicTask.objects.order_by("name").values())


def names() -> set[str]:
    return {row.name for row in PeriodicTask.objects.filter(name__startswith="thalas.")}


def test_every_declared_entry_has_its_row_with_its_reason() -> None:
    assert names() == CHORES | {"thalas.tick.bitcoin-hourly", "thalas.tick.majors-daily"}
    for row in PeriodicTask.objects.filter(name__startswith="thalas."):
        assert row.description, row.name
        assert row.task in app.tasks


def test_syncing_again_changes_nothing() -> None:
    before, kept = rows(), list(models.Schedule.objects.values())
    assert sync.sync(now=clock.now()) == sync.Changes(added=(), removed=())
    assert rows() == before
    assert list(models.Schedule.objects.values()) == kept


def test_rows_of_others_are_never_touched() -> None:
    interval = IntervalSchedule.objects.create(every=7, period="seconds")
    mine = PeriodicTask.objects.create(name="nightly report", task="reports.run", interval=interval)
    before = PeriodicTask.objects.values().get(pk=mine.pk)
    sync.sync(now=clock.now())
    assert PeriodicTask.objects.values().get(pk=mine.pk) == before


def test_what_a_person_has_switched_off_stays_off() -> None:
    row = PeriodicTask.objects.get(name="thalas.tick.majors-daily")
    row.enabled = False
    row.save()
    models.Schedule.objects.filter(pk="majors-daily").update(is_enabled=False)
    sync.sync(now=clock.now())
    row.refresh_from_db()
    assert row.enabled is False
    assert models.Schedule.objects.get(pk="majors-daily").is_enabled is False


def test_what_a_person_has_edited_on_a_declared_schedule_stays() -> None:
    edits = {
        "deadline_s": 12.0,
        "overlap": "allow",
        "missed": "skip",
        "watchlist_id": "bitcoin",
        "may_close_early": True,
        "method": "risk_adjusted",
    }
    models.Schedule.objects.filter(pk="majors-daily").update(**edits)
    models.Watchlist.objects.filter(pk="majors").update(symbols=["ETH/USD"])
    sync.sync(now=clock.now())
    assert models.Schedule.objects.filter(pk="majors-daily", **edits).exists()
    assert models.Watchlist.objects.get(pk="majors").symbols == ["ETH/USD"]


def test_a_schedule_that_is_declared_anew_begins_with_the_method_that_is_declared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    daily = next(scan for scan in entries.SCANS if scan.name == "majors-daily")
    monkeypatch.setattr(entries, "SCANS", (replace(daily, name="pooled", method="log_opinion_pool"),))
    sync.sync(now=clock.now())
    assert models.Schedule.objects.get(pk="pooled").method == "log_opinion_pool"


def test_an_entry_that_is_no_longer_declared_goes_and_a_changed_one_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    daily = next(scan for scan in entries.SCANS if scan.name == "majors-daily")
    monkeypatch.setattr(entries, "SCANS", (replace(daily, tick_s=9, why="Another reason."),))
    changes = sync.sync(now=clock.now())
    assert changes == sync.Changes(added=(), removed=("thalas.tick.bitcoin-hourly",))
    assert not models.Schedule.objects.filter(pk="bitcoin-hourly").exists()
    row = PeriodicTask.objects.get(name="thalas.tick.majors-daily")
    assert (row.interval.every, row.description) == (9, "Another reason.")


def test_a_renamed_entry_stops_under_its_old_name_and_goes_on_under_its_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    renamed = tuple(replace(scan, name=scan.name.replace("majors", "coins")) for scan in entries.SCANS)
    monkeypatch.setattr(entries, "SCANS", renamed)
    chores = (replace(entries.CHORES[0], name="tidy"),)
    monkeypatch.setattr(entries, "CHORES", chores)
    assert sync.sync(now=clock.now()) == sync.Changes(
        added=("thalas.tick.coins-daily", "thalas.tidy"),
        removed=tuple(sorted(CHORES | {"thalas.tick.majors-daily"})),
    )
    assert names() == {"thalas.tidy", "thalas.tick.bitcoin-hourly", "thalas.tick.coins-daily"}
    with pytest.raises(NotFound):  # a message of the old name that is still under way
        schedules.tick("majors-daily", now=clock.now())


def test_beat_itself_no_longer_knows_what_was_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    last = PeriodicTasks.last_change()
    monkeypatch.setattr(entries, "SCANS", ())
    sync.sync(now=clock.now())
    assert PeriodicTasks.last_change() > last  # what tells every running beat to read its rows anew
    assert set(PeriodicTask.objects.enabled().values_list("name", flat=True)) == CHORES


def test_a_schedule_of_a_persons_own_is_not_taken_over_when_its_name_is_declared(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    models.Schedule.objects.create(
        name="mine",
        why="I want it",
        watchlist_id="bitcoin",
        timeframe="1h",
        cadence="crontab",
        crontab="0 9 * * 1-5",
        starts_at=clock.now(),
    )
    before = models.Schedule.objects.filter(pk="mine").values().get()
    daily = next(scan for scan in entries.SCANS if scan.name == "majors-daily")
    monkeypatch.setattr(entries, "SCANS", (*entries.SCANS, replace(daily, name="mine")))
    changes = sync.sync(now=clock.now())
    assert (changes.added, changes.left_alone) == (("thalas.tick.mine",), ("mine",))
    assert models.Schedule.objects.filter(pk="mine").values().get() == before
    call_command("sync_schedule")
    assert "mine is declared, and a person's own schedule has that name" in capsys.readouterr().err


def test_a_new_entry_is_added_beside_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    daily = next(scan for scan in entries.SCANS if scan.name == "majors-daily")
    monkeypatch.setattr(entries, "SCANS", (*entries.SCANS, replace(daily, name="extra")))
    assert sync.sync(now=clock.now()).added == ("thalas.tick.extra",)
    assert models.Schedule.objects.get(pk="extra").is_declared


def test_a_schedule_of_a_persons_own_keeps_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    models.Schedule.objects.create(
        name="mine", why="I want it", watchlist_id="bitcoin", timeframe="1d", starts_at=clock.now()
    )
    assert sync.sync(now=clock.now()).added == ("thalas.tick.mine",)
    monkeypatch.setattr(entries, "SCANS", ())
    assert "thalas.tick.mine" not in sync.sync(now=clock.now()).removed
    assert "thalas.tick.mine" in names()


def test_declared_scans_ask_for_what_the_market_has() -> None:
    offers = markets.offers()
    lists = {watchlist.name: watchlist.symbols for watchlist in entries.WATCHLISTS}
    for scan in entries.SCANS:
        assert all(scan.timeframe in offers[symbol] for symbol in lists[scan.watchlist]), scan.name
        assert scan.tick_s <= timeframes.SECONDS[scan.timeframe]


def test_every_entry_has_a_reason_in_a_sentence() -> None:
    for entry in (*entries.SCANS, *entries.CHORES):
        assert len(entry.why) <= 200
        assert entry.why.endswith(".")


def test_the_command_sets_up_clock_and_schedules_and_says_what_it_did(
    capsys: pytest.CaptureFixture[str],
) -> None:
    models.Schedule.objects.all().delete()
    PeriodicTask.objects.all().delete()
    models.ReplayTape.objects.all().delete()
    call_command("sync_schedule")
    told = capsys.readouterr().out
    assert told.startswith(
        "Schedules in force; added: thalas.audit-anchor, thalas.budgets, thalas.prune, "
        "thalas.tick.bitcoin-hourly, thalas.tick.majors-daily, thalas.webhooks; removed: none. replay at "
    )
    assert models.ReplayTape.objects.count() == 1
