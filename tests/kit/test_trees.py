"""Trees that somebody else made: measured, packed, brought back and removed, whatever was put into them."""

from __future__ import annotations

import io
import os
import socket
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from greenlane.kit import trees

USER = 61200 if os.getuid() == 0 else None
ENOUGH = 1 << 30


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    made = tmp_path / "tree"
    made.mkdir()
    return made


def packed(tree: Path, most: int = ENOUGH) -> tuple[io.BytesIO, trees.Packed]:
    out = io.BytesIO()
    told = trees.pack(tree, out, most)
    out.seek(0)
    return out, told


def brought_back(archive: io.BytesIO, folder: Path) -> Path:
    folder.mkdir()
    trees.unpack(archive, folder, USER)
    return folder


@contextmanager
def nested(tree: Path, deep: int, name: str = "d" * 100) -> Iterator[int]:
    """A folder so deep that no path leads to it, held open."""
    folder = os.open(tree, os.O_RDONLY)
    for _ in range(deep):
        os.mkdir(name, dir_fd=folder)
        inner = os.open(name, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    yield folder
    os.close(folder)


def test_what_is_packed_comes_back_as_it_was(tree: Path, tmp_path: Path) -> None:
    (tree / "app.db").write_bytes(os.urandom(100_000))
    (tree / "uploads").mkdir()
    (tree / "uploads" / "ä b\n.txt").write_text("odd name")
    (tree / "uploads" / os.fsdecode(b"\xff\xfe")).write_text("no text at all")
    (tree / "uploads" / "empty").mkdir()
    (tree / "run.sh").write_text("#!/bin/sh")
    (tree / "run.sh").chmod(0o4755)
    os.utime(tree / "app.db", (1_000_000, 1_000_000))
    archive, told = packed(tree)
    back = brought_back(archive, tmp_path / "back")
    assert (back / "app.db").read_bytes() == (tree / "app.db").read_bytes()
    assert sorted(one.name for one in (back / "uploads").iterdir()) == sorted(
        one.name for one in (tree / "uploads").iterdir()
    )
    assert (back / "app.db").stat().st_mtime == 1_000_000
    assert (back / "run.sh").stat().st_mode & 0o7777 == 0o755, "nothing that gives powers comes back"
    assert {one.stat().st_uid for one in back.rglob("*")} == {USER if USER is not None else os.getuid()}
    assert (told.files, told.left_out) == (4, 0)


def test_links_come_back_as_links_and_lead_nobody_anywhere(tree: Path, tmp_path: Path) -> None:
    secret = tmp_path / "payload.key"
    secret.write_text("the platform's own")
    (tree / "key").symlink_to(secret)
    (tree / "house").symlink_to(tmp_path)
    (tree / "round").symlink_to("round")
    archive, told = packed(tree)
    assert b"the platform's own" not in archive.getvalue()
    assert told.bytes == 0
    back = brought_back(archive, tmp_path / "back")
    assert (back / "key").readlink() == secret
    assert (back / "key").is_symlink()
    assert secret.stat().st_uid == os.getuid(), "whose a file is did not change through a link to it"
    assert trees.measure(tree) == 3 * trees.SMALLEST
    trees.remove(tree)
    assert secret.read_text() == "the platform's own"


def test_a_folder_that_is_a_link_is_not_looked_into(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "much").write_bytes(bytes(100_000))
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    assert trees.measure(tmp_path / "link") == 0
    with pytest.raises(OSError, match="Not a directory"):
        packed(tmp_path / "link")


def test_pipes_and_sockets_are_left_out_and_hold_nobody_up(tree: Path) -> None:
    os.mkfifo(tree / "pipe")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tree / "s"))
    (tree / "file").write_text("x")
    _, told = packed(tree)
    assert (told.files, told.left_out) == (1, 2)


