"""What is sent again and what is not, how errors come out, and that the key comes out nowhere."""

import subprocess
import sys
import traceback
from collections.abc import Callable

import pytest

from tests.processes.fleets import free_port
from tests.thalas.client import scripts
from tests.thalas.client.scripts import CUT, KEY, RUN, RUN_ID, Heard, Said, Time
from thalas.client import (
    ApiError,
    BadRequest,
    Broken,
    Conflict,
    Forbidden,
    NotFound,
    Thalas,
    TooManyRequests,
    Unauthorized,
    Unavailable,
)
from thalas.client.wires import Bearer

SWITCH = {"is_engaged": True, "is_readable": True, "reason": "", "changed_by": "me", "changed_at": None}


def test_a_question_whose_answer_is_lost_is_sent_again_under_the_same_key() -> None:
    with scripts.client(CUT, CUT, scripts.told(RUN, 202)) as (thalas, house):
        assert str(thalas.ask(["BTC/USD"]).id) == RUN_ID
    keys = {heard.headers["idempotency-key"] for heard in house.heard}
    assert len(house.heard) == 3
    assert len(keys) == 1
    assert len({heard.body for heard in house.heard}) == 1


def test_two_questions_have_two_keys_and_a_given_key_is_used() -> None:
    with scripts.client(scripts.told(RUN, 202)) as (thalas, house):
        for key in (None, None, "mine"):
            thalas.ask(["BTC/USD"], idempotency_key=key)
    keys = [heard.headers["idempotency-key"] for heard in house.heard]
    assert len(set(keys)) == 3
    assert keys[2] == "mine"


def test_a_read_is_sent_again() -> None:
    with scripts.client(CUT, scripts.told(SWITCH)) as (thalas, house):
        assert thalas.kill_switch.read().is_engaged
    assert len(house.heard) == 2


@pytest.mark.parametrize(
    "write",
    [
        lambda thalas: thalas.cancel(RUN_ID),
        lambda thalas: thalas.kill_switch.release("all is well"),
        lambda thalas: thalas.voters.edit("trend", weight=2.0),
        lambda thalas: thalas.watchlists.delete("majors"),
    ],
)
@pytest.mark.parametrize("lost", [CUT, Said(502), Said(503, b"", {"Retry-After": "1"}), Said(504)])
def test_a_write_without_a_key_is_sent_once_if_it_may_have_been_done(
    write: Callable[[Thalas], object], lost: Said
) -> None:
    with scripts.client(lost) as (thalas, house), pytest.raises(Unavailable):
        write(thalas)
    assert len(house.heard) == 1


def test_whoever_cannot_be_reached_is_tried_as_long_as_there_is_patience() -> None:
    time = Time()
    url = f"http://127.0.0.1:{free_port()}"
    with (
        Thalas(url, KEY, patience=time.patience(10)) as thalas,
        pytest.raises(Unavailable, match="no answer"),
    ):
        thalas.cancel(RUN_ID)  # nothing was ever sent
    assert 6 < time.now_s <= 10
    assert len(time.slept_s) > 3


def test_a_limit_is_waited_out_exactly_and_for_every_request() -> None:
    time = Time()
    limit = scripts.problem(429, Retry_After="7")
    with scripts.client(limit, limit, scripts.told(RUN), patience=time.patience()) as (thalas, house):
        thalas.cancel(RUN_ID)
    assert time.slept_s == [7, 7]
    assert len(house.heard) == 3


def test_a_limit_that_lasts_longer_than_the_patience_is_told_at_once() -> None:
    time = Time()
    limit = scripts.problem(429, "The limit of 60 requests per minute is reached", Retry_After="31")
    with (
        scripts.client(limit, patience=time.patience(30)) as (thalas, house),
        pytest.raises(TooManyRequests, match="60 requests per minute") as caught,
    ):
        thalas.ask(["BTC/USD"])
    assert caught.value.retry_after_s == 31
    assert (len(house.heard), time.slept_s) == (1, [])


