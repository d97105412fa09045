"""Secrets that the house makes for itself: random, for the owner only, the same for everyone who asks."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from thalas import env, home
from thalas.supervision.errors import NotWritable


def test_a_secret_is_made_once_and_then_kept(tmp_path: Path) -> None:
    first = home.secret(tmp_path / "var", "django")
    assert home.secret(tmp_path / "var", "django") == first
    assert len(first) >= 64
    assert home.secret(tmp_path / "var", "flower") != first


def test_only_its_owner_can_read_it_and_nothing_else_is_left(tmp_path: Path) -> None:
    home.secret(tmp_path / "var", "django")
    (kept,) = (tmp_path / "var").glob("*secret*")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [path for path in (tmp_path / "var").iterdir() if path.name.startswith("django")] == [kept]


def test_processes_that_start_at_once_agree_on_one(tmp_path: Path) -> None:
    code = "import sys, pathlib; from thalas import home; print(home.secret(pathlib.Path(sys.argv[1]), 'x'))"
    words = [sys.executable, "-c", code, str(tmp_path / "var")]
    started = [subprocess.Popen(words, cwd=env.BASE_DIR, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = {process.communicate(timeout=60)[0] for process in started}
    assert {process.returncode for process in started} == {0}
    assert len(said) == 1


@pytest.mark.parametrize("content", ["", "short\n"])
def test_half_a_secret_is_refused_by_name(tmp_path: Path, content: str) -> None:
    home.secret(tmp_path, "other")
    (tmp_path / "django.secret").write_text(content)
    with pytest.raises(NotWritable, match=r"django\.secret does not hold a whole secret; delete it"):
        home.secret(tmp_path, "django")


def test_a_folder_in_place_of_the_secret_is_refused_by_name(tmp_path: Path) -> None:
    home.secret(tmp_path, "other")
    (tmp_path / "django.secret").mkdir()
    with pytest.raises(NotWritable, match=r"django\.secret cannot be read .*; set THALAS_HOME"):
        home.secret(tmp_path, "django")
