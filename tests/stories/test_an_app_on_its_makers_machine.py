"""`greenlane dev`: somebody works on an app; it runs as the platform would run it, and again after each change."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.stories.browser import Answered, ask
from tests.stories.running import Running, until
from tests.stories.terminal import Terminal, Typing, Typist

START_WITHIN = 90.0
"""Seconds within which a busy machine has installed nothing and started everything."""

API = """
import json, os, sqlite3
from urllib.request import urlopen

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    name = scope["path"].strip("/")
    headers = {key.decode(): value.decode() for key, value in scope["headers"]}
    if name == "outside":
        try:
            urlopen("http://example.com", timeout=5)
            said = "reached"
        except OSError as error:
            said = f"refused: {error}"
    elif name == "count":
        with sqlite3.connect(os.environ["DATABASE_URL"].removeprefix("sqlite:///")) as database:
            database.execute("create table if not exists visit (at text)")
            database.execute("insert into visit values ('now')")
            said = database.execute("select count(*) from visit").fetchone()[0]
    else:
        said = {"greeting": os.environ.get("GREETING"), "identity": headers.get("greenlane-identity"),
                "environment": os.environ["GREENLANE_ENVIRONMENT"]}
    print("asked for", name, flush=True)
    body = json.dumps(said).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body})
"""

FUNCTION = """
export const config = { path: "/api/hello/:name" };
export default async (request: Request, context: any): Promise<Response> =>
  Response.json({ hello: context.params.name, by: context.identity.name });
"""

LATER = "export default (request, context) => { console.log(`a letter for ${context.identity.name}`); };"


@dataclass
class Working:
    """Somebody's folder, and `greenlane dev` in it."""

    folder: Path
    typing: Typing

    @property
    def printed(self) -> str:
        return self.typing.printed + self.typing.logged

    def sees(self, words: str, times: int = 1) -> None:
        until(lambda: self.printed.count(words) >= times or self._over(), words, START_WITHIN)
        assert self.printed.count(words) >= times, self.printed

    def _over(self) -> bool:
        return not Path(f"/proc/{self.typing.pid}").exists()

    @property
    def address(self) -> str:
        found = re.search(r"^http://localhost:\d+", self.printed, re.MULTILINE)
        assert found, self.printed
        return found[0]

    def asks(self, path: str) -> Answered:
        return ask(self.address + path)


Works = Callable[..., Working]


@pytest.fixture
def works(typist: Typist) -> Iterator[Works]:
    """Begin `greenlane dev` on some files; it is ended afterwards, and must have ended well."""
    begun: list[Working] = []
    with tempfile.TemporaryDirectory(prefix="gl-dev-") as home:

        def begin(files: Mapping[str, str], *typed: str, terminal: Terminal | None = None) -> Working:
            folder = Path(home) / f"app-{len(begun)}"
            for name, text in files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(text)
            one = terminal or Terminal(typist, Path(home), more={"XDG_CACHE_HOME": str(Path.home() / ".cache")})
            begun.append(Working(folder, one.begins("dev", folder, "--port", 0, *typed)))
            return begun[-1]

        yield begin
        for one in begun:
            if Path(f"/proc/{one.typing.pid}").exists():
                os.kill(one.typing.pid, signal.SIGINT)
            ended = one.typing.ended()
            assert ended.code == 0, ended.err


def claims(token: str) -> dict[str, object]:
    part = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def test_pages_are_served_as_the_edge_serves_what_is_published(works: Works) -> None:
    one = works({"index.html": "<!doctype html><h1>First</h1>", "404.html": "<h1>Not here</h1>"})
    one.sees("Version 1 is served")
    answer = one.asks("/")
    assert "First" in answer.text
    assert "connect-src 'self'" in answer["content-security-policy"]
    assert answer["x-content-type-options"] == "nosniff"
    assert (one.asks("/nothing").status, one.asks("/nothing").text) == (404, "<h1>Not here</h1>")
    (one.folder / "index.html").write_text("<!doctype html><h1>Second</h1>")
    one.sees("index.html changed")
    one.sees("Version 2 is served")
    assert "Second" in one.asks("/").text


