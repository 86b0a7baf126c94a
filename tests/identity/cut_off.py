"""How quickly everything that somebody came in with is refused, over the real processes: `python -m tests.identity.cut_off`.

People have browsers, API tokens, agents that act for them, an app that they have open, and a call to a model that streams on and
on. One after the other they are shut out: every other one by an administrator, the others by the company's directory (SCIM).
Meanwhile each thing that they came in with asks again and again. Told is how long after the request to shut them out the
last answer was refused, for each of these things, and how many requests were served that began after that request was
answered: none may be. So *the answer* is when everything was refused; the others tell when that was heard, by things that
wait in line behind one another on this machine. A stream counts as refused when its connection ends.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.stories.browser import ask
from tests.stories.running import Running
from tests.stories.terminal import Typist

APP = "vendor-board"
MODEL = "gpt-5-mini"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SCIM = "application/scim+json"
FORM = "application/x-www-form-urlencoded"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
GRANT = "urn:greenlane:params:oauth:token-type:grant"
GIVEN_UP = 15.0
"""Seconds after which something that is still served is a failure."""
OFTEN = 0.5
"""Seconds between an answer and the next question of the same thing: what is told may be too much by as many. Each thing of
somebody ten times a second is more than two cores can answer, and the shut-out itself waits in that line.
"""


@dataclass
class Thing:
    """One thing that somebody came in with: what it asks, and what became of that. Times are monotonic."""

    kind: str
    host: str
    head: dict[str, str]
    path: str
    begun: list[float] = field(default_factory=list)
    refused: float = 0.0
    heard: int = 200
    """The status of the answer that refused it; 200 for a stream that ended."""


class Wire:
    """One kept connection that asks one thing after the other."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def asks(self, thing: Thing) -> int:
        """The status of one request."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        lines = [f"GET {thing.path} HTTP/1.1", f"Host: {thing.host}", *(f"{n}: {v}" for n, v in thing.head.items())]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        status, length, packed = int((await reader.readline()).split()[1]), 0, False
        while (line := (await reader.readline()).strip().lower()) != b"":
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
            packed |= line == b"transfer-encoding: chunked"
        if packed:
            while size := int(await reader.readline(), 16):
                await reader.readexactly(size + 2)
            await reader.readline()
        elif status != 304:
            await reader.readexactly(length)
        return status

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()


async def _endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A provider whose answers never end."""
    with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):  # cancelled when all is over
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        said = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": MODEL}
        choice = {"index": 0, "delta": {"content": "on "}, "finish_reason": None}
        event = b"data: " + json.dumps({**said, "choices": [choice]}).encode() + b"\n\n"
        while not writer.is_closing():
            writer.write(event)
            await writer.drain()
            await asyncio.sleep(0.05)  # a model says some twenty pieces a second
    writer.close()


