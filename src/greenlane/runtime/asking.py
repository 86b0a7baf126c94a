"""The asking side of the runtime process, for control: how apps do, what they said, what this machine can run."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from greenlane.kit.errors import GreenlaneError, Unavailable
from greenlane.runtime.release import Key

_PATIENCE = 5.0


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
        found: list[dict[str, Any]] = self._ask({"ask": "logs", **key._asdict(), **question}, within)["lines"]
        return found

    def standing(self, app: str = "") -> list[dict[str, Any]]:
        """How every release does that was asked for since the process started. Raises ``Unavailable``."""
        found: list[dict[str, Any]] = self._ask({"ask": "standing", "app": app})["releases"]
        return found

    def capabilities(self) -> dict[str, Any]:
        """What can run here: ``{"kinds", "refused", "weaker"}``. Raises ``Unavailable``."""
        return self._ask({"ask": "capabilities"}, within=_PATIENCE)

    def forget(self, key: Key) -> None:
        """Stop a release, and hear of it anew when it is asked for. Raises ``Unavailable``."""
        self._ask({"ask": "forget", **key._asdict()}, within=15.0)

    def _ask(self, question: Mapping[str, Any], within: float = 0.0) -> dict[str, Any]:
        try:
            with socket.socket(socket.AF_UNIX) as asking:
                asking.settimeout(_PATIENCE + within)
                asking.connect(self._path)
                asking.sendall(orjson.dumps(question) + b"\n")
                with asking.makefile("rb") as answering:
                    answer: dict[str, Any] = orjson.loads(answering.readline())
        except (OSError, ValueError) as error:
            raise Unavailable(
                "The part of Greenlane that runs apps cannot be reached.",
                next_step="It is started again by itself; try again in a moment.",
                detail=f"{self._path}: {error}",
            ) from error
        if "refused" in answer and "kinds" not in answer:
            raise NotAnswered(str(answer["says"]), next_step=str(answer.get("next_step", "")))
        return answer
