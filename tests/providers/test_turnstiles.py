"""Circuits and windows, here for one process; tests/processes holds the shared ones to the same."""

import pytest

from providers.circuits import Change, Outcome, Rules, State
from providers.turnstiles import LocalTurnstile, Reason, Refusal, Ticket, Turnstile
from providers.windows import Windows

RULES = Rules(ills=3, outcomes=5, within_s=60.0, cooling_s=4.0, longest_s=32.0)
NAME = "a provider"


class Watch:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def turnstile(watch: Watch) -> Turnstile:
    return LocalTurnstile(RULES, clock=watch)


def let_in(turnstile: Turnstile, **how: object) -> Ticket:
    """Enter, and be let in."""
    answer = turnstile.enter(NAME, **how)  # type: ignore[arg-type]
    assert isinstance(answer, Ticket), answer
    return answer


def refused(turnstile: Turnstile, **how: object) -> Refusal:
    """Enter, and be refused."""
    answer = turnstile.enter(NAME, **how)  # type: ignore[arg-type]
    assert isinstance(answer, Refusal), answer
    return answer


def fail(turnstile: Turnstile, times: int) -> Change:
    """Let so many calls find the provider ill; return what the last one did."""
    change = Change.NONE
    for _ in range(times):
        change = turnstile.tell(let_in(turnstile), Outcome.ILL)
    return change


def test_a_circuit_opens_at_the_third_failure_of_the_last_five_and_not_before(
    turnstile: Turnstile,
) -> None:
    for outcome in "ill", "well", "ill", "well":
        assert turnstile.tell(let_in(turnstile), Outcome(outcome)) is Change.NONE
    assert turnstile.tell(let_in(turnstile), Outcome.ILL) is Change.OPENED
    assert refused(turnstile) == Refusal(NAME, Reason.OPEN, 4.0)
    assert turnstile.look(NAME).state is State.OPEN


def test_failures_among_many_answers_open_nothing(turnstile: Turnstile) -> None:
    # ill, then well three times, again and again: never more than 2 of the last 5.
    for _ in range(20):
        for outcome in "ill", "well", "well", "well":
            assert turnstile.tell(let_in(turnstile), Outcome(outcome)) is Change.NONE


def test_failures_that_are_a_minute_old_are_forgotten(turnstile: Turnstile, watch: Watch) -> None:
    fail(turnstile, 2)
    watch.now += 60.0
    assert fail(turnstile, 2) is Change.NONE
    watch.now += 59.9
    assert fail(turnstile, 1) is Change.OPENED


def test_successes_are_told_only_while_there_are_failures(turnstile: Turnstile) -> None:
    quiet = let_in(turnstile)
    assert not quiet.needs_telling(Outcome.WELL, None)
    fail(turnstile, 1)
    assert let_in(turnstile).is_watched
    for _ in range(5):
        turnstile.tell(let_in(turnstile), Outcome.WELL)
    assert not let_in(turnstile).is_watched


def test_half_open_lets_one_probe_through_and_its_success_closes(turnstile: Turnstile, watch: Watch) -> None:
    fail(turnstile, 3)
    watch.now += 3.9
    assert refused(turnstile).wait_s == pytest.approx(0.1)
    watch.now += 0.1
    probe = let_in(turnstile, lease_s=7.0)
    assert probe.is_probe
    assert turnstile.look(NAME).state is State.HALF_OPEN
    assert [refused(turnstile).reason for _ in range(20)] == [Reason.OPEN] * 20
    assert turnstile.tell(probe, Outcome.WELL) is Change.CLOSED
    assert [let_in(turnstile).is_probe for _ in range(20)] == [False] * 20


def test_each_failed_probe_doubles_the_wait_up_to_the_longest(turnstile: Turnstile, watch: Watch) -> None:
    fail(turnstile, 3)
    waits = [refused(turnstile).wait_s]
    for _ in range(5):
        watch.now += waits[-1]
        assert turnstile.tell(let_in(turnstile), Outcome.ILL) is Change.OPENED
        waits.append(refused(turnstile).wait_s)
    assert waits == [4.0, 8.0, 16.0, 32.0, 32.0, 32.0]


def test_a_circuit_that_opens_again_soon_goes_on_doubling_and_later_starts_anew(
    turnstile: Turnstile, watch: Watch
) -> None:
    fail(turnstile, 3)
    watch.now += 4.0
    turnstile.tell(let_in(turnstile), Outcome.WELL)
    watch.now += 31.9
    fail(turnstile, 3)
    assert refused(turnstile).wait_s == 8.0
    watch.now += 8.0
    turnstile.tell(let_in(turnstile), Outcome.WELL)
    watch.now += 32.0
    fail(turnstile, 3)
    assert refused(turnstile).wait_s == 4.0


