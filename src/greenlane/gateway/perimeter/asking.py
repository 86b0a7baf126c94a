"""Control's answer to a gateway that has a prompt for which a person must agree: the request that now waits for one.

The same prompt of the same key asks once: while it waits, whoever sends it again hears of the same request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from greenlane.gateway.perimeter.actions import SendPrompt
from greenlane.gateway.perimeter.entries import entry
from greenlane.govern import approvals
from greenlane.govern.actor import Actor
from greenlane.govern.door import Door
from greenlane.govern.errors import NotFound
from greenlane.kit.errors import GreenlaneError


class Asking:
    """Asks people for prompts, by the door."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._waiting: dict[str, str] = {}
        """Requests by key and prompt."""

    def ask(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """What to tell the gateway: ``request`` is the one that waits, None where nobody can be asked; ``says`` is why.

        ``message`` has ``key``, ``prompt``, ``data``, ``model``, ``app``, ``environment``
        and ``actor``, the chain that begins with the accountable person.
        """
        name = entry(message["key"], message["prompt"])
        if self._still_waits(name):
            return {"request": self._waiting[name], "says": ""}
        person = next((str(one["id"]) for one in message["actor"] if one["kind"] == "person"), None)
        if person is None:
            return {"request": None, "says": "Nobody answers for this key, so nobody can be asked."}
        action = SendPrompt(
            key=message["key"],
            prompt=message["prompt"],
            data=tuple(sorted(message["data"])),
            model=message["model"],
            app=message.get("app") or "",
            environment=message.get("environment") or "",
        )
        try:
            answer = self._door.govern(Actor("person", person), action)
        except GreenlaneError as error:
            return {"request": None, "says": error.message}
        if answer.request is None:
            return {"request": None, "says": " ".join(one.says for one in answer.decision.reasons)}
        self._waiting[name] = answer.request
        return {"request": answer.request, "says": ""}

    def _still_waits(self, name: str) -> bool:
        request = self._waiting.get(name)
        if request is None:
            return False
        try:
            with self._door.database.read() as connection:
                waits = approvals.question(connection, request).state == "waiting"
        except NotFound:
            waits = False
        if not waits:
            del self._waiting[name]
        return waits
