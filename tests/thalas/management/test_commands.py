"""The commands as people type them: one clear line for each refusal, and the exit codes of the house."""

import getpass
import json
import re
import uuid
from datetime import timedelta

import pytest

from providers.errors import ErrorKind, PermanentVoterError
from tests.thalas.management import terminals
from tests.thalas.management.terminals import Said
from tests.thalas.services import councils_at_work as council
from thalas import models
from thalas.management import base
from thalas.selectors import clock
from thalas.services import closings, runs, votes

pytestmark = pytest.mark.usefixtures("house")

EVERYONE = "breakout, mean_reversion, momentum, trend, volatility"


def closed_run(*symbols: str) -> models.Run:
    """Return a run on which everybody holds."""
    run = council.opened(*symbols)
    council.everyone(run, council.hold(run))
    return closings.close_run(run.pk, by="chord", reason="every vote is in", now=council.later(run, 1))


# --- consensus -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("workers")
def test_a_consensus_shows_each_vote_the_arithmetic_the_checks_and_the_decision() -> None:
    said = terminals.run("consensus", "BTC/USD", "eth/usd", "--deadline", "20")
    run = models.Run.objects.get()
    assert said.code == 0
    assert said.out.startswith(f"Run {run.pk}: asking 5 voters, deadline 20 s\n")
    for voter in EVERYONE.split(", "):
        assert re.search(rf"BTC/USD {voter}: \w+ \d+ ms", said.out)
    for part in ("consensus", "kill_switch", "decision", "closed by chord", "Nothing here trades"):
        assert part in said.out
    assert run.symbols == ["BTC/USD", "ETH/USD"]
    assert run.requested_by.endswith("on the command line")


@pytest.mark.usefixtures("workers")
def test_a_consensus_as_json_is_the_whole_story_and_nothing_else() -> None:
    said = terminals.run("consensus", "BTC/USD", "LTC/USD", "--json")
    story = json.loads(said.out)
    run = models.Run.objects.get()
    decision = models.Decision.objects.get()
    assert (said.code, story["run_id"], story["state"]) == (0, str(run.pk), "closed")
    assert (story["closed_by"], story["heard"], story["panel"]) == ("chord", 5, 5)
    assert story["cost_usd"] == str(decision.cost_usd)
    for told, leg in zip(story["legs"], decision.legs.all(), strict=True):
        for field in ("symbol", "outcome", "verdict", "verdict_reason", "arithmetic", "scores", "checks"):
            assert told[field] == getattr(leg, field), field
        for field in ("confidence", "agreement", "n_eff"):
            assert told[field] == pytest.approx(getattr(leg, field))
        assert told["size_usd"] == str(leg.size_usd)
        assert [vote["voter"] for vote in told["votes"]] == EVERYONE.split(", ")


def test_a_consensus_that_nobody_answers_ends_without_a_decision_and_says_what_to_do() -> None:
    said = terminals.run("consensus", "BTC/USD", "--deadline", "1", "--panel", "trend")
    assert said.code == 3
    assert "NO_DECISION" in said.out
    assert "No worker answered. `manage.py doctor` says what is up" in said.out
    assert models.Run.objects.get().closed_by == "waiter"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ["DOGE/USD"],
            "symbol='DOGE/USD' cannot be used: the market has BTC/USD, ETH/USD, LTC/USD",
        ),
        (["BTC/USD", "--timeframe", "7m"], "timeframe='7m' cannot be used: BTC/USD has 1h, 1d"),
        (
            ["BTC/USD", "--panel", "oracle"],
            f"panel='oracle' cannot be used: these voters can be asked now: {EVERYONE}",
        ),
        (
            ["BTC/USD", "--method", "dictator"],
            (
                "method='dictator' cannot be used: give weighted_majority or confidence_average "
                "or risk_adjusted or log_opinion_pool"
            ),
        ),
        (["BTC/USD", "--deadline", "-5"], "deadline=-5.0 cannot be used: give seconds from 1 to 3600"),
        (["BTC/USD", "--deadline", "0"], "deadline=0.0 cannot be used: give seconds from 1 to 3600"),
        (["BTC/USD", "--deadline", "nan"], "deadline=nan cannot be used: give seconds from 1 to 3600"),
        (
            ["BTC/USD", "--deadline", "1e9"],
            "deadline=1000000000.0 cannot be used: give seconds from 1 to 3600",
        ),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_in_a_line_and_stores_nothing(
    words: list[str], line: str
) -> None:
    assert terminals.run("consensus", *words) == Said(2, "", line)
    assert not models.Run.objects.exists()


def test_a_market_without_a_clock_is_told_in_a_line() -> None:
    models.ReplayTape.objects.all().delete()
    said = terminals.run("consensus", "BTC/USD")
    assert (said.code, said.out) == (2, "")
    assert said.refusal == "the replay has no clock yet; `manage.py sync_schedule` sets it up"


# --- run, runs, cancel -----------------------------------------------------------------------------


