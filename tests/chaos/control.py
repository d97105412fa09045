"""`python -m tests.chaos.control`: sends naive chords at a fixed rate through the same storm."""

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from benchmarks import house, naive

SENDERS = 24
AWAY = (KombuError, RedisError, OSError)


def publish(run: str, body: str, register: Path) -> None:
    """Send one run's chord and note its number, or that it was not accepted."""
    try:
        naive.publish(run, body)
        said = run
    except AWAY as error:
        said = f"refused {type(error).__name__}"
    with register.open("ab", buffering=0) as file:
        file.write(f"{said}\n".encode())


def main() -> None:
    """Send at the rate given."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.control", description=__doc__)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--register", type=Path, required=True, help="where to append one line per run")
    options = parser.parse_args()
    body, started = house.request_body(), time.monotonic()
    with ThreadPoolExecutor(SENDERS) as senders:
        sent = []
        for number in range(round(options.seconds * options.rate)):
            time.sleep(max(0.0, started + number / options.rate - time.monotonic()))
            sent.append(senders.submit(publish, str(number), body, options.register))
    for one in sent:
        one.result()


if __name__ == "__main__":
    main()
