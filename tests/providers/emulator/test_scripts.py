"""Scripts: which rule is next, and for how long."""

from pathlib import Path

import pytest

from providers.emulator.scripts import NO_RULE, Script, ScriptError


def script(path: Path, text: str) -> Script:
    path.write_text(text)
    return Script(path)


def test_without_a_file_there_is_no_rule(tmp_path: Path) -> None:
    assert Script(None).next_rule("m") is NO_RULE
    assert Script(tmp_path / "none.json").next_rule("m") is NO_RULE


def test_the_first_rule_that_is_not_used_up_wins(tmp_path: Path) -> None:
    rules = script(
        tmp_path / "s", '{"m":[{"status":500,"times":2},{"status":429,"times":1}],"*":[{"status":401}]}'
    )
    assert [rules.next_rule("m").status for _ in range(5)] == [500, 500, 429, 401, 401]
    assert rules.next_rule("another").status == 401


def test_a_file_that_changes_starts_its_counts_again(tmp_path: Path) -> None:
    path = tmp_path / "s"
    rules = script(path, '{"m":[{"status":500,"times":1}]}')
    assert [rules.next_rule("m").status for _ in range(2)] == [500, 200]
    path.write_text('{"m":[{"status":503,"times":1}]}')
    assert [rules.next_rule("m").status for _ in range(2)] == [503, 200]


def test_a_file_that_goes_away_is_no_script(tmp_path: Path) -> None:
    path = tmp_path / "s"
    rules = script(path, '{"*":[{"status":500}]}')
    assert rules.next_rule("m").status == 500
    path.unlink()
    assert rules.next_rule("m") is NO_RULE


def test_an_empty_file_is_no_script(tmp_path: Path) -> None:
    assert script(tmp_path / "s", " \n").next_rule("m") is NO_RULE


WRONG = ['{"typo":1}', '{"latency_s":-1}', '{"times":0}', '{"action":"buy"}', '{"drip_bytes_per_s":0}']


@pytest.mark.parametrize("text", ["[]", "{", '{"*":{}}', *(f'{{"*":[{rule}]}}' for rule in WRONG)])
def test_a_wrong_script_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(ScriptError, match="is no script"):
        script(tmp_path / "s", text).next_rule("m")