def test_a_run_is_shown_by_its_id_its_beginning_or_as_the_last() -> None:
    old, new = closed_run("BTC/USD"), closed_run("ETH/USD")
    models.Run.objects.filter(pk=old.pk).update(opened_at=old.opened_at - timedelta(hours=1))
    for text, shown in ((str(old.pk), old), (str(new.pk)[:-1], new), ("last", new)):
        said = terminals.run("run", text)
        assert (said.code, said.out.startswith(f"Run {shown.pk}")) == (0, True)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("last", "there is no run yet"),
        ("ffff", "'ffff' names no run; `manage.py runs` lists them"),
        ("it", "'it' is not the id of a run; `manage.py runs` lists them"),
    ],
)
@pytest.mark.parametrize("command", ["run", "cancel"])
def test_a_run_that_does_not_exist_is_refused_in_a_line(command: str, text: str, line: str) -> None:
    assert terminals.run(command, text) == Said(2, "", line)


def test_a_beginning_that_two_runs_share_is_refused_in_a_line() -> None:
    for last in (1, 2):
        run = council.opened()
        run.votes.all().delete()
        models.RunSymbol.objects.filter(run=run).delete()
        models.Run.objects.filter(pk=run.pk).update(
            id=uuid.UUID(f"0198aaaa-0000-7000-8000-00000000000{last}")
        )
    line = "'0198aaaa' names more than one run; `manage.py runs` lists them"
    assert terminals.run("run", "0198aaaa") == Said(2, "", line)


def test_an_open_run_is_shown_as_far_as_it_has_come() -> None:
    run = council.opened()
    council.answered(run, {"trend": council.hold(run)})
    said = terminals.run("run", str(run.pk))
    assert said.code == 0
    assert "open: 1 of 5 votes are in" in said.out


@pytest.mark.usefixtures("workers")
def test_a_run_again_is_a_new_run_on_the_same_brief() -> None:
    old = closed_run()
    said = terminals.run("run", str(old.pk), "--again")
    new = models.Run.objects.exclude(pk=old.pk).get()
    assert (said.code, new.kind, new.brief_id) == (0, "again", old.brief_id)
    assert said.out.startswith(f"Run {new.pk}")
    story = json.loads(terminals.run("run", str(old.pk), "--again", "--json").out)
    assert story["kind"] == "again"


def test_a_run_as_json_is_its_story() -> None:
    run = closed_run()
    story = json.loads(terminals.run("run", str(run.pk), "--json").out)
    assert (story["run_id"], story["legs"][0]["outcome"]) == (str(run.pk), "HOLD")


def test_a_run_is_shown_with_how_many_it_heard_and_what_one_vote_each_would_say() -> None:
    said = terminals.run("run", str(closed_run().pk))
    assert "n_eff 1.7 of 5 voters; one voter, one vote: HOLD" in said.out  # 25 / (5 + 20 × 0.5)
    assert "what if" not in said.out


def test_a_run_tells_what_another_method_would_have_said() -> None:
    run = closed_run()
    said = terminals.run("run", str(run.pk), "--method", "log_opinion_pool")
    # Each says HOLD at 0.8 with the power 1/3: 0.8^(5/3) to twice 0.1^(5/3).
    assert (
        "what if    log_opinion_pool: HOLD: pooled HOLD 0.94 against BUY 0.03 against SELL 0.03" in said.out
    )
    own = terminals.run("run", str(run.pk), "--method", "weighted_majority")
    assert "what if    weighted_majority: is how this run was decided" in own.out
    story = json.loads(terminals.run("run", str(run.pk), "--json").out)
    assert story["method"] == "weighted_majority"
    told = story["legs"][0]
    assert (told["baseline"], told["cast"]) == ("HOLD", 5)
    assert [other["method"] for other in told["others"]] == [
        "confidence_average",
        "risk_adjusted",
        "log_opinion_pool",
    ]


def test_what_another_method_would_have_said_needs_a_decision_and_a_method_that_there_is() -> None:
    run = council.opened()
    line = f"run {run.pk} is open and has no decision to compare with"
    assert terminals.run("run", "last", "--method", "risk_adjusted") == Said(2, "", line)
    assert "give weighted_majority or" in terminals.run("run", "last", "--method", "dictator").refusal


@pytest.mark.usefixtures("workers")
def test_a_consensus_by_another_method_says_so() -> None:
    said = terminals.run("consensus", "BTC/USD", "--method", "confidence_average")
    assert models.Run.objects.get().method == "confidence_average"
    assert "by confidence_average" in said.out
    assert "average" in models.DecisionLeg.objects.get().arithmetic


def test_a_run_is_cancelled_once() -> None:
    run = council.opened()
    said = terminals.run("cancel", str(run.pk))
    assert said == Said(0, f"Run {run.pk} is cancelled; no decision was filed.\n")
    assert terminals.run("cancel", str(run.pk)) == Said(2, "", f"run {run.pk} is cancelled already")
    assert not models.Decision.objects.exists()


def test_a_cancelled_run_is_shown_as_cancelled() -> None:
    run = council.opened()
    runs.cancel_run(run.pk, by="Ann", now=clock.now())
    assert "cancelled: cancelled by Ann; no decision was filed" in terminals.run("run", "last").out