class Company:
    """A Greenlane with people who came in with many things. ``each`` says how many of what."""

    def __init__(self, greenlane: Running, each: dict[str, int]) -> None:
        self.greenlane, self.each, self.owner = greenlane, each, greenlane.owner
        self.things: dict[str, list[Thing]] = {}
        self.streams: dict[str, str] = {}
        self.grants: dict[str, list[str]] = {}
        self.scim = ""
        self.directory: set[str] = set()

    def posts(self, path: str, token: str, body: Any, kind: str = "application/json", method: str = "POST") -> Any:
        head = {"Content-Type": kind, **({"Authorization": f"Bearer {token}"} if token else {})}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = ask(self.greenlane.url + path, method, head, data)
        assert answer.status < 300, (path, answer.status, answer.text)
        return answer.document

    def acts(self, verb: str, token: str, **inputs: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.posts(f"/v1/actions/{verb}", token, inputs)["answer"]
        return answer

    def sets_up(self, site: Path, provider: int) -> None:
        """The app, the provider of models, the directory, and an agent."""
        owner = self.owner
        owner.does("deploy", site, "--app", APP)
        owner.does("publish", APP)
        owner.does("apps", "audience", APP, "everyone")
        added = owner.types(
            *("gateway", "provider", "add", "local", "--kind", "openai", "--network", "127.0.0.0/8"),
            *("--base-url", f"http://127.0.0.1:{provider}/v1", "--key-stdin"),
            stdin=b"sk-of-nobody\n",
        )
        assert added.code == 0, added.err
        self.scim = owner.does("directory", "connect", "corp")["answer"]["token"]
        self.secret = owner.does("agents", "register", "codex", "--scopes", "read", "--scopes", "visit")["answer"][
            "secret"
        ]

    def hires(self, number: int) -> None:
        """Somebody with everything. Every other one is the directory's."""
        if number % 2:
            user = {"schemas": [USER], "userName": f"u{number}@corp.local", "externalId": f"x{number}"}
            person = self.posts("/scim/v2/Users", self.scim, {**user, "displayName": f"User {number}"}, SCIM)["id"]
            link = self.acts("create-sign-in-link", self.owner.token, person=person)["link"]
            self.directory.add(person)
        else:
            added = self.acts("add-person", self.owner.token, name=f"User {number}", team="home", role="builder")
            person, link = added["person"], added["link"]
        first = self.posts("/v1/login", "", {"secret": link.rpartition("/")[2]})["token"]
        tokens = [
            first,
            *(self.acts("create-token", first, name="more")["token"] for _ in range(self.each["token"] - 1)),
        ]
        console, app = f"localhost:{self.greenlane.port}", f"{APP}.localhost:{self.greenlane.port}"
        things = [Thing("token", console, {"Authorization": f"Bearer {one}"}, "/v1/me") for one in tokens]
        things.append(Thing("app by token", app, {"Authorization": f"Bearer {first}"}, "/"))
        for place in range(self.each["session"]):
            cookies = self.signs_in(tokens[place % len(tokens)])
            things.append(Thing("session", console, {"Cookie": cookies}, "/account"))
        things.append(Thing("app by session", app, {"Cookie": self.visits(cookies, app), "Accept": "text/html"}, "/"))
        asked = {"agent": "codex", "scopes": ["read"], "environments": ["preview"]}
        lent = (self.acts("delegate", first, **asked)["delegation"] for _ in range(self.each["grant"]))
        self.grants[person] = list(lent)
        self.things[person] = things
        self.streams[person] = self.acts("make-gateway-key", first)["token"]

    def signs_in(self, token: str) -> str:
        head = {"Content-Type": FORM, "Sec-Fetch-Site": "same-origin"}
        answer = ask(f"{self.greenlane.url}/sign-in", "POST", head, urlencode({"secret": token}).encode())
        assert answer.status == 303, answer.text
        return _cookies(answer.headers)

    def visits(self, cookies: str, host: str) -> str:
        """The cookie of an app that somebody opened with their session."""
        knocked = ask(f"http://{host}/", headers={"Accept": "text/html"})
        led = ask(knocked["location"], headers={"Cookie": cookies, "Accept": "text/html"})
        return _cookies(ask(led["location"], headers={"Cookie": _cookies(knocked.headers)}).headers)

    def agents(self, person: str) -> list[Thing]:
        """What the agents of somebody come with; it lasts five minutes, so it is asked for when it is needed."""
        things = []
        for grant in self.grants[person]:
            told = {"grant_type": EXCHANGE, "subject_token_type": GRANT, "subject_token": grant}
            told |= {"client_id": "codex", "client_secret": self.secret}
            token = self.posts("/oauth/token", "", urlencode(told).encode(), FORM)["access_token"]
            head = {"Authorization": f"Bearer {token}"}
            things.append(Thing("agent", f"localhost:{self.greenlane.port}", head, "/v1/me"))
        return things

    def shuts_out(self, person: str) -> None:
        if person in self.directory:
            change = {"schemas": [PATCH], "Operations": [{"op": "Replace", "path": "active", "value": "False"}]}
            self.posts(f"/scim/v2/Users/{person}", self.scim, change, SCIM, "PATCH")
        else:
            self.acts("suspend-person", self.owner.token, person=person)


def _cookies(headers: list[tuple[str, str]]) -> str:
    return "; ".join(value.partition(";")[0] for name, value in headers if name == "set-cookie")


async def _keeps_asking(thing: Thing, port: int) -> None:
    """Ask until it is refused."""
    wire = Wire(port)
    try:
        while True:
            begun = time.monotonic()
            status = await wire.asks(thing)
            if status != 200:
                thing.refused, thing.heard = time.monotonic(), status
                return
            thing.begun.append(begun)
            await asyncio.sleep(OFTEN)
    finally:
        wire.close()


async def _keeps_streaming(key: str, port: int, thing: Thing) -> None:
    """Read a stream until it ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = json.dumps({"model": MODEL, "stream": True, "messages": [{"role": "user", "content": "go on"}]}).encode()
    head = f"POST {thing.path} HTTP/1.1\r\nHost: {thing.host}\r\nAuthorization: Bearer {key}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    status = int((await reader.readline()).split()[1])
    assert status == 200, (status, await reader.read(2000))
    with suppress(OSError):
        while await reader.read(65_536):
            thing.begun.append(time.monotonic())
    thing.refused = time.monotonic()
    writer.close()


async def shut_out(company: Company, person: str) -> tuple[list[tuple[str, float]], int]:
    """Shut one person out while everything of theirs is used: for each thing the seconds until it was refused, and how many
    requests were served that began after the answer.
    """
    port = company.greenlane.port
    things = company.things[person] + await asyncio.to_thread(company.agents, person)
    stream = Thing("model stream", f"localhost:{port}", {}, "/ai/openai/v1/chat/completions")
    works: list[Awaitable[None]] = [_keeps_asking(one, port) for one in things]
    running = [asyncio.ensure_future(one) for one in (*works, _keeps_streaming(company.streams[person], port, stream))]
    everything = [*things, stream]
    while not all(one.begun or one.refused for one in everything):  # noqa: ASYNC110 - they say so to nobody
        await asyncio.sleep(0.01)  # the looks of another task
    refused = [(one.kind, one.heard) for one in everything if one.refused]
    assert not refused, f"{refused} of {person} did not work at all"
    asked = time.monotonic()
    await asyncio.to_thread(company.shuts_out, person)
    answered = time.monotonic()
    _done, late = await asyncio.wait(running, timeout=GIVEN_UP)
    for one in late:
        one.cancel()
    for one in _done:
        one.result()
    assert not late, f"{[one.kind for one in everything if not one.refused]} of {person} go on"
    served = sum(begun > answered for one in things for begun in one.begun)
    return [("the answer", answered - asked), *((one.kind, one.refused - asked) for one in everything)], served


async def _each(company: Company, tell: Callable[[str], None]) -> dict[str, Any]:
    took: dict[str, list[float]] = defaultdict(list)
    after = 0
    for person in company.things:
        found, served = await shut_out(company, person)
        after += served
        for kind, seconds in found:
            took[kind].append(seconds)
            if kind != "the answer":
                took["everything"].append(seconds)
    for kind, values in took.items():
        ordered = sorted(values)
        p50, p99 = statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
        tell(
            f"{kind:<16}{len(ordered):>6}  p50 {p50 * 1000:6.0f} ms  p99 {p99 * 1000:6.0f} ms  max {ordered[-1] * 1000:6.0f} ms"
        )
    tell(f"served after the answer: {after}")
    return {"seconds": took, "served after": after}


async def measured(people: int, each: dict[str, int], tell: Callable[[str], None]) -> dict[str, Any]:
    """Set everything up, and shut everybody out."""
    provider = await asyncio.start_server(_endless, "127.0.0.1", 0)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory(prefix="gl-") as data:
        site = Path(folder) / "site"
        site.mkdir()
        (site / "index.html").write_text("<!doctype html><title>Vendors</title>")
        typist = Typist(Path(folder))
        greenlane = Running(typist, Path(data))
        try:
            company = Company(greenlane, each)
            await asyncio.to_thread(company.sets_up, site, provider.sockets[0].getsockname()[1])
            began = time.monotonic()
            for number in range(people):
                await asyncio.to_thread(company.hires, number)
            tell(f"{people} people came in within {time.monotonic() - began:.0f} s")
            return await _each(company, tell)
        finally:
            greenlane.stop()
            typist.close()
            provider.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--sessions", type=int, default=10, help="of each")
    parser.add_argument("--tokens", type=int, default=10, help="of each")
    parser.add_argument("--grants", type=int, default=2, help="of each")
    given = parser.parse_args()
    wanted = {"session": given.sessions, "token": given.tokens, "grant": given.grants}
    asyncio.run(measured(given.people, wanted, print))
