"""The same commands as processes of their own: exit codes and one line, never a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from thalas import env


def manage(home: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `manage.py words` on a home of its own that nobody has set up."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("THALAS_") and k != "DATABASE_URL"}
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        env={**clean, "THALAS_HOME": str(home), **variables},
        cwd=env.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("words", [("consensus", "BTC/USD"), ("run", "last"), ("scan",)])
def test_a_database_that_is_not_set_up_is_one_line_and_exit_code_one(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = manage(tmp_path / "var", *words)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.strip().splitlines()
    assert "the database cannot be used (no such table" in line
    assert "`manage.py up` sets it up" in line


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("consensus",), "the following arguments are required: SYMBOL"),
        (("consensus", "BTC/USD", "--deadline", "soon"), "argument --deadline: invalid float value: 'soon'"),
    ],
)
def test_words_that_cannot_be_read_are_bad_input(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    done = manage(tmp_path / "var", *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_environment_is_told_whole_without_a_traceback(tmp_path: Path) -> None:
    done = manage(tmp_path / "var", "runs", THALAS_WEB_PORT="80", THALAS_DEADLINE_S="nan")
    assert done.returncode == 2
    assert "THALAS_WEB_PORT='80'" in done.stderr
    assert "THALAS_DEADLINE_S='nan'" in done.stderr
    assert "Traceback" not in done.stderr
