"""A release: what runs. An app's deploy in an environment, with everything that its sandbox is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

PYTHON_KINDS = frozenset({"asgi", "wsgi", "dash", "streamlit", "gradio"})
KINDS = PYTHON_KINDS | {"functions"}
"""What can run; everything else is files alone."""


class Key(NamedTuple):
    """Which release: names of an app and an environment, and a deploy's id."""

    app: str
    environment: str
    deploy: str


@dataclass(frozen=True, slots=True)
class Release:
    """``entry`` is ``module:object`` (a call where it ends in ``()``) or a file; ``functions`` as the deploy has them;
    ``files`` the manifest's digest, ``layers`` those of its packages; ``variables`` what the app reads, ``secret`` the
    texts that never reach a log, ``given`` the names of the versions that ``variables`` were made of.
    """

    key: Key
    kind: str
    entry: str
    files: str
    functions: Sequence[Mapping[str, Any]] = ()
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret: frozenset[str] = field(default=frozenset(), repr=False)
    layers: Sequence[str] = ()
    given: Sequence[str] = ()

    def as_dict(self) -> dict[str, Any]:
        """As control tells it."""
        return {
            "app": self.key.app,
            "environment": self.key.environment,
            "deploy": self.key.deploy,
            "kind": self.kind,
            "entry": self.entry,
            "files": self.files,
            "functions": [dict(one) for one in self.functions],
            "variables": dict(self.variables),
            "secret": sorted(self.secret),
            "layers": list(self.layers),
            "given": list(self.given),
        }

    @classmethod
    def from_dict(cls, sheet: Mapping[str, Any]) -> Release:
        """Read what ``as_dict`` wrote. KeyError or TypeError when it is something else."""
        return cls(
            key=Key(str(sheet["app"]), str(sheet["environment"]), str(sheet["deploy"])),
            kind=str(sheet["kind"]),
            entry=str(sheet["entry"]),
            files=str(sheet["files"]),
            functions=tuple(sheet.get("functions") or ()),
            variables=dict(sheet.get("variables") or {}),
            secret=frozenset(sheet.get("secret") or ()),
            layers=tuple(sheet.get("layers") or ()),
            given=tuple(sheet.get("given") or ()),
        )
