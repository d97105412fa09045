"""Many threads at a turnstile, as fast as they can: `python -m tests.processes.probers URL NAME SECONDS`.

The provider is ill all the time: prints how many were let through, and how many of these as probes.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from providers.circuits import Outcome, Rules
from providers.shared_turnstiles import SharedTurnstile
from providers.turnstiles import Ticket

THREADS = 20
CALL_S = 0.05
PAUSE_S = 0.005
# Opens at the fifth failure, and tries again after 0.5, 1, 2 and 4 s.
RULES = Rules(cooling_s=0.5)


def push(shared: SharedTurnstile, name: str, until: float) -> tuple[int, int]:
    """Go through until then; return how often that worked, and how often as a probe."""
    through = probes = 0
    while time.monotonic() < until:
        answer = shared.enter(name, lease_s=30.0)
        if isinstance(answer, Ticket):
            through += 1
            probes += answer.is_probe
            time.sleep(CALL_S)
            shared.tell(answer, Outcome.ILL)
        else:
            time.sleep(PAUSE_S)
    return through, probes


def main(url: str, name: str, lasts_s: str) -> None:
    """Push with all threads and print the sums."""
    shared = SharedTurnstile(url, RULES, connect_timeout_s=5.0, answer_timeout_s=5.0)
    until = time.monotonic() + float(lasts_s)
    with ThreadPoolExecutor(THREADS) as pool:
        results = list(pool.map(lambda _: push(shared, name, until), range(THREADS)))
    print(json.dumps([sum(result[0] for result in results), sum(result[1] for result in results)]))


if __name__ == "__main__":
    main(*sys.argv[1:])
