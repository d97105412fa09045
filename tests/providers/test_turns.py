"""One vote's turn: what it waits for, what it tells of each attempt, and what it gives back."""

import pytest

from providers import turns
from providers.circuits import Outcome, Rules, State
from providers.errors import ErrorKind, PermanentVoterError, TransientVoterError, VoterError
from providers.retries import Failure, Patience
from providers.turns import Conditions, Turn
from providers.turnstiles import LocalTurnstile, Ticket
from providers.windows import Windows

NAME = "a provider"
RULES = Rules(ills=3, outcomes=5, cooling_s=4.0, longest_s=32.0)


class Hour:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class House:
    """A turnstile, and turns at it."""

    def __init__(self) -> None:
        self.hour = Hour()
        self.turnstile = LocalTurnstile(RULES, clock=self.hour)

    def turn(self, *, timeout_s: float = 12.0, windows: Windows | None = None, tokens: int = 0) -> Turn:
        conditions = Conditions(
            NAME, timeout_s=timeout_s, usual_s=12.0, windows=windows or Windows(), tokens=tokens
        )
        return Turn(self.turnstile, conditions, clock=self.hour, sleep=self.hour.sleep)

    def ask(self, *errors: VoterError, retries: int = 0, after_s: float | None = None, **how: object) -> str:
        """Take a turn in which attempts end in *errors*, and then in an answer."""
        left = list(errors)
        self.made = 0

        def attempt(left_s: float) -> str | Failure:
            self.made += 1
            return Failure(left.pop(0), after_s) if left else "an answer"

        turn = self.turn(**how)  # type: ignore[arg-type]
        turn.enter()
        patience = Patience(retries, sleep=self.hour.sleep, clock=self.hour)
        with turns.taken(turn):
            return patience.persist(attempt, timeout_s=turn.left_s)[0]

    @property
    def ills(self) -> int:
        return self.turnstile.look(NAME).ills


@pytest.fixture
def house() -> House:
    return House()


def error(kind: ErrorKind) -> VoterError:
    return TransientVoterError(kind, "why")


def test_every_attempt_is_heard_of_also_those_that_a_retry_makes_good(house: House) -> None:
    assert house.ask(error(ErrorKind.OVERLOADED), error(ErrorKind.TIMEOUT), retries=2) == "an answer"
    assert house.ills == 2


@pytest.mark.parametrize("kind", list(ErrorKind))
@pytest.mark.parametrize("can_heal", [True, False])
def test_only_what_speaks_of_the_providers_health_counts_against_it(
    house: House, kind: ErrorKind, can_heal: bool
) -> None:
    failure = TransientVoterError(kind, "why") if can_heal else PermanentVoterError(kind, "why")
    with pytest.raises(VoterError):
        house.ask(failure)
    is_ill = can_heal and kind in ("overloaded", "unavailable", "timeout", "rate_limit")
    assert house.ills == int(is_ill)


def test_a_circuit_that_opens_ends_the_retries_with_the_providers_own_error(house: House) -> None:
    with pytest.raises(VoterError) as raised:
        house.ask(*[error(ErrorKind.OVERLOADED)] * 6, retries=5)
    assert (house.made, raised.value.kind) == (3, ErrorKind.OVERLOADED)
    with pytest.raises(VoterError, match=r"left alone for .* s; nothing was asked") as raised:
        house.ask()
    assert (house.made, raised.value.kind) == (0, ErrorKind.CIRCUIT_OPEN)


def test_a_failed_probe_is_not_retried(house: House) -> None:
    for _ in range(3):
        with pytest.raises(VoterError):
            house.ask(error(ErrorKind.OVERLOADED))
    house.hour.now += 4.0
    with pytest.raises(VoterError):
        house.ask(*[error(ErrorKind.OVERLOADED)] * 3, retries=2)
    assert house.made == 1
    assert house.turnstile.look(NAME).state is State.OPEN


