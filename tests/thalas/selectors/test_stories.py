"""A run as people read it, at every stage, and found by as much of its id as they type."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from providers.errors import ErrorKind, TransientVoterError
from tests.thalas.services import councils_at_work as council
from thalas import models
from thalas.errors import NotFound
from thalas.selectors import clock, stories
from thalas.services import closings, runs, votes

pytestmark = pytest.mark.usefixtures("house")


def lines(run: models.Run) -> dict[str, tuple[str, str]]:
    """Return (answer, why) of each voter on the run's first symbol."""
    return {vote.voter: (vote.answer, vote.why) for vote in stories.story(run.pk).legs[0].votes}


def named(*identities: str) -> list[models.Run]:
    """Open runs and give them these ids, one second apart."""
    made = []
    for number, identity in enumerate(identities):
        run = council.opened(now=clock.now() + timedelta(seconds=number))
        run.votes.all().delete()
        models.RunSymbol.objects.filter(run=run).delete()
        models.Run.objects.filter(pk=run.pk).update(id=uuid.UUID(identity))
        made.append(models.Run.objects.get(pk=uuid.UUID(identity)))
    return made


def test_an_open_run_shows_who_is_still_to_answer() -> None:
    run = council.opened()
    council.claimed(run, "momentum")
    council.answered(run, {"trend": council.buy(run), "breakout": council.abstain(run)})
    story = stories.story(run.pk)
    assert (story.settled, story.panel, story.decision, story.legs[0].leg) == (2, 5, None, None)
    assert lines(run) == {
        "breakout": ("abstained", "cannot tell"),
        "mean_reversion": ("expected", "waiting to be asked"),
        "momentum": ("claimed", "is being asked"),
        "trend": ("BUY", "says BUY"),
        "volatility": ("expected", "waiting to be asked"),
    }


def test_no_way_of_not_voting_looks_like_another() -> None:
    run = council.opened()
    council.answered(run, {"trend": council.abstain(run)})
    failed, late = council.claimed(run, "momentum"), council.claimed(run, "breakout")
    votes.record(failed, TransientVoterError(ErrorKind.TIMEOUT, "12 s"), latency_ms=1, now=run.opened_at)
    wrong = council.buy(run).model_copy(update={"opinions": (council.opinion(run, confidence=9.0),)})
    council.answered(run, {"volatility": wrong})
    closings.close_run(run.pk, by="guard", reason="a test", now=council.later(run, 30))
    votes.record(late, council.buy(run), latency_ms=1, now=council.later(run, 31))
    assert lines(run) == {
        "breakout": ("late", "answered after the run had closed; kept, not counted: says BUY"),
        "mean_reversion": ("missing", "no worker had asked it when the run closed"),
        "momentum": ("failed", "timeout: 12 s"),
        "trend": ("abstained", "cannot tell"),
        "volatility": ("invalid", "confidence=9 is outside 0..1"),
    }


def test_a_run_is_undecided_if_no_symbol_has_an_outcome() -> None:
    undecided, decided, cancelled = council.opened(), council.opened(), council.opened()
    council.everyone(decided, council.hold(decided))
    for run in (undecided, decided):
        closings.close_run(run.pk, by="guard", reason="a test", now=council.later(run, 1))
    runs.cancel_run(cancelled.pk, by="Ann", now=council.later(cancelled, 1))
    told = [stories.story(run.pk).is_undecided for run in (undecided, decided, cancelled)]
    assert told == [True, False, True]


def test_a_simulated_voter_marks_the_whole_run() -> None:
    run = council.opened()
    assert stories.story(run.pk).is_simulated is False
    run.votes.filter(voter="trend").update(is_simulated=True)
    assert stories.story(run.pk).is_simulated is True


def test_a_story_takes_the_same_number_of_queries_for_any_number_of_symbols_and_voters() -> None:
    taken = []
    for symbols, panel in ((["BTC/USD"], ["trend"]), (["BTC/USD", "ETH/USD", "LTC/USD"], None)):
        run = council.opened(*symbols, panel=panel)
        council.everyone(run, council.hold(run))
        closings.close_run(run.pk, by="guard", reason="a test", now=council.later(run, 1))
        with CaptureQueriesContext(connection) as queries:
            stories.story(run.pk)
        taken.append(len(queries))
    assert taken[0] == taken[1]


def test_a_run_that_does_not_exist_has_no_story() -> None:
    with pytest.raises(NotFound, match="there is no run"):
        stories.story(uuid.uuid4())


# --- finding -------------------------------------------------------------------------------------

ONE = "0198aaaa-0000-7000-8000-000000000001"
TWO = "0198aabb-0000-7000-8000-000000000002"


@pytest.mark.parametrize(
    "text", [ONE, ONE.upper(), ONE.replace("-", ""), "0198aaaa", "0198aaa", "0198aaaa-0000-7"]
)
def test_a_run_is_found_by_as_much_of_its_id_as_tells_it_apart(text: str) -> None:
    one, _ = named(ONE, TWO)
    assert stories.find(text) == one


def test_last_is_the_newest() -> None:
    _, two = named(ONE, TWO)
    assert stories.find("last") == two


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("0198aa", "'0198aa' names more than one run; `manage.py runs` lists them"),
        ("0198ac", "'0198ac' names no run; `manage.py runs` lists them"),
        ("xyz", "'xyz' is not the id of a run; `manage.py runs` lists them"),
        ("", "'' is not the id of a run; `manage.py runs` lists them"),
        ("-", "'-' is not the id of a run; `manage.py runs` lists them"),
        ("' OR 1=1", '"\' OR 1=1" is not the id of a run; `manage.py runs` lists them'),
        (ONE + "ff", f"'{ONE}ff' is not the id of a run; `manage.py runs` lists them"),
    ],
)
def test_what_names_no_run_or_several_is_refused(text: str, told: str) -> None:
    named(ONE, TWO)
    with pytest.raises(NotFound) as caught:
        stories.find(text)
    assert str(caught.value) == told


def test_without_any_run_there_is_no_last_one() -> None:
    with pytest.raises(NotFound, match="there is no run yet"):
        stories.find("last")


def test_the_newest_runs_come_first_and_a_page_takes_as_many_queries_as_one_run() -> None:
    taken = []
    for count in (1, 4):
        for _ in range(count):
            run = council.opened()
            council.everyone(run, council.hold(run))
            closings.close_run(run.pk, by="guard", reason="a test", now=council.later(run, 1))
        with CaptureQueriesContext(connection) as queries:
            for run in stories.recent(limit=10):
                assert [leg.symbol for leg in run.decision.legs.all()] == ["BTC/USD"]
        taken.append(len(queries))
    assert taken[0] == taken[1]
    newest = stories.recent(limit=3)
    assert [run.opened_at for run in newest] == sorted((run.opened_at for run in newest), reverse=True)
    assert stories.recent(limit=2, offset=1) == newest[1:3]
