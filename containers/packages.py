"""What of requirements.lock the image installs: the product's packages, without the developers'.

The lock says under each package who wants it ("# via"). What the product itself wants, and what is
wanted by something kept, is kept; every line stays as it is, hashes and all. Run while the
image is built, before anything is installed: the standard library only.
"""

import re
import sys

PRODUCT = "thalas (pyproject.toml)"
PINNED = re.compile(r"^(?P<name>[a-z0-9._-]+)==")
WANTED_BY = re.compile(r"^    #(?: via)? +(?P<who>\S.*)$")


def product(lock: str) -> str:
    """Return the entries of *lock* that the product needs.

    Raises:  ValueError for a lock in which an entry does not say who wants it.
    """
    entries = _entries(lock)
    wanted_by = {name: _wanted_by(name, lines) for name, lines in entries.items()}
    kept = {PRODUCT}
    while more := {name for name, who in wanted_by.items() if name not in kept and who & kept}:
        kept |= more
    return "".join(line for name, lines in entries.items() if name in kept for line in lines)


def _entries(lock: str) -> dict[str, list[str]]:
    entries: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in lock.splitlines(keepends=True):
        if found := PINNED.match(line):
            lines = entries.setdefault(found["name"], [])
        elif not line.startswith((" ", "#")):
            raise ValueError(f"{line.strip()!r} is no line of a lock that `make lock` writes")
        lines.append(line)
    return entries


def _wanted_by(name: str, lines: list[str]) -> set[str]:
    found = {match["who"].strip() for line in lines if (match := WANTED_BY.match(line))}
    if not found:
        raise ValueError(f"{name} does not say who wants it; write the lock with `make lock`")
    return found


if __name__ == "__main__":
    sys.stdout.write(product(sys.stdin.read()))
