"""Whose browser this is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person as pages know them: ``person`` is the id, ``name`` what others read."""

    person: str
    name: str
