"""The README's section "Over HTTP", run as it stands: by a shell with curl, and by Python."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tests.processes import doors
from tests.processes.doors import Door
from tests.processes.fleets import Fleet, database_url
from tests.processes.nodes import CeleryTestSetup

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not (shutil.which("curl") or os.environ.get("CI")), reason="there is no curl"),
]

ROOT = Path(__file__).parents[2]
THERE = "http://127.0.0.1:8000"
SECTION = re.search(r"^## Over HTTP\n(.*?)^## ", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
STATUS = "curl -w '\\n%{http_code}' "


def blocks() -> list[str]:
    """Return what is indented in the section, block by block."""
    assert SECTION, "the README has no section Over HTTP"
    return [dedent(block) for block in re.findall(r"(?:^    .*\n|^\n(?=    ))+", SECTION[1], re.MULTILINE)]


def commands() -> list[str]:
    """Return the curl commands; one that goes on over several lines ends with its quotation."""
    found: list[str] = []
    for line in "\n".join(blocks()).splitlines():
        if found and found[-1].count("'") % 2:
            found[-1] += "\n" + line
        elif line.startswith("curl "):
            found.append(line)
    return found


def shown(start: str) -> dict[str, object]:
    """Return the answer that the README shows and that begins with *start*."""
    (text,) = re.findall(rf"^{re.escape(start)}.*?\}}$", "\n".join(blocks()), re.DOTALL | re.MULTILINE)
    told: dict[str, object] = json.loads(text)
    return told


def variables(door: Door) -> dict[str, str]:
    """Return the environment that the section's own assignments lead to, at the door of this test."""
    lines = [line for line in "\n".join(blocks()).splitlines() if re.match(r"[A-Z_]+=", line)]
    assert [line.split("=")[0] for line in lines] == ["THALAS_KEY", "API", "RUN"]
    script = (
        "\n".join(lines).replace(THERE, door.url).replace(".venv/bin/python", shlex.quote(sys.executable))
    )
    said = shell(f"set -ae\n{script}\nenv -0", {**os.environ, "DATABASE_URL": database_url()})
    return dict(entry.split("=", 1) for entry in said.split("\0") if entry)


def shell(script: str, environment: dict[str, str]) -> str:
    """Return what *script* says."""
    done = subprocess.run(
        ["sh", "-c", script],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_readmes_commands_do_what_it_says(celery_setup: CeleryTestSetup, live_house: Fleet) -> None:
    (door,) = doors.opened(live_house, "web-1")
    environment = variables(door)
    assert re.fullmatch(r"tk[0-9a-f]+\.\S+", environment["THALAS_KEY"])
    ask, watch, read, advise, weigh, mistake = commands()

    def run(command: str) -> tuple[int, str]:
        body, _, status = shell(command.replace("curl ", STATUS, 1), environment).rpartition("\n")
        return int(status), body

    status, body = run(ask)
    asked = json.loads(body)
    assert (status, set(asked)) == (202, set(shown('{"id"')))
    assert environment["RUN"] == shown('{"id"')["id"]
    environment["RUN"] = asked["id"]
    status, body = run(watch)
    assert (status, re.findall(r"^event: (\w+)$", body, re.MULTILINE)) == (200, ["vote"] * 5 + ["decision"])
    status, body = run(read)
    told = json.loads(body)
    assert (status, told["id"], told["state"], told["settled"]) == (200, asked["id"], "closed", 5)
    status, body = run(advise)
    advice = json.loads(body)
    assert (status, advice["consensus_metadata"]["participating_providers"]) == (200, 3)
    assert advice["outcome"] != "NO_DECISION"
    status, body = run(weigh)
    assert status == 200
    assert json.loads(body).items() >= shown('{"approved"').items()
    assert run(mistake)[0] == 400
    assert json.loads(run(mistake)[1]) == shown('{"type"')
    assert SECTION is not None
    (page,) = re.findall(r"<(http\S+)>", SECTION[1])
    assert run(f"curl -s {page.replace(THERE, door.url)}")[0] == 200


def test_the_readmes_python_prints_every_event(celery_setup: CeleryTestSetup, live_house: Fleet) -> None:
    (door,) = doors.opened(live_house, "web-1")
    (program,) = [block for block in blocks() if block.lstrip().startswith("from thalas.client")]
    program = "import os\nkey = os.environ['THALAS_KEY']\n" + program.replace(THERE, door.url)
    said = shell(f"{shlex.quote(sys.executable)} -c {shlex.quote(program)}", variables(door))
    assert said.count("voter=") == 5
    assert "decision=" in said.splitlines()[-1]


def test_what_the_readme_points_to_is_there() -> None:
    assert SECTION is not None
    for name in re.findall(r"\]\((?!http)([^)#]+)\)", SECTION[1]):
        assert (ROOT / name).is_file(), name
