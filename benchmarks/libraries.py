"""(h) Our CPU share of a call to a model, beside the vendors' own libraries at the same emulator."""

import json
import subprocess
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks import figures
from benchmarks.reports import Report
from providers.voters import ballots, prompts, registry
from providers.voters.types import Brief, BriefCandle, SymbolBrief, Voter
from providers.voters.vendors import ANTHROPIC_MESSAGES, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES, VoterSpec
from tests.providers.emulator.running import Running, emulator

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / ".peers" / "bin" / "python"
MODELS = {
    OPENAI_CHAT: ("openai", "gpt-5.4-mini", "/v1", "openai"),
    OPENAI_RESPONSES: ("openai", "gpt-5.4-mini", "/v1", "openai"),
    ANTHROPIC_MESSAGES: ("anthropic", "claude-haiku-4-5", "", "anthropic"),
    GEMINI: ("gemini", "gemini-2.5-flash", "/v1beta", "google-genai"),
}
SYMBOLS, CANDLES = ("BTC/USD", "ETH/USD", "SOL/USD"), 24
CALLS, SHORT_CALLS, WARM_UP = 200, 60, 10
AT_ONCE, CALLS_EACH = (10, 50, 200), 5
# So long that all who ask at once are waiting at once.
LATENCY_S = 1.0
MOST_MS, MOST_X_CROWD = 3.0, 1.5


def measure(*, short: bool) -> Report:
    """Ask over each wire, one call after the other, then many at once."""
    with tempfile.TemporaryDirectory() as folder, emulator(Path(folder)) as running:
        ours = {wire: _used_ms(_voter(running, wire), SHORT_CALLS if short else CALLS) for wire in MODELS}
        theirs = _libraries(running, SHORT_CALLS if short else CALLS)
        running.script({"*": [{"latency_s": LATENCY_S}]})
        crowds = {many: _crowd_ms(running, many) for many in AT_ONCE}
    return _report(ours, theirs, crowds)


def _report(ours: dict[str, list[float]], theirs: dict[str, list[float]], crowds: dict[int, float]) -> Report:
    rows, x_library = [], {}
    for wire, used in ours.items():
        row = [wire, *_spread(used)]
        if wire in theirs:
            x_library[wire] = figures.percentile(used, 0.5) / figures.percentile(theirs[wire], 0.5)
            row += [MODELS[wire][3], *_spread(theirs[wire])[:2], f"{x_library[wire]:.2f}"]
        rows.append(row + [""] * (8 - len(row)))
    rows += [[f"{many} at once, all wires", f"{ms:.2f}", *[""] * 6] for many, ms in crowds.items()]
    slowest_ms = max(figures.percentile(used, 0.5) for used in ours.values())
    x_crowd = max(crowds.values()) / crowds[AT_ONCE[0]]
    regressions = []
    if slowest_ms > MOST_MS:
        regressions.append(f"our share of a call is {slowest_ms:.2f} ms > {MOST_MS:g} ms")
    if x_crowd > MOST_X_CROWD:
        regressions.append(f"a call among many costs {x_crowd:.2f} x one among few > {MOST_X_CROWD:g}")
    skipped = [] if theirs else ["Skipped: the vendors' libraries, as .peers is not set up (make bench does)"]
    return Report(
        part="h",
        title="CPU ms of a call: built, sent, read, judged and priced",
        headings=["wire", "p50", "p95", "p99", "library", "p50", "p95", "ours / theirs"],
        rows=rows,
        figures={"cpu_ms": {w: figures.spread(u) for w, u in ours.items()}, "x_library": x_library}
        | {"library_cpu_ms": {w: figures.spread(u) for w, u in theirs.items()}, "crowd_cpu_ms": crowds},
        notes=[*skipped, "the libraries build, send and parse; they neither price nor judge"],
        regressions=regressions,
    )


def _spread(used: list[float]) -> list[str]:
    return [f"{figures.percentile(used, share):.2f}" for share in (0.5, 0.95, 0.99)]


def _used_ms(voter: Voter, calls: int) -> list[float]:
    brief, used = _brief(), []
    for place in range(WARM_UP + calls):
        began = time.process_time()
        answer = voter.ask(brief, timeout_s=20)
        took_ms = (time.process_time() - began) * 1000
        if answer.is_repaired or not answer.usage.cost_usd:
            raise RuntimeError("that was no plain vote")
        if place >= WARM_UP:
            used.append(took_ms)
    return used


def _libraries(running: Running, calls: int) -> dict[str, list[float]]:
    """Return what the vendors' libraries used, nothing if they are not there."""
    if not PEERS.exists():
        return {}
    job = {
        "root": running.base_url.removesuffix("/v1"),
        "instructions": prompts.load().text,
        "brief": ballots.show(_brief()),
        "models": {wire: model for wire, (_, model, _, _) in MODELS.items()},
        "symbols": len(SYMBOLS),
        "calls": calls,
    }
    words = (str(PEERS), str(ROOT / "benchmarks" / "peers" / "sdks.py"))
    done = subprocess.run(words, input=json.dumps(job).encode(), stdout=subprocess.PIPE, check=True)  # noqa: S603
    used: dict[str, list[float]] = json.loads(done.stdout)["cpu_ms"]
    return used


def _crowd_ms(running: Running, many: int) -> float:
    """Return the CPU ms of a call when *many* ask at once, spread over all wires."""
    voters, brief = [_voter(running, wire) for wire in MODELS], _brief()

    def ask(place: int) -> None:
        for _ in range(CALLS_EACH):
            voters[place % len(voters)].ask(brief, timeout_s=60)

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(many)]
    began = time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (time.process_time() - began) * 1000 / (many * CALLS_EACH)


def _voter(running: Running, wire: str) -> Voter:
    provider, model, path, _ = MODELS[wire]
    spec = VoterSpec(
        name=wire,
        provider=provider,
        wire=wire,
        model=model,
        base_url=running.base_url.removesuffix("/v1") + path,
        weight=1.0,
        max_retries=0,
    )
    return registry.build(spec, api_key="emulated-key")


def _brief() -> Brief:
    noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
    candles = tuple(
        BriefCandle(
            opened_at=noon + timedelta(hours=n), open=99.5, high=101.25, low=98.5, close=100.0, volume=1234.5
        )
        for n in range(CANDLES)
    )
    indicators = {f"indicator_{n}": 100.0 + n / 7 for n in range(20)}
    markets = tuple(
        SymbolBrief(
            symbol=symbol,
            price=100.0,
            closed_at=noon,
            candles=candles,
            indicators=indicators,
            source="benchmark",
            sha256="0" * 64,
        )
        for symbol in SYMBOLS
    )
    return Brief(timeframe="1h", as_of=noon, markets=markets)
