"""The turnstile with a real Redis: it says what the one in Python says, and of many workers one probes."""

import json
import os
import signal
import subprocess
import sys
import time
from itertools import count

import pytest
from django.conf import settings
from hypothesis import Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from providers.circuits import Change, Outcome, Rules, State
from providers.shared_turnstiles import PREFIX, SharedTurnstile
from providers.steady_turnstiles import SteadyTurnstile
from providers.turnstiles import LocalTurnstile, Reason, Refusal, Ticket
from providers.windows import Windows
from tests.processes import fleets, probers, waits
from tests.processes.fleets import Fleet

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("celery_broker_cluster")]
RULES = Rules(ills=2, outcomes=4, within_s=30.0, cooling_s=4.0, longest_s=32.0)
WINDOWS = Windows(requests_per_minute=4, tokens_per_minute=100)
NAMES = count()
PROCESSES = 4
# What is counted here is not how soon Redis answers; on a machine that is busy it may take its time.
PATIENT_S = 5.0

# What leads somewhere comes often: calls that fail, and time that passes while a circuit is open.
OFTEN = (
    [("enter freely", 0)] * 8
    + [("ill", 0)] * 4
    + [("ill", -1)] * 2
    + [("well", -1)] * 3
    + [("wait", 4)] * 3
    + [("enter", 1)] * 4
)
steps = st.one_of(
    st.sampled_from(OFTEN),
    st.tuples(st.just("wait"), st.sampled_from([1, 3, 5, 7, 16, 30, 32, 60])),
    st.tuples(st.just("enter"), st.integers(0, 110)),
    st.tuples(st.sampled_from([*Outcome]), st.integers(0, 5)),
    st.tuples(st.just("ill, with retry-after"), st.sampled_from([0, 2, 9, 10**6])),
    st.tuples(st.just("correct"), st.integers(0, 60)),
)