def test_a_probe_whose_worker_died_is_followed_by_another_and_no_longer_heard(
    turnstile: Turnstile, watch: Watch
) -> None:
    fail(turnstile, 3)
    watch.now += 4.0
    dead = let_in(turnstile, lease_s=7.0)
    watch.now += 6.9
    refused(turnstile)
    watch.now += 0.1
    probe = let_in(turnstile)
    assert turnstile.tell(dead, Outcome.WELL) is Change.NONE
    refused(turnstile)
    assert turnstile.tell(probe, Outcome.WELL) is Change.CLOSED


def test_a_probe_that_was_not_made_is_given_back(turnstile: Turnstile, watch: Watch) -> None:
    fail(turnstile, 3)
    watch.now += 4.0
    turnstile.tell(let_in(turnstile), Outcome.UNUSED)
    assert let_in(turnstile).is_probe


def test_what_was_let_through_before_the_circuit_opened_is_no_longer_heard(
    turnstile: Turnstile, watch: Watch
) -> None:
    old = [let_in(turnstile) for _ in range(6)]
    fail(turnstile, 3)
    assert [turnstile.tell(ticket, Outcome.ILL) for ticket in old[:3]] == [Change.NONE] * 3
    watch.now += 4.0
    turnstile.tell(let_in(turnstile), Outcome.WELL)
    assert [turnstile.tell(ticket, Outcome.ILL) for ticket in old[3:]] == [Change.NONE] * 3
    assert turnstile.look(NAME).ills == 0


@pytest.mark.parametrize(("asked_s", "shut_s"), [(2.5, 2.5), (1e9, 32.0), (0.0, 0.0)])
def test_a_provider_may_shut_its_door_for_a_while_but_not_for_ever(
    turnstile: Turnstile, watch: Watch, asked_s: float, shut_s: float
) -> None:
    turnstile.tell(let_in(turnstile), Outcome.ILL, retry_after_s=asked_s)
    if shut_s:
        assert refused(turnstile) == Refusal(NAME, Reason.SHUT, shut_s)
    watch.now += shut_s
    assert not let_in(turnstile).is_probe


def test_so_many_requests_fit_into_any_minute(turnstile: Turnstile, watch: Watch) -> None:
    three = Windows(requests_per_minute=3)
    for _ in range(3):
        let_in(turnstile, windows=three)
        watch.now += 10.0
    assert refused(turnstile, windows=three) == Refusal(NAME, Reason.REQUESTS, 30.0)
    watch.now += 30.0
    let_in(turnstile, windows=three)
    assert refused(turnstile, windows=three).wait_s == 10.0


def test_tokens_count_at_their_worst_until_the_true_number_is_told(
    turnstile: Turnstile, watch: Watch
) -> None:
    thousand = Windows(tokens_per_minute=1000)
    first = let_in(turnstile, windows=thousand, tokens=700)
    watch.now += 20.0
    assert refused(turnstile, windows=thousand, tokens=301) == Refusal(NAME, Reason.TOKENS, 40.0)
    turnstile.correct(first, tokens=200)
    let_in(turnstile, windows=thousand, tokens=800)
    assert refused(turnstile, windows=thousand, tokens=1).wait_s == 40.0
    assert refused(turnstile, windows=thousand, tokens=201).wait_s == 60.0
    assert refused(turnstile, windows=thousand, tokens=1001).reason is Reason.NEVER


def test_a_call_that_was_not_made_leaves_its_place(turnstile: Turnstile) -> None:
    narrow = Windows(requests_per_minute=1, tokens_per_minute=10)
    turnstile.tell(let_in(turnstile, windows=narrow, tokens=10), Outcome.UNUSED)
    let_in(turnstile, windows=narrow, tokens=10)


def test_an_open_circuit_counts_nobody_in_the_windows(turnstile: Turnstile, watch: Watch) -> None:
    two = Windows(requests_per_minute=2)
    fail(turnstile, 3)
    for _ in range(5):
        assert refused(turnstile, windows=two).reason is Reason.OPEN
    watch.now += 4.0
    assert let_in(turnstile, windows=two).is_probe


def test_providers_do_not_answer_for_each_other(turnstile: Turnstile) -> None:
    fail(turnstile, 3)
    assert isinstance(turnstile.enter("another"), Ticket)
    turnstile.reset(NAME)
    let_in(turnstile)
