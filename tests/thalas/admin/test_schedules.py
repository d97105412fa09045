import pytest
from django.contrib.auth.models import User
from django.test import Client
from django_celery_beat.models import PeriodicTask

from tests.thalas.admin.clients import errors, refused, saved, sign_in
from thalas import models
from thalas.selectors import clock

ADD = "/admin/thalas/schedule/add/"
TYPED = {
    "name": "mine",
    "why": "to see it work",
    "watchlist": "coins",
    "timeframe": "1d",
    "cadence": "candle",
    "every_s": "",
    "crontab": "",
    "timezone": "UTC",
    "deadline_s": "30",
    "missed": "latest",
    "overlap": "skip",
    "method": "weighted_majority",
    "is_enabled": "on",
}
ROW = "thalas.tick.mine"


@pytest.fixture
def keeper(db: None) -> Client:
    models.Watchlist.objects.create(name="coins", symbols=["BTC/USD", "LTC/USD"])
    models.Watchlist.objects.create(name="bitcoin-only", symbols=["BTC/USD"])
    return sign_in(User.objects.create(username="keeper", is_staff=True, is_superuser=True))


def declared() -> models.Schedule:
    return models.Schedule.objects.create(
        name="declared",
        why="said in code",
        watchlist_id="coins",
        timeframe="1d",
        starts_at=clock.now(),
        is_declared=True,
    )


class TestASchedule:
    def test_that_is_added_starts_now_and_gets_its_row_in_beat(self, keeper: Client) -> None:
        before = clock.now()
        saved(keeper, ADD, TYPED)
        schedule = models.Schedule.objects.get(pk="mine")
        assert before <= schedule.starts_at <= clock.now()
        assert not schedule.is_declared
        assert PeriodicTask.objects.get(name=ROW).kwargs == '{"schedule": "mine"}'

    def test_that_is_changed_keeps_its_start_and_its_one_row(self, keeper: Client) -> None:
        saved(keeper, ADD, TYPED)
        starts_at = models.Schedule.objects.get(pk="mine").starts_at
        saved(keeper, "/admin/thalas/schedule/mine/change/", {**TYPED, "why": "another reason"})
        assert models.Schedule.objects.get(pk="mine").starts_at == starts_at
        assert PeriodicTask.objects.get(name=ROW).description == "another reason"

    def test_that_may_close_early_says_so(self, keeper: Client) -> None:
        saved(keeper, ADD, {**TYPED, "may_close_early": "on"})
        assert models.Schedule.objects.get(pk="mine").may_close_early is True

    def test_has_a_method_and_only_one_that_there_is(self, keeper: Client) -> None:
        saved(keeper, ADD, {**TYPED, "method": "log_opinion_pool"})
        assert models.Schedule.objects.get(pk="mine").method == "log_opinion_pool"
        response = keeper.post(ADD, {**TYPED, "name": "other", "method": "dictator"})
        assert "dictator is not one of the available choices" in response.content.decode()

    def test_that_is_enabled_again_counts_from_then_on(self, keeper: Client) -> None:
        path = "/admin/thalas/schedule/mine/change/"
        saved(keeper, ADD, {name: typed for name, typed in TYPED.items() if name != "is_enabled"})
        assert models.Schedule.objects.get(pk="mine").ticked_at is None
        before = clock.now()
        saved(keeper, path, TYPED)
        ticked_at = models.Schedule.objects.get(pk="mine").ticked_at
        assert ticked_at is not None
        assert ticked_at >= before
        saved(
            keeper,
            path,
            {**TYPED, "why": "another reason", "ticked_at_0": "2020-01-01", "ticked_at_1": "0:00"},
        )
        assert models.Schedule.objects.get(pk="mine").ticked_at == ticked_at

    def test_that_is_deleted_takes_its_row_and_its_slots_along(self, keeper: Client) -> None:
        saved(keeper, ADD, TYPED)
        now = clock.now()
        models.Slot.objects.create(schedule_id="mine", due_at=now, state="missed", created_at=now)
        saved(keeper, "/admin/thalas/schedule/mine/delete/", {"post": "yes"})
        assert not models.Schedule.objects.exists()
        assert not models.Slot.objects.exists()
        assert not PeriodicTask.objects.filter(name=ROW).exists()

    def test_that_is_deleted_among_others_takes_its_row_along(self, keeper: Client) -> None:
        for name in ("mine", "yours"):
            saved(keeper, ADD, {**TYPED, "name": name})
        chosen = {"action": "delete_selected", "_selected_action": ["mine", "yours"], "post": "yes"}
        saved(keeper, "/admin/thalas/schedule/", chosen)
        assert not models.Schedule.objects.exists()
        assert not PeriodicTask.objects.filter(name__startswith="thalas.tick.").exists()

    def test_cannot_be_renamed(self, keeper: Client) -> None:
        saved(keeper, ADD, TYPED)
        saved(keeper, "/admin/thalas/schedule/mine/change/", {**TYPED, "name": "renamed"})
        assert list(models.Schedule.objects.values_list("pk", flat=True)) == ["mine"]

    @pytest.mark.parametrize(
        ("typed", "field", "told"),
        [
            ({"timeframe": "1h"}, "timeframe", "timeframe='1h' cannot be used: LTC/USD has 1d"),
            ({"cadence": "interval"}, "every_s", "every_s=None cannot be used: give whole seconds from 1 on"),
            ({"cadence": "interval", "every_s": "0"}, "every_s", "every_s=0 cannot be used"),
            (
                {"cadence": "crontab", "crontab": "61 * * * *"},
                "crontab",
                "crontab='61 * * * *' cannot be read",
            ),
            ({"cadence": "crontab"}, "crontab", "crontab='' cannot be read"),
            (
                {"timezone": "Mars/Base"},
                "timezone",
                "timezone='Mars/Base' is not known; give one such as Europe/Berlin",
            ),
            ({"timezone": "Europe"}, "timezone", "Europe/Berlin"),
            ({"deadline_s": "0.5"}, "deadline_s", "deadline=0.5 cannot be used: give seconds from 1 to 3600"),
            ({"deadline_s": "nan"}, "deadline_s", "Enter a number."),
        ],
    )
    def test_that_could_not_fire_is_refused_at_the_field_to_blame(
        self, keeper: Client, typed: dict[str, str], field: str, told: str
    ) -> None:
        assert told in errors(refused(keeper, ADD, {**TYPED, **typed}), field)
        assert not models.Schedule.objects.exists()

    @pytest.mark.parametrize(
        "typed",
        [
            {"cadence": "interval", "every_s": "60"},
            {"cadence": "crontab", "crontab": "0 9 * * 1-5", "timezone": "Europe/Berlin"},
            {"watchlist": "bitcoin-only", "timeframe": "1h"},
        ],
    )
    def test_that_can_fire_is_taken(self, keeper: Client, typed: dict[str, str]) -> None:
        saved(keeper, ADD, {**TYPED, **typed})
        assert models.Schedule.objects.filter(pk="mine").exists()


