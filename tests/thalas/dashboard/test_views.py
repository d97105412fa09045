import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.thalas.dashboard import factories
from tests.thalas.dashboard.factories import NOW, Ruled, Said, check
from tests.thalas.dashboard.pages import Page
from thalas import env, models
from thalas.selectors import clock

ALL_KINDS = (
    Said("trend", reasoning="the average rises", confidence=0.61),
    Said("breakout", action="HOLD"),
    Said("volatility", action="SELL"),
    Said("mean_reversion", "abstained", reasoning="neither stretched up nor down"),
    Said("confused", "invalid", reasoning="sell", problem="stop=2 of a SELL must be above the price 3700"),
    Said("limited", "failed", error_kind="rate_limit", error="429 too many requests"),
    Said("silent", "missing"),
    Said("slow", "late", reasoning="sorry"),
    Said("emulated-bull", is_simulated=True, model="emulated-bull", cost_usd="0.0021"),
)


def shown(client: Client, path: str, *, status: int = 200) -> Page:
    response = client.get(path)
    assert response.status_code == status
    return Page(response.content.decode())


def run_page(client: Client, run: models.Run) -> Page:
    return shown(client, f"/runs/{run.pk}/")


@pytest.mark.django_db
class TestTheLatestRuns:
    def test_says_what_to_do_while_there_are_none(self, client: Client) -> None:
        assert "manage.py consensus BTC/USD" in shown(client, "/").text

    def test_shows_each_symbol_with_outcome_and_verdict_and_how_the_run_closed(self, client: Client) -> None:
        vetoed = Ruled("SELL", "vetoed")
        factories.closed(("BTC/USD", "ETH/USD"), Ruled(), vetoed, said=ALL_KINDS)
        text = shown(client, "/").text
        assert "BTC/USD ▲ BUY ✓ approved" in text
        assert "ETH/USD ▼ SELL × vetoed" in text
        # of nine voters cast: trend, breakout, volatility, emulated-bull; abstained: mean_reversion
        for part in ("2026-03-04 12:00:00 UTC", "1d", "2019-03-04 00:00 UTC", "5 of 9", "chord", "812 ms"):
            assert part in text

    def test_marks_what_is_degraded_simulated_and_from_a_replay_that_started_over(
        self, client: Client
    ) -> None:
        run = factories.run(said=ALL_KINDS, state="closed", lap=2)
        factories.decide(run, Ruled(is_degraded=True))
        text = shown(client, "/").text
        assert "degraded" in text
        assert "simulated voters" in text
        assert "replay, started over 2×" in text

    def test_marks_nothing_that_is_not_so(self, client: Client) -> None:
        factories.closed()
        text = shown(client, "/").text
        assert "degraded" not in text
        assert "simulated" not in text
        assert "started over" not in text

    def test_tells_open_cancelled_and_undecided_runs_apart(self, client: Client) -> None:
        factories.run(said=(Said("trend"), Said("slow", "claimed")))
        factories.run(state="cancelled", said=())
        factories.run(state="closed", said=())
        text = shown(client, "/").text
        assert "BTC/USD … open" in text
        assert "1 of 2 so far" in text
        assert "BTC/USD × cancelled" in text
        assert "BTC/USD closed" in text

    def test_names_six_symbols_and_counts_the_others(self, client: Client) -> None:
        run = factories.closed(("BTC/USD",))
        models.Run.objects.filter(pk=run.pk).update(symbols=[f"S{number}/USD" for number in range(50)])
        assert "and 44 more" in shown(client, "/").text

    @pytest.mark.parametrize(
        ("query", "number"),
        [
            ("", 1),
            ("?page=2", 2),
            ("?page=3", 3),
            ("?page=99", 3),
            ("?page=-1", 3),
            ("?page=x", 1),
            ("?page=", 1),
        ],
    )
    def test_has_pages_of_twenty_and_forgives_bad_numbers(
        self, client: Client, query: str, number: int
    ) -> None:
        for minutes in range(41):
            factories.run(opened_at=NOW - timedelta(minutes=minutes), said=())
        page = shown(client, f"/{query}")
        assert f"41 runs, newest first; page {number} of 3" in page.text
        assert page.count("tr") == 1 + {1: 20, 2: 20, 3: 1}[number]

    def test_shows_the_newest_first(self, client: Client) -> None:
        for minutes in (3, 1, 2):
            factories.run(opened_at=NOW - timedelta(minutes=minutes), said=())
        text = shown(client, "/").text
        assert text.index("11:59:00") < text.index("11:58:00") < text.index("11:57:00")

    def test_costs_as_many_queries_for_twenty_runs_as_for_one(self, client: Client) -> None:
        factories.closed(said=ALL_KINDS)
        with CaptureQueriesContext(connection) as for_one:
            client.get("/")
        for _ in range(19):
            factories.closed(said=ALL_KINDS[:2])
        with CaptureQueriesContext(connection) as for_twenty:
            client.get("/")
        assert len(for_twenty) == len(for_one) <= 10


