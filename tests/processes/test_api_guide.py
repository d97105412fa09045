"""The commands of docs/api.md, run as they stand by a shell with curl: each is answered as the page says."""

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.processes import doors
from tests.processes.fleets import Fleet
from tests.processes.test_readme import shell
from tests.thalas.api import callers

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not (shutil.which("curl") or os.environ.get("CI")), reason="there is no curl"),
]

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
COMMAND = re.compile(r"^(ask .*?)  +# (\d{3})$", re.DOTALL | re.MULTILINE)


def test_each_command_of_the_page_is_answered_as_it_says(live_house: Fleet) -> None:
    (script,) = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    commands = COMMAND.findall(script)
    assert len(commands) == script.count("\nask ")
    (door,) = doors.opened(live_house, "web-1")
    environment = {**os.environ, "API": f"{door.url}/api/v1", "THALAS_KEY": callers.key().shown}
    (ask,) = re.findall(r"^ask\(\) .*$", script, re.MULTILINE)
    ask = ask.replace("curl ", "curl --noproxy '*' -o /dev/null -w '%{http_code}\\n' ", 1)
    said = shell("\n".join(["set -e", ask, *(command for command, _ in commands)]), environment)
    wanted = [f"{status} {command}" for command, status in commands]
    answered = [f"{status} {command}" for status, (command, _) in zip(said.split(), commands, strict=True)]
    assert answered == wanted
