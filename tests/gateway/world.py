"""A gateway with a stand-in for control and small providers, all on one event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import http.client
import socket
import struct
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import orjson
import uvloop
from tests.gateway.control_for_tests import Control, records
from tests.gateway.stub import Answers, Asked, Line, Stub, chat

from greenlane.gateway.serving.options import GatewayOptions
from greenlane.gateway.serving.process import Gateway

T = TypeVar("T")
KEY = "glk_of-ada"
ACTOR = [{"kind": "person", "id": "p_ada", "credential": None}]
PLACE = {"app": "board", "environment": "production", "deploy": "d1", "use": "run"}
DEPLOYED = "gla_of-board"


def hashed(key: str) -> str:
    return sha256(key.encode()).hexdigest()


def key(**more: Any) -> dict[str, Any]:
    """A key of Ada's, for herself."""
    return {
        "id": "gk_1",
        "kind": "person",
        "app": None,
        "environment": None,
        "deploy": None,
        "use": "run",
        "team": "t_1",
        "person": "p_ada",
        "actor": ACTOR,
        "spenders": ["person:p_ada"],
        "expires": None,
        **more,
    }


def table() -> dict[str, Any]:
    """Two keys, the tree of accounts, and nobody to ask yet."""
    return {
        "keys": {
            hashed(KEY): key(),
            hashed(DEPLOYED): key(
                id="deploy", kind="app", **PLACE, person=None, spenders=["environment:board/production"]
            ),
        },
        "providers": {},
        "routes": {},
        "usual": {},
        "allowed": {},
        "rules": {},
        "marks": {},
        "let_through": {},
        "perimeter": {},
        "patterns": {},
        "budgets": {},
        "accounts": {
            "organisation": {"kind": "organisation", "parent": None},
            "team:t_1": {"kind": "team", "parent": "organisation"},
            "app:board": {"kind": "app", "parent": "team:t_1"},
            "environment:board/production": {"kind": "environment", "parent": "app:board"},
            "person:p_ada": {"kind": "person", "parent": "organisation"},
        },
        "limits": {},
        "prices": {},
        "bounds": {},
        "settings": {},
        "grants": {},
        "agents": {},
        "lending": {},
    }


def budget(amount: int, account: str = "organisation", *, hard: bool = True) -> dict[str, Any]:
    return {"account": account, "amount": amount, "period": "total", "zone": "UTC", "hard": hard}


def provider(port: int, kind: str = "openai", **more: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "base_url": f"http://127.0.0.1:{port}",
        "region": "us",
        "keeps_nothing": False,
        "on": True,
        "credentials": [{"id": f"mc_{kind}", "secret": f"sk-{kind}"}],
        "prices": kind if kind in ("openai", "anthropic", "openrouter", "azure") else "google",
        "networks": [],
        **more,
    }


@dataclass
class Answered:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def says(self) -> str:
        error = self.json["error"]
        return str(error["message"])


async def hello(asked: Asked, line: Line) -> None:
    await line.answer(chat())