@pytest.mark.parametrize("kind", [ErrorKind.BAD_RESPONSE, ErrorKind.REFUSED, ErrorKind.AUTHENTICATION])
def test_a_probe_that_gets_any_answer_at_all_closes_the_circuit(house: House, kind: ErrorKind) -> None:
    for _ in range(3):
        with pytest.raises(VoterError):
            house.ask(error(ErrorKind.OVERLOADED))
    house.hour.now += 4.0
    with pytest.raises(VoterError):
        house.ask(PermanentVoterError(kind, "why"))
    assert house.turnstile.look(NAME).state is State.CLOSED


def test_what_a_provider_asks_for_holds_for_all(house: House) -> None:
    with pytest.raises(VoterError):
        house.ask(error(ErrorKind.RATE_LIMIT), after_s=6.0)
    began = house.hour.now
    assert house.ask(timeout_s=12.0) == "an answer"
    assert 6.0 <= house.hour.now - began <= 6.1


def test_who_has_no_time_to_wait_is_told_so_without_a_call(house: House) -> None:
    with pytest.raises(VoterError):
        house.ask(error(ErrorKind.RATE_LIMIT), after_s=6.0)
    with pytest.raises(VoterError, match=r"asked to be left alone for 6.0 s, longer than") as raised:
        house.ask(timeout_s=6.9)  # 0.9 s would be left for the answer
    assert (house.made, raised.value.kind) == (0, ErrorKind.RATE_LIMIT)


def test_a_full_window_is_waited_for_if_that_leaves_time(house: House) -> None:
    one = Windows(requests_per_minute=1)
    house.ask(windows=one)
    house.hour.now += 55.0
    assert house.ask(windows=one, timeout_s=12.0) == "an answer"  # after 5 s
    house.hour.now += 48.0
    with pytest.raises(VoterError, match="own limit of 1 requests a minute is used up") as raised:
        house.ask(windows=one, timeout_s=12.0)
    assert (house.made, raised.value.kind) == (0, ErrorKind.RATE_LIMIT)


def test_retries_count_in_the_window_too(house: House) -> None:
    two = Windows(requests_per_minute=2)
    with pytest.raises(VoterError):
        house.ask(*[error(ErrorKind.UNAVAILABLE)] * 3, retries=2, windows=two)
    assert house.made == 2


def test_tokens_are_corrected_by_what_the_answer_took(house: House) -> None:
    hundred = Windows(tokens_per_minute=100)
    turn = house.turn(windows=hundred, tokens=90)
    turn.enter()
    turn.heard(None, given_s=12.0)
    turn.took(30)
    assert house.ask(windows=hundred, tokens=70) == "an answer"
    with pytest.raises(PermanentVoterError, match="may take 101 tokens, more than"):
        house.ask(windows=hundred, tokens=101)


@pytest.mark.parametrize(("given_s", "ills"), [(0.5, 0), (1.9, 0), (2.0, 1), (12.0, 1)])
def test_running_out_of_next_to_no_time_says_nothing(house: House, given_s: float, ills: int) -> None:
    turn = house.turn()
    turn.enter()
    turn.heard(error(ErrorKind.TIMEOUT), given_s=given_s)
    assert house.ills == ills


def test_what_was_not_used_is_given_back(house: House) -> None:
    one = Windows(requests_per_minute=1)
    turn = house.turn(windows=one)
    turn.enter()
    with pytest.raises(ZeroDivisionError), turns.taken(turn):
        raise ZeroDivisionError
    assert house.ask(windows=one) == "an answer"


def test_a_voter_that_reports_no_attempts_is_well_if_it_answers(house: House) -> None:
    for _ in range(3):
        with pytest.raises(VoterError):
            house.ask(error(ErrorKind.OVERLOADED))
    house.hour.now += 4.0
    turn = house.turn()
    turn.enter()
    with turns.taken(turn):
        pass
    assert house.turnstile.look(NAME).state is State.CLOSED


def test_outside_of_a_turn_nobody_is_told(house: House) -> None:
    patience = Patience(0, sleep=house.hour.sleep, clock=house.hour)
    assert turns.current() is None
    assert patience.persist(lambda _left_s: "an answer", timeout_s=1.0) == ("an answer", 0)
    ticket = house.turnstile.enter(NAME)
    assert isinstance(ticket, Ticket)
    assert not ticket.needs_telling(Outcome.WELL, None)
