"""The asking side of the runtime process, for control: how apps do, what they said, what this machine can run."""

from __future__ import annotations

import socket
from base64 import b64decode
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from greenlane.kit.errors import GreenlaneError, Unavailable
from greenlane.runtime.release import Key

_PATIENCE = 5.0
_PICTURE = 120.0
"""Seconds for an app to wake, for the picture before, and for this one."""


class NotAnswered(GreenlaneError):
    """The runtime process refused a question, in words."""

    code = "not-answered"
    status = 502


class Runtime:
    """The runtime process behind its socket. Thread-safe: a connection for each question."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)

    def lines(
        self, key: Key, *, after: int = 0, contains: str = "", limit: int = 200, within: float = 0.0
    ) -> list[dict[str, Any]]:
        """What a release said behind an index, as soon as there is any, none after ``within`` seconds.

        Raises ``Unavailable``.
        """
        question = {"after": after, "contains": contains, "limit": limit, "within": within}
        found: list[dict[str, Any]] = self.ask({"ask": "logs", **key._asdict(), **question}, within)["lines"]
        return found

    def standing(self, app: str = "") -> list[dict[str, Any]]:
        """How every release does that was asked for since the process started. Raises ``Unavailable``."""
        found: list[dict[str, Any]] = self.ask({"ask": "standing", "app": app})["releases"]
        return found

    def started(self, key: Key, within: float) -> None:
        """Start a release and return once it takes connections. Raises ``NotAnswered`` with why it does not, ``Unavailable``."""
        self.ask({"ask": "endpoint", **key._asdict(), "within": within}, within)

    def no_pictures(self) -> str:
        """Nothing where pictures can be taken, otherwise what to do about it. Raises ``Unavailable``."""
        return str(self.ask({"ask": "pictures"}, within=_PATIENCE)["cannot"])

    def picture(self, host: str, token: str) -> bytes:
        """A PNG of a host's first page. Raises ``NotAnswered`` with why there is none, ``Unavailable``."""
        return b64decode(self.ask({"ask": "picture", "host": host, "token": token}, within=_PICTURE)["picture"])

    def capabilities(self) -> dict[str, Any]:
        """What can run here: ``{"kinds", "refused", "weaker"}``. Raises ``Unavailable``."""
        return self.ask({"ask": "capabilities"}, within=_PATIENCE)

    def given(self) -> dict[Key, tuple[str, ...]]:
        """Which versions of values each release has that was heard of. Raises ``Unavailable``."""
        found = self.ask({"ask": "given"})["releases"]
        return {Key(one["app"], one["environment"], one["deploy"]): tuple(one["given"]) for one in found}

    def renew(self, key: Key) -> None:
        """Start a release beside itself with what control says of it now, and lead its visitors over. Not waited for.

        Raises ``Unavailable``.
        """
        self.ask({"ask": "renew", **key._asdict()})

    def forget(self, key: Key) -> None:
        """Stop a release at once, and hear of it anew when it is asked for. Raises ``Unavailable``."""
        self.ask({"ask": "forget", **key._asdict()}, within=15.0)

    def endpoint(self, key: Key) -> dict[str, Any]:
        """Where a release answers, woken if it sleeps: ``{"socket"}``, or ``{"refused", "says", "next_step", "wait"}``.

        Raises ``Unavailable``.
        """
        return self._say({"ask": "endpoint", **key._asdict()}, within=_PATIENCE)

    def used(self, keys: Iterable[Key]) -> None:
        """These are in use at this moment. Raises ``Unavailable``."""
        self._say({"note": "used", "keys": [list(key) for key in keys]}, answered=False)

    def ask(self, question: Mapping[str, Any], within: float = 0.0) -> dict[str, Any]:
        """The answer to any question. Raises ``NotAnswered`` in its words, and ``Unavailable``."""
        answer = self._say(question, within)
        if "refused" in answer and "kinds" not in answer:
            raise NotAnswered(str(answer["says"]), next_step=str(answer.get("next_step", "")))
        return answer

    def _say(self, question: Mapping[str, Any], within: float = 0.0, *, answered: bool = True) -> dict[str, Any]:
        try:
            with socket.socket(socket.AF_UNIX) as asking:
                asking.settimeout(_PATIENCE + within)
                asking.connect(self._path)
                asking.sendall(orjson.dumps(question) + b"\n")
                if not answered:
                    return {}
                with asking.makefile("rb") as answering:
                    answer: dict[str, Any] = orjson.loads(answering.readline())
        except (OSError, ValueError) as error:
            raise Unavailable(
                "The part of Greenlane that runs apps cannot be reached.",
                next_step="It is started again by itself; try again in a moment.",
                detail=f"{self._path}: {error}",
            ) from error
        return answer
