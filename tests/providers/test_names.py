"""A name is looked up in time or not at all, and names that hang take no more than their room."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from providers import names

HANGING = """
import socket, threading
from providers import names
socket.getaddrinfo = lambda *_, **__: threading.Event().wait()
try:
    names.look_up("nowhere.example", 443, within_s=0.1)
except TimeoutError as error:
    print(error)
"""


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A resolver that hangs until the event is set, at the latest at the end of the test."""
    answers = threading.Event()

    def look_up(host: str, port: int, *_: object, **__: object) -> list[object]:
        assert answers.wait(30)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    yield answers
    answers.set()
    for thread in threading.enumerate():
        if thread.name == "look-up":
            thread.join(timeout=5)


def test_a_name_stands_for_its_addresses() -> None:
    assert names.look_up("127.0.0.1", 80, within_s=5) == ["127.0.0.1"]
    assert set(names.look_up("localhost", 80, within_s=5)) <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "a..example"])
def test_what_can_be_no_name_is_told_as_one_that_does_not_exist(host: str) -> None:
    with pytest.raises(OSError, match="is no name"):
        names.look_up(host, 80, within_s=5)


def test_a_resolver_that_hangs_is_left_in_time(resolver: threading.Event) -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        names.look_up("nowhere.example", 80, within_s=0.2)
    assert 0.15 < time.monotonic() - began < 1.5


def test_names_that_hang_take_no_more_than_their_room_and_give_it_back(resolver: threading.Event) -> None:
    for _ in range(names.MOST_AT_ONCE + 3):
        with pytest.raises(TimeoutError):
            names.look_up("nowhere.example", 80, within_s=0.01)
    hanging = [thread for thread in threading.enumerate() if thread.name == "look-up"]
    assert len(hanging) == names.MOST_AT_ONCE
    resolver.set()
    assert names.look_up("somewhere.example", 80, within_s=5) == ["93.184.216.34"]


def test_a_look_up_that_hangs_keeps_no_process_from_ending() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HANGING], capture_output=True, text=True, timeout=20, check=True
    )
    assert done.stdout == "the name was not looked up in time\n"
