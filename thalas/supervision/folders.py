"""Folders that only their owner may read, proven to be writable before anything is started in them."""

import errno
import os
import tempfile
from pathlib import Path

from thalas.supervision.errors import FolderNotOurs, NotWritable

PROBE_BYTES = 4096  # one block: a full disk lets an empty file be created, but not this

WHAT_WOULD_DO = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some of your quota",
    errno.EROFS: "mount it for writing",
    errno.ENOTDIR: "a part of that path is a file",
    errno.EEXIST: "that path is a file",
    errno.EACCES: "give yourself the right to write there",
    errno.EPERM: "give yourself the right to write there",
}


def prepare(folder: Path, *, setting: str = "THALAS_HOME") -> None:
    """Create *folder* with its parents, for its owner only, and write a block there and throw it away.

    Asking `os.access` would not do: it says yes to root, on a full disk, and to anyone on some network disks.

    Raises:  NotWritable, naming the folder, the reason, and *setting* as the other way out.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(PROBE_BYTES))
    except OSError as error:
        why = error.strerror or str(error)
        hint = WHAT_WOULD_DO.get(error.errno or 0, "make it writable")
        raise NotWritable(
            f"{folder} cannot be written ({why}): {hint}, or set {setting} to another folder"
        ) from error


def prepare_private(folder: Path) -> None:
    """Create *folder* for us alone where everyone may write, as among the temporary files.

    Raises:  FolderNotOurs if someone was there first; NotWritable.
    """
    prepare(folder)
    refuse_foreign(folder)
    folder.chmod(0o700)


def refuse_foreign(folder: Path) -> None:
    """Do nothing if *folder* is absent or our own.

    Raises:  FolderNotOurs if it is a link or belongs to another user, who could then read or answer for us.
    """
    if folder.is_symlink() or (folder.exists() and folder.stat().st_uid != os.geteuid()):
        raise FolderNotOurs(
            f"{folder} belongs to someone else; remove it, or set TMPDIR to a folder of yours"
        )
