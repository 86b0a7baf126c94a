"""Small apps of each kind, stored as a deploy's files are, and a visitor who asks them something."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from uuid import uuid4

from greenlane.kit import digest
from greenlane.kit.blobs import Blobs
from greenlane.runtime.release import Key, Release

ASGI = """
import os
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body = os.environ.get("GREETING", "hello") + " from " + scope["path"]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": body.encode()})
"""

WSGI = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"wsgi at ", environ["PATH_INFO"].encode()]

def make():
    return app
"""

FUNCTION = """
export const config = { path: "/hello/:name" };
export default async (request: Request, context: any): Promise<Response> => {
  context.cookies.set("seen", "yes");
  return new Response(`hello ${context.params.name} by ${request.method} at ${new URL(request.url).host}`);
};
"""


def function(
    name: str,
    *path: str,
    methods: tuple[str, ...] = ("GET", "POST"),
    schedule: str = "",
    background: bool = False,
) -> dict[str, Any]:
    return {
        "name": name,
        "file": f"functions/{name}.ts",
        "path": list(path),
        "methods": list(methods),
        "schedule": schedule,
        "background": background,
    }


def stored(blobs: Blobs, files: Mapping[str, str]) -> str:
    """The digest of a manifest of these files."""
    entries = {
        path: {"sha256": blobs.put(text.encode()), "size": len(text.encode()), "type": "text/plain"}
        for path, text in files.items()
    }
    return blobs.put(digest.canonical({"files": entries}))


def release(blobs: Blobs, kind: str, entry: str, files: Mapping[str, str], **more: Any) -> Release:
    key = more.pop("key", None) or Key(f"app-{uuid4().hex[:8]}", "production", "d1")
    return Release(key=key, kind=kind, entry=entry, files=stored(blobs, files), **more)


def get(path: Path, address: str = "/", method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
    """What an app answers at its socket."""

    class Local(HTTPConnection):
        def connect(self) -> None:
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(60)
            self.sock.connect(str(path))

    asking = Local("app.localhost")
    try:
        asking.request(method, address, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = asking.getresponse()
        return answer, answer.read()
    finally:
        asking.close()