@pytest.mark.skipif(os.getuid() != 0, reason="only root makes devices")
def test_a_device_is_left_out(tree: Path) -> None:
    os.mknod(tree / "disk", 0o60600, os.makedev(254, 0))
    assert packed(tree)[1] == trees.Packed(0, 0, 1)


def test_a_file_of_many_names_is_packed_once(tree: Path, tmp_path: Path) -> None:
    (tree / "one").write_bytes(bytes(1_000_000))
    for number in range(50):
        os.link(tree / "one", tree / f"two-{number}")
    archive, told = packed(tree, most=1_500_000)
    assert told == trees.Packed(1_000_000, 51, 0)
    back = brought_back(archive, tmp_path / "back")
    assert (back / "two-7").stat().st_ino == (back / "one").stat().st_ino


def test_files_with_holes_cannot_fill_the_disk(tree: Path) -> None:
    with (tree / "holes").open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(trees.TooMuch, match="bytes"):
        packed(tree)


def test_what_is_too_deep_counts_as_endless_and_can_be_removed(tree: Path) -> None:
    with nested(tree, 1000) as inmost, os.fdopen(os.open("f", os.O_WRONLY | os.O_CREAT, dir_fd=inmost), "wb") as file:
        file.write(bytes(5000))
    assert trees.measure(tree) == trees.ENDLESS
    with pytest.raises(trees.TooMuch, match="folders within one another"):
        packed(tree)
    trees.remove(tree)
    assert not tree.exists()


def test_empty_files_count(tree: Path) -> None:
    for number in range(100):
        (tree / str(number)).touch()
    assert trees.measure(tree) == 100 * trees.SMALLEST


def test_what_is_not_there_weighs_nothing_and_is_gone_already(tmp_path: Path) -> None:
    assert trees.measure(tmp_path / "no") == 0
    trees.remove(tmp_path / "no")


def test_a_folder_closed_to_its_own_user_comes_back_and_can_be_removed(tree: Path, tmp_path: Path) -> None:
    (tree / "closed" / "inner").mkdir(parents=True)
    (tree / "closed" / "inner" / "file").write_text("x")
    archive, _ = packed(tree)
    members = tarfile.open(fileobj=archive)  # noqa: SIM115  closed with the archive
    assert [one.name for one in members] == ["closed", "closed/inner", "closed/inner/file"]
    (tree / "closed").chmod(0o500)
    archive, _ = packed(tree)
    back = brought_back(archive, tmp_path / "back")
    assert (back / "closed").stat().st_mode & 0o777 == 0o500
    assert (back / "closed" / "inner" / "file").read_text() == "x"
    for one in (tree, back):
        trees.remove(one)
        assert not one.exists()


@pytest.mark.parametrize("name", ["/etc/passwd", "../out", "a/../../out", "a//b", "./a", ""])
def test_an_archive_with_a_way_out_is_none_of_ours(tmp_path: Path, name: str) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as out:
        out.addfile(tarfile.TarInfo(name), io.BytesIO())
    archive.seek(0)
    with pytest.raises(trees.NotPacked):
        brought_back(archive, tmp_path / "back")
    assert not (tmp_path / "out").exists()


def test_an_archive_that_leads_through_its_own_link_is_none_of_ours(tmp_path: Path) -> None:
    archive = io.BytesIO()
    link, inside = tarfile.TarInfo("a"), tarfile.TarInfo("a/file")
    link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
    with tarfile.open(fileobj=archive, mode="w") as out:
        out.addfile(link)
        out.addfile(inside, io.BytesIO())
    archive.seek(0)
    with pytest.raises(OSError, match=r"Not a directory|symbolic links"):
        brought_back(archive, tmp_path / "back")
    assert not (tmp_path / "file").exists()


def test_garbage_is_no_archive(tmp_path: Path) -> None:
    with pytest.raises(trees.NotPacked):
        brought_back(io.BytesIO(b"garbage" * 1000), tmp_path / "back")
