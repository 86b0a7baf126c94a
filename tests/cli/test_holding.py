"""What `greenlane up` holds: its folder, which nobody else may use, and the visitors' sockets."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from greenlane.cli import holding
from greenlane.kit.errors import GreenlaneError
from greenlane.kit.places import Places
from greenlane.kit.settings import Settings


def test_a_folder_that_is_held_is_waited_for_and_then_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(holding, "LEFT_WITHIN", 0.3)
    monkeypatch.setattr(holding, "_WORTH_SAYING", 0.05)
    places = Places(tmp_path)
    with holding.folder(places):
        with pytest.raises(GreenlaneError, match="Another Greenlane runs on") as refusal, holding.folder(places):
            raise AssertionError("it was held already")
        assert "--data" in refusal.value.next_step
        assert "Waiting for another Greenlane" in capsys.readouterr().err
    with holding.folder(places):
        pass


def test_a_folder_is_held_until_the_last_process_has_ended(tmp_path: Path) -> None:
    places = Places(tmp_path)
    read, write = os.pipe()
    with holding.folder(places):
        child = os.fork()
        if child == 0:
            os.close(write)
            os.read(read, 1)  # until its parent lets it go
            os._exit(0)
    os.close(read)
    goes = threading.Timer(0.2, os.close, [write])
    goes.start()
    with holding.folder(places):
        assert goes.finished.is_set()
    os.waitpid(child, 0)


def test_a_taken_port_is_told_in_words(tmp_path: Path) -> None:
    with holding.doors(Settings(data=tmp_path, port=0)) as doors:
        port = doors[0].getsockname()[1]
        taken = holding.doors(Settings(data=tmp_path, port=port))
        with pytest.raises(GreenlaneError, match=f"Somebody listens on port {port}") as refusal, taken:
            raise AssertionError("it was taken already")
        assert "--port" in refusal.value.next_step
