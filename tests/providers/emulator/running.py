"""A real emulator process for tests: started, scripted, watched and stopped."""

import contextlib
import json
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import orjson

START_S = 20.0
STEP_S = 0.01


@dataclass(frozen=True)
class Running:
    """An emulator that listens at *base_url*; *certificate* if it speaks TLS."""

    base_url: str
    log: Path
    script_file: Path
    certificate: Path | None = None

    def script(self, rules: dict[str, object]) -> None:
        """Say how the next requests are answered; counts start again."""
        # A number that differs each time, or the same script twice would be one script used up.
        draft = self.script_file.with_suffix(".new")
        draft.write_text(json.dumps({**rules, f"_{time.monotonic_ns()}": []}))
        draft.replace(self.script_file)

    def events(self) -> list[dict[str, str]]:
        """Return what the journal holds."""
        return [orjson.loads(line) for line in self.log.read_bytes().splitlines()]

    def state(self) -> dict[str, int]:
        """Return the emulator's own counts."""
        root = self.base_url.removesuffix("/v1")
        trusted = ssl.create_default_context(cafile=self.certificate) if self.certificate else True
        reply = httpx.get(f"{root}/_emulator/state", trust_env=False, verify=trusted)
        counts: dict[str, int] = reply.json()
        return counts

    def connections(self) -> int:
        """Return how many connections there have been, the one that asks this included."""
        return self.state()["connections"]

    def wait_for(self, event: str, count: int) -> None:
        """Wait until the journal holds *count* of *event*."""
        until = time.monotonic() + START_S
        while sum(line["event"] == event for line in self.events()) < count:
            assert time.monotonic() < until, f"no {count} {event} in {self.events()}"
            time.sleep(STEP_S)


@contextlib.contextmanager
def emulator(folder: Path, *extra: str, certificate: Path | None = None) -> Iterator[Running]:
    """Run an emulator that answers at once unless its script says otherwise.

    certificate  PEM file with certificate and key: it speaks TLS
    """
    port_file, log, script = folder / "port", folder / "calls.jsonl", folder / "script.json"
    extra += (f"--certificate={certificate}",) if certificate else ()
    options = [f"--port-file={port_file}", f"--log={log}", f"--script={script}", "--median-s=0", *extra]
    command = [sys.executable, "-m", "providers.emulator", "--port=0", *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + START_S
        while not port_file.exists():
            assert process.poll() is None, "the emulator did not start"
            assert time.monotonic() < until, "the emulator takes too long to start"
            time.sleep(STEP_S)
        scheme = "https" if certificate else "http"
        base_url = f"{scheme}://127.0.0.1:{port_file.read_text().strip()}/v1"
        yield Running(base_url, log, script, certificate)
    finally:
        process.terminate()
        process.wait(START_S)
