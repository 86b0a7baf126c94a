"""Whom an audience names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Named:
    """Whom the rung *named* names: people by id, teams and groups by id or name. Groups are the company's own."""

    people: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.people or self.teams or self.groups)


NOBODY = Named()
"""Nobody is named."""
