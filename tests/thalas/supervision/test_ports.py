"""Busy ports: one line that names the port, its holder and the setting that moves us elsewhere."""

import os
import socket

import psutil
import pytest

from thalas.supervision import ports
from thalas.supervision.errors import PortBusy


def listener(host: str = "127.0.0.1") -> socket.socket:
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((host, 0))
    server.listen()
    return server


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", ""])
def test_a_taken_port_is_refused_with_its_holder(host: str) -> None:
    with listener(host) as server:
        port = server.getsockname()[1]
        with pytest.raises(PortBusy) as refusal:
            ports.ensure_free("127.0.0.1", port, "THALAS_WEB_PORT")
    name = psutil.Process().name()
    assert str(refusal.value) == (
        f"port {port} on 127.0.0.1 is taken (by {name}, pid {os.getpid()}); set THALAS_WEB_PORT to another"
    )


def test_a_port_is_free_again_at_once_though_its_last_connection_lingers() -> None:
    with listener() as server:
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        accepted, _ = server.accept()
        accepted.close()  # the side that closes first keeps the connection in TIME_WAIT
        client.close()
    with socket.socket() as strict, pytest.raises(OSError, match="in use"):
        strict.bind(("127.0.0.1", port))  # without SO_REUSEADDR the lingering does count
    ports.ensure_free("127.0.0.1", port, "THALAS_WEB_PORT")
    ports.ensure_free("localhost", port, "THALAS_WEB_PORT")


def test_an_address_that_is_not_ours_is_refused_with_the_reason() -> None:
    with pytest.raises(PortBusy, match=r"port 8000 on 192\.0\.2\.1 cannot be used \(.+\); set THALAS_WEB"):
        ports.ensure_free("192.0.2.1", 8000, "THALAS_WEB_PORT")


def test_nobody_listens_on_a_port_that_was_closed() -> None:
    with listener() as server:
        port = server.getsockname()[1]
        assert ports.find_listener(port) == (psutil.Process().name(), os.getpid())
    assert ports.find_listener(port) is None
