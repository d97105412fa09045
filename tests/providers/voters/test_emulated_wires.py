"""Voters of every wire, from the request to the vote, over real sockets to the emulator, also with TLS."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from providers.emulator.damages import Damage
from providers.errors import ErrorKind, TransientVoterError, VoterError
from providers.voters import vendors
from providers.voters.model_voters import ModelVoter
from providers.voters.types import Action, Opinion, Usage
from providers.voters.vendors import GEMINI, Enforced
from tests.providers.emulator import certificates
from tests.providers.emulator.running import Running, emulator
from tests.providers.voters.bodies import WIRES
from tests.providers.voters.samples import PRICE, brief, patience, voter


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with emulator(tmp_path_factory.mktemp("emulator")) as one:
        yield one


def over(running: Running, wire: str, **given: object) -> ModelVoter:
    """Return a voter of *wire* at the address that the vendor's documents would give."""
    base_url = running.base_url + ("beta" if wire == GEMINI else "")
    return voter(base_url, wire=wire, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("enforced", Enforced)
def test_a_question_becomes_a_vote_with_its_tokens_and_cost(
    running: Running, wire: str, enforced: Enforced
) -> None:
    running.script({"*": [{"action": "BUY", "confidence": 0.8}]})
    asked = over(running, wire, abilities=replace(vendors.WIRES[wire], enforced=enforced))
    answer = asked.ask(brief("ETH/USDT", "BTC/USDT"), timeout_s=5)
    assert [said.symbol for said in answer.opinions] == ["ETH/USDT", "BTC/USDT"]
    said = answer.opinions[0]
    assert isinstance(said, Opinion)
    # Price 100, range 2: the stop 2 ranges below, the target 3 above.
    assert (said.action, said.confidence, said.stop, said.target) == (Action.BUY, 0.8, 96.0, 106.0)
    assert (answer.response_model, answer.is_repaired) == ("emulated-bull", False)
    # The emulator counts a token for every 4 bytes of the request, begun ones included.
    sent = asked.request(brief("ETH/USDT", "BTC/USDT"))
    assert answer.usage.tokens_in == -(-len(sent) // 4)
    assert answer.usage.tokens_out > 50
    assert answer.usage.cost_usd == PRICE.worst_case_usd(answer.usage.tokens_in, answer.usage.tokens_out)


@pytest.mark.parametrize("wire", WIRES)
def test_cached_and_reasoning_tokens_are_counted_once(running: Running, wire: str) -> None:
    running.script({"*": [{"usage": {"sent": 900, "received": 50, "cached": 600, "reasoning": 20}}]})
    usage = over(running, wire).ask(brief(), timeout_s=5).usage
    assert (usage.tokens_in, usage.tokens_out) == (900, 50)


def booked(running: Running, wire: str, rule: dict[str, object]) -> tuple[ErrorKind, Usage]:
    """Return why a question failed, and what is booked for it all the same."""
    running.script({"*": [rule]})
    with pytest.raises(VoterError) as raised:
        over(running, wire).ask(brief(), timeout_s=5)
    usage = vars(raised.value)["usage"]
    assert isinstance(usage, Usage)
    return raised.value.kind, usage


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ({"end": "truncated"}, "truncated"),
        ({"end": "refused"}, "refused"),
        ({"end": "filtered"}, "refused"),
        ({"content": "no ballot"}, "bad_response"),
    ],
)
def test_what_is_no_vote_is_booked_as_it_counts(
    running: Running, wire: str, rule: dict[str, object], kind: str
) -> None:
    claimed = {"usage": {"sent": 900, "received": 50, "cached": 600, "reasoning": 20}}
    found, usage = booked(running, wire, {"action": "BUY", **rule, **claimed})
    # 900 at 1 and 50 at 10 US$ per million.
    assert (found, usage.tokens_in, usage.tokens_out, usage.cost_usd) == (kind, 900, 50, Decimal("0.0014"))


@pytest.mark.parametrize("wire", WIRES)
def test_what_may_be_billed_is_booked_at_its_worst_and_what_was_turned_away_at_nothing(
    running: Running, wire: str
) -> None:
    worst_usd = over(running, wire).worst_case(brief()).cost_usd
    for rule in ({"reset": True}, {"damage": "cut"}, {"end": "truncated", "usage": None}):
        assert booked(running, wire, {**rule})[1].cost_usd == worst_usd > 0
    for status in (401, 429, 503):
        assert booked(running, wire, {"status": status})[1] == Usage()


