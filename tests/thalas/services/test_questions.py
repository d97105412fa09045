"""One run for one question, and the same answer for the same request, however many ask at once."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests import seeds
from tests.thalas.services import councils_at_work as council
from tests.thalas.services import threads
from thalas import models
from thalas.domain import given
from thalas.errors import BadInput, NotFound
from thalas.selectors import clock
from thalas.services import audits, closings, questions, repeats, runs

NOW_GIVEN: dict[str, Any] = {"rsi_14": 40.0, "news": "quiet"}


def ask(*symbols: str, **changes: Any) -> questions.Asked:
    options = {name: changes.pop(name) for name in ("now", "request", "is_forced") if name in changes}
    return questions.ask(seeds.question(*symbols, **changes), **{"now": clock.now(), **options})


def given_data(price: float = 50_000.0, **data: Any) -> given.Given:
    return given.read(pair="BTC/USDT", timeframe="5m", price=price, data={**NOW_GIVEN, **data})


def ask_given(data: given.Given, **changes: Any) -> questions.Asked:
    fields = {"kind": models.Run.Kind.GIVEN, "given": data, "timeframe": data.timeframe, **changes}
    return ask(data.pair, **fields)


def request(key: str = "k", body: str = "b", account: str = "demo") -> repeats.Request:
    return repeats.Request(account=account, key=key, route="POST /runs", body_sha256=body)


@pytest.mark.usefixtures("house")
class TestSharing:
    """Who asks the same shares the run; any difference that matters is another question."""

    def test_an_equal_question_shares_the_open_run_and_the_closed_one(self) -> None:
        first = ask()
        assert (first.is_new, ask().run, ask().is_shared) == (True, first.run, True)
        council.everyone(first.run, council.buy(first.run))
        closings.close_run(first.run.pk, by="guard", reason="a test", now=council.later(first.run, 1))
        again = ask()
        assert (again.run.pk, again.run.state, again.is_shared) == (first.run.pk, "closed", True)

    @pytest.mark.parametrize(
        "changes",
        [
            {"symbols": ("ETH/USD",)},
            {"symbols": ("BTC/USD", "ETH/USD")},
            {"timeframe": "1h"},
            {"panel": ["trend"]},
            {"may_close_early": True},
            {"method": "risk_adjusted"},
            {"weights": {"analyst": 2.0}},
        ],
    )
    def test_another_question_has_a_run_of_its_own(self, changes: dict[str, Any]) -> None:
        first = ask()
        assert ask(*changes.pop("symbols", ()), **changes).run != first.run

    def test_another_account_has_a_run_of_its_own(self) -> None:
        models.Account.objects.create(name="other", equity_usd=Decimal(1))
        assert ask().run != ask(account="other").run

    @pytest.mark.parametrize(
        "change",
        [
            lambda: models.Account.objects.update(min_confidence=0.5),
            lambda: models.Account.objects.update(min_agreement=0.9),
            lambda: models.Voter.objects.filter(pk="trend").update(model="another"),
            lambda: models.Voter.objects.filter(pk="trend").update(weight=3.0),
            lambda: models.Voter.objects.filter(pk="trend").update(is_enabled=False),
            lambda: models.ReplayTape.objects.update(lap=1),
            lambda: models.ReplayTape.objects.update(
                market_anchor_at=models.ReplayTape.objects.get().market_anchor_at + timedelta(days=1)
            ),
        ],
    )
    def test_what_the_answer_depends_on_is_part_of_the_question(self, change: Callable[[], int]) -> None:
        first = ask()
        assert change() >= 1
        assert ask().run != first.run

    def test_a_question_is_old_after_five_minutes(self) -> None:
        first = ask(deadline_s=3600)
        old_at = first.run.opened_at + questions.LIVES
        assert ask(deadline_s=3600, now=old_at - timedelta(seconds=1)).run == first.run
        assert ask(deadline_s=3600, now=old_at + timedelta(seconds=1)).run != first.run

    def test_a_forced_question_is_asked_anew_and_then_shared(self) -> None:
        first = ask()
        forced = ask(is_forced=True)
        assert forced.run != first.run
        assert ask().run == forced.run

    def test_a_cancelled_run_is_not_shared(self) -> None:
        first = ask()
        runs.cancel_run(first.run.pk, by="Ann", now=clock.now())
        assert ask().run != first.run

    def test_no_decision_is_no_answer_to_share(self) -> None:
        first = ask()
        closings.close_run(first.run.pk, by="guard", reason="a test", now=council.later(first.run, 1))
        assert ask().run != first.run

    def test_an_open_run_that_may_take_longer_than_wanted_is_not_shared(self) -> None:
        slow = ask(deadline_s=60)
        assert ask(deadline_s=10).run != slow.run

    def test_an_overdue_run_is_not_shared(self) -> None:
        first = ask(deadline_s=10)
        assert ask(deadline_s=10, now=council.later(first.run, 11)).run != first.run


@pytest.mark.usefixtures("house")
class TestGivenData:
    """Questions that bring their own data."""

    def test_a_price_that_hardly_moved_is_the_same_question_and_one_that_did_is_not(self) -> None:
        first = ask_given(given_data())
        assert ask_given(given_data(50_250.0)).run == first.run
        assert ask_given(given_data(50_251.0)).run != first.run
        assert ask_given(given_data(49_749.0)).run != first.run

    def test_other_numbers_or_words_are_another_question(self) -> None:
        first = ask_given(given_data())
        assert ask_given(given_data(rsi_14=41.0)).run != first.run
        assert ask_given(given_data(news="loud")).run != first.run

    def test_given_data_lives_as_long_as_its_candle(self) -> None:
        data = given.read(pair="BTC/USDT", timeframe="1m", price=1, data=NOW_GIVEN)
        first = ask_given(data, deadline_s=600)
        assert ask_given(data, deadline_s=600, now=council.later(first.run, 59)).run == first.run
        assert ask_given(data, deadline_s=600, now=council.later(first.run, 61)).run != first.run

    def test_weights_replace_those_of_each_voter_of_the_provider_in_any_case(self) -> None:
        run = ask_given(given_data(), weights={"Analyst": 0.25, "nobody": 3.0}).run
        assert set(run.votes.values_list("weight", flat=True)) == {0.25}

    @pytest.mark.parametrize(
        ("weights", "words"),
        [
            ({"analyst": -1.0}, "from 0"),
            ({"analyst": float("inf")}, "from 0"),
            ({"analyst": float("nan")}, "from 0"),
            ({"analyst": 1.0, "ANALYST": 2.0}, "twice"),
        ],
    )
    def test_weights_that_cannot_be_used_are_refused(self, weights: dict[str, float], words: str) -> None:
        with pytest.raises(BadInput, match=words):
            ask_given(given_data(), weights=weights)


@pytest.mark.usefixtures("house")
class TestRepeats:
    """The same request again."""

    def test_the_same_request_has_the_same_run_whatever_became_of_it(self) -> None:
        first = ask(request=request(), is_forced=True)
        runs.cancel_run(first.run.pk, by="Ann", now=clock.now())
        again = ask(request=request(), is_forced=True)
        assert (again.run.pk, again.is_repeat, again.is_new) == (first.run.pk, True, False)

    def test_the_same_request_is_answered_while_the_market_is_away(self) -> None:
        first = ask(request=request())
        models.ReplayTape.objects.all().delete()
        assert ask(request=request()).run == first.run

    def test_another_body_or_route_under_the_same_key_is_refused(self) -> None:
        ask(request=request())
        with pytest.raises(repeats.KeyReused, match="another body"):
            ask(request=request(body="c"))
        with pytest.raises(repeats.KeyReused, match="POST /runs"):
            ask(request=repeats.Request("demo", "k", "POST /other", "b"))

    def test_keys_of_different_accounts_do_not_meet(self) -> None:
        models.Account.objects.create(name="other", equity_usd=Decimal(1))
        mine = ask(request=request())
        theirs = ask(request=request(account="other", body="c"), account="other")
        assert theirs.is_new
        assert theirs.run != mine.run

    def test_a_refused_question_leaves_its_key_free(self) -> None:
        with pytest.raises(BadInput):
            ask("DOGE/USD", request=request())
        assert ask(request=request(body="c")).is_new

    def test_a_repeat_remembers_that_its_run_was_shared(self) -> None:
        ask()
        assert ask(request=request()).is_shared
        assert ask(request=request()).is_shared

    @pytest.mark.parametrize("key", ["", "a" * 201, "a\nb", "é"])
    def test_a_key_that_no_header_holds_is_refused(self, key: str) -> None:
        with pytest.raises(BadInput, match="Idempotency-Key"):
            request(key=key)


@pytest.mark.usefixtures("house")
def test_who_opened_a_run_is_on_record_once() -> None:
    asked = ask(request=request())
    ask(request=request())
    ask()
    entries = models.AuditEntry.objects.filter(action="run.open")
    assert list(entries.values_list("actor", "target")) == [("a test", str(asked.run.pk))]


@pytest.mark.usefixtures("house")
def test_a_run_of_another_account_cannot_be_cancelled() -> None:
    run = council.opened()
    with pytest.raises(NotFound):
        questions.cancel(run.pk, account="other", by="a key", now=clock.now())


@pytest.mark.usefixtures("shared_house")
def test_equal_questions_at_once_share_one_run() -> None:
    asked = threads.at_once(*[ask] * 8)
    assert len({one.run.pk for one in asked}) == 1
    assert sum(one.is_new for one in asked) == 1
    assert models.Run.objects.count() == 1


@pytest.mark.usefixtures("shared_house")
def test_equal_requests_at_once_open_one_run() -> None:
    asked = threads.at_once(*[lambda: ask(request=request(), is_forced=True)] * 8)
    assert len({one.run.pk for one in asked}) == 1
    assert sum(one.is_new for one in asked) == 1
    assert (models.Run.objects.count(), models.IdempotentRequest.objects.count()) == (1, 1)


@pytest.mark.usefixtures("shared_house")
def test_a_run_and_its_key_are_kept_together_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError("the process dies before it commits")

    with monkeypatch.context() as patched:
        patched.setattr(audits, "append", fail)
        with pytest.raises(RuntimeError):
            ask(request=request())
    assert not models.Run.objects.exists()
    assert not models.IdempotentRequest.objects.exists()
    assert ask(request=request()).is_new