def test_a_python_app_runs_in_its_sandbox_with_its_values_and_a_visitor(works: Works) -> None:
    files = {
        "main.py": API,
        "requirements.txt": "",
        "greenlane.toml": '[run]\nkind = "asgi"\nentry = "main:app"\n',
        ".env": "GREETING='good day'\nPATH=/elsewhere\n",
    }
    one = works(files, "--as", "maria.lopez@example.com")
    one.sees("Version 1 runs")
    assert one.printed.count("PATH is left out") == 1
    said = one.asks("/").document
    assert (said["greeting"], said["environment"]) == ("good day", "dev")
    assert {"name": "Maria Lopez", "email": "maria.lopez@example.com"}.items() <= claims(said["identity"]).items()
    one.sees("asked for")
    assert "refused" in one.asks("/outside").text
    assert one.asks("/count").document == 1

    (one.folder / ".env").write_text("GREETING=hello\n")
    one.sees("Version 2 runs")
    assert one.asks("/").document["greeting"] == "hello"
    assert one.asks("/count").document == 2, "what it stores stays over a change"

    (one.folder / "main.py").write_text("import nothing_like_it\n")
    one.sees("No module named 'nothing_like_it'")
    one.sees("tried again")
    assert one.asks("/").status in (502, 503)
    (one.folder / "main.py").write_text(API)
    one.sees("Version 4 runs")
    assert one.asks("/").status == 200


def test_functions_stand_beside_pages_and_know_who_asks(works: Works) -> None:
    one = works({"index.html": "<h1>Pages</h1>", "functions/hello.ts": FUNCTION}, "--as", "Nina")
    one.sees("Version 1 runs")
    assert "Pages" in one.asks("/").text
    assert one.asks("/api/hello/board").document == {"hello": "board", "by": "Nina"}
    (one.folder / "functions" / "hello.ts").write_text("export default {{{")
    one.sees("Expected identifier")
    one.sees("tried again")
    assert one.asks("/api/hello/board").status == 200, "what ran before is still there"


def test_a_function_in_the_background_runs_and_nobody_waits(works: Works) -> None:
    one = works({"index.html": "<h1>Pages</h1>", "functions/mail-background.ts": LATER}, "--as", "Nina")
    one.sees("Version 1 runs")
    assert one.asks("/functions/mail-background").status == 202
    one.sees("a letter for Nina")


def test_what_cannot_be_run_is_said_before_anything_is_served(typist: Typist, tmp_path: Path) -> None:
    terminal = Terminal(typist, tmp_path)
    (tmp_path / "empty").mkdir()
    ended = terminal.begins("dev", "empty", "--port", 0).ended()
    assert (ended.code, "There is no app in" in ended.err) == (2, True), ended.err
    ended = terminal.begins("dev", "nowhere").ended()
    assert (ended.code, "There is no folder" in ended.err) == (2, True)
    (tmp_path / "next").mkdir()
    (tmp_path / "next" / "package.json").write_text(
        '{"dependencies": {"next": "15"}, "scripts": {"build": "next build"}}'
    )
    ended = terminal.begins("dev", "next", "--port", 0).ended()
    assert (ended.code, "output: 'export'" in ended.err) == (3, True), ended.err
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = terminal.begins("dev", "next", "--port", taken.getsockname()[1]).ended()
    assert (ended.code, "taken by another program" in ended.err) == (1, True), ended.err


def test_values_for_ones_own_machine_come_from_the_platform_and_secrets_do_not(
    greenlane: Running, owner: Terminal, works: Works, site: Path, name: str
) -> None:
    owner.does("deploy", site, "--app", name)
    on_it = ("--app", name, "--environment", "dev")
    owner.types("variables", "put", "GREETING", *on_it, "--readable", stdin=b"from the platform")
    owner.types("variables", "put", "CRM_KEY", *on_it, stdin=b"a-secret-nobody-reads")
    taken = owner.types("variables", "take", "--app", name)
    assert 'GREETING="from the platform"' in taken.lines
    assert "a-secret-nobody-reads" not in taken.out
    files = {"main.py": API, "requirements.txt": "", "greenlane.toml": '[run]\nkind = "asgi"\nentry = "main:app"\n'}
    one = works(files, "--app", name, terminal=owner)
    one.sees("Version 1 runs")
    assert "Nobody reads secrets" in one.printed
    assert "CRM_KEY" in one.printed
    assert one.asks("/").document["greeting"] == "from the platform"
    assert "took the readable dev values" in json.dumps(owner.does("receipts", "--app", name))
