"""The log of one process: what it says in this life, with the life before kept beside it."""

import os
from pathlib import Path
from typing import BinaryIO

TAIL_BYTES = 8192


def open_fresh(path: Path) -> BinaryIO:
    """Move what *path* holds to ``.1`` and open it empty, for its owner only."""
    if path.exists():
        path.replace(path.with_name(f"{path.name}.1"))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    return os.fdopen(descriptor, "wb", buffering=0)


def tail(path: Path, *, lines: int = 5) -> tuple[str, ...]:
    """Return the last *lines* of *path* that are not blank; none if it cannot be read."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ()
    return tuple([line.rstrip() for line in text.splitlines() if line.strip()][-lines:])
