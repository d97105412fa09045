"""The turnstile in Redis passes the suite of the one in Python."""

from collections.abc import Iterator

import pytest
from django.conf import settings

from providers.shared_turnstiles import SharedTurnstile
from tests.processes.fleets import Fleet
from tests.providers.test_turnstiles import (
    NAME,
    RULES,
    Watch,
    test_a_call_that_was_not_made_leaves_its_place,
    test_a_circuit_opens_at_the_third_failure_of_the_last_five_and_not_before,
    test_a_circuit_that_opens_again_soon_goes_on_doubling_and_later_starts_anew,
    test_a_probe_that_was_not_made_is_given_back,
    test_a_probe_whose_worker_died_is_followed_by_another_and_no_longer_heard,
    test_a_provider_may_shut_its_door_for_a_while_but_not_for_ever,
    test_an_open_circuit_counts_nobody_in_the_windows,
    test_each_failed_probe_doubles_the_wait_up_to_the_longest,
    test_failures_among_many_answers_open_nothing,
    test_failures_that_are_a_minute_old_are_forgotten,
    test_half_open_lets_one_probe_through_and_its_success_closes,
    test_providers_do_not_answer_for_each_other,
    test_so_many_requests_fit_into_any_minute,
    test_successes_are_told_only_while_there_are_failures,
    test_tokens_count_at_their_worst_until_the_true_number_is_told,
    test_what_was_let_through_before_the_circuit_opened_is_no_longer_heard,
    watch,
)

pytestmark = pytest.mark.processes
__all__ = [
    "test_a_call_that_was_not_made_leaves_its_place",
    "test_a_circuit_opens_at_the_third_failure_of_the_last_five_and_not_before",
    "test_a_circuit_that_opens_again_soon_goes_on_doubling_and_later_starts_anew",
    "test_a_probe_that_was_not_made_is_given_back",
    "test_a_probe_whose_worker_died_is_followed_by_another_and_no_longer_heard",
    "test_a_provider_may_shut_its_door_for_a_while_but_not_for_ever",
    "test_an_open_circuit_counts_nobody_in_the_windows",
    "test_each_failed_probe_doubles_the_wait_up_to_the_longest",
    "test_failures_among_many_answers_open_nothing",
    "test_failures_that_are_a_minute_old_are_forgotten",
    "test_half_open_lets_one_probe_through_and_its_success_closes",
    "test_providers_do_not_answer_for_each_other",
    "test_so_many_requests_fit_into_any_minute",
    "test_successes_are_told_only_while_there_are_failures",
    "test_tokens_count_at_their_worst_until_the_true_number_is_told",
    "test_what_was_let_through_before_the_circuit_opened_is_no_longer_heard",
    "watch",
]
# What is checked here is not how soon Redis answers; on a machine that is busy it may take its time.
PATIENT_S = 5.0


@pytest.fixture
def turnstile(fleet: Fleet, watch: Watch) -> Iterator[SharedTurnstile]:
    """The shared one, on the test's own clock."""
    fleet.muster("broker")
    shared = SharedTurnstile(
        settings.BROKER_URL, RULES, clock=watch, connect_timeout_s=PATIENT_S, answer_timeout_s=PATIENT_S
    )
    shared.reset(NAME)
    yield shared
    shared.reset(NAME)