def test_what_the_house_says_passes_is_waited_for_and_what_does_not_is_told() -> None:
    time = Time()
    away = scripts.problem(503, "The database cannot be reached now", Retry_After="1")
    with scripts.client(away, scripts.told(SWITCH), patience=time.patience()) as (thalas, _):
        thalas.kill_switch.read()
    assert time.slept_s == [1]
    with (
        scripts.client(scripts.problem(503, "No voter is enabled")) as (thalas, house),
        pytest.raises(Unavailable, match="No voter is enabled"),
    ):
        thalas.llm_consensus({"rsi_14": 38.2}, pair="BTC/USDT", current_price=1.0)
    assert len(house.heard) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (409, Conflict),
        (413, BadRequest),
        (415, BadRequest),
        (418, Broken),
        (500, Broken),
    ],
)
def test_each_problem_is_an_exception_of_its_kind_in_the_houses_words(
    status: int, kind: type[ApiError]
) -> None:
    with (
        scripts.client(scripts.problem(status, "not so", {"timeframe": "give 1d"})) as (thalas, house),
        pytest.raises(kind, match=r"^not so$") as caught,
    ):
        thalas.ask(["BTC/USD"])
    assert (caught.value.status, caught.value.details) == (status, {"timeframe": "give 1d"})
    assert len(house.heard) == 1


@pytest.mark.parametrize("page", [Said(200, b"<html>"), Said(200, b'{"id": 1}'), Said(500, b"<html>")])
def test_an_answer_that_is_none_of_this_api_is_said_to_be_broken(page: Said) -> None:
    with scripts.client(page) as (thalas, _), pytest.raises(Broken):
        thalas.ask(["BTC/USD"])


def test_a_redirect_is_not_followed_and_gets_no_key() -> None:
    with scripts.house(scripts.script(scripts.told(RUN))) as elsewhere:
        moved = Said(307, b"", {"Location": f"{elsewhere.url}/api/v1/runs"})
        with scripts.client(moved) as (thalas, _), pytest.raises(Broken, match="307"):
            thalas.ask(["BTC/USD"])
    assert elsewhere.heard == []


@pytest.mark.parametrize(
    "act", [lambda thalas: thalas.ask(["BTC/USD"]), lambda thalas: list(thalas.events("1"))]
)
@pytest.mark.parametrize("said", [CUT, scripts.problem(401), scripts.problem(400), Said(200, b"<html>")])
def test_the_key_is_in_no_error_and_in_no_variable_that_a_traceback_shows(
    said: Said, act: Callable[[Thalas], object]
) -> None:
    patience = Time().patience(0)
    with scripts.client(said, patience=patience) as (thalas, house), pytest.raises(ApiError) as caught:
        act(thalas)
    assert KEY in house.heard[0].headers["authorization"]
    error = caught.value
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "act(thalas)" in shown
    kept = (vars(thalas), vars(thalas._wire), vars(Bearer(KEY)))
    for text in (shown, repr(error), repr(thalas), repr(kept)):
        assert "canary" not in text
    assert error.__cause__ is None
    assert error.__context__ is None


@pytest.mark.parametrize("key", ["", "tk canary", "tk\ncanary", "tkcanäry"])
def test_what_cannot_be_a_key_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(ValueError, match=r"prefix\.secret") as caught:
        Thalas("http://127.0.0.1", key)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["", "thalas.example", "ftp://thalas.example", "https://me:canary@thalas.example"]
)
def test_an_address_that_cannot_be_used_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(ValueError, match=r"https://thalas\.example$") as caught:
        Thalas(url, KEY)
    assert "canary" not in str(caught.value)


def test_a_name_is_one_part_of_a_path_whatever_is_in_it() -> None:
    with scripts.client(scripts.problem(404)) as (thalas, house), pytest.raises(NotFound):
        thalas.voters.read("../runs?x=1")
    assert house.heard[0].path == "/api/v1/voters/..%2Fruns%3Fx%3D1"


def test_the_client_brings_nothing_else_of_the_house_along() -> None:
    look = (
        "import sys, thalas.client; print([name for name in sys.modules if name.split('.')[0] in "
        "('django', 'celery', 'ninja') or name.startswith('thalas.') and 'thalas.client' not in name])"
    )
    said = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_one_question_under_one_key_is_the_same_request_however_long_one_waits() -> None:
    closed = {**RUN, "state": "closed"}
    with scripts.client(scripts.told(RUN, 202), scripts.told(closed)) as (thalas, house):
        assert thalas.ask(["BTC/USD"], wait_s=20, idempotency_key="mine").state == "closed"
    asked, read = house.heard
    assert (asked.path, read.path) == ("/api/v1/runs", f"/api/v1/runs/{RUN_ID}?wait=20.000")


def test_a_wait_that_is_longer_than_the_house_waits_is_asked_for_in_parts() -> None:
    time = Time()

    def wait(heard: Heard) -> Said:
        time.sleep(float(heard.path.partition("wait=")[2]))
        return scripts.told(RUN)

    with scripts.house(wait) as house, Thalas(house.url, KEY, patience=time.patience()) as thalas:
        assert not thalas.run(RUN_ID, wait_s=90).is_over
    assert time.slept_s == [60, 30]
