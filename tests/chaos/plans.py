"""What is struck when: a process every two seconds, the broker three times, the database once."""

import random
from dataclasses import dataclass
from enum import StrEnum

EVERY_S = 2.0
BROKER_KILLS = 3
# The blows to broker and database fall into this part of the load, so that there is a before and an after.
FIRST_SHARE, LAST_SHARE = 0.1, 0.9
LONGEST_BROKER_OUTAGE_S = 2.0
DATABASE_OUTAGE_S = (3.0, 5.0)


class Target(StrEnum):
    """What a blow is meant for."""

    PROCESS = "process"
    BROKER = "broker"
    DATABASE = "database"


@dataclass(frozen=True, slots=True)
class Blow:
    """One blow, *at_s* seconds into the load; broker and database are started again after *down_s*."""

    at_s: float
    target: Target
    down_s: float = 0.0


def plan(seconds: float, *, seed: int) -> list[Blow]:
    """Return every blow of a load of *seconds*, in order; the same for the same *seed*."""
    dice = random.Random(seed)
    blows = [Blow(number * EVERY_S, Target.PROCESS) for number in range(1, int(seconds / EVERY_S))]
    share = (LAST_SHARE - FIRST_SHARE) / BROKER_KILLS
    for number in range(BROKER_KILLS):
        at_s = seconds * (FIRST_SHARE + share * (number + dice.random()))
        blows.append(Blow(at_s, Target.BROKER, dice.uniform(0.0, LONGEST_BROKER_OUTAGE_S)))
    at_s = seconds * dice.uniform(FIRST_SHARE, LAST_SHARE)
    blows.append(Blow(at_s, Target.DATABASE, dice.uniform(*DATABASE_OUTAGE_S)))
    return sorted(blows, key=lambda blow: blow.at_s)
