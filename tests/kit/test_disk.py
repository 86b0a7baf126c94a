from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from greenlane.kit import disk
from greenlane.kit.blobs import Blobs, BlobsAway


def test_one_disk_is_waited_for_and_not_every_disk_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(os, "sync", lambda: asked.append("all"))
    disk.settle(tmp_path)
    assert asked == ([] if sys.platform == "linux" else ["all"])


def test_a_disk_that_keeps_nothing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = Blobs(tmp_path / "blobs")
    blobs.put(b"one")

    def refuses(_folder: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(disk, "settle", refuses)
    with pytest.raises(BlobsAway):
        blobs.sync()


def test_what_is_not_there_cannot_be_waited_for(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        disk.settle(tmp_path / "nowhere")
