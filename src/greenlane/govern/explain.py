"""What would make it green: the smallest changes of what can be changed, found by search and proven by deciding again.

The search asks every policy by itself which of them matches (each as a permit, so that all that match are named), keeps
the changes that touch a fact which a hindering policy reads, and tries sets of them, the smallest first. Nothing is
answered that ``decide`` did not confirm, and no answer holds a part that it could do without.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Final

from greenlane.govern.decide import decide, sheet
from greenlane.govern.decision import Lane
from greenlane.govern.envelope import still_missing
from greenlane.govern.facts import RUNGS, Facts
from greenlane.govern.policy import Pack
from greenlane.govern.words import sentence, word

MOST_WAYS = 4
"""Answers given at most: more are no help."""

LARGEST_SET = 4
"""Changes combined at most."""

MOST_DECISIONS = 80
"""Decisions made at most for one answer, so that a hopeless case ends soon."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that somebody could do: the facts that it would change, the words for it, and the terminal's option."""

    name: str
    facts: dict[str, Any]
    says: str
    option: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """Changes that together make an action green, or, for ``approval``, that a person can let it go on as it is."""

    changes: tuple[Change, ...]
    approval: bool = False

    @property
    def says(self) -> str:
        """The way in words, with what to type in a terminal."""
        return " ".join(
            f"{one.says.removesuffix('.')}: {one.option}." if one.option else one.says for one in self.changes
        )

    @property
    def plainly(self) -> str:
        """The way in words alone."""
        return " ".join(change.says for change in self.changes)


APPROVAL = Way(
    (Change("approval", {}, "Ask for it: a person with the right role who is not the author decides."),), True
)
"""The way that every red action has."""


def what_would_make_it_green(verb: str, facts: Facts, pack: Pack) -> list[Way]:
    """The smallest ways to the green lane, and for a red action the approval. Empty when it is green already.

    Ways of one change come before ways of two. An action that nothing changeable would make green has only the
    approval, or no way at all.
    """
    decision = decide(verb, facts, pack)
    if decision.lane is Lane.GREEN:
        return []
    ways = list(_search(verb, facts, pack))
    return [*ways, APPROVAL] if decision.lane is Lane.RED else ways


def _search(verb: str, facts: Facts, pack: Pack) -> Iterator[Way]:
    context = sheet(verb, facts, pack.scorecard.score(facts), pack, approved=False)
    hindering = [one.reads for one in pack.matching(verb, facts.actor_kind, context) if one.lane is not Lane.GREEN]
    changes = [(one, _touched(one)) for one in _changes(verb, facts)]
    useful = [(one, touched) for one, touched in changes if any(touched & reads for reads in hindering)]
    found: list[frozenset[str]] = []
    decided = 0
    for size in range(1, min(LARGEST_SET, len(useful)) + 1):
        for chosen in combinations(useful, size):
            names = frozenset(change.name for change, _ in chosen)
            touched = frozenset().union(*(facts for _, facts in chosen))
            if len(names) < size or any(smaller <= names for smaller in found):
                continue
            if not all(touched & reads for reads in hindering):
                continue  # a policy that reads nothing of what changes would match as before
            if len(found) == MOST_WAYS or decided == MOST_DECISIONS:
                return
            decided += 1
            way = tuple(change for change, _ in chosen)
            if decide(verb, _changed(facts, way), pack).lane is Lane.GREEN:
                found.append(names)
                yield Way(way)


def _touched(change: Change) -> frozenset[str]:
    """The names that a policy could read differently after a change: its facts, and what follows from them."""
    derived = {"risk", "risk_parts", "envelope_covers", "envelope_missing"}
    if change.facts.keys() & {"new_hosts", "new_connections", "new_secrets"}:
        derived.add("new_reach")
    if "audience_widens" in change.facts:
        derived.add("narrowing")
    return frozenset(change.facts) | derived


def _changed(facts: Facts, way: tuple[Change, ...]) -> Facts:
    """The facts after the changes of a way, and what an approval in force would then miss."""
    after = replace(facts, **{name: value for change in way for name, value in change.facts.items()})
    if not facts.envelope_in_force or facts.envelope_covers:
        return after
    missing = still_missing(facts.envelope_missing, after)
    return replace(after, envelope_missing=missing, envelope_covers=not missing)


def _changes(verb: str, facts: Facts) -> Iterator[Change]:
    """Everything about these facts that somebody could change, the mildest first."""
    yield from _audiences(verb, facts)
    if verb in {"deploy", "publish", "set-audience"}:
        yield from _contents(facts)
    for name, values, says in _OTHERS:
        differing = {fact: value for fact, value in values.items() if getattr(facts, fact) != value}
        if differing:
            yield Change(name, differing, sentence(says, facts), _OPTIONS.get(name, ""))


