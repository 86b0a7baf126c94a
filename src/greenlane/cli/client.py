"""Speaking to the server: with a token, an idempotency key for each act, and patience for a server that is away.

What is tried again is what may be tried again: reading, putting content that is named by its digest, and acts under the
same key. An answer that it was refused is never tried again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import httpx2
import orjson

from greenlane import __version__
from greenlane.cli.dialling import Loopback, is_local
from greenlane.cli.errors import DONE, ELSE, REFUSED, WAITING, FromControl, NotReachable
from greenlane.govern.errors import SignInNeeded
from greenlane.kit import ids

PAUSES = (0.2, 0.5, 1.0)
"""Seconds between tries when nothing answers."""

LONGEST_PAUSE = 10.0
"""Seconds: a Retry-After beyond this is told to the person instead of waited for."""

TIMEOUT = httpx2.Timeout(60.0, connect=5.0)
CONNECTIONS = httpx2.Limits(max_connections=8)

EXIT_BY_STATE = {"done": DONE, "waiting": WAITING, "refused": REFUSED}
"""The exit code for what became of an act; failed and interrupted are anything else."""

Content = bytes | Callable[[], Iterator[bytes]]
"""A body: bytes, or something that makes the same bytes anew for each try."""


class Client:
    """One command's line to the server. Safe to use from several threads."""

    def __init__(self, url: str, token: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self.url = url
        self.token = token
        self.process = ids.new("prc")
        self._invocation = ids.new("inv")
        self._sleep = sleep
        base = httpx2.URL(url)
        self._http = httpx2.Client(
            base_url=base,
            # a proxy that the environment names is meant for other machines, never for this one
            transport=Loopback(secure=base.scheme == "https") if is_local(base.host) else None,
            timeout=TIMEOUT,
            limits=CONNECTIONS,
            headers={"User-Agent": f"greenlane/{__version__}"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str, /, **params: Any) -> Any:
        """A document. Parameters that are None or empty are left out."""
        return self._ask("GET", path, params=params).json()

    def text(self, path: str, /, **params: Any) -> str:
        """A text as it is."""
        return self._ask("GET", path, params=params).text

    def open(self, path: str, /) -> Any:
        """A document that is open without signing in."""
        return self._ask("GET", path, signed_in=False).json()

    def come_in(self, secret: str, name: str) -> Any:
        """The token that a one-time link or an invitation is worth."""
        body = orjson.dumps({"secret": secret, "name": name})
        headers = {"Content-Type": "application/json"}
        return self._ask("POST", "/v1/login", content=body, headers=headers, signed_in=False).json()

    def oauth(self, path: str, form: Mapping[str, str]) -> dict[str, Any]:
        """What an endpoint of OAuth answers to a form, an ``error`` of OAuth's own included."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            response = self._ask("POST", path, content=urlencode(form).encode(), headers=headers, signed_in=False)
        except FromControl as error:
            if "error" not in error.problem:
                raise
            return dict(error.problem)
        answered: dict[str, Any] = response.json()
        return answered

    def lines(self, path: str, /, **params: Any) -> Iterator[str]:
        """A long text, line by line, as it arrives."""
        try:
            with self._http.stream("GET", path, params=_given(params), headers=self._headers()) as response:
                if response.status_code != httpx2.codes.OK:
                    response.read()
                    raise _problem(response)
                yield from response.iter_lines()
        except httpx2.TransportError as error:
            raise self._away(error) from error

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Give a document, get one. For what may be given twice."""
        return self._ask("POST", path, content=orjson.dumps(body), headers={"Content-Type": "application/json"}).json()

    def tell(self, path: str, body: Mapping[str, Any]) -> None:
        """Give a document where nothing is answered. For what may be told twice."""
        self._ask("POST", path, content=orjson.dumps(body), headers={"Content-Type": "application/json"})

    def put(self, path: str, content: Content, size: int) -> None:
        """Give the bytes of a file; ``size`` is their number."""
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        self._ask("PUT", path, content=content, headers=headers)

    def act(self, verb: str, inputs: Mapping[str, Any], part: str = "") -> dict[str, Any]:
        """Ask for an act. Its answer, with the ``exit_code`` that it means: done 0, refused 3, waiting 4.

        ``part`` tells two acts of one verb in one command apart. Raises ``FromControl`` for what was no decision.
        """
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": f"{self._invocation}:{verb}:{part}",
            "Greenlane-Process": self.process,
        }
        try:
            response = self._ask("POST", f"/v1/actions/{verb}", content=orjson.dumps(inputs), headers=headers)
        except FromControl as error:
            if "lane" not in error.problem:
                raise
            answer = error.problem
        else:
            answer = response.json()
        return {**answer, "exit_code": EXIT_BY_STATE.get(answer.get("state", ""), ELSE)}

    def explain(self, verb: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """What would be decided, and what would make it green. Changes nothing."""
        explained: dict[str, Any] = self.post(f"/v1/explain/{verb}", inputs)
        return explained

    def _headers(self, signed_in: bool = True) -> dict[str, str]:
        if not signed_in:
            return {}
        if not self.token:
            raise SignInNeeded(
                f"You are not signed in at {self.url}.",
                next_step="Set GREENLANE_TOKEN, or type `greenlane login` and paste a token.",
            )
        return {"Authorization": f"Bearer {self.token}"}

    def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        content: Content | None = None,
        headers: Mapping[str, str] | None = None,
        signed_in: bool = True,
    ) -> httpx2.Response:
        """One request, tried again while the server is away. Raises ``FromControl`` or ``NotReachable``."""
        every = {**self._headers(signed_in), **(headers or {})}
        for pause in (*PAUSES, None):
            body = content() if callable(content) else content
            try:
                response = self._http.request(method, path, params=_given(params or {}), content=body, headers=every)
            except httpx2.TransportError as error:
                if pause is None:
                    raise self._away(error) from error
                self._sleep(pause)
                continue
            if response.is_success:
                return response
            wait = _retry_after(response)
            if pause is None or wait is None:
                raise _problem(response)
            self._sleep(wait)
        raise AssertionError("the last try ends it")

    def _away(self, error: httpx2.TransportError) -> NotReachable:
        slow = isinstance(error, httpx2.TimeoutException) and not isinstance(error, httpx2.ConnectTimeout)
        return NotReachable(
            f"{self.url} did not answer in time." if slow else f"Nothing answers at {self.url}.",
            next_step="Type the same again in a while; nothing is done twice."
            if slow
            else "Start it with `greenlane up`, or set GREENLANE_URL to where it runs.",
            detail=str(error),
        )


def _given(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None and value != ""}


def _retry_after(response: httpx2.Response) -> float | None:
    """Seconds to wait before the next try; None when it should not be tried again."""
    given = response.headers.get("Retry-After", "")
    if response.status_code not in (429, 503) or not given.isdigit() or int(given) > LONGEST_PAUSE:
        return None
    return float(given)


def _problem(response: httpx2.Response) -> FromControl:
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    if isinstance(problem, dict) and "error" in problem:  # an endpoint of OAuth says it in OAuth's own words
        told = {"title": problem.get("error_description", problem["error"]), "code": problem["error"]}
        return FromControl(response.status_code, {**told, **problem})
    if not isinstance(problem, dict) or "title" not in problem:
        return FromControl(
            response.status_code,
            {
                "code": "not-greenlane",
                "title": f"The server answered {response.status_code}, and not as Greenlane does.",
                "next_step": "Look whether GREENLANE_URL is the console's address.",
            },
        )
    return FromControl(response.status_code, problem)
