"""The log of one process: this life and the one before."""

from pathlib import Path

from thalas.supervision import logfiles


def test_each_life_has_its_own_log_and_the_one_before_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    for life in (b"first", b"second", b"third"):
        with logfiles.open_fresh(path) as log:
            log.write(life)
    assert path.read_bytes() == b"third"
    assert (tmp_path / "web.log.1").read_bytes() == b"second"
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_tail_is_the_last_lines_that_say_something(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    path.write_bytes(b"x" * 100_000 + b"\n1\n2\n\n3\n4\xff\n5\n6\n\n")
    assert logfiles.tail(path) == ("2", "3", "4\ufffd", "5", "6")
    assert logfiles.tail(tmp_path / "none.log") == ()
