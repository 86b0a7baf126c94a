"""Which providers may serve a call, and in which order they are tried.

A pure function of the call and a table that administrators own: the same call finds the same order for ever, so that a
receipt can say why this provider. Nothing that a caller sends can name a host.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from hashlib import blake2b

from greenlane.gateway.budgets.account import words
from greenlane.gateway.perimeter.classes import words as words_of


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider as routing sees it: where it computes, and whether it keeps what it is sent.

    ``timeout`` are seconds without a byte of an answer after which the next one may be asked; 0 for as long as it takes.
    """

    name: str
    region: str
    keeps_nothing: bool = False
    on: bool = True
    timeout: float = 0


@dataclass(frozen=True, slots=True)
class Target:
    """A model of a provider, and how many of a route's calls it gets, relative to the others."""

    provider: str
    model: str
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Route:
    """What an alias or a model's name leads to: one of ``targets`` by weight, then the others, then ``otherwise`` in order.

    ``when_spent`` is the cheaper name that is asked for instead once a soft budget is spent; empty for none. ``timeout``
    stands above that of the providers; 0 for theirs.
    """

    targets: tuple[Target, ...]
    otherwise: tuple[Target, ...] = ()
    when_spent: str = ""
    timeout: float = 0


@dataclass(frozen=True, slots=True)
class DataRule:
    """Where data of a class may go: to these regions (None for all), and only to providers that keep nothing if so."""

    regions: frozenset[str] | None = None
    keeps_nothing: bool = False


@dataclass(slots=True)
class Call:
    """What routing must know of a call. ``spenders`` are the accounts it is made for; ``data`` the classes in its prompt."""

    id: str
    wire: str
    model: str
    spenders: tuple[str, ...]
    data: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Table:
    """What administrators decided.

    ``routes`` are by alias or by model, in small letters; a name such as ``anthropic/claude-sonnet-4-5`` with a provider
    in front means that provider; ``usual`` is the provider of every other model, by the family of the caller's wire.
    ``allowed`` holds patterns (``claude-*``) by account: where an account has some, one of them has to match what was
    asked for or what would serve. A class of data without a rule may go anywhere.
    """

    providers: Mapping[str, Provider]
    routes: Mapping[str, Route] = field(default_factory=dict)
    usual: Mapping[str, str] = field(default_factory=dict)
    allowed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rules: Mapping[str, DataRule] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One attempt. ``because`` says why it has its place, for the receipt and for people; ``timeout`` after how many seconds
    without a byte the next one may be asked.
    """

    provider: str
    model: str
    because: str
    timeout: float = 0


@dataclass(frozen=True, slots=True)
class Left:
    """A target that was left out, and why, in words."""

    provider: str
    model: str
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """Attempts in their order, and what was left out. Without candidates the reasons are the refusal."""

    candidates: tuple[Candidate, ...]
    left: tuple[Left, ...]


def candidates(call: Call, table: Table, resting: Collection[str] = ()) -> Found:
    """Who may serve the call. Providers in ``resting`` lately refused or failed: they are tried after all others."""
    wanted = _wanted(call, table)
    kept: list[Candidate] = []
    left: list[Left] = []
    if not wanted:
        left.append(Left("", call.model, f"No provider is set up for {call.model}."))
    for target, because in wanted:
        reason = _against(call, target, table)
        if reason is None:
            kept.append(Candidate(target.provider, target.model, because, _timeout(call, target, table)))
        else:
            left.append(Left(target.provider, target.model, reason))
    kept.sort(key=lambda one: one.provider in resting)
    return Found(tuple(dict.fromkeys(kept)), tuple(left))


def _timeout(call: Call, target: Target, table: Table) -> float:
    route = table.routes.get(call.model.lower())
    return (route.timeout if route is not None else 0) or table.providers[target.provider].timeout


def _wanted(call: Call, table: Table) -> list[tuple[Target, str]]:
    name = call.model.lower()
    route = table.routes.get(name)
    if route is not None:
        weighted = _by_weight(route.targets, call.id)
        chosen = [(one, _by(route.targets, call.model) if not n else "next in turn") for n, one in enumerate(weighted)]
        return [*chosen, *((one, "where the others fail") for one in route.otherwise)]
    first, slash, rest = call.model.partition("/")
    if slash and first in table.providers:
        return [(Target(first, rest), f"the request names {first}")]
    usual = table.usual.get(call.wire.partition("-")[0])
    return [(Target(usual, call.model), f"the usual provider for {call.wire}")] if usual is not None else []


def _by(targets: Sequence[Target], alias: str) -> str:
    return f"{alias} leads here" if len(targets) == 1 else f"one of {len(targets)} that {alias} leads to, by weight"


def _by_weight(targets: Sequence[Target], call: str) -> list[Target]:
    """All targets with a weight, each next one drawn by weight from those that are left; the call's id is the dice."""
    left = [one for one in targets if one.weight > 0]
    order: list[Target] = []
    while left:
        dice = int.from_bytes(blake2b(f"{call} {len(order)}".encode(), digest_size=8).digest())
        drawn = dice % sum(one.weight for one in left)
        for one in left:
            drawn -= one.weight
            if drawn < 0:
                order.append(one)
                left.remove(one)
                break
    return order


def _against(call: Call, target: Target, table: Table) -> str | None:
    """Why a target may not serve the call, or None."""
    provider = table.providers.get(target.provider)
    if provider is None:
        return f"{target.provider} is not set up."
    if not provider.on:
        return f"{provider.name} is switched off."
    for spender in call.spenders:
        patterns = table.allowed.get(spender)
        names = (call.model, target.model, f"{target.provider}/{target.model}")
        if patterns is not None and not any(fnmatchcase(name, one) for name in names for one in patterns):
            allowed = f"Only {', '.join(patterns)}" if patterns else "No model"
            return f"{allowed} may be used by {words(spender)}."
    for data in sorted(call.data):
        rule = table.rules.get(data)
        if rule is None:
            continue
        if rule.regions is not None and provider.region not in rule.regions:
            return f"The prompt holds {words_of(data)}, which stays in {', '.join(sorted(rule.regions))}; {provider.name} is not there."
        if rule.keeps_nothing and not provider.keeps_nothing:
            return f"The prompt holds {words_of(data)}, and {provider.name} keeps what it is sent."
    return None


WORTH_ANOTHER = frozenset({408, 429, 500, 502, 503, 504, 529})
"""Answers after which the same call may succeed elsewhere: too slow, too many, broken, overloaded (529 is Anthropic's)."""


def worth_another(status: int | None, *, begun: bool) -> bool:
    """Whether a call that failed is tried at the next candidate; ``status`` is None where there was no answer at all.

    Never after the first byte of an answer went to the caller: nobody can take it back.
    """
    return not begun and (status is None or status in WORTH_ANOTHER)


class Retries:
    """A budget of second attempts: one for so many calls, so that a provider in trouble is not buried under them.

    After Finagle's retry budget: each call puts in 1, each further attempt takes ``each``, and no more than ``most`` of
    them are ever saved up.
    """

    __slots__ = ("_each", "_full", "_saved")

    def __init__(self, each: int = 5, most: int = 20) -> None:
        self._each = each
        self._full = each * most
        self._saved = self._full

    def called(self) -> None:
        """A first attempt was made."""
        self._saved = min(self._full, self._saved + 1)

    def another(self) -> bool:
        """Take one further attempt, if there is one to take."""
        if self._saved < self._each:
            return False
        self._saved -= self._each
        return True