@pytest.mark.django_db
class TestTheHeadOfAPage:
    def test_says_where_the_replay_stands_and_who_can_be_asked(self, client: Client) -> None:
        factories.tape(lap=3, now=clock.now())
        factories.voter("trend")
        text = shown(client, "/").text
        assert "started over 3×" in text
        assert "1,440× speed" in text
        assert "1 can be asked" in text

    def test_says_how_to_set_up_a_replay_that_has_no_clock(self, client: Client) -> None:
        assert "manage.py sync_schedule" in shown(client, "/").text

    def test_names_the_exchange_whose_candles_are_shown(self, client: Client, settings: LazySettings) -> None:
        factories.tape(lap=0, now=clock.now())
        assert "a replay of recorded candles" in shown(client, "/").text
        settings.THALAS = env.read({"MARKET": "kraken"})
        text = shown(client, "/").text
        assert "kraken, candles as they close" in text
        assert "replay" not in text.lower()

    def test_counts_a_missing_kill_switch_as_on(self, client: Client) -> None:
        models.KillSwitch.objects.all().delete()
        assert "unreadable, which counts as on" in shown(client, "/").text

    @pytest.mark.parametrize(
        ("state", "told"), [("engaged", "Kill switch on"), ("released", "Kill switch off")]
    )
    def test_shows_the_kill_switch(self, client: Client, state: str, told: str) -> None:
        models.KillSwitch.objects.update_or_create(pk=1, defaults={"state": state, "changed_at": NOW})
        assert told in shown(client, "/").text

    def test_links_to_the_admin_and_to_flower_where_it_can_be_reached(
        self, client: Client, settings: LazySettings
    ) -> None:
        settings.FLOWER_URL = "http://127.0.0.1:5999/"
        links = [link["href"] for link in shown(client, "/").attributes("a")]
        assert "/admin/" in links
        assert "http://127.0.0.1:5999/" in links
        settings.FLOWER_URL = None
        assert "Flower" not in shown(client, "/").text