class Twins:
    """The two turnstiles side by side on one clock; what one says the other has to say."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.name = f"twin {next(NAMES)}"
        self.local = LocalTurnstile(RULES, clock=lambda: self.now)
        self.shared = patient(lambda: self.now)
        self.tickets: list[tuple[Ticket, Ticket]] = []

    def step(self, what: str, number: int) -> None:
        """Do *what* with both."""
        if what == "wait":
            self.now += number
        elif what == "enter":
            self.enter(WINDOWS, number)
        elif what == "enter freely":
            self.enter(Windows(), 0)
        elif self.tickets:
            self.tell(what, number)

    def enter(self, windows: Windows, tokens: int) -> None:
        one = self.local.enter(self.name, windows=windows, tokens=tokens, lease_s=5.0)
        two = self.shared.enter(self.name, windows=windows, tokens=tokens, lease_s=5.0)
        if isinstance(one, Refusal) or isinstance(two, Refusal):
            assert one == two
            return
        seen = [
            (ticket.generation, ticket.is_probe, ticket.is_watched, ticket.tokens) for ticket in (one, two)
        ]
        assert seen[0] == seen[1]
        self.tickets.append((one, two))

    def tell(self, what: str, number: int) -> None:
        if what == "correct":  # once, and then the call was made
            one, two = self.tickets.pop()
            self.local.correct(one, tokens=number)
            self.shared.correct(two, tokens=number)
        elif what == "ill, with retry-after":
            one, two = self.tickets.pop()
            changes = [
                turnstile.tell(ticket, Outcome.ILL, retry_after_s=number)
                for turnstile, ticket in ((self.local, one), (self.shared, two))
            ]
            assert changes[0] == changes[1]
        else:
            one, two = self.tickets.pop(number % len(self.tickets))
            assert self.local.tell(one, Outcome(what)) == self.shared.tell(two, Outcome(what))


def patient(clock: object = None, rules: Rules = RULES) -> SharedTurnstile:
    """Return a shared turnstile that does not mind a slow machine."""
    return SharedTurnstile(
        settings.BROKER_URL,
        rules,
        clock=clock,  # type: ignore[arg-type]
        connect_timeout_s=PATIENT_S,
        answer_timeout_s=PATIENT_S,
    )


def let_in(turnstile: SharedTurnstile | SteadyTurnstile, name: str, **how: object) -> Ticket:
    """Enter, and be let in."""
    answer = turnstile.enter(name, **how)  # type: ignore[arg-type]
    assert isinstance(answer, Ticket), answer
    return answer


def fail(turnstile: SharedTurnstile | SteadyTurnstile, name: str, times: int) -> None:
    """Let so many calls find *name* ill."""
    for _ in range(times):
        turnstile.tell(let_in(turnstile, name), Outcome.ILL)


def test_what_redis_says_is_what_python_says(celery_broker_cluster: object) -> None:
    @examples(max_examples=150, phases=[Phase.generate])  # shrinking asks Redis for minutes
    @given(st.lists(steps, min_size=20, max_size=60))
    def says_the_same(history: list[tuple[str, int]]) -> None:
        twins = Twins()
        for what, number in history:
            twins.step(what, number)
            one, two = twins.local.look(twins.name), twins.shared.look(twins.name)
            assert one == two, (what, number)

    says_the_same()


def test_an_open_circuit_lets_one_probe_at_a_time_through_of_eighty_threads_in_four_processes() -> None:
    argv = [sys.executable, "-m", "tests.processes.probers", settings.BROKER_URL, "crowd", "4"]
    began = time.monotonic()
    crowd = [subprocess.Popen(argv, stdout=subprocess.PIPE) for _ in range(PROCESSES)]
    sums = [json.loads(one.communicate(timeout=60)[0].splitlines()[-1]) for one in crowd]
    lasted_s = time.monotonic() - began
    probes = sum(probes for _, probes in sums)
    through = sum(through for through, _ in sums)
    # Open for 0.5, 1, 2, 4, 8, … s, and each probe takes 0.05 s: no more than fits into the time.
    starts, fits = 0.5, 0
    while starts < lasted_s:
        starts, fits = starts + 0.05 + 0.5 * 2 ** (fits + 1), fits + 1
    assert probes <= fits
    # It can have opened only once without a probe. Then at most every thread was inside, and the four who had
    # told of a failure before the fifth one did may have come in twice.
    assert through - probes <= PROCESSES * probers.THREADS + probers.RULES.ills - 1
    waits.in_time(probes >= 2, "a second probe")


def test_what_one_process_learns_all_know_and_a_flush_forgets() -> None:
    one, other = patient(), patient()
    fail(one, "a", 2)
    refusal = other.enter("a")
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.OPEN
    other.tell(Ticket("b", "somebody"), Outcome.ILL, retry_after_s=20.0)
    refusal = one.enter("b")
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.SHUT
    assert 19.0 < refusal.wait_s <= 20.0
    fleets.flush()
    assert one.look("a").state is State.CLOSED
    let_in(one, "a")
    let_in(one, "b")


def test_times_from_before_the_clock_was_set_back_lock_nobody_out() -> None:
    shared = patient()
    fail(shared, "a", 2)
    with fleets.valkey() as client:
        name = f"{PREFIX}{{a}}"
        tomorrow = str(int((time.time() + 86_400) * 1_000_000))
        client.hset(name, mapping={"open_until": tomorrow, "shut_until": tomorrow})
        client.zadd(f"{name}:calls", {"old:5": float(tomorrow)})
    assert let_in(shared, "a", windows=Windows(requests_per_minute=1)).is_probe


def test_nothing_is_kept_longer_than_it_matters() -> None:
    shared = patient()
    ticket = let_in(shared, "a", windows=WINDOWS, tokens=5)
    shared.tell(ticket, Outcome.ILL)
    with fleets.valkey() as client:
        left = {key: client.pttl(key) for key in client.scan_iter(f"{PREFIX}*")}
    assert len(left) == 3
    assert all(0 < left_ms <= 3_600_000 for left_ms in left.values())
    shared.reset("a")
    with fleets.valkey() as client:
        assert not list(client.scan_iter(f"{PREFIX}*"))


def test_while_all_is_well_a_call_costs_one_trip_to_redis() -> None:
    steady = SteadyTurnstile(patient(), LocalTurnstile(RULES))
    let_in(steady, "a")  # loads the scripts
    with fleets.valkey() as client:
        client.config_resetstat()
        for _ in range(50):
            steady.tell(let_in(steady, "a"), Outcome.WELL)
        assert client.info("commandstats")["cmdstat_evalsha"]["calls"] == 50


def test_a_redis_that_hangs_or_dies_holds_nobody_up_and_circuits_go_on_by_themselves(
    celery_broker_cluster: object, fleet: Fleet
) -> None:
    steady = SteadyTurnstile(SharedTurnstile(settings.BROKER_URL, RULES), LocalTurnstile(RULES))
    fail(patient(), "open before", 2)  # by another worker
    assert isinstance(steady.enter("open before"), Refusal)
    broker = fleet["broker"]
    os.kill(broker.pid, signal.SIGSTOP)
    try:
        took = []
        for _ in range(10):
            began = time.perf_counter()
            steady.tell(let_in(steady, "a"), Outcome.WELL)
            took.append(time.perf_counter() - began)
        waits.no_longer(took[0], 0.15, "finding out that Redis hangs")
        waits.no_longer(max(took[1:]), 0.05, "going through once that is known")
        fail(steady, "a", 2)
        assert isinstance(steady.enter("a"), Refusal)
        assert isinstance(steady.enter("open before"), Refusal)  # this process knows
    finally:
        os.kill(broker.pid, signal.SIGCONT)
    broker.kill()
    began = time.monotonic()
    assert isinstance(steady.enter("b"), Ticket)
    steady.reset("b")
    assert steady.look("b").state is State.CLOSED
    waits.not_after(began, 0.3, "going through without a broker")
    fleet.muster("broker")

    def is_shared_again() -> bool:
        name = f"try {next(NAMES)}"
        fail(steady, name, 1)
        return patient().look(name).ills == 1

    waits.until(is_shared_again, within_s=5, what="Redis hears of failures again")


def test_what_was_let_through_before_a_flush_is_heard_after_it() -> None:
    steady = SteadyTurnstile(patient(), LocalTurnstile(RULES))
    ticket = let_in(steady, "a")
    fleets.flush()
    assert steady.tell(ticket, Outcome.ILL) is Change.NONE
    assert steady.look("a").ills == 1
