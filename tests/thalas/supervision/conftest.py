"""A stage for each test, and a promise that no process outlives it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.thalas.supervision.stages import Stage
from thalas.supervision import sessions


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    for supervisor in stage.supervisors:
        supervisor.stop(is_hurried=lambda: True)
    assert sessions.marked(stage.run_dir) == set()