@pytest.mark.django_db
class TestARunsPage:
    def test_shows_every_kind_of_answer_in_a_word_of_its_own(self, client: Client) -> None:
        text = run_page(client, factories.closed(said=ALL_KINDS)).text
        for told in (
            "trend ▲ BUY 0.61 12 ms US$ 0 – the average rises",
            "breakout ■ HOLD",
            "volatility ▼ SELL",
            "mean_reversion ○ abstained – 12 ms US$ 0 – neither stretched up nor down",
            "confused × invalid – 12 ms US$ 0 – stop=2 of a SELL must be above the price 3700",
            "limited × failed – 12 ms US$ 0 – rate_limit: 429 too many requests",
            "silent ○ missing – – US$ 0 – asked, but gave no answer before the run closed",
            "slow ○ late 0.80 12 ms US$ 0 – answered after the run had closed; kept, not counted: sorry",
            "emulated-bull simulated ▲ BUY 0.80 12 ms US$ 0.0021 emulated-bull",
        ):
            assert told in text

    def test_shows_the_arithmetic_the_checks_and_the_decision(self, client: Client) -> None:
        checks = [
            check("kill_switch", "passed", "released", None, "The kill switch is off."),
            check("position_size", "resized", 2000.0, 1500.0, "Above 15 % of equity."),
        ]
        run = factories.closed(
            ("BTC/USD",), Ruled(verdict="resized", checks=checks, reason="Resized by position_size.")
        )
        text = run_page(client, run).text
        assert "BUY: BUY 1.60 against SELL 0.40, agreement 0.80, confidence 0.72" in text
        assert "kill_switch ✓ passed released – The kill switch is off." in text
        assert "position_size ✓ resized 2,000.00 1,500.00 Above 15 % of equity." in text
        # 3789.52 − 5 % and + 10 %
        assert "US$ 1,500.00 on the demo account, stop 3,600.04, target 4,168.47" in text
        assert "Resized by position_size." in text
        assert "independent voters (n_eff) 1.50" in text

    def test_shows_how_many_were_heard_and_what_other_methods_say(self, client: Client) -> None:
        said = (Said("trend", confidence=0.9), Said("momentum", action="SELL", confidence=0.7))
        text = run_page(client, factories.closed(said=said)).text
        assert "independent voters (n_eff) 1.50 of 3 voters" in text
        assert "What other methods say" in text
        # (0.9 - 0.7) / 2 = 0.1
        assert "confidence_average ■ HOLD 0.00 0.00 HOLD: average +0.10 against ±0.20, BUY 0.90" in text
        assert "log_opinion_pool ▲ BUY" in text
        assert "weighted_majority ▲" not in text
        assert "What other methods say" not in run_page(client, factories.run()).text

    def test_draws_the_closes_with_stop_and_target(self, client: Client) -> None:
        page = run_page(client, factories.closed())
        chart = next(svg for svg in page.attributes("svg") if svg.get("role") == "img")
        assert chart["aria-labelledby"] in [title.get("id") for title in page.attributes("title")]
        classes = [line["class"] for line in page.attributes("line")]
        assert "marker stop" in classes
        assert "marker target" in classes
        assert "BTC/USD 1d: 30 closes from" in page.text
        assert "stop at 3,600.04" in page.text

    def test_says_where_the_brief_comes_from(self, client: Client) -> None:
        run = factories.closed()
        text = run_page(client, run).text
        assert "source replay:bitstamp" in text
        assert run.brief_id in text
        assert "brief as of 2019-03-04 00:00 UTC, market time" in text
        assert "No fault was found in the data." in text
        assert "rsi_14" in text

    def test_says_how_it_was_closed_and_by_whom(self, client: Client) -> None:
        text = run_page(client, factories.closed()).text
        assert "asked for by somebody on the command line" in text
        assert "ended by chord because every vote is in latency 812 ms cost US$ 0 tokens 1,234" in text

    def test_renews_itself_only_while_the_run_is_open(self, client: Client) -> None:
        opened = factories.run(said=(Said("trend"), Said("slow", "expected")))
        page = run_page(client, opened)
        assert {"http-equiv": "refresh", "content": "2"} in page.attributes("meta")
        assert "1 of 2 votes are in" in page.text
        assert "which has passed" in page.text  # its deadline was in March 2026
        for made in (factories.closed(), factories.run(state="cancelled"), factories.run(state="closed")):
            assert not [meta for meta in run_page(client, made).attributes("meta") if meta.get("http-equiv")]

    def test_of_a_cancelled_run_says_so(self, client: Client) -> None:
        run = factories.run(
            state="cancelled", close_reason="cancelled by somebody", said=(Said("trend", "missing"),)
        )
        text = run_page(client, run).text
        assert "This run was cancelled (cancelled by somebody): it files no decision." in text

    def test_of_a_degraded_and_simulated_run_says_so(self, client: Client) -> None:
        run = factories.run(state="closed", said=ALL_KINDS, lap=1)
        factories.decide(run, Ruled("NO_DECISION", "no_order", is_degraded=True))
        text = run_page(client, run).text
        assert "Degraded: 5 of 9 voters were heard" in text
        assert "no model was asked" in text
        assert "replay, started over 1×" in text
        assert "○ NO DECISION ○ no order" in text

    def test_says_on_every_page_that_nothing_trades(self, client: Client) -> None:
        for path in ("/", f"/runs/{factories.closed().pk}/"):
            assert "Nothing here trades, and none of this is advice." in shown(client, path).text


