"""How long the emulator takes to answer: fixed, or drawn from a distribution that a script names."""

import random
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Spread = Annotated[float, Field(ge=0, le=3, allow_inf_nan=False)]
LONGEST_S = 2.0
# Latencies of real servers are nearly log-normal; this is about the spread of theirs.
SPREAD = 0.5


class Latency(BaseModel):
    """A distribution; the same seed draws the same latencies for the same calls, counted from the start.

    uniform      between *low_s* and *high_s*
    log_normal   around *median_s*, *spread* the standard deviation of the logarithm, at most *high_s*
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    drawn: Literal["uniform", "log_normal"]
    low_s: Seconds = 0.0
    high_s: Seconds = LONGEST_S
    median_s: Seconds = 0.4
    spread: Spread = SPREAD
    seed: int = 0


def draw_s(latency: Latency, call: str) -> float:
    """Return how long the call with the id *call* takes."""
    dice = random.Random(f"{latency.seed}:{call}")  # noqa: S311 - the same call takes as long again
    if latency.drawn == "uniform":
        return dice.uniform(latency.low_s, latency.high_s)
    return log_normal_s(dice, latency.median_s, latency.spread, longest_s=latency.high_s)


def log_normal_s(dice: random.Random, median_s: float, spread: float, *, longest_s: float) -> float:
    """Draw a latency around *median_s*, never longer than *longest_s*."""
    return min(longest_s, median_s * dice.lognormvariate(0.0, spread))
