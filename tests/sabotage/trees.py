"""A copy of the code with a defect in it, and what its tests say."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.sabotage.defects import Change, Defect

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("beat_schedule", "tasks", "thalas", "providers", "risk", "tests")
FILES = ("manage.py", "pyproject.toml")
LIMIT_S = 160.0
FAILED = re.compile(r"^FAILED (\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the tests of a sabotaged tree ended; *failed* are those that ran and failed, without parameters."""

    exit_code: int
    failed: frozenset[str]
    output: str


def copy_to(folder: Path) -> None:
    """Copy the code, as it is compiled, and its tests into *folder*; no environment, no data, no `.env`."""
    for room in ROOMS:
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("*.pyc.*"))
    for file in FILES:
        shutil.copy(ROOT / file, folder / file)


def sabotage(folder: Path, change: Change) -> None:
    """Make *change* in the tree in *folder*.

    Raises:  AssertionError if its old text does not stand there exactly once: the table is stale.
    """
    path = folder / change.file
    text = path.read_text()
    found = text.count(change.old)
    assert found == 1, f"{change.file} holds {change.old!r} {found} times and not once: the table is stale"
    path.write_text(text.replace(change.old, change.new))
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*"):
        compiled.unlink()


def judge(folder: Path, defect: Defect) -> Verdict:
    """Sabotage the tree in *folder* and run the tests that must notice."""
    for change in defect.changes:
        sabotage(folder, change)
    words = (
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rfE",
        "--tb=short",
        "-p",
        "no:cacheprovider",
        "--reruns",
        "0",
        *defect.red,
    )
    # Only what a shell has anyway: whatever the outer run has set up for itself stays there.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("THALAS_", "PYTEST_"))}
    kept.pop("DATABASE_URL", None)
    kept["TEST_DATABASE"] = defect.database
    done = subprocess.run(
        words, cwd=folder, env=kept, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    failed = frozenset(name.split("[")[0] for name in FAILED.findall(done.stdout))
    return Verdict(done.returncode, failed, done.stdout[-4000:] + done.stderr[-2000:])
