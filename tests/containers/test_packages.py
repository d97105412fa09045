"""The image gets the product's packages out of the one lock, and none of the developers'."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from containers import packages
from thalas import env

LOCK = (env.BASE_DIR / "requirements.lock").read_text()
PROJECT = tomllib.loads((env.BASE_DIR / "pyproject.toml").read_text())
# Small, with a package wanted by both sides and a chain of two.
SMALL = """\
# This file was made by a tool
kept==1 \\
    --hash=sha256:aa
    # via thalas (pyproject.toml)
both==2 ; python_version < '3.12' \\
    --hash=sha256:bb \\
    --hash=sha256:bc
    # via
    #   kept
    #   tool
deep==3 \\
    --hash=sha256:cc
    # via both
tool==4 \\
    --hash=sha256:dd
    # via thalas (pyproject.toml:dev)
part-of-tool==5 \\
    --hash=sha256:ee
    # via tool
"""


def names(lock: str) -> set[str]:
    """Return the packages that *lock* pins."""
    return set(re.findall(r"^([a-z0-9._-]+)==", lock, flags=re.MULTILINE))


def installed_closure(wanted: list[str]) -> set[str]:
    """Return *wanted* and all that they need here, as the installed packages themselves say."""
    found: set[str] = set()
    waiting = [(Requirement(text), "") for text in wanted]
    seen: set[tuple[str, str]] = set()
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        try:
            needs = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        found.add(name)
        for part in ("", *requirement.extras):
            if (name, part) not in seen:
                seen.add((name, part))
                waiting += [(Requirement(text), part) for text in needs]
    return found


def test_what_is_kept_is_what_somebody_kept_wants() -> None:
    assert names(packages.product(SMALL)) == {"kept", "both", "deep"}


def test_lines_stay_as_they_are_with_their_hashes_and_markers() -> None:
    kept = packages.product(SMALL)
    assert "".join(SMALL.splitlines(keepends=True)[1:13]) == kept


@pytest.mark.parametrize("line", ["-e .\n", "free>=1\n", "--index-url https://example.org\n"])
def test_a_line_that_is_no_pin_stops_the_build(line: str) -> None:
    with pytest.raises(ValueError, match="no line of a lock"):
        packages.product(SMALL + line)


def test_a_lock_that_does_not_say_who_wants_what_stops_the_build() -> None:
    with pytest.raises(ValueError, match="deep does not say who wants it"):
        packages.product(SMALL.replace("    # via both\n", ""))


def test_the_product_has_all_that_it_needs_by_the_packages_own_word() -> None:
    needed = installed_closure(PROJECT["project"]["dependencies"])
    assert {"celery", "redis", "psycopg-pool", "amqp"} <= needed
    assert needed <= names(packages.product(LOCK))


def test_what_only_developers_need_is_left_out() -> None:
    kept = names(packages.product(LOCK))
    theirs = {canonicalize_name(Requirement(text).name) for text in PROJECT["dependency-groups"]["dev"]}
    assert kept & theirs == set()
    only_theirs = names(LOCK) - kept
    assert installed_closure(PROJECT["project"]["dependencies"]) & only_theirs == set()
    assert {"pytest", "mypy", "ruff", "hypothesis"} <= only_theirs


def test_the_script_runs_on_a_bare_python_as_it_does_in_the_build() -> None:
    words = [sys.executable, "-I", "-S", "containers/packages.py"]
    done = subprocess.run(words, input=LOCK, cwd=env.BASE_DIR, capture_output=True, text=True, check=True)
    assert done.stdout == packages.product(LOCK)
