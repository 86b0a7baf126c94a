"""Why a message of a company's sign-in is not believed. ``refusals.toml`` has every reason, in words."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import NoReturn

from greenlane.govern.errors import SignInNeeded

_WORDS = tomllib.loads((files("greenlane.identity.saml") / "refusals.toml").read_text("utf-8"))
REASONS = {code: (says, _WORDS["next"].get(next_, next_)) for code, (says, next_) in _WORDS["reasons"].items()}
"""Code -> what is said, and what to do about it. ``docs/saml.md`` lists them."""


class SamlRefused(SignInNeeded):
    """A message was not believed. ``reason`` is one of ``REASONS``; ``about`` names the part, for a self-test."""

    def __init__(self, reason: str, about: str = "") -> None:
        says, next_step = REASONS[reason]
        super().__init__(says, next_step=next_step, detail=f"saml {reason}: {about}")
        self.reason, self.about = reason, about[:200]


def refuse(reason: str, about: object = "") -> NoReturn:
    """Raise ``SamlRefused``."""
    raise SamlRefused(reason, str(about))