def test_runs_are_listed_newest_first_one_line_each() -> None:
    first = closed_run("BTC/USD")
    second = council.opened("ETH/USD", now=council.later(first, 60))
    lines = terminals.run("runs").out.splitlines()
    assert [line.split()[0] for line in lines] == [str(second.pk)[:18], str(first.pk)[:18]]
    assert "ETH/USD: open" in lines[0]
    assert "BTC/USD HOLD/no_order" in lines[1]
    assert len(terminals.run("runs", "--limit", "1").out.splitlines()) == 1
    assert len(terminals.run("runs", "--limit", "-7").out.splitlines()) == 1


def test_without_any_run_the_list_says_how_to_get_one() -> None:
    assert terminals.run("runs") == Said(0, "There is no run yet; `manage.py consensus BTC/USD` opens one.\n")


# --- scan ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("workers")
def test_a_scan_fires_each_enabled_schedule_once() -> None:
    said = terminals.run("scan")
    assert said.code == 0
    run = models.Run.objects.get()
    assert (run.kind, run.symbols) == ("scan", ["BTC/USD", "ETH/USD", "LTC/USD"])
    assert f"Run {run.pk}" in said.out
    assert models.Slot.objects.get().run == run


def test_a_scan_of_an_unknown_schedule_names_those_that_there_are() -> None:
    line = "schedule='nightly' cannot be used: schedules: bitcoin-hourly, majors-daily"
    assert terminals.run("scan", "nightly") == Said(2, "", line)


def test_without_an_enabled_schedule_a_scan_says_how_to_get_one() -> None:
    models.Schedule.objects.update(is_enabled=False)
    line = "No schedule is enabled; `manage.py sync_schedule` puts the declared ones into force.\n"
    assert terminals.run("scan") == Said(1, line)


def test_a_scan_that_cannot_open_a_run_says_why_and_stores_nothing() -> None:
    models.Watchlist.objects.filter(pk="majors").update(symbols=[])
    said = terminals.run("scan", "majors-daily")
    assert said.code == 2
    assert "symbols=[] cannot be used: give 1 to 50 of" in said.refusal
    assert not models.Run.objects.exists()
    assert not models.Slot.objects.exists()


# --- doctor, sync_voters ---------------------------------------------------------------------------


def test_the_doctor_has_a_line_for_each_part_and_exits_one_when_something_vital_is_down() -> None:
    said = terminals.run("doctor")
    lines = {line[6:].split("  ")[0].strip(): line.split()[0] for line in said.out.splitlines()}
    assert said.code == 1
    assert lines == {
        "database": "up",
        "broker": "down",
        "broker messages": "up",
        "workers": "down",
        "queues": "down",
        "guards": "down",
        "beat": "down",
        "kill switch": "up",
        "runs": "up",
        "voters": "up",
        "web": "down",
        "flower": "down",
        "metrics": "down",
    }
    assert "does not answer; runs are accepted and will close without votes" in said.out


def test_seating_the_voters_says_who_is_new() -> None:
    assert terminals.run("sync_voters").out.startswith("5 voters are seated; new: none.\n")
    models.Run.objects.all().delete()
    models.Voter.objects.filter(pk="trend").delete()
    assert terminals.run("sync_voters").out.startswith("5 voters are seated; new: trend.\n")


# --- what reaches the terminal -----------------------------------------------------------------------


def test_control_characters_in_a_reasoning_never_reach_the_terminal() -> None:
    run = council.opened()
    sly = council.opinion(run).model_copy(
        update={"reasoning": "\x1b[2J\x1b]0;owned\x07 \r\n\x9b31m[bold red]all in[/] \u202e\u200b"}
    )
    answer = council.buy(run).model_copy(update={"opinions": (sly,), "response_model": "m\x1b[5m"})
    council.everyone(run, answer)
    # A row of an older version may hold what is cleaned today.
    stored = council.vote_of(run, "trend")
    stored.answers[0]["reasoning"] = sly.reasoning
    models.Vote.objects.filter(run=run, voter="momentum").update(answers=stored.answers)
    failed = council.opened()
    claim = council.claimed(failed, "trend")
    votes.record(
        claim,
        PermanentVoterError(ErrorKind.BAD_RESPONSE, "\x1b[2J gone"),
        latency_ms=1.0,
        now=failed.opened_at,
    )
    for one in (run, failed):
        closings.close_run(one.pk, by="guard", reason="a test", now=council.later(one, 1))
        for shown in (terminals.run("run", str(one.pk)).out, terminals.run("run", str(one.pk), "--json").out):
            strange = {letter for letter in shown if not letter.isprintable() and letter != "\n"}
            assert strange == set()
    assert "[bold red]all in[/]" in terminals.run("run", str(run.pk)).out


def test_who_asks_is_told_even_where_the_user_has_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    # In a container the user may be a bare number; Python before 3.13 says so with a KeyError.
    assert base.who() == f"{getpass.getuser()} on the command line"

    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 10001")

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert base.who() == "the command line"
