"""Tokens for each symbol of a brief: ours beside the obvious dump; `python -m benchmarks.briefs`.

The dump is the same candles, indicators and faults as compact JSON with field names and all digits. Tokens
are counted with OpenAI's vocabularies where the benchmarks' own environment has them, else estimated, which
is said.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import orjson

from benchmarks.reports import Report, told
from providers.markets.replay import ReplayMarket
from providers.voters import prompts, sheets, tokens
from providers.voters.types import Brief
from thalas.domain import briefs

PEERS = Path(__file__).resolve().parent.parent / ".peers" / "bin" / "python"
COUNTER = Path(__file__).parent / "peers" / "tokens.py"
CANDLES = 300
MOMENTS = 5
APART = timedelta(days=23, hours=5)
PROVENANCE = {"source", "sha256", "lap", "context"}
ESTIMATED = "estimated"
# The promise: a third of the dump.
AT_LEAST = 3.0


def report() -> Report:
    """Measure both on several moments of each recorded series."""
    market = ReplayMarket()
    rows: list[list[str]] = []
    data: dict[str, object] = {}
    worst = float("inf")
    counted = ""
    for symbol, timeframes in market.offers().items():
        for timeframe in timeframes:
            counted, ours, dumps = _measured(_briefs(market, symbol, timeframe))
            ratio = sum(dumps) / sum(ours)
            worst = min(worst, ratio)
            mean_ours, mean_dump = sum(ours) / len(ours), sum(dumps) / len(dumps)
            rows.append([symbol, timeframe, f"{mean_ours:,.0f}", f"{mean_dump:,.0f}", f"{ratio:.2f}"])
            data[f"{symbol} {timeframe}"] = {"ours": mean_ours, "dump": mean_dump, "ratio": ratio}
    regression = f"a brief is only {worst:.2f} times smaller than its dump, promised are {AT_LEAST:g}"
    return Report(
        part="briefs",
        title=f"Tokens for each symbol of a brief, {counted}",
        headings=["symbol", "timeframe", "ours", "dump", "dump / ours"],
        rows=rows,
        figures={"counted": counted, "worst_ratio": worst, **data},
        notes=_notes(),
        regressions=[] if worst >= AT_LEAST else [regression],
    )


def ours(brief: Brief) -> str:
    """Return *brief* as voters get it."""
    return orjson.dumps(sheets.sheet(brief)).decode()


def dump(brief: Brief) -> str:
    """Return the obvious dump of *brief*: the same information with field names and all digits."""
    return brief.model_dump_json(exclude={"markets": {"__all__": PROVENANCE}})


def count(texts: Mapping[str, str]) -> tuple[str, dict[str, int]]:
    """Return who counted and how many tokens each of *texts* has."""
    if PEERS.exists():
        done = subprocess.run(  # noqa: S603 - our own script
            [PEERS, COUNTER], input=json.dumps(texts), capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            return "counted as o200k", dict(json.loads(done.stdout)["o200k_base"])
    return ESTIMATED, {name: tokens.estimate(text) for name, text in texts.items()}


def _briefs(market: ReplayMarket, symbol: str, timeframe: str) -> list[Brief]:
    starts_at = market.span().starts_at
    return [_brief(market, symbol, timeframe, starts_at + APART * (moment + 1)) for moment in range(MOMENTS)]


def _brief(market: ReplayMarket, symbol: str, timeframe: str, at: datetime) -> Brief:
    series = market.candles(symbol, timeframe, until=at, count=CANDLES)
    return briefs.build([series], timeframe=timeframe, as_of=at)


def _measured(shown: list[Brief]) -> tuple[str, list[int], list[int]]:
    texts = {f"ours {i}": ours(brief) for i, brief in enumerate(shown)}
    texts |= {f"dump {i}": dump(brief) for i, brief in enumerate(shown)}
    counted, counts = count(texts)
    mine = [counts[f"ours {i}"] for i in range(len(shown))]
    return counted, mine, [counts[f"dump {i}"] for i in range(len(shown))]


def _notes() -> list[str]:
    """Say what the instructions have, and how far the estimate of the product is off."""
    prompt = prompts.load().text
    counted, counts = count({"prompt": prompt})
    estimated = tokens.estimate(prompt)
    note = f"The instructions before it, once for all symbols: {counts['prompt']:,} tokens, {counted}"
    return [f"{note}; estimated {estimated:,}."]


if __name__ == "__main__":
    found = report()
    sys.stdout.write(told(found, database="no database") + "\n")
    sys.exit(1 if found.regressions else 0)
