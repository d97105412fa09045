"""Votes at a provider that is ill, full or gone: nothing is asked, nothing is paid, and the vote says why."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from structlog.testing import capture_logs

from providers.circuits import State
from providers.errors import ErrorKind
from providers.voters.vendors import OPENAI_CHAT
from tests.providers.canned import Canned, canned
from tests.providers.voters import bodies
from tests.thalas.services import councils_at_work as council
from thalas import env, models, roster
from thalas.services import circuits, drifts, voters, votes

OVERLOADED = ("503 Service Unavailable", b'{"error": {"message": "come back later"}}')


@pytest.fixture(autouse=True)
def nothing_known() -> Iterator[None]:
    """Begin with a turnstile that knows nothing; no broker runs here, so that it is this process's own."""
    circuits.turnstile.cache_clear()
    drifts.forget()
    yield
    circuits.turnstile.cache_clear()
    drifts.forget()


@pytest.fixture
def server() -> Iterator[Canned]:
    with canned() as served:
        yield served


def seat(settings: LazySettings, server: Canned, **changes: str) -> None:
    """Seat the voter "shed", who is behind *server*."""
    fields = {"MODEL": "m", "MAX_RETRIES": "0", "PRICE": "1/1", "CAP_USD_PER_DAY": "5"} | changes
    variables = {f"SHED_{name}": value for name, value in fields.items()}
    settings.THALAS = env.read({"SHED_BASE_URL": server.base_url, "USE_KEYS": "1", **variables})
    voters.sync(roster.specs(settings.THALAS), roster.caps_usd(settings.THALAS))


def ask() -> models.Vote:
    """Open a run and ask "shed"."""
    run = council.opened(panel=["shed"])
    votes.ask(run_id=run.pk, voter="shed", clock=lambda: run.opened_at)
    return council.vote_of(run, "shed")


def good(server: Canned) -> None:
    """Let *server* hold."""
    server.answer(bodies.said(OPENAI_CHAT, bodies.ballot(symbol="BTC/USD", action="HOLD", stop_loss=None)))


def ill(server: Canned, *, headers: str = "") -> None:
    """Let *server* be overloaded."""
    status, body = OVERLOADED
    server.answer(body, status=status, headers=headers)


@pytest.mark.usefixtures("house")
def test_a_provider_that_fails_five_times_is_not_asked_a_sixth(
    settings: LazySettings, server: Canned
) -> None:
    seat(settings, server)
    ill(server)
    assert [ask().error_kind for _ in range(5)] == ["overloaded"] * 5
    reserved = models.SpendEntry.objects.count()
    vote = ask()
    assert (vote.state, vote.error_kind) == ("failed", ErrorKind.CIRCUIT_OPEN)
    assert vote.error.startswith("shed has failed too often and is left alone for ")
    assert len(server.received) == 5
    assert models.SpendEntry.objects.count() == reserved == 5
    assert circuits.turnstile().look("shed").state is State.OPEN


@pytest.mark.usefixtures("house")
def test_a_refused_budget_gives_the_turn_back(settings: LazySettings, server: Canned) -> None:
    seat(settings, server, CAP_USD_PER_DAY="0", REQUESTS_PER_MINUTE="1")
    good(server)
    assert [ask().error_kind for _ in range(3)] == [ErrorKind.BUDGET_EXHAUSTED] * 3
    assert not server.received


@pytest.mark.usefixtures("house")
def test_a_full_window_fails_the_vote_without_a_call(settings: LazySettings, server: Canned) -> None:
    seat(settings, server, REQUESTS_PER_MINUTE="2")
    good(server)
    assert [ask().state for _ in range(2)] == ["cast"] * 2
    vote = ask()
    assert (vote.state, vote.error_kind) == ("failed", ErrorKind.RATE_LIMIT)
    assert "shed's own limit of 2 requests a minute is used up" in vote.error
    assert (len(server.received), models.SpendEntry.objects.count()) == (2, 2)


@pytest.mark.usefixtures("house")
def test_tokens_are_held_at_their_worst_and_corrected_by_the_answer(
    settings: LazySettings, server: Canned
) -> None:
    # Room for one call at its worst (bytes and 2,000 for the answer), and for many as they were: 750 each.
    seat(settings, server)
    good(server)
    ask()
    worst = len(server.received[0]) + 2_000
    seat(settings, server, TOKENS_PER_MINUTE=str(worst + 2_000))
    assert [ask().state for _ in range(3)] == ["cast"] * 3
    assert ask().error_kind == ErrorKind.RATE_LIMIT
    seat(settings, server, TOKENS_PER_MINUTE="100")
    assert "tokens, more than shed may have in a minute" in ask().error


@pytest.mark.usefixtures("house")
def test_retry_after_is_waited_for_by_the_next_vote_or_fails_it(
    settings: LazySettings, server: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    seat(settings, server, TIMEOUT="6")
    server.answer(b"{}", status="429 Too Many Requests", headers="retry-after: 3\r\n")
    assert ask().error_kind == ErrorKind.RATE_LIMIT
    good(server)
    assert 2.0 < circuits.turnstile().look("shed").shut_s <= 3.0
    waited: list[float] = []

    def rest(seconds: float) -> None:
        waited.append(seconds)
        circuits.turnstile().reset("shed")  # as if that time had passed

    monkeypatch.setattr(circuits, "rest", rest)
    assert ask().state == "cast"
    assert len(waited) == 1
    server.answer(b"{}", status="429 Too Many Requests", headers="retry-after: 3600\r\n")
    ask()
    good(server)
    vote = ask()
    assert (vote.error_kind, len(waited), len(server.received)) == (ErrorKind.RATE_LIMIT, 1, 3)
    assert "asked to be left alone for " in vote.error


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("status", ["404 Not Found", "410 Gone"])
def test_a_model_that_is_gone_is_asked_once_and_its_provider_is_not_to_blame(
    settings: LazySettings, server: Canned, status: str
) -> None:
    seat(settings, server, MAX_RETRIES="3")
    server.answer(b'{"error": {"message": "The model m was retired"}}', status=status)
    found = [ask() for _ in range(7)]
    assert {(vote.state, vote.error_kind) for vote in found} == {("failed", "unavailable")}
    assert all("The model m was retired" in vote.error for vote in found)
    assert len(server.received) == 7  # no retry, and no circuit opened


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("answer", [b"not json", b"{}"])
def test_answers_that_cannot_be_used_open_no_circuit(
    settings: LazySettings, server: Canned, answer: bytes
) -> None:
    seat(settings, server)
    server.answer(answer)
    assert {ask().error_kind for _ in range(7)} == {"bad_response"}
    assert len(server.received) == 7


@pytest.mark.usefixtures("house")
def test_another_model_than_the_one_asked_for_is_recorded_and_told_of_once(
    settings: LazySettings, server: Canned
) -> None:
    seat(settings, server)
    good(server)  # says that it is "a-model"
    with capture_logs() as logs:
        found = [ask() for _ in range(3)]
    assert {(vote.request_model, vote.response_model) for vote in found} == {("m", "a-model")}
    assert [log["event"] for log in logs].count("model_changed") == 1
    assert models.VoterModel.objects.get().is_as_asked is False


@pytest.mark.usefixtures("house")
def test_analysts_need_no_turn() -> None:
    run = council.opened(panel=["trend"])
    assert votes.ask(run_id=run.pk, voter="trend", clock=lambda: run.opened_at) in ("cast", "abstained")
    assert circuits.turnstile.cache_info().misses == 0  # nobody asked for it
