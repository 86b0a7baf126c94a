"""What is left of a person's rights behind a chain of agents: the part that every member of it allows. Pure.

A bound is what one member allows at most: an agent's ceiling, a grant, a trust rule, or what a token was narrowed to.
What somebody may do here is ``the person's rights now`` (``identity.facts``) and every bound, and never a bound alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache

from greenlane.identity import roles

VISIT = "visit"
"""Opening apps, which is no verb and is bounded like one."""

ADMIN = "admin"
"""The scope that holds every other one but ``visit``."""

ENVIRONMENTS = ("preview", "staging", "production")
"""Where a grant can be good for. What developers have on their machines counts as a preview."""

DEEPEST = 3
"""Agents in a chain at most, whatever a grant says."""

_OF_NO_ENVIRONMENT = frozenset({"create-app", "withdraw", VISIT})
"""What touches nothing that people use: it takes no environment of a grant. Reading takes none either."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What one member of a chain allows. None means every app, every environment."""

    whose: str
    """As it stands in a sentence: ``the agent codex``, ``the grant dlg_…``."""
    scopes: frozenset[str]
    verbs: frozenset[str]
    apps: frozenset[str] | None = None
    environments: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to do: with which verb, on which app, in which environment; empty where it concerns none."""

    verb: str
    app: str = ""
    environment: str = ""

    @property
    def place(self) -> str:
        """The environment that a grant must name for it. What concerns all of an app concerns what people use of it."""
        environment = self.environment.removeprefix("shared").strip()
        if environment == "dev":
            return "preview"
        if environment or self.verb in _OF_NO_ENVIRONMENT or self.verb.startswith(("read-", "export-")):
            return environment
        return "production"


def bound(
    whose: str,
    scopes: Collection[str],
    verbs: Collection[str] = (),
    apps: Collection[str] = (),
    environments: Collection[str] | None = None,
) -> Bound:
    """A bound from what is kept of it: of the scopes only these verbs, where some are named; no apps means every app."""
    return Bound(
        whose,
        _with_smaller(frozenset(scopes)),
        verbs_of(scopes, verbs),
        frozenset(apps) if apps else None,
        None if environments is None else frozenset(environments),
    )


def _with_smaller(scopes: frozenset[str]) -> frozenset[str]:
    """The scopes, and those that ``admin`` holds in it."""
    return scopes if ADMIN not in scopes else scopes | (frozenset(roles.SCOPES) - {VISIT})


def verbs_of(scopes: Collection[str], verbs: Collection[str] = ()) -> frozenset[str]:
    """What scopes are good for where somebody else acts; of that only ``verbs``, where some are named."""
    found = _lent(frozenset(scopes))
    return found if not verbs else frozenset(one for one in found if one in verbs or one == VISIT)


@cache
def _lent(scopes: frozenset[str]) -> frozenset[str]:
    of_scopes = frozenset().union(*(roles.SCOPES[one] for one in scopes if one in roles.SCOPES))
    return (of_scopes - roles.NEVER_DELEGATED) | (scopes & {VISIT})


def lacking(bounds: Sequence[Bound], wish: Wish) -> str | None:
    """The first bound that does not allow a wish, in words that end "a right that you do not have"; None for none."""
    for one in bounds:
        if wish.verb not in one.verbs:
            return f"{one.whose} does not cover {wish.verb}"
        if lack := outside(one, wish):
            return lack
    return None


def outside(one: Bound, wish: Wish) -> str | None:
    """Why a wish lies outside a bound by where it happens; None where it does not."""
    if one.apps is not None and wish.app not in one.apps:
        return f"{one.whose} covers {', '.join(sorted(one.apps))} alone"
    if one.environments is not None and wish.place and wish.place not in one.environments:
        return f"{one.whose} does not cover {wish.place}"
    return None


def scopes_left(bounds: Sequence[Bound]) -> tuple[str, ...]:
    """The scopes that every bound has, in the order of ``roles.SCOPES``. Which verbs are left of them is for ``lacking``."""
    return tuple(scope for scope in roles.SCOPES if all(scope in one.scopes for one in bounds))


def apps_left(bounds: Sequence[Bound]) -> frozenset[str] | None:
    """The apps that every bound leaves; None for all of the person's."""
    named = [one.apps for one in bounds if one.apps is not None]
    return named[0].intersection(*named[1:]) if named else None
