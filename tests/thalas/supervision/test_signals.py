"""Requests to stop, counted as a person means them."""

import os
import signal
import time

import pytest

from thalas.supervision.signals import SAME_PRESS_S, StopFlag, signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_sets_the_flag_and_raises_nothing(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with signals() as flag:
        assert not flag.is_set
        os.kill(os.getpid(), number)
        assert (flag.count, flag.is_hurried) == (1, False)
    assert signal.getsignal(number) is before


def test_the_same_press_passed_on_twice_is_no_hurry_but_a_second_press_is() -> None:
    flag = StopFlag()
    flag.ask(signal.SIGINT)
    flag.ask(signal.SIGTERM)
    assert (flag.is_set, flag.is_hurried) == (True, False)
    time.sleep(SAME_PRESS_S + 0.01)
    flag.ask(signal.SIGHUP)
    assert not flag.is_hurried
    flag.ask(signal.SIGINT)
    assert flag.is_hurried
