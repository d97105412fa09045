"""The secrets that an embedded Thalas makes for itself, kept in its own folder."""

import os
import secrets
import tempfile
from pathlib import Path

from thalas.supervision import folders
from thalas.supervision.errors import NotWritable


def secret(home: Path, name: str, *, bytes_of_chance: int = 48) -> str:
    """Return the secret *name* kept in *home*, made at random the first time.

    The file is created for its owner only and never replaced, so two processes
    that start at once agree on one value.

    Raises:  NotWritable, naming the folder or the file that does not hold a secret.
    """
    path = home / f"{name}.secret"
    if not path.exists():
        _make(home, path, secrets.token_urlsafe(bytes_of_chance))
    try:
        kept = path.read_text().strip()
    except OSError as error:
        raise NotWritable(
            f"{path} cannot be read ({error.strerror}); set THALAS_HOME to a folder of yours"
        ) from error
    if len(kept) < bytes_of_chance:
        raise NotWritable(f"{path} does not hold a whole secret; delete it and start again")
    return kept


def _make(home: Path, path: Path, value: str) -> None:
    folders.prepare(home)
    # Written aside and linked into place: whoever sees the file sees all of it, and the first one wins.
    descriptor, aside = tempfile.mkstemp(dir=home)  # for its owner only
    with os.fdopen(descriptor, "w") as file:
        file.write(value)
    try:
        os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        Path(aside).unlink()
