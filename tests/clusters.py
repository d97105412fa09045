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
# For tests, whose rows are worth nothing after a crash.
SPEED = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster in *folder*, by the programs in *programs*, run with *settings*."""

    folder: Path
    programs: Path
    settings: str = SPEED

    @property
    def url(self) -> str:
        """Its database, for DATABASE_URL."""
        return f"postgresql://postgres@/postgres?host={self.folder}"

    def launch(self, *, is_awaited: bool = True) -> None:
        """Start its server, after recovery if it crashed; return once it answers if *is_awaited*."""
        options = f"{self.settings} -c listen_addresses='' -c unix_socket_directories={self.folder}"
        wait, log = "-w" if is_awaited else "-W", str(self.folder / "log")
        _run(self._control, "start", wait, "-D", self._data, "-l", log, "-o", options)

    def crash(self) -> None:
        """End its server without a checkpoint: what was not on disk is gone."""
        _run(self._control, "stop", "-m", "immediate", "-D", self._data, check=False)

    def stop(self) -> None:
        """Stop it at once; its data is worth nothing."""
        self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _control(self) -> Path:
        return self.programs / "pg_ctl"

    @property
    def _data(self) -> str:
        return str(self.folder / "data")


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


def start(folder: Path, *, settings: str = SPEED) -> Cluster:
    """Make a cluster in *folder* and start it with *settings*."""
    programs = find_programs()
    if programs is None:
        sys.exit("PostgreSQL's server programs (initdb, pg_ctl) are not installed")
    folder.mkdir(parents=True)
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root; the folders above must let its user through.
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        folder.parent.chmod(0o711)
    words = ("-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
    _run(programs / "initdb", "-D", str(folder / "data"), *words)
    cluster = Cluster(folder, programs, settings)
    cluster.launch()
    return cluster


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
