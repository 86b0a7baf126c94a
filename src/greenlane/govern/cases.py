"""A pack's own tests: cases that a risk officer writes, each a sentence, some facts, and the lane that must follow."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenlane.govern.cedar import PackError
from greenlane.govern.decide import decide
from greenlane.govern.decision import Decision, Lane
from greenlane.govern.facts import Facts
from greenlane.govern.policy import Pack

_KEYS = frozenset({"says", "verb", "lane", "facts", "policies", "safeguards"})


@dataclass(frozen=True, slots=True)
class Case:
    """One sentence about what must hold. ``policies`` and ``safeguards`` are compared where the case names them."""

    says: str
    verb: str
    facts: Facts
    lane: Lane
    policies: frozenset[str] | None
    safeguards: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How a case went. ``wrong`` says in words what came out otherwise; empty where it holds."""

    case: Case
    decision: Decision
    wrong: str

    @property
    def holds(self) -> bool:
        """Whether the pack does what the case says."""
        return not self.wrong


def read_cases(text: str, file: str = "cases.toml") -> list[Case]:
    """The cases of a file. Raises ``PackError`` naming the line of the case that cannot be meant."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PackError(file, 1, str(error)) from error
    lines = [number for number, line in enumerate(text.splitlines(), 1) if line.strip() == "[[case]]"]
    given = table.get("given", {})
    cases = []
    for line, entry in zip(lines, table.get("case", []), strict=True):
        try:
            cases.append(_case(entry, given))
        except KeyError as error:
            raise PackError(file, line, f"the case has no {error.args[0]}") from error
        except (TypeError, ValueError) as error:
            raise PackError(file, line, str(error)) from error
    return cases


def run_cases(pack: Pack, text: str, file: str = "cases.toml") -> list[CaseResult]:
    """Run the cases of a file against a pack. Raises ``PackError`` for a file that cannot be read."""
    return [_run(pack, case) for case in read_cases(text, file)]


def _case(entry: Mapping[str, Any], given: Mapping[str, Any]) -> Case:
    if unknown := entry.keys() - _KEYS:
        raise ValueError(f"a case has no '{min(unknown)}'")
    sheet = {**given, **entry.get("facts", {})}
    harmless = Facts().as_dict()
    for name, value in sheet.items():
        if name not in harmless:
            raise ValueError(f"there is no fact called '{name}'")
        if type(value) is not type(harmless[name]):
            raise ValueError(f"the fact '{name}' cannot be {value!r}")
    policies, safeguards = entry.get("policies"), entry.get("safeguards")
    return Case(
        says=entry["says"],
        verb=entry["verb"],
        facts=Facts.from_dict(sheet),
        lane=Lane(entry["lane"]),
        policies=None if policies is None else frozenset(policies),
        safeguards=None if safeguards is None else frozenset(safeguards),
    )


def _run(pack: Pack, case: Case) -> CaseResult:
    decision = decide(case.verb, case.facts, pack)
    policies = frozenset(reason.policy for reason in decision.reasons)
    wrong = ""
    if decision.lane is not case.lane:
        wrong = f"it is {decision.lane} ({', '.join(sorted(policies))}), not {case.lane}"
    elif case.policies is not None and policies != case.policies:
        wrong = f"{', '.join(sorted(policies))} decided, not {', '.join(sorted(case.policies))}"
    elif case.safeguards is not None and frozenset(decision.safeguards) != case.safeguards:
        wrong = f"the safeguards are {', '.join(decision.safeguards)}"
    return CaseResult(case, decision, wrong)
