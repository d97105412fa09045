"""Folders proven to be writable, each refusal one line that names the folder and what would do."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from thalas.supervision import folders
from thalas.supervision.errors import FolderNotOurs, NotWritable

NOBODY = 65534


@pytest.fixture
def someone_without_rights() -> Iterator[Path]:
    """A folder that everyone may enter and we may not write; root steps down for it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o555)
        is_root = os.geteuid() == 0
        if is_root:
            os.seteuid(NOBODY)
        try:
            yield folder
        finally:
            if is_root:
                os.seteuid(0)
            folder.chmod(0o755)


def test_a_folder_is_created_with_its_parents_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    folders.prepare(folder)
    folders.prepare(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert list(folder.iterdir()) == []


def test_a_path_below_a_file_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotWritable) as refusal:
        folders.prepare(tmp_path / "file" / "run")
    assert str(refusal.value) == (
        f"{tmp_path}/file/run cannot be written (Not a directory): "
        "a part of that path is a file, or set THALAS_HOME to another folder"
    )


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    with pytest.raises(NotWritable, match="that path is a file"):
        folders.prepare(tmp_path / "run")


@pytest.mark.parametrize("below", [".", "new"])
def test_a_folder_without_write_permission_is_refused(someone_without_rights: Path, below: str) -> None:
    with pytest.raises(NotWritable, match=r"cannot be written \(Permission denied\): give yourself"):
        folders.prepare(someone_without_rights / below, setting="THALAS_LOGS")


def test_a_private_folder_of_ours_is_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "private"
    folder.mkdir(mode=0o755)
    folders.prepare_private(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_link_in_the_place_of_a_private_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "private").symlink_to(tmp_path)
    with pytest.raises(FolderNotOurs, match="belongs to someone else"):
        folders.prepare_private(tmp_path / "private")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_private_folder_of_someone_else_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "private"
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    with pytest.raises(FolderNotOurs, match=str(folder)):
        folders.prepare_private(folder)
