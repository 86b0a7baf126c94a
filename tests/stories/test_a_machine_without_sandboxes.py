"""A machine without bubblewrap: it starts as ever, says plainly what it cannot run and what to install, and serves pages."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.stories.browser import ask
from tests.stories.running import Running
from tests.stories.terminal import Typist

INSTALL = "apt-get install bubblewrap"


@pytest.fixture(scope="module")
def running(typist: Typist) -> Iterator[Running]:
    """Every program of this machine but one."""
    with tempfile.TemporaryDirectory(prefix="gl-") as data, tempfile.TemporaryDirectory(prefix="bin-") as programs:
        for folder in reversed(os.environ["PATH"].split(os.pathsep)):
            for program in Path(folder).glob("*"):
                (Path(programs) / program.name).unlink(missing_ok=True)
                (Path(programs) / program.name).symlink_to(program)
        (Path(programs) / "bwrap").unlink()
        one = Running(typist, Path(data), {"PATH": programs})
        try:
            yield one
        finally:
            one.stop()


def test_the_start_says_what_cannot_run_and_how_to_change_that(running: Running) -> None:
    said = running.printed
    assert "Apps with code cannot run on this machine" in said
    assert said.index(INSTALL) < said.index("Then, in another terminal"), "before what to type next"


def test_pages_are_published_as_ever_and_code_is_refused_with_what_to_install(running: Running, tmp_path: Path) -> None:
    owner = running.owner
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "index.html").write_text("<h1>Pages</h1>")
    owner.does("deploy", str(tmp_path / "pages"), "--app", "pages")
    owner.does("publish", "pages", "--audience", "team")
    page = f"http://pages.localhost:{running.port}/"
    assert ask(page, headers={"Authorization": f"Bearer {owner.token}"}).text == "<h1>Pages</h1>"
    (tmp_path / "code" / "functions").mkdir(parents=True)
    (tmp_path / "code" / "functions" / "hello.ts").write_text('export default () => new Response("hello");')
    refused = owner.types("deploy", str(tmp_path / "code"), "--app", "code")
    assert refused.code == 3
    assert INSTALL in refused.err
