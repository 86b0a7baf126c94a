"""What others ask of the egress process: a way out for a sandbox, and which hosts apps declared."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import orjson

from greenlane.kit.errors import Unavailable
from greenlane.runtime.egress.policy import Sandbox, Use, digest_of

_WITHIN = 5.0


class WaysOut(Protocol):
    """Opens and closes the ways out of sandboxes."""

    def begin(self, use: Use) -> None:
        """Close those of a predecessor that was killed, with its sandboxes. Raises ``Unavailable``."""
        ...

    def open(self, one: Sandbox) -> Path:
        """The socket that speaks HTTP proxy for that sandbox. Raises ``Unavailable``."""
        ...

    def used(self, name: str) -> list[dict[str, Any]]:
        """What a sandbox used since it was opened. Raises ``Unavailable``."""
        ...

    def close(self, name: str) -> list[dict[str, Any]]:
        """Close it; returns what was used. Raises ``Unavailable``."""
        ...


class EgressProcess:
    """The egress process behind its socket. Thread-safe: each call is a connection of its own."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)

    def begin(self, use: Use) -> None:
        """See ``WaysOut``."""
        self._say({"ask": "begin", "use": use})

    def open(self, one: Sandbox) -> Path:
        """See ``WaysOut``."""
        told: dict[str, Any] = {"name": one.name, "app": one.app, "environment": one.environment, "deploy": one.deploy}
        told |= {"use": one.use, "places": one.places, "models": one.models}
        return Path(str(self._say({"ask": "open", **told})["socket"]))

    def used(self, name: str) -> list[dict[str, Any]]:
        """See ``WaysOut``."""
        return list(self._say({"ask": "used", "name": name})["used"])

    def close(self, name: str) -> list[dict[str, Any]]:
        """See ``WaysOut``."""
        return list(self._say({"ask": "close", "name": name})["used"])

    def tell(self, hosts: Mapping[str, Sequence[str]]) -> bool:
        """Tell it the hosts that apps' code may call, if it does not know them. Returns whether it had to be told.

        From when this returns, nothing else is reached. Raises ``Unavailable``.
        """
        if self._say({"ask": "hosts"})["digest"] == digest_of(hosts):
            return False
        self._say({"tell": "hosts", "apps": hosts})
        return True

    def _say(self, message: Mapping[str, Any]) -> dict[str, Any]:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.settimeout(_WITHIN)
                line.connect(self._path)
                line.sendall(orjson.dumps(message) + b"\n")
                with line.makefile("rb") as answers:
                    answer = dict(orjson.loads(answers.readline()))
        except (OSError, TypeError, ValueError) as error:
            raise Unavailable(
                "The part of Greenlane that lets apps out does not answer just now.",
                next_step="Please try again shortly.",
                detail=repr(error),
            ) from error
        if "refused" in answer:
            raise ValueError(str(answer.get("says")))
        return answer
