"""One command's conversation: its output, its line to the server, and whether it acts or only asks what would happen."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import TracebackType
from typing import Any, Self

from greenlane.cli import credentials, trust
from greenlane.cli.client import Client
from greenlane.cli.output import Output
from greenlane.govern.errors import NotFound, WrongInput

Document = Any
"""What a command answers: the JSON that ``--json`` prints."""

PEOPLE = frozenset({"person", "people", "owner", "reviewers"})
"""Inputs that hold ids of people; a name or a mail address may be typed instead."""


class Talk:
    """Handed to every command. The line to the server is opened when it is first needed."""

    def __init__(self, as_json: bool, explaining: bool = False) -> None:
        self.out = Output(as_json)
        self.explaining = explaining
        self.beside: dict[str, Any] = {}
        """What the command itself adds to the answer's document."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if "client" in self.__dict__:
            self.client.__exit__(kind, error, trace)

    @cached_property
    def url(self) -> str:
        """The server's address."""
        return credentials.url()

    @cached_property
    def client(self) -> Client:
        """The line to the server. At first contact the server's public keys are pinned."""
        client = Client(self.url, credentials.token(self.url))
        if not trust.pinned_path(self.url).exists():
            trust.pin(self.url, client.open("/v1/trust"))
        return client

    def carry_out(self, verb: str, inputs: Mapping[str, Any], part: str = "") -> Document:
        """Ask for an act, or only what would become of it."""
        resolved = {name: self._people(value) if name in PEOPLE else value for name, value in inputs.items()}
        if self.explaining:
            return {**self.client.explain(verb, resolved), **self.beside, "exit_code": 0}
        return {**self.client.act(verb, resolved, part), **self.beside}

    def _people(self, value: Any) -> Any:
        return [self.person(one) for one in value] if isinstance(value, (list, tuple)) else self.person(value)

    def person(self, said: str) -> str:
        """The id of somebody who was named by id, mail address or name."""
        if not said or said.startswith("p_"):
            return said
        wanted = said.casefold()
        found = [
            one
            for one in self.everything("/v1/people")
            if wanted in (str(one.get("email", "")).casefold(), str(one.get("name", "")).casefold())
        ]
        if len(found) > 1:
            raise WrongInput(
                f"There are {len(found)} people called {said}.",
                next_step=f"Say which one by id: {', '.join(str(one['id']) for one in found)}.",
            )
        if not found:
            raise NotFound(f"There is nobody called {said} here.", next_step="`greenlane people` lists everybody.")
        return str(found[0]["id"])

    def everything(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """All items of a list, page by page."""
        items: list[dict[str, Any]] = []
        after: Any = None
        while True:
            page = self.client.get(path, **{**params, "after": after})
            if isinstance(page, list):
                return page
            items += page["items"]
            after = page.get("next")
            if after is None:
                return items