class World:
    """``ask`` calls the gateway as Ada, ``in_sandbox`` as the app's deploy; ``records`` is what was written down."""

    def __init__(self, folder: Path, lists: Path, **options: Any) -> None:
        self.folder = folder
        self.table = table()
        self.stubs: dict[str, Stub] = {}
        self.control: Control
        self.gateway: Gateway
        self.port = 0
        self._asking: dict[http.client.HTTPResponse, http.client.HTTPConnection] = {}
        self._options = GatewayOptions(
            feed_socket=folder / "feed.sock",
            journal=folder / "journal",
            folder=lists,
            models=folder / "models.sock",
            grace=1,
            **options,
        )
        self._loop: asyncio.AbstractEventLoop
        self._ready = threading.Event()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def serve(self, name: str, answers: Answers = hello, kind: str = "openai", **more: Any) -> Stub:
        """A provider that is not in the table yet."""
        stub = self.stubs[name] = Stub(answers)
        self.do(stub.start(more.pop("tls", None)))
        entry = provider(stub.port, kind, **more)
        self.change({"providers": {name: entry}, "usual": {"openai": name} if len(self.stubs) == 1 else {}})
        return stub

    def change(self, put: dict[str, Any] | None = None, drop: dict[str, Any] | None = None) -> None:
        self.do(self.control.change(put, drop))

    def until(self, condition: Any) -> None:
        self.do(self.control.until(condition))

    def ask(
        self,
        path: str = "/ai/openai/v1/chat/completions",
        body: Any = None,
        *,
        key: str | None = KEY,
        method: str = "POST",
        **headers: str,
    ) -> Answered:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        return _asked(connection, method, path, body, key, headers)

    def in_sandbox(self, body: Any = None, *, key: str = DEPLOYED, place: Any = PLACE, **headers: str) -> Answered:
        connection = http.client.HTTPConnection("127.0.0.1:3128", timeout=20)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(self.folder / "models.sock"))
        fields = {"greenlane-sandbox": orjson.dumps(place).decode(), **headers}
        return _asked(connection, "POST", "/ai/openai/v1/chat/completions", body, key, fields)

    proof: ClassVar[dict[str, str]] = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}

    def kept(self) -> http.client.HTTPConnection:
        """A connection for several calls."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def send(
        self, body: Any, path: str = "/ai/openai/v1/chat/completions", *, key: str = KEY
    ) -> http.client.HTTPConnection:
        """Ask as Ada without waiting for an answer."""
        connection = self.kept()
        connection.request("POST", path, orjson.dumps(body), {**self.proof, "Authorization": f"Bearer {key}"})
        return connection

    def begin(
        self, body: Any, path: str = "/ai/openai/v1/chat/completions", *, key: str = KEY
    ) -> http.client.HTTPResponse:
        """Ask as Ada, and wait until the answer begins."""
        connection = self.send(body, path, key=key)
        answer = connection.getresponse()
        self._asking[answer] = connection
        return answer

    def leave(self, asking: http.client.HTTPConnection | http.client.HTTPResponse) -> None:
        """Cut the connection, as a program that is killed does."""
        connection = asking if isinstance(asking, http.client.HTTPConnection) else self._asking.pop(asking)
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        asking.close()
        connection.close()

    def call(self, work: Any) -> None:
        """Do something on the event loop."""
        self._loop.call_soon_threadsafe(work)

    def records(self, kind: str = "") -> list[dict[str, Any]]:
        found = records(self.folder / "journal")
        return [one for one in found if not kind or one["k"] == kind]

    def ends(self, count: int) -> list[dict[str, Any]]:
        """That many ends, once they are written."""
        self.until(lambda: len(self.records("end")) >= count)
        return self.records("end")

    @contextmanager
    def living(self) -> Iterator[World]:
        thread = threading.Thread(target=lambda: uvloop.run(self._live()), daemon=True)
        thread.start()
        assert self._ready.wait(30)
        try:
            yield self
        finally:
            for answer, connection in self._asking.items():
                answer.close()
                connection.close()
            self._loop.call_soon_threadsafe(self._over.set)
            thread.join(30)
            assert not thread.is_alive()

    async def _live(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        self.control = Control(self.folder / "feed.sock", self.table)
        await self.control.start()
        bound = socket.socket()
        bound.bind(("127.0.0.1", 0))
        self.port = bound.getsockname()[1]
        self.gateway = Gateway(replace(self._options, sockets=[bound]))
        await self.gateway.start()
        await self.control.until(lambda: 1 in self.control._acknowledged.values())
        self._ready.set()
        await self._over.wait()
        await self.gateway.stop()
        await self.control.stop()
        for stub in self.stubs.values():
            await stub.stop()


def _asked(
    connection: http.client.HTTPConnection, method: str, path: str, body: Any, key: str | None, headers: dict[str, str]
) -> Answered:
    if body is None and method == "POST":
        body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hi"}]}
    data = body if isinstance(body, bytes) or body is None else orjson.dumps(body)
    fields = {"Content-Type": "application/json", **headers}
    if key is not None and "Authorization" not in fields:
        fields["Authorization"] = f"Bearer {key}"
    connection.request(method, path, data, fields)
    answer = connection.getresponse()
    found = Answered(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    connection.close()
    return found