STATUSES = {400: "bad_request", 401: "authentication", 403: "authentication", 404: "unavailable"} | {
    429: "rate_limit",
    500: "overloaded",
    503: "overloaded",
    529: "overloaded",
}


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("status", STATUSES)
def test_every_status_has_its_kind_and_says_whether_to_ask_again(
    running: Running, wire: str, status: int
) -> None:
    running.script({"*": [{"status": status}]})
    with pytest.raises(VoterError) as raised:
        over(running, wire).ask(brief(), timeout_s=5)
    assert raised.value.kind == STATUSES[status]
    assert isinstance(raised.value, TransientVoterError) == (status >= 429)


# Only Gemini says it in a field of its body.
@pytest.mark.parametrize(
    ("wire", "told"),
    [(GEMINI, "body"), *((wire, told) for wire in WIRES for told in ("seconds", "date"))],
)
def test_a_wait_that_is_asked_for_is_heeded_before_the_second_try(
    running: Running, wire: str, told: str
) -> None:
    failure = {"status": 429, "retry_after": {"seconds": 9, "told": told}, "times": 1}
    running.script({"*": [failure, {"action": "BUY"}]})
    waits: list[float] = []
    answer = over(running, wire, patience=patience(1, waits)).ask(brief(), timeout_s=60)
    assert answer.opinions
    assert len(waits) == 1
    assert 7.0 <= waits[0] <= 9.0  # dates have no fractions


def error_after(running: Running, wire: str, rule: dict[str, object], *, timeout_s: float) -> ErrorKind:
    """Return what became of a good vote that *rule* was applied to."""
    running.script({"*": [{"action": "BUY", **rule}]})
    with pytest.raises(VoterError) as raised:
        over(running, wire).ask(brief(), timeout_s=timeout_s)
    return raised.value.kind


@pytest.mark.parametrize("wire", WIRES)
def test_a_connection_that_breaks_is_told(running: Running, wire: str) -> None:
    for rule in ({"reset": True}, {"cut_after_bytes": 100}, {"cut_after_bytes": 0}):
        assert error_after(running, wire, {**rule}, timeout_s=20) is ErrorKind.UNAVAILABLE


@pytest.mark.parametrize("wire", WIRES)
def test_who_is_too_slow_is_left_in_time(running: Running, wire: str) -> None:
    for rule in ({"drip_bytes_per_s": 50}, {"latency_s": 30}):
        assert error_after(running, wire, {**rule}, timeout_s=0.3) is ErrorKind.TIMEOUT


# The bytes are looked at before the wire: each damage is tried on one of them.
@pytest.mark.parametrize(
    ("damage", "wire"), [(damage, WIRES[place % len(WIRES)]) for place, damage in enumerate(Damage)]
)
def test_a_damaged_answer_is_no_vote(running: Running, damage: Damage, wire: str) -> None:
    assert error_after(running, wire, {"damage": damage}, timeout_s=20) is ErrorKind.BAD_RESPONSE


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An emulator that speaks TLS, with a certificate that only this test trusts."""
    folder = tmp_path_factory.mktemp("secured")
    certificate = certificates.write(folder / "certificate.pem")
    with emulator(folder, certificate=certificate) as one:
        yield one


@pytest.mark.parametrize("wire", WIRES)
def test_the_second_call_over_tls_pays_no_handshake(
    secured: Running, wire: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(secured.certificate))
    asked = over(secured, wire)
    asked.ask(brief(), timeout_s=10)
    before = secured.connections()
    for _ in range(5):
        asked.ask(brief(), timeout_s=10)
    # The one that counts is its own: it asks over a new connection each time.
    assert secured.connections() - before == 1


def test_a_certificate_that_nobody_vouches_for_is_not_spoken_to(tmp_path: Path) -> None:
    certificate = certificates.write(tmp_path / "certificate.pem")
    with emulator(tmp_path, certificate=certificate) as unknown:
        with pytest.raises(TransientVoterError, match="certificate") as raised:
            voter(unknown.base_url).ask(brief(), timeout_s=10)
        assert unknown.state()["started"] == 0
    assert raised.value.kind is ErrorKind.UNAVAILABLE


def test_fifty_callers_at_once_share_as_many_connections_and_each_gets_its_own_answer(
    running: Running,
) -> None:
    running.script({"*": [{"latency_s": 0.2}]})
    symbols = [f"A{number}/USD" for number in range(50)]
    asked = over(running, GEMINI)
    heard: dict[str, str] = {}

    def ask(symbol: str) -> None:
        heard[symbol] = asked.ask(brief(symbol), timeout_s=20).opinions[0].symbol

    before = running.connections()
    for _ in range(2):
        threads = [threading.Thread(target=ask, args=(symbol,)) for symbol in symbols]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert heard == {symbol: symbol for symbol in symbols}
    assert running.connections() - before <= 51