@pytest.mark.django_db
class TestStrangersWords:
    def test_are_never_markup_and_never_a_link(self, client: Client) -> None:
        evil = Said(
            "trend",
            reasoning="<script>alert(1)</script> [here](https://evil.example) https://evil.example\x1b[31m\u202e",
            model='<img src=x onerror="alert(1)">',
        )
        ruled = Ruled(
            arithmetic="<b>BUY</b>",
            reason="<i>because</i>",
            checks=[check("<u>code</u>", "<s>odd</s>", "<p>v</p>", "<p>l</p>", "<a href=x>m</a>")],
        )
        response = client.get(f"/runs/{factories.closed(('BTC/USD',), ruled, said=(evil,)).pk}/")
        html = response.content.decode()
        page = Page(html)
        assert "<script>alert(1)</script>" in page.text
        assert '<img src=x onerror="alert(1)">' in page.text
        assert page.count("script") == 0
        assert [image["src"] for image in page.attributes("img")] == ["/static/thalas/favicon.svg"]
        assert not [link for link in page.attributes("a") if "evil" in (link["href"] or "")]
        assert page.count("b") + page.count("i") + page.count("u") + page.count("s") == 0
        assert "\x1b" not in html
        assert "\u202e" not in html


@pytest.mark.django_db
class TestEveryPage:
    @pytest.fixture(params=["empty", "list", "closed", "open", "cancelled", "missing"])
    def page(self, request: pytest.FixtureRequest, client: Client) -> Page:
        makes: dict[str, Callable[[], str]] = {
            "empty": lambda: "/",
            "list": lambda: f"/?first={factories.closed(said=ALL_KINDS).pk}",
            "closed": lambda: f"/runs/{factories.closed(('BTC/USD', 'LTC/USD'), said=ALL_KINDS).pk}/",
            "open": lambda: f"/runs/{factories.run(said=(Said('trend', 'claimed'),)).pk}/",
            "cancelled": lambda: f"/runs/{factories.run(state='cancelled').pk}/",
            "missing": lambda: f"/runs/{uuid.uuid4()}/",
        }
        return Page(client.get(makes[request.param]()).content.decode())

    def test_has_one_heading_of_the_first_rank(self, page: Page) -> None:
        assert page.count("h1") == 1

    def test_has_a_caption_on_each_table_and_a_scope_on_each_heading_cell(self, page: Page) -> None:
        assert page.count("caption") == page.count("table")
        assert all(cell.get("scope") in ("row", "col") for cell in page.attributes("th"))

    def test_uses_each_id_once(self, page: Page) -> None:
        ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
        assert len(set(ids)) == len(ids)

    def test_has_nothing_that_the_policy_forbids(self, page: Page) -> None:
        for tag, attrs in page.tags:
            assert tag not in ("script", "style", "iframe")
            assert not [name for name in attrs if name == "style" or name.startswith("on")]

    def test_loads_only_from_here(self, page: Page) -> None:
        loaded = [attrs.get("href") for attrs in page.attributes("link")]
        loaded += [attrs.get("src") for attrs in page.attributes("img")]
        assert all(address and address.startswith("/static/") for address in loaded)


class TestWithoutADatabase:
    """These tests have no database: asking it would be an error."""

    def test_the_sign_of_life_is_two_letters(self, client: Client) -> None:
        response = client.get("/healthz")
        assert (response.status_code, response.content) == (200, b"ok")
        assert response["Content-Type"] == "text/plain; charset=utf-8"

    @pytest.mark.parametrize("path", ["/nothing", "/runs/42/", "/runs/<script>/"])
    def test_an_unknown_address_gets_a_page_in_the_same_style(self, client: Client, path: str) -> None:
        page = shown(client, path, status=404)
        assert "Nothing here" in page.text
        assert page.count("script") == 0

    @pytest.mark.parametrize("path", ["/", "/healthz"])
    def test_nothing_can_be_posted(self, client: Client, path: str) -> None:
        assert client.post(path).status_code == 405


@pytest.mark.django_db
def test_an_unknown_run_is_a_plain_404_that_names_it(client: Client) -> None:
    missing = uuid.uuid4()
    assert f"there is no run {missing}" in shown(client, f"/runs/{missing}/", status=404).text


@pytest.mark.django_db
def test_a_page_that_breaks_says_so_in_the_same_style(client: Client) -> None:
    client.raise_request_exception = False
    run = factories.closed()
    models.Brief.objects.update(payload="no brief at all")
    assert "Something broke" in shown(client, f"/runs/{run.pk}/", status=500).text