class TestADeclaredSchedule:
    PATH = "/admin/thalas/schedule/declared/change/"

    def test_changes_only_in_what_a_sync_leaves_alone(self, keeper: Client) -> None:
        declared()
        typed = {
            "why": "no",
            "timeframe": "1h",
            "cadence": "interval",
            "every_s": "5",
            "watchlist": "bitcoin-only",
            "deadline_s": "12",
            "missed": "skip",
            "overlap": "allow",
            "method": "risk_adjusted",
        }
        saved(keeper, self.PATH, typed)
        kept = models.Schedule.objects.get(pk="declared")
        assert (kept.why, kept.timeframe, kept.cadence, kept.every_s) == (
            "said in code",
            "1d",
            "candle",
            None,
        )
        changed = (kept.watchlist_id, kept.deadline_s, kept.missed, kept.overlap, kept.method)
        assert changed == ("bitcoin-only", 12.0, "skip", "allow", "risk_adjusted")
        assert kept.is_enabled is False

    def test_is_checked_against_its_declared_timeframe(self, keeper: Client) -> None:
        declared()
        models.Schedule.objects.update(timeframe="1h")
        typed = {"watchlist": "coins", "deadline_s": "12", "missed": "skip", "overlap": "allow"}
        assert "LTC/USD has 1d" in refused(keeper, self.PATH, typed).context["errors"].as_text()

    def test_cannot_be_deleted_alone_or_among_others(self, keeper: Client) -> None:
        declared()
        assert keeper.post("/admin/thalas/schedule/declared/delete/", {"post": "yes"}).status_code == 403
        chosen = {"action": "delete_selected", "_selected_action": ["declared"], "post": "yes"}
        keeper.post("/admin/thalas/schedule/", chosen)
        assert models.Schedule.objects.filter(pk="declared").exists()


class TestAWatchlist:
    ADD = "/admin/thalas/watchlist/add/"
    CHANGE = "/admin/thalas/watchlist/coins/change/"

    @pytest.mark.parametrize("typed", ["BTC/USD, ETH/USD", "btc/usd\neth/usd", " BTC/USD;ETH/USD  BTC/USD "])
    def test_takes_symbols_however_they_are_typed(self, keeper: Client, typed: str) -> None:
        saved(keeper, self.ADD, {"name": "new", "symbols": typed})
        assert models.Watchlist.objects.get(pk="new").symbols == ["BTC/USD", "ETH/USD"]

    @pytest.mark.parametrize(
        ("typed", "told"),
        [
            ("DOGE/USD", "symbol='DOGE/USD' cannot be used: the market has BTC/USD, ETH/USD, LTC/USD"),
            ("", "symbols=[] cannot be used: give 1 to 50 of BTC/USD"),
            (" ,; ", "symbols=[] cannot be used"),
            ("BTC/USD " * 51, "symbols='51 symbols' cannot be used: at most 50"),
        ],
    )
    def test_with_symbols_that_cannot_be_scanned_is_refused(
        self, keeper: Client, typed: str, told: str
    ) -> None:
        assert told in errors(refused(keeper, self.ADD, {"name": "new", "symbols": typed}), "symbols")

    def test_must_suit_the_schedules_that_scan_it(self, keeper: Client) -> None:
        schedule = declared()
        models.Schedule.objects.filter(pk=schedule.pk).update(timeframe="1h", watchlist_id="bitcoin-only")
        path = "/admin/thalas/watchlist/bitcoin-only/change/"
        response = refused(keeper, path, {"symbols": "BTC/USD, LTC/USD"})
        assert "timeframe='1h' cannot be used: LTC/USD has 1d" in errors(response, "symbols")

    def test_shows_its_symbols_as_text_and_keeps_its_name(self, keeper: Client) -> None:
        assert "BTC/USD, LTC/USD</textarea>" in keeper.get(self.CHANGE).content.decode()
        saved(keeper, self.CHANGE, {"name": "renamed", "symbols": "ETH/USD"})
        assert models.Watchlist.objects.get(pk="coins").symbols == ["ETH/USD"]
        assert not models.Watchlist.objects.filter(pk="renamed").exists()
