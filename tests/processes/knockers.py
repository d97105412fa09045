"""Many threads that knock as fast as they can: `python -m tests.processes.knockers URL NAME SECONDS`."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from thalas.api.windows import SharedWindows

THREADS = 50
WINDOWS = ((10, 1), (30, 4), (1000, 3600))


def knock(shared: SharedWindows, name: str, until: float) -> tuple[int, int]:
    """Knock until then; return how often there was room, and how often not."""
    admitted = refused = 0
    while time.monotonic() < until:
        if shared.enter(name, WINDOWS) is None:
            admitted += 1
        else:
            refused += 1
    return admitted, refused


def main(url: str, name: str, lasts_s: str) -> None:
    """Knock from all threads and print the sums."""
    shared = SharedWindows(url, timeout_s=5.0)
    until = time.monotonic() + float(lasts_s)
    with ThreadPoolExecutor(THREADS) as pool:
        results = list(pool.map(lambda _: knock(shared, name, until), range(THREADS)))
    print(json.dumps([sum(result[0] for result in results), sum(result[1] for result in results)]))


if __name__ == "__main__":
    main(*sys.argv[1:])
