"""A terminal to type into, and a control that it talks to."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.cli.fake_control import TOKEN, FakeControl
from tests.cli.typed import LOCAL

from greenlane.cli import app


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


Types = Callable[..., Ended]


@pytest.fixture
def control() -> Iterator[FakeControl]:
    fake = FakeControl()
    fake.start()
    yield fake
    fake.stop()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's own folder for settings; the working directory is an empty one."""
    for name in ("GREENLANE_URL", "GREENLANE_TOKEN", "GREENLANE_DEBUG", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return tmp_path / "config" / "greenlane"


class Stdin(io.TextIOWrapper):
    """Something piped in."""

    def isatty(self) -> bool:
        return False


@pytest.fixture
def types(
    control: FakeControl, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Types:
    """Type a command, signed in as the owner, and see how it ends."""
    monkeypatch.setenv("GREENLANE_URL", control.url)
    monkeypatch.setenv("GREENLANE_TOKEN", TOKEN)

    def type_in(*arguments: str, stdin: bytes = b"") -> Ended:
        monkeypatch.setattr(sys, "stdin", Stdin(io.BytesIO(stdin), "utf-8"))
        code = app(LOCAL, arguments)
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return type_in


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A small site with what people forget in their folders."""
    folder = tmp_path / "vendor-board"
    (folder / "css").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / "index.html").write_text("<title>Vendor board</title><h1>Hello</h1>")
    (folder / "css" / "main.css").write_text("h1 { color: green }")
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main")
    (folder / ".env").write_text("API_KEY=very-secret\nREGION=eu\n")
    return folder
