"""`manage.py llm_providers`: what it shows, what it changes, and how it exits."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import LazySettings

from providers.circuits import Outcome
from providers.turnstiles import Ticket
from providers.voters.vendors import OPENAI_CHAT
from tests.providers.canned import Canned, canned
from tests.providers.voters import bodies
from tests.thalas.management.terminals import run
from tests.thalas.services import councils_at_work as council
from thalas import env, models, roster
from thalas.selectors import clock, providers
from thalas.services import circuits, drifts, voters, votes

pytestmark = pytest.mark.usefixtures("house")
KEY = "sk-canary-0123456789abcdef"


@pytest.fixture(autouse=True)
def nothing_known() -> Iterator[None]:
    circuits.turnstile.cache_clear()
    drifts.forget()
    yield
    circuits.turnstile.cache_clear()
    drifts.forget()


@pytest.fixture
def server() -> Iterator[Canned]:
    with canned() as served:
        served.answer(
            bodies.said(OPENAI_CHAT, bodies.ballot(symbol="BTC/USD", action="HOLD", stop_loss=None))
        )
        yield served


@pytest.fixture
def shed(settings: LazySettings, server: Canned) -> Canned:
    """The voter "shed" behind a server, with a key that must be shown nowhere."""
    seat(settings, server)
    return server


def seat(settings: LazySettings, server: Canned, **changes: str) -> None:
    fields = {"MODEL": "a-model", "MAX_RETRIES": "0", "PRICE": "1/1", "API_KEY": KEY} | changes
    variables = {f"SHED_{name}": value for name, value in fields.items()}
    settings.THALAS = env.read({"SHED_BASE_URL": server.base_url, "USE_KEYS": "1", **variables})
    voters.sync(roster.specs(settings.THALAS), roster.caps_usd(settings.THALAS))


def status_of(name: str) -> dict[str, object]:
    """Return what --status says of *name*."""
    found = json.loads(run("llm_providers", "--status", "--json").out)
    one: dict[str, object] = next(row for row in found if row["voter"] == name)
    return one


def ask(name: str = "shed") -> models.Vote:
    """Open a run and ask *name*."""
    opened = council.opened(panel=[name])
    votes.ask(run_id=opened.pk, voter=name, clock=lambda: opened.opened_at)
    return council.vote_of(opened, name)


def test_status_of_a_house_without_providers_says_how_to_set_one() -> None:
    said = run("llm_providers", "--status")
    assert said.code == 0
    assert "trend" in said.out
    assert "No model provider is configured" in said.out
    assert "OPENAI_API_KEY=… and USE_KEYS=1" in said.out


def test_status_tells_calls_latency_cost_and_models(shed: Canned) -> None:
    for _ in range(3):
        ask()
    told = status_of("shed")
    assert (told["state"], told["calls"], told["errors"]) == ("active", 3, {})
    assert (told["model_asked"], told["model_answered"], told["is_as_asked"]) == ("a-model", "a-model", True)
    # 750 tokens at US$ 1 per million, three times.
    assert told["cost_today_usd"] == pytest.approx(3 * 0.00075)
    assert told["cap_usd_per_day"] == 1.0
    answered = models.Vote.objects.filter(voter="shed")
    latencies = sorted(vote.latency_ms or 0.0 for vote in answered)
    assert told["latency_p50_ms"] == round(latencies[1], 1)
    assert told["latency_p95_ms"] == round(latencies[2], 1)
    said = run("llm_providers", "--status")
    assert said.code == 0
    assert KEY not in said.out


def test_status_is_1_while_a_circuit_is_open_and_tells_the_last_error(shed: Canned) -> None:
    shed.answer(b'{"error": {"message": "come back later"}}', status="503 Service Unavailable")
    for _ in range(6):
        ask()
    said = run("llm_providers", "--status")
    assert said.code == 1
    assert "circuit open" in said.out
    assert "failed in 24 h: overloaded 5, circuit_open 1" in said.out
    told = status_of("shed")
    assert told["errors"] == {"overloaded": 5, "circuit_open": 1}
    circuit, last = told["circuit"], told["last_error"]
    assert isinstance(circuit, dict)
    assert isinstance(last, dict)
    assert circuit["state"] == "open"
    assert last["kind"] in ("circuit_open", "overloaded")  # all in one moment of the test's clock


@pytest.mark.parametrize(
    ("ended", "state"),
    [
        ("", "active"),
        ("g" * 20, "active"),
        ("g" * 18 + "b" * 2, "active"),  # a tenth
        ("g" * 17 + "b" * 3, "degraded"),
        ("b" * 20 + "g" * 20, "active"),  # what is older than the newest twenty is over
        ("g" * 20 + "b" * 20, "unavailable"),
        ("b", "unavailable"),
    ],
)
def test_the_newest_twenty_calls_say_how_a_voter_is(shed: Canned, ended: str, state: str) -> None:
    now = clock.now()
    for place, how in enumerate(ended):
        opened = council.opened(panel=["shed"])
        models.Vote.objects.filter(run=opened).update(
            state="cast" if how == "g" else "failed",
            error_kind="" if how == "g" else "timeout",
            recorded_at=now + timedelta(seconds=place),
        )
    assert status_of("shed")["state"] == state


def test_what_is_older_than_a_day_is_not_counted(shed: Canned) -> None:
    vote = ask()
    opened_at = vote.run.opened_at - providers.WINDOW - timedelta(seconds=1)
    models.Run.objects.filter(pk=vote.run_id).update(opened_at=opened_at)
    assert status_of("shed")["calls"] == 0


def test_another_model_than_the_one_asked_for_degrades_its_voter(
    settings: LazySettings, server: Canned
) -> None:
    seat(settings, server, MODEL="another-model")
    ask()
    told = status_of("shed")
    assert (told["state"], told["is_as_asked"], told["model_answered"]) == ("degraded", False, "a-model")
    assert "another-model → a-model" in run("llm_providers", "--status").out


def test_a_voter_is_disabled_and_enabled_with_an_entry_in_the_audit_chain(shed: Canned) -> None:
    assert run("llm_providers", "--disable", "shed").out.strip() == "shed: left out of new panels"
    assert status_of("shed")["state"] == "disabled"
    assert json.loads(run("llm_providers", "--enable", "shed", "--json").out) == [
        {"voter": "shed", "is_enabled": True}
    ]
    entries = models.AuditEntry.objects.filter(action="voter.edit").order_by("seq")
    assert [(entry.target, entry.details) for entry in entries] == [
        ("shed", {"is_enabled": [True, False]}),
        ("shed", {"is_enabled": [False, True]}),
    ]


def test_a_providers_name_stands_for_all_its_voters(shed: Canned) -> None:
    run("llm_providers", "--disable", "analyst")
    assert not models.Voter.objects.filter(provider="analyst", is_enabled=True).exists()
    assert models.Voter.objects.get(pk="shed").is_enabled


@pytest.mark.parametrize("wish", ["--enable", "--disable", "--test"])
def test_a_name_that_nobody_bears_is_bad_input_and_the_names_are_told(shed: Canned, wish: str) -> None:
    said = run("llm_providers", wish, "nobody")
    assert said.code == 2
    assert "nobody" in said.refusal
    assert "shed" in said.refusal
    assert "\n" not in said.refusal


def test_no_wish_or_two_are_bad_input() -> None:
    assert run("llm_providers").refusal
    assert run("llm_providers", "--status", "--list").refusal


def test_a_test_makes_one_real_call_that_is_paid_and_decides_nothing(shed: Canned) -> None:
    models.Voter.objects.filter(pk="shed").update(is_enabled=False)  # to try before enabling
    said = run("llm_providers", "--test", "shed")
    assert said.code == 0
    assert len(shed.received) == 1
    assert KEY not in said.out
    for told in ("cast", "a-model", "tokens_in      700", "tokens_out     50", "action=HOLD"):
        assert told in said.out
    opened = models.Run.objects.get()
    assert (opened.state, models.Decision.objects.count()) == ("cancelled", 0)
    assert models.SpendEntry.objects.get().booked_usd is not None


def test_a_test_that_fails_is_1_and_says_why(shed: Canned) -> None:
    shed.answer(b'{"error": {"message": "wrong key"}}', status="401 Unauthorized")
    said = run("llm_providers", "--test", "shed", "--json")
    told = json.loads(said.out)
    assert said.code == 1
    assert (told["state"], told["error_kind"]) == ("failed", "authentication")


def test_a_test_goes_through_the_same_turnstile_as_votes(shed: Canned) -> None:
    for _ in range(5):
        ticket = circuits.turnstile().enter("shed")
        assert isinstance(ticket, Ticket)
        circuits.turnstile().tell(ticket, Outcome.ILL)
    told = json.loads(run("llm_providers", "--test", "shed", "--json").out)
    assert told["error_kind"] == "circuit_open"
    assert not shed.received


def test_a_test_could_not_decide_even_if_a_guard_closed_it(shed: Canned) -> None:
    run("llm_providers", "--test", "shed")
    opened = models.Run.objects.get()
    assert opened.quorum > opened.votes.count()


def test_the_health_check_reads_the_list_of_models(shed: Canned) -> None:
    shed.answer(json.dumps({"data": [{"id": "a-model"}, {"id": "b"}]}).encode())
    said = run("llm_providers", "--health-check")
    assert said.code == 0
    assert "lists 2 models, a-model" in said.out
    assert shed.received[0].startswith(b"GET /v1/models HTTP/1.1")
    assert KEY not in said.out
    shed.answer(b'{"error": {"message": "wrong key"}}', status="401 Unauthorized")
    said = run("llm_providers", "--health-check", "--json")
    assert said.code == 1
    assert json.loads(said.out)[0]["told"] == "authentication: shed answered 401: wrong key"
    assert not models.SpendEntry.objects.exists()


def test_the_list_names_what_could_be_set_up(shed: Canned) -> None:
    listed = json.loads(run("llm_providers", "--list", "--json").out)
    by_provider = {row["provider"]: row for row in listed}
    assert by_provider["shed"]["state"] == "may vote"
    assert by_provider["openai"]["state"] == "not configured: set OPENAI_API_KEY and USE_KEYS=1"
    assert KEY not in run("llm_providers", "--list").out


def test_reinit_seats_what_the_environment_offers_and_closes_circuits(shed: Canned) -> None:
    ticket = circuits.turnstile().enter("shed")
    assert isinstance(ticket, Ticket)
    circuits.turnstile().tell(ticket, Outcome.ILL, retry_after_s=60.0)
    models.Voter.objects.filter(pk="shed").delete()
    said = run("llm_providers", "--reinit", "--json")
    told = json.loads(said.out)
    assert (said.code, told["new"], told["reset"]) == (0, ["shed"], ["shed"])
    assert circuits.turnstile().look("shed").shut_s == 0
    assert models.AuditEntry.objects.get(action="circuit.reset").target == "shed"


def test_help_tells_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    run("llm_providers", "--help")
    assert "exit codes: 0 all is well" in capsys.readouterr().out
