"""How long to wait before a process that died is started again."""

from dataclasses import dataclass

FIRST_DELAY_S = 0.2
LONGEST_DELAY_S = 10.0
# A process that lived longer was killed, not ill: it is needed again at once.
CRASH_S = 5.0
QUICK_DEATH_S = 10.0
FAILING_AFTER = 5


@dataclass(slots=True)
class Backoff:
    """The memory of one process's deaths: delays double while it keeps dying as soon as it starts."""

    crashes: int = 0
    quick_deaths: int = 0

    @property
    def is_failing(self) -> bool:
        """Whether the process died within 10 s of its start five times in a row."""
        return self.quick_deaths >= FAILING_AFTER

    def died(self, *, alive_s: float) -> float:
        """Record a death after *alive_s* seconds and return the seconds to wait before the next start."""
        self.lived(alive_s=alive_s)
        self.quick_deaths += 1 if alive_s < QUICK_DEATH_S else 0
        if alive_s >= CRASH_S:
            return FIRST_DELAY_S
        self.crashes += 1
        # The exponent is bounded because 2.0 ** 1024 overflows, and a process may well die that often.
        return min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(self.crashes - 1, 16))

    def lived(self, *, alive_s: float) -> None:
        """Forgive what a life of *alive_s* seconds so far makes up for."""
        if alive_s >= CRASH_S:
            self.crashes = 0
        if alive_s >= QUICK_DEATH_S:
            self.quick_deaths = 0
