"""Run the provider emulator: `python -m providers.emulator --port 0 --log calls.jsonl`. A test double."""

import argparse
import ipaddress
import socket
import sys
from pathlib import Path

import uvicorn

from providers.emulator.app import Emulator
from providers.emulator.connections import Connection
from providers.emulator.journals import Journal
from providers.emulator.scripts import Script

MEDIAN_S = 0.4
# Longer than any client keeps an idle connection, or it would race with our hanging up.
KEEP_ALIVE_S = 75
BACKLOG = 2_048
NOT_STARTED = 2


def main(arguments: list[str]) -> int:
    """Serve until stopped; return the exit code, 2 if it cannot start."""
    options = _options(arguments)
    try:
        journal = Journal(options.log, options.heard)
        listener = _listen(options.host, options.port)
    except (ValueError, OSError) as error:
        print(f"the emulator cannot start on {options.host}:{options.port}: {error}", file=sys.stderr)
        return NOT_STARTED
    port = listener.getsockname()[1]
    app = Emulator(Script(options.script), journal, median_s=options.median_s)
    server = uvicorn.Server(_config(app, options.certificate))
    if options.port_file:
        _write_whole(options.port_file, f"{port}\n")
    scheme = "https" if options.certificate else "http"
    print(f"emulating four wires on {scheme}://{options.host}:{port}/v1 (Gemini below /v1beta)", flush=True)
    try:
        server.run(sockets=[listener])
    finally:
        journal.close()
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m providers.emulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address; no other is accepted")
    parser.add_argument("--port", type=int, required=True, help="0 takes any free port")
    parser.add_argument("--port-file", type=Path, help="where to write the port once it is open")
    parser.add_argument("--log", type=Path, help="where to append one JSON line per event")
    parser.add_argument("--heard", type=Path, help="where to keep every question, word for word, keys too")
    parser.add_argument("--script", type=Path, help="JSON that says how to misbehave, read at each request")
    parser.add_argument("--certificate", type=Path, help="PEM file with certificate and key: speaks TLS")
    parser.add_argument("--median-s", type=float, default=MEDIAN_S, help="median latency of answers")
    return parser.parse_args(arguments)


def _listen(host: str, port: int) -> socket.socket:
    """Return an open socket.

    Raises:  ValueError if *host* is not a loopback address; OSError if the port is taken.
    """
    address = ipaddress.ip_address(host)
    if not address.is_loopback:
        raise ValueError("it stands in for providers and checks no key, so it listens on loopback only")
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    # TCP by name: of a socket that does not name it, asyncio leaves Nagle's algorithm on, and each
    # answer, sent as head and body, would wait 40 ms for the caller's delayed acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _config(app: Emulator, certificate: Path | None) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Connection,
        ssl_certfile=certificate,
        loop="asyncio",
        lifespan="off",
        interface="asgi3",
        proxy_headers=False,  # else a header could name another caller's connection
        server_header=False,
        date_header=False,  # sent by the application, so that a script can set it
        access_log=False,
        log_level="warning",
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=1,
    )


def _write_whole(path: Path, text: str) -> None:
    """Write so that a reader finds all of it or no file."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(text)
    draft.replace(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