def _audiences(verb: str, facts: Facts) -> Iterator[Change]:
    """Narrower rungs, the widest first. Setting an audience to what it is already would change nothing."""
    if verb not in {"publish", "set-audience"}:
        return
    now, wanted = RUNGS.index(facts.audience_now), RUNGS.index(facts.audience_wanted)
    for rung in reversed(range(now + 1 if verb == "set-audience" else 0, wanted)):
        yield Change(
            "audience",
            {
                "audience_wanted": RUNGS[rung],
                "audience_widens": rung > now,
                "audience_people": facts.audience_people if RUNGS[rung] == "named" else 0,
            },
            f"Open it to {word('audience_wanted', RUNGS[rung])} instead.",
            f"--audience {RUNGS[rung]}",
        )


def _contents(facts: Facts) -> Iterator[Change]:
    """What could be left out of the content."""
    if facts.new_hosts:
        kept = tuple(host for host in facts.outside_hosts if host not in facts.new_hosts)
        says = "Leave out the calls to {new_hosts}, or keep a copy of what they load inside the app."
        yield Change("hosts", {"new_hosts": (), "outside_hosts": kept}, sentence(says, facts))
    if facts.new_connections:
        kept = tuple(one for one in facts.connections if one not in facts.new_connections)
        says = "Leave out the new data: {new_connections}."
        yield Change("connections", {"new_connections": (), "connections": kept}, sentence(says, facts))
    if facts.new_secrets:
        kept = tuple(one for one in facts.secrets if one not in facts.new_secrets)
        says = "Do without the new secret {new_secrets}."
        yield Change("secrets", {"new_secrets": (), "secrets": kept}, sentence(says, facts))
    if facts.new_kinds:
        kept = tuple(kind for kind in facts.kinds if kind not in facts.new_kinds)
        values = {"new_kinds": (), "kinds": kept, "executable": facts.executable and "code" not in facts.new_kinds}
        yield Change("kinds", values, sentence("Leave out the new kinds of content: {new_kinds}.", facts))
    if facts.personal_data or facts.data_classes or facts.new_data_classes:
        values = {"personal_data": False, "data_classes": (), "new_data_classes": ()}
        says = "Take the personal data out: {data_classes}." if facts.data_classes else "Take the personal data out."
        yield Change("personal data", values, sentence(says, facts))


_OTHERS: Final[tuple[tuple[str, dict[str, Any], str], ...]] = (
    ("credentials", {"leaked_credentials": ()}, "Take out of the content, and have revoked: {leaked_credentials}."),
    ("false alarm", {"called_off": ()}, "Take out of the content, or let a second person agree about: {called_off}."),
    (
        "packages",
        {"flaws": (), "new_flaws": (), "worst_flaw": ""},
        "Move these packages to versions without the flaw: {flaws}.",
    ),
    ("check", {"authorisation_removed": False}, "Put the check of who may do it back."),
    ("lock", {"unlocks": True}, "Lift the lock in the same step."),
    ("quota", {"quota_exceeded": False}, "Make room, or ask a platform engineer for a larger quota."),
    ("contained", {"contained": False}, "Take out, or renew, what is contained."),
    ("calm", {"agent_velocity": 0, "shape_velocity": 0}, "Wait until it has been calm for an hour."),
    ("tomorrow", {"audience_steps": 0, "recent_reach": 0}, "Wait until tomorrow, or ask for all the steps at once."),
    (
        "role",
        {"role_wanted": "", "role_powerful": False, "role_keeps": False},
        "Give a smaller role than {role_wanted}.",
    ),
    ("expiry", {"token_unlimited": False}, "Give it an expiry."),
    ("right", {"may": True}, "Ask an owner for the right: {may_why}."),
    ("restored", {"suspended": False}, "Ask an owner to restore the account."),
    ("another person", {"own_request": False}, "Let another person with the right role answer."),
    ("a person", {"actor_kind": "person"}, "Let a person do it."),
    ("look again", {"request_outdated": False}, "Look at the request again, and answer what it says now."),
    ("a third person", {"role_from_author": False, "returned_favours": 0}, "Let a third person judge it."),
)
"""Changes beside audience and content: a name, the facts as they would be, and the words."""

_OPTIONS: Final = {"lock": "--unlock"}
"""What a terminal types for some of them."""
