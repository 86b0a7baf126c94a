"""A small control on a real port: it keeps uploads, remembers what it was asked, and answers what a test tells it to."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from typing import Any

import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from greenlane.ledger.checkpoint import Checkpoint, public_key, sign
from greenlane.ledger.note import Algorithm
from greenlane.ledger.trust import Trust

TOKEN = "glt_owner"
WORDS = {
    "green": "went through",
    "amber": "went through, with safeguards",
    "red": "needs a person",
    "closed": "not possible",
}
STATES = {"green": "done", "amber": "done", "red": "waiting", "closed": "refused"}


def reason(says: str, instead: str = "") -> dict[str, str]:
    return {"policy": "a-policy", "says": says, "instead": instead, "owner": "Platform", "digest": "sha256:00"}


def new_root(origin: str = "log.test") -> tuple[Trust, Ed25519PrivateKey]:
    key = Ed25519PrivateKey.generate()
    return Trust(origin, public_key(origin, key, Algorithm.ED25519)), key


class FakeControl:
    """Answers after the HTTP API's contract. ``lanes``, ``answers`` and ``reads`` are what a test sets."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.blobs: dict[str, bytes] = {}
        self.uploads: dict[str, dict[str, Any]] = {}
        self.apps: dict[str, dict[str, Any]] = {}
        self.lanes: dict[str, str] = {}
        self.answers: dict[str, dict[str, Any]] = {}
        self.reads: dict[str, Any] = {"/v1/people": {"items": [], "next": None}}
        self.findings: list[dict[str, Any]] = []
        self.explained: dict[str, Any] = {}
        self.trouble: list[Callable[[Request], Response | None]] = []
        self.trust, self.key = new_root()
        self.size = 7
        self.url = ""

    def start(self) -> None:
        config = uvicorn.Config(Starlette(routes=self._routes()), host="127.0.0.1", port=0, log_level="error")
        self._server = uvicorn.Server(config)
        self._socket = config.bind_socket()
        self._socket.listen()  # who comes before the server is there waits in line
        self.url = f"http://localhost:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()

    def sent(self, verb: str) -> list[dict[str, Any]]:
        """The bodies with which a verb was asked for."""
        return [one["body"] for one in self.asked if one["path"] == f"/v1/actions/{verb}"]

    def paths(self, method: str) -> list[str]:
        return [one["path"] for one in self.asked if one["method"] == method]

    def fail(self, path: str, times: int, answer: Callable[[], Response]) -> None:
        """Answer the next requests to a path with something else."""
        left = [times]

        def trouble(request: Request) -> Response | None:
            if request.url.path.startswith(path) and left[0] > 0:
                left[0] -= 1
                return answer()
            return None

        self.trouble.append(trouble)

    def _routes(self) -> list[Route]:
        every = ["GET", "POST", "PUT"]
        return [Route("/{path:path}", self._answer, methods=every)]

    async def _answer(self, request: Request) -> Response:
        raw = await request.body()
        body = json.loads(raw) if raw and request.headers.get("content-type") == "application/json" else raw
        path = request.url.path
        self.asked.append(
            {
                "method": request.method,
                "path": path,
                "body": body,
                "headers": dict(request.headers),
                "query": dict(request.query_params),
            }
        )
        for trouble in self.trouble:
            if answered := trouble(request):
                return answered
        if path == "/v1/trust":
            return JSONResponse(self.trust.document())
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return problem(401, "sign-in-needed", "This token is unknown.", "Make a new one.")
        parts = path.strip("/").split("/")[1:]
        match parts:
            case ["actions", verb]:
                return self._act(verb, body)
            case ["explain", verb]:
                return JSONResponse({"verb": verb, "subject": "app:x", **self.decided(verb), **self.explained})
            case ["uploads"]:
                return self._upload(body)
            case ["uploads", _, "blobs", digest]:
                if hashlib.sha256(raw).hexdigest() != digest:
                    return problem(400, "wrong-digest", "These bytes are others.", "Send them again.")
                self.blobs[digest] = raw
                return Response(status_code=204)
            case ["uploads", identity, "complete"]:
                return self._complete(identity)
            case ["apps", name] if path not in self.reads:
                if name not in self.apps:
                    return problem(404, "not-found", f"There is no app called {name}.", "`greenlane apps` lists them.")
                return JSONResponse(self.apps[name])
            case ["ledger", "checkpoint"]:
                note = sign(Checkpoint("log.test", self.size, hashlib.sha256(b"root").digest()), "log.test", self.key)
                return PlainTextResponse(str(note))
        if path in self.reads:
            found = self.reads[path]
            return PlainTextResponse(found) if isinstance(found, str) else JSONResponse(found)
        return problem(404, "not-found", "There is no such thing.", "Look again.")

    def decided(self, verb: str) -> dict[str, Any]:
        lane = self.lanes.get(verb, "green")
        says = {
            "green": "Nothing new.",
            "amber": "A new host.",
            "red": "The first time public.",
            "closed": "A key leaked.",
        }
        return {
            "lane": lane,
            "words": WORDS[lane],
            "reasons": [reason(says[lane], "Ask for less." if lane in ("red", "closed") else "")],
            "safeguards": ["tell-owner"] if lane == "amber" else [],
            "risk": {"score": 12, "parts": [{"name": "reach", "points": 12, "says": "it reaches further"}]},
        }

    def _act(self, verb: str, body: dict[str, Any]) -> Response:
        told = self.decided(verb)
        state = STATES[told["lane"]]
        subject = f"app:{body['app']}" if "app" in body else "organisation"
        answer = {
            "action": "act_1",
            "process": "prc_1",
            "verb": verb,
            "subject": subject,
            "state": state,
            "sentence": f"Ada did {verb}.",
            **told,
            "happened": {},
            "answer": self.answers.get(verb, {}) if state == "done" else {},
            "request": "req_1" if state == "waiting" else None,
            "receipt": 3,
        }
        if state == "done":
            if verb == "create-app":
                self.apps[body["app"]] = {"name": body["app"]}
            return JSONResponse(answer)
        if state == "waiting":
            return JSONResponse(answer, status_code=202)
        return problem(403, "refused", told["reasons"][0]["says"], told["reasons"][0]["instead"], **answer)

    def _upload(self, body: dict[str, Any]) -> Response:
        wanted = [one["sha256"] for one in body["files"].values()] if "files" in body else [body["archive"]["sha256"]]
        identity = f"upl_{len(self.uploads)}"
        self.uploads[identity] = body
        missing = sorted({digest for digest in wanted if digest not in self.blobs})
        return JSONResponse(
            {"upload": identity, "missing": missing, "have": len(wanted) - len(missing), "bytes_missing": 1}
        )

    def _complete(self, identity: str) -> Response:
        files = self.uploads[identity].get("files", {})
        told = {"upload": identity, "files": len(files), "bytes": sum(one["size"] for one in files.values())}
        return JSONResponse({**told, "set_aside": [], "variables": [], "notes": [], "findings": self.findings})


def problem(status: int, code: str, title: str, next_step: str, **more: Any) -> Response:
    document = {"type": "about:blank", "title": title, "status": status, "code": code, "next_step": next_step, **more}
    headers = {"Retry-After": "0"} if status == 503 else {}
    return JSONResponse(document, status_code=status, media_type="application/problem+json", headers=headers)
