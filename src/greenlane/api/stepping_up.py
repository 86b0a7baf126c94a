"""What a caller is told who must first show that a person is there, and was there a moment ago (RFC 9470)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from greenlane.api.house import ApiHouse
from greenlane.govern.action import Verb
from greenlane.govern.actor import Actor
from greenlane.govern.facts import Facts
from greenlane.identity.delegation import confirming
from greenlane.identity.facts import FRESH_FOR

CODE = "insufficient_user_authentication"


@dataclass(frozen=True, slots=True)
class Step:
    """What is asked for: in words, with the address where the person goes."""

    says: str
    next_step: str
    link: str

    @property
    def challenge(self) -> str:
        """The field of RFC 9470, section 3."""
        seconds = int(FRESH_FOR.total_seconds())
        return f'Bearer error="{CODE}", error_description="{self.says}", max_age="{seconds}"'


def step_wanted(at: ApiHouse, actor: Actor, verb: Verb, action: Any, facts: Facts) -> Step | None:
    """The step that would let a refused action through; None where none would. An agent's question is remembered."""
    if facts.step_up:
        link = f"{at.addresses.console}/allow/{_asked(at, actor, verb, action)}"
        says = "An agent does this only once its person has allowed it."
        return Step(says, f"Let your person open {link} and then do the same again.", link)
    if facts.sign_in_stale:
        link = f"{at.addresses.console}/sign-in?again=yes"
        return Step("This takes a sign-in of the last minutes.", f"Sign in at {link} and do it there.", link)
    return None


def _asked(at: ApiHouse, actor: Actor, verb: Verb, action: Any) -> str:
    digest, now = verb.digest_of(action), at.clock.now()
    with at.database.read() as connection:
        waiting = confirming.asked(connection, actor, digest, now)
    if waiting is not None:
        return waiting
    id, rows = confirming.ask(actor, verb.name, verb.recorded(action), digest, now)
    at.exchange.write(rows)
    return id
