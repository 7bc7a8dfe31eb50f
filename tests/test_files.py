"""A file is written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cnndsl.files import write_whole

POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions and links")


def test_new_and_existing_files_get_the_content(tmp_path: Path) -> None:
    target = tmp_path / "file"
    for content in (b"long content\r\n\n", b"short", b""):
        write_whole(target, content)
        assert target.read_bytes() == content
    assert list(tmp_path.iterdir()) == [target]


def test_where_writing_fails_what_was_there_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "file"
    target.write_text("before")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(target, b"after")
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]


@POSIX
def test_permissions_are_the_usual_ones_or_stay(tmp_path: Path) -> None:
    target = tmp_path / "file"
    before = os.umask(0o027)
    try:
        write_whole(target, b"")
    finally:
        os.umask(before)
    assert target.stat().st_mode & 0o777 == 0o640
    target.chmod(0o604)
    write_whole(target, b"again")
    assert target.stat().st_mode & 0o777 == 0o604


@POSIX
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write_whole(tmp_path / "link", b"content")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"content"


@POSIX
def test_what_is_no_file_is_written_to() -> None:
    write_whole(os.devnull, b"content")
    assert not Path(os.devnull).is_file()


def test_folders_are_told(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="it is a folder"):
        write_whole(tmp_path, b"")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        write_whole(tmp_path / "none" / "file", b"")


@POSIX
@pytest.mark.skipif(os.name != "nt" and os.geteuid() == 0, reason="root may write anything")
def test_a_write_protected_file_is_not_replaced(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("before")
    target.chmod(0o444)
    with pytest.raises(PermissionError):
        write_whole(target, b"after")
    assert target.read_text() == "before"
