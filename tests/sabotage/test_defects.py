"""Each safety part is taken out in turn, and the tests that watch it must go red."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.sabotage import trees
from tests.sabotage.budget_defects import BUDGET_DEFECTS, MORE_BUDGET_DEFECTS
from tests.sabotage.defects import DEFECTS, Change, Defect
from tests.sabotage.desk_defects import DESK_DEFECTS, MORE_DESK_DEFECTS
from tests.sabotage.more_defects import MORE_DEFECTS
from tests.sabotage.secret_defects import MORE_SECRET_DEFECTS
from tests.sabotage.text_defects import MORE_TEXT_DEFECTS, TEXT_DEFECTS
from tests.sabotage.trees import Verdict

pytestmark = [pytest.mark.sabotage, pytest.mark.timeout(360)]

SIDE_BY_SIDE = 2
SHORT = (*DEFECTS, *BUDGET_DEFECTS, *DESK_DEFECTS, *TEXT_DEFECTS)
# Every row costs some seconds: these run with `make acceptance`.
MORE = (*MORE_DEFECTS, *MORE_BUDGET_DEFECTS, *MORE_DESK_DEFECTS, *MORE_SECRET_DEFECTS, *MORE_TEXT_DEFECTS)
BY_NAME = {defect.name: defect for defect in (*SHORT, *MORE)}
LONG = {defect.name for defect in MORE}
CASES = [pytest.param(name, marks=[pytest.mark.acceptance] if name in LONG else []) for name in BY_NAME]


@pytest.fixture(scope="module")
def verdicts(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Verdict]]]:
    """The verdicts on all defects that are selected, two at a time in the background."""
    chosen = [item.callspec.params.get("name") for item in request.session.items if hasattr(item, "callspec")]
    selected = [name for name in BY_NAME if name in chosen]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        yield {name: pool.submit(judged, tmp_path_factory.mktemp("tree"), BY_NAME[name]) for name in selected}
        pool.shutdown(cancel_futures=True)


def judged(folder: Path, defect: Defect) -> Verdict:
    """Return the verdict on *defect* in a fresh tree in *folder*."""
    trees.copy_to(folder)
    return trees.judge(folder, defect)


@pytest.mark.parametrize("name", CASES)
def test_tests_go_red(name: str, verdicts: dict[str, Future[Verdict]]) -> None:
    verdict = verdicts[name].result(timeout=340)
    assert verdict.exit_code == 1, (
        f"exit code {verdict.exit_code}, and not 1 for failed tests:\n{verdict.output}"
    )
    assert verdict.failed == frozenset(BY_NAME[name].red), verdict.output


def test_a_stale_table_is_told(tmp_path: Path) -> None:
    (tmp_path / "part.py").write_text("x = 1\nx = 1\n")
    for old in ("x = 1", "y = 2"):
        with pytest.raises(AssertionError, match="the table is stale"):
            trees.sabotage(tmp_path, Change("part.py", old, "z = 3"))
