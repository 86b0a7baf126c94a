"""Installed packages that are kept for the next build with the same lock.

What is kept was installed by the package manager from a lock, in a room that held nothing but that lock and the list
of packages, with every script switched off: no code of the project or of a package ran before it was put away. So it is
the same whoever asked first, and no build can put anything of its own into it. Builds get copies; the kept files belong
to the platform.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

KEPT_DAYS = 30
"""Days after its last use that something is kept."""
MOST = 40
"""How many installations are kept; the ones unused for longest go first."""


class Caches:
    """Folders and small answers by key. ``apart``: builds run as other users than the platform."""

    def __init__(self, folder: Path, *, apart: bool) -> None:
        self._folder = folder
        self._apart = apart
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def fetch(self, key: str, into: Path, *, own: Callable[[str], bool]) -> bool:
        """Lay what is kept under a key into a folder that does not exist yet; whether there was something.

        ``own`` says of a folder in it, by its path, that the build will change files there in place, so that it needs
        bytes of its own from there on.
        """
        kept = self._folder / key / "tree"
        if not kept.is_dir():
            return False
        os.utime(kept.parent)
        _copy(str(kept), str(into), link=self._apart, own=own)
        return True

    def keep(self, key: str, folder: Path) -> None:
        """Take a folder over. Everything in it belongs to the platform from then on, and its old place is empty."""
        if (self._folder / key).exists():
            return
        draft = Path(tempfile.mkdtemp(dir=self._folder))
        folder.rename(draft / "tree")
        _take_over(str(draft / "tree"))
        self._place(draft, key)

    def recall(self, key: str) -> dict[str, Any] | None:
        """A small answer that was kept."""
        file = self._folder / key / "answer.json"
        if not file.exists():
            return None
        os.utime(file.parent)
        answer: dict[str, Any] = orjson.loads(file.read_bytes())
        return answer

    def remember(self, key: str, answer: dict[str, Any]) -> None:
        """Keep a small answer."""
        draft = Path(tempfile.mkdtemp(dir=self._folder))
        (draft / "answer.json").write_bytes(orjson.dumps(answer))
        self._place(draft, key)

    def tidy(self) -> None:
        """Throw away what nobody used for long, and what a killed process left half done."""
        every = sorted(self._folder.iterdir(), key=lambda one: one.stat().st_mtime, reverse=True)
        oldest = time.time() - KEPT_DAYS * 86_400
        for place, one in enumerate(every):
            half_done = one.name.startswith("tmp")
            if half_done or place >= MOST or one.stat().st_mtime < oldest:
                shutil.rmtree(one, ignore_errors=True)

    def _place(self, draft: Path, key: str) -> None:
        try:
            draft.rename(self._folder / key)
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)  # another build was faster, with just the same


def _copy(source: str, target: str, *, link: bool, own: Callable[[str], bool], path: str = "") -> None:
    """Files and links of a folder. ``link`` shares each file's bytes, which only its owner, the platform, can change."""
    os.mkdir(target, 0o755)  # noqa: PTH102 - twenty thousand paths are made here, and objects of them cost as much again
    link = link and not own(path)
    with os.scandir(source) as entries:
        for entry in entries:
            there = f"{target}/{entry.name}"
            if entry.is_symlink():
                os.symlink(os.readlink(entry.path), there)  # noqa: PTH115, PTH211 - as above
            elif entry.is_dir():
                _copy(entry.path, there, link=link, own=own, path=f"{path}/{entry.name}".lstrip("/"))
            elif link:
                os.link(entry.path, there)
            else:
                shutil.copyfile(entry.path, there)
                os.chmod(there, _mode(entry))  # noqa: PTH101 - as above


def _take_over(folder: str) -> None:
    """Be the owner of all of it, and let nobody else write."""
    user, group = os.getuid(), os.getgid()
    os.lchown(folder, user, group)
    os.chmod(folder, 0o755)  # noqa: PTH101, S103 - see _copy; everybody may look, nobody may write
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                _take_over(entry.path)
                continue
            os.lchown(entry.path, user, group)
            if not entry.is_symlink() and entry.stat().st_mode & 0o7777 != _mode(entry):
                os.chmod(entry.path, _mode(entry))  # noqa: PTH101 - see _copy


def _mode(entry: os.DirEntry[str]) -> int:
    """Whether a file can be executed is all that is kept of how it may be used."""
    return 0o755 if entry.stat().st_mode & 0o100 else 0o644
