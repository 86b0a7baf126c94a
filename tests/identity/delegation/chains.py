"""Random chains of agents against a second, plain telling of what each member allows.

``python -m tests.identity.delegation.chains 1000000`` tries a million.
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass

from greenlane.identity import roles
from greenlane.identity.delegation.bounds import ENVIRONMENTS, Bound, Wish, bound, lacking, scopes_left

APPS = ("vendor-board", "price-list", "offsite", "")
PLACES = (*ENVIRONMENTS, "dev", "", "shared staging")
SCOPES = tuple(roles.SCOPES)
VERBS = tuple(sorted(roles.VERBS))


@dataclass(frozen=True)
class Member:
    """What one member of a chain was given, as it was typed."""

    scopes: tuple[str, ...]
    verbs: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    environments: tuple[str, ...] = ENVIRONMENTS

    @property
    def bound(self) -> Bound:
        return bound("somebody", self.scopes, self.verbs, self.apps, self.environments)

    def allows(self, wish: Wish) -> bool:
        """The plain telling: nothing here is shared with what is tried, but the table of roles."""
        if wish.verb in roles.NEVER_BY_AN_AGENT or wish.verb == "take-values":
            return False
        if not any(wish.verb in roles.SCOPES[one] for one in self.scopes):
            return False
        if self.verbs and wish.verb not in self.verbs:
            return False
        if self.apps and wish.app not in self.apps:
            return False
        if wish.environment in ENVIRONMENTS:
            return wish.environment in self.environments
        if wish.environment == "shared staging":
            return "staging" in self.environments
        if wish.environment == "dev":
            return "preview" in self.environments
        harmless = wish.verb.startswith(("read-", "export-")) or wish.verb in {"create-app", "withdraw"}
        return harmless or "production" in self.environments


def member(dice: random.Random) -> Member:
    """Anybody."""

    def some(of: tuple[str, ...], least: int = 0) -> tuple[str, ...]:
        return tuple(dice.sample(of, dice.randint(least, len(of))))

    verbs = tuple(dice.sample(VERBS, 30)) if dice.random() < 0.2 else ()
    apps = some(APPS[:3]) if dice.random() < 0.5 else ()
    return Member(some(SCOPES, 1), verbs, apps, some(ENVIRONMENTS, 1))


def chain(dice: random.Random) -> list[Member]:
    """One to three agents, a grant, and a token."""
    return [member(dice) for _ in range(dice.randint(1, 3) + 2)]


def wish(dice: random.Random) -> Wish:
    return Wish(dice.choice(VERBS), dice.choice(APPS), dice.choice(PLACES))


def one(dice: random.Random) -> bool:
    """Try one chain. Says whether what was wished for was allowed; raises where a member would not have allowed it."""
    members, wanted = chain(dice), wish(dice)
    bounds = [one.bound for one in members]
    allowed = lacking(bounds, wanted) is None
    each = all(one.allows(wanted) for one in members)
    assert allowed == each, (members, wanted)
    for length in range(1, len(bounds)):
        shorter, longer = bounds[:length], bounds[: length + 1]
        assert set(scopes_left(longer)) <= set(scopes_left(shorter)), members
        assert lacking(longer, wanted) is not None or lacking(shorter, wanted) is None, members
    return allowed


def several(count: int, seed: int) -> int:
    """Try that many; how many of them were allowed."""
    dice = random.Random(seed)
    return sum(one(dice) for _ in range(count))


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    print(f"{number} chains, {several(number, 1)} of them allowed what was wished for, none more than any member.")
