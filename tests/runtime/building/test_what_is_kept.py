"""Installed packages that are kept: shared where nobody changes them, copied where somebody will."""

import os

import pytest

from greenlane.runtime.building.caches import MOST, Caches


@pytest.fixture
def kept(tmp_path):
    caches = Caches(tmp_path / "caches", apart=True)
    tree = tmp_path / "node_modules"
    for path in ("vite/index.js", "esbuild/bin/esbuild", "vite/node_modules/esbuild/x.js"):
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(path)
    (tree / ".bin").mkdir()
    (tree / ".bin" / "esbuild").symlink_to("../esbuild/bin/esbuild")
    (tree / "esbuild/bin/esbuild").chmod(0o4777)
    caches.keep("node-1", tree)
    return caches, tmp_path


def test_what_is_kept_belongs_to_the_platform_and_gives_nobody_powers(kept):
    _caches, folder = kept
    assert not (folder / "node_modules").exists()
    one = folder / "caches/node-1/tree/esbuild/bin/esbuild"
    assert one.stat().st_mode & 0o7777 == 0o755
    assert one.stat().st_uid == os.getuid()


def test_folders_that_a_build_changes_are_its_own_and_the_others_are_shared(kept):
    caches, folder = kept
    assert caches.fetch("node-1", folder / "out", own=lambda path: path.rpartition("node_modules/")[2] == "esbuild")
    assert (folder / "out/vite/index.js").stat().st_nlink == 2
    assert (folder / "out/esbuild/bin/esbuild").stat().st_nlink == 1
    assert (folder / "out/vite/node_modules/esbuild/x.js").stat().st_nlink == 1
    assert (folder / "out/.bin/esbuild").readlink().as_posix() == "../esbuild/bin/esbuild"


def test_where_builds_are_no_users_of_their_own_nothing_is_shared(kept):
    _caches, folder = kept
    caches = Caches(folder / "caches", apart=False)
    assert caches.fetch("node-1", folder / "out", own=lambda _path: False)
    assert (folder / "out/vite/index.js").stat().st_nlink == 1


def test_a_key_that_nobody_kept_gives_nothing(kept):
    caches, folder = kept
    assert not caches.fetch("node-2", folder / "out", own=lambda _path: False)
    assert caches.recall("python-1") is None


def test_of_many_the_ones_unused_for_longest_go(kept):
    caches, folder = kept
    for number in range(MOST + 5):
        caches.remember(f"python-{number}", {"digest": str(number)})
        os.utime(folder / "caches" / f"python-{number}", (2_000_000_000 + number,) * 2)
    caches.tidy()
    assert caches.recall("python-0") is None
    assert caches.recall(f"python-{MOST + 4}") == {"digest": str(MOST + 4)}
