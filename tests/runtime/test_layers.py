"""Layers: packages that were installed once, as whoever runs an app finds them."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from greenlane.kit.blobs import Blobs
from greenlane.runtime.layers import Layers


@pytest.fixture
def careful() -> Iterator[None]:
    """As the runtime process runs: what it makes is for nobody else unless it says so."""
    before = os.umask(0o077)
    yield
    os.umask(before)


def archive(**files: tuple[bytes, int]) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:") as members:
        for path, (content, mode) in files.items():
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(content), mode
            members.addfile(member, io.BytesIO(content))
    return whole.getvalue()


def test_whoever_runs_an_app_reads_its_packages(tmp_path: Path, careful: None) -> None:
    """An app is another user than the one who unpacks."""
    blobs = Blobs(str(tmp_path / "blobs"))
    digest = blobs.put(archive(**{"web/core/__init__.py": (b"x = 1", 0o600), "bin/tool": (b"#!", 0o700)}))
    place = Layers(tmp_path / "layers", blobs).place(digest)
    modes = {str(one.relative_to(place)): one.stat().st_mode & 0o777 for one in place.rglob("*")}
    assert modes == {
        "web": 0o755,
        "web/core": 0o755,
        "web/core/__init__.py": 0o644,
        "bin": 0o755,
        "bin/tool": 0o744,
    }


def test_nothing_is_written_beside_a_layer(tmp_path: Path) -> None:
    blobs = Blobs(str(tmp_path / "blobs"))
    digest = blobs.put(archive(**{"../out.py": (b"x", 0o644), "/abs.py": (b"x", 0o644), "in.py": (b"x", 0o644)}))
    place = Layers(tmp_path / "layers", blobs).place(digest)
    assert [one.name for one in place.rglob("*")] == ["in.py"]
    assert not (tmp_path / "layers" / "out.py").exists()
