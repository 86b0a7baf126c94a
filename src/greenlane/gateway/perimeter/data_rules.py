"""What a rule about data can mean."""

from __future__ import annotations

import re
from collections.abc import Sequence

from phonenumbers import SUPPORTED_REGIONS

from greenlane.gateway.perimeter import patterns
from greenlane.gateway.perimeter.classes import ATTACHMENT, NATIONAL_ID, PHONE, WORDS
from greenlane.gateway.perimeter.national_ids import COUNTRIES
from greenlane.gateway.perimeter.patterns import NotAPattern
from greenlane.govern.errors import WrongInput

_OWN = re.compile(r"[a-z][a-z0-9-]{0,39}")
"""Names of own classes stand in masks."""


def check(data: str, action: str, answers: str, countries: Sequence[str], pattern: str) -> None:
    """Raises ``WrongInput`` for a rule that cannot be followed."""
    if data == ATTACHMENT and ("mask" in (action, answers) or answers != "allow"):
        raise WrongInput(
            "What cannot be looked into cannot be masked, and is not looked for in answers.",
            next_step="Allow attachments, ask a person about them, or refuse them.",
            field="action",
        )
    if pattern:
        if data in WORDS:
            raise WrongInput(
                f"The platform knows {data} by itself.", next_step="Choose another name for your pattern.", field="data"
            )
        if _OWN.fullmatch(data) is None:
            raise WrongInput(
                f"{data!r} cannot stand in a mask.", next_step="Begin with a small letter, at most 40.", field="data"
            )
        try:
            patterns.check(pattern)
        except NotAPattern as error:
            raise WrongInput(error.message, next_step=error.next_step, field="pattern") from None
    known = {PHONE: frozenset(SUPPORTED_REGIONS), NATIONAL_ID: COUNTRIES}.get(data, frozenset())
    if unknown := [one for one in countries if one not in known]:
        raise WrongInput(
            f"{', '.join(unknown)} makes no difference for {data}.",
            next_step=f"Choose among {', '.join(sorted(known))}." if known else "Leave the countries out.",
            field="countries",
        )


def check_known(data: str, pattern: str) -> None:
    """Raises ``WrongInput`` for a class that neither the platform knows nor a pattern finds."""
    if data not in WORDS and not pattern:
        raise WrongInput(
            f"Nobody knows what {data} is.",
            next_step=f"Give a pattern that finds it, or choose one of: {', '.join(sorted(WORDS))}.",
            field="data",
        )
