"""A PostgreSQL cluster for one run of the tests: on a Unix socket in a temporary folder, gone afterwards."""

import glob
import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

DEBIAN = "/usr/lib/postgresql/*/bin"
SPEED = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running cluster in *folder*, by the programs in *programs*."""

    folder: Path
    programs: Path

    @property
    def url(self) -> str:
        """Its database, for DATABASE_URL."""
        return f"postgresql://postgres@/postgres?host={self.folder}"

    def stop(self) -> None:
        """Stop it at once; its data is worth nothing."""
        _run(
            self.programs / "pg_ctl", "stop", "-m", "immediate", "-D", str(self.folder / "data"), check=False
        )
        shutil.rmtree(self.folder, ignore_errors=True)


def find_programs() -> Path | None:
    """Return the folder of PostgreSQL's server programs, newest version first, or None."""
    candidates = [Path(path) for path in sorted(glob.glob(DEBIAN), key=_version, reverse=True)]  # noqa: PTH207
    on_path = shutil.which("initdb")
    if on_path:
        candidates.append(Path(on_path).parent)
    return next(
        (path for path in candidates if (path / "initdb").exists() and (path / "pg_ctl").exists()), None
    )


def _version(path: str) -> int:
    digits = Path(path).parent.name.split(".")[0]
    return int(digits) if digits.isdigit() else 0


def start(folder: Path) -> Cluster:
    """Make a cluster in *folder* and start it."""
    programs = find_programs()
    if programs is None:
        sys.exit("PostgreSQL's server programs (initdb, pg_ctl) are not installed")
    folder.mkdir(parents=True)
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root; the folders above must let its user through.
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        folder.parent.chmod(0o711)
    data, log = str(folder / "data"), str(folder / "log")
    _run(
        programs / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "-A",
        "trust",
        "--no-sync",
        "-E",
        "UTF8",
        "--locale=C",
    )
    options = f"{SPEED} -c listen_addresses='' -c unix_socket_directories={folder}"
    _run(programs / "pg_ctl", "start", "-w", "-D", data, "-l", log, "-o", options)
    return Cluster(folder, programs)


def _run(*words: str | Path, check: bool = True) -> None:
    user = "postgres" if os.geteuid() == 0 else None
    subprocess.run(words, check=check, user=user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def main() -> None:
    """Say with the exit code whether a cluster can be made here; in CI it must be possible."""
    if find_programs() is not None:
        return
    if os.environ.get("CI"):
        sys.exit("PostgreSQL's server programs are not installed, and in CI its tests may not be skipped")
    sys.stderr.write("Skipped: the PostgreSQL part, as its server programs are not installed\n")
    sys.exit(1)


if __name__ == "__main__":
    main()
