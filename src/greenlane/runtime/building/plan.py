"""How a source tree becomes something that runs: fixed before anything of it is executed, and named by its digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

from greenlane.kit import digest
from greenlane.runtime.building.functions import Function
from greenlane.runtime.building.locks import Lock

SITE: Final = "site"
PYTHON: Final = "python"
"""What a build makes: pages (and functions beside them), or a Python app with its packages."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A build that would be carried out. ``folder`` is the project within the tree, empty for the tree itself.

    ``command`` is a line for the shell, as the project wrote it; empty where nothing is executed. ``publish`` is the
    folder that it fills, seen from ``folder``; empty where it is to be looked for. ``notes`` are sentences for people.
    """

    kind: Literal["site", "python"]
    framework: str
    folder: str = ""
    node: int = 0
    lock: Lock | None = None
    command: str = ""
    publish: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    app_kind: str = "static"
    entry: str = ""
    functions: tuple[Function, ...] = ()
    notes: tuple[str, ...] = ()
    models: bool = False
    """The build calls models through the platform."""

    def as_dict(self) -> dict[str, Any]:
        """The plan as JSON values. What calls no models is written as before there were any, and keeps its digest."""
        sheet = {**asdict(self), "functions": [one.as_dict() for one in self.functions]}
        return sheet if self.models else {name: value for name, value in sheet.items() if name != "models"}

    @classmethod
    def from_dict(cls, sheet: Mapping[str, Any]) -> Plan:
        """Read what ``as_dict`` wrote."""
        lock = sheet["lock"]
        return cls(
            **{
                **sheet,
                "lock": None if lock is None else Lock(**_frozen(lock)),
                "functions": tuple(Function(**_frozen(one)) for one in sheet["functions"]),
                "notes": tuple(sheet["notes"]),
            }
        )

    @property
    def digest(self) -> str:
        """The digest that names this plan: the same tree and settings always make the same."""
        return digest.of(self.as_dict())

    @property
    def facts(self) -> dict[str, Any]:
        """What risk should know about how it is made."""
        lock = self.lock
        return {
            "lock_out_of_step": lock is not None and not lock.in_step,
            "outside_packages": () if lock is None else lock.outside,
            "install_scripts": () if lock is None else lock.scripts,
        }

    @property
    def says(self) -> str:
        """In one sentence what was recognised and what will be done."""
        what = f"{_article(self.framework)} {self.framework} {'app' if self.kind == PYTHON else 'site'}"
        how = (
            f"`{self.command}` fills `{self.publish or 'its folder'}`" if self.command else "its packages are installed"
        )
        if not self.command and self.lock is None:
            how = "its files are taken as they are"
        return f"This is {what}: {how}."


def _article(word: str) -> str:
    return "an" if word[:1] in "AEIOU" else "a"


def _frozen(sheet: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in sheet.items()}
