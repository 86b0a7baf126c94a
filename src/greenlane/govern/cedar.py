"""Cedar, the policy language, as text and as trees: cutting a file into policies, the schema, and what a policy reads.

Cedar numbers policies and reports no lines, so a file is cut here first: every policy is parsed alone, and an error can
name its file and line. The schema is made from the declaration of ``Facts``, so a policy can read what a decision knows
and nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import cedarpy

from greenlane.govern.errors import WrongInput
from greenlane.govern.facts import Facts

PRINCIPALS: Final = {"person": "Person", "agent": "Agent", "app": "App", "platform": "Platform"}
"""Cedar's type for each kind of actor."""

DERIVED: Final = {
    "approved": "Bool",
    "narrowing": "Bool",
    "new_reach": "Bool",
    "risk": "Long",
    "risk_parts": "Set<String>",
}
"""What a policy can read beside the facts: whether a stored approval counts; whether all it does is to keep or
narrow an audience; whether anything new can be reached (``new_hosts``, ``new_connections``, ``new_secrets``); and the scorecard's sum and the names of its parts."""

_TYPES: Final = {"str": "String", "bool": "Bool", "int": "Long", "tuple[str, ...]": "Set<String>"}

_TOKEN: Final = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|;', re.DOTALL)
"""The only places where a semicolon may hide, and the semicolon itself."""


class PackError(WrongInput):
    """A policy pack that cannot be used. The message names file, line and reason; the pack in force stays."""

    code = "wrong-policy"

    def __init__(self, file: str, line: int, reason: str) -> None:
        super().__init__(
            f"{file}, line {line}: {reason}",
            next_step="Correct the file and give the pack again. The policies in force have not changed.",
        )
        self.file = file
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Statement:
    """One policy as it stands in a file. ``line`` counts from 1 and is where its first annotation stands."""

    file: str
    line: int
    text: str

    def wrong(self, reason: str) -> PackError:
        """The error for this policy, pointing at the line that holds the words which the reason quotes."""
        for quoted in re.findall(r"[`'\"]([^`'\"]+)[`'\"]", reason):
            word = re.compile(rf"(?<![\w=!<>&|]){re.escape(quoted)}(?![\w=])")
            hits = [number for number, line in enumerate(self.text.splitlines()) if word.search(line)]
            if hits:
                return PackError(self.file, self.line + hits[0], reason)
        return PackError(self.file, self.line, reason)


def statements(file: str, text: str) -> Iterator[Statement]:
    """Cut a file into policies. Comments between policies belong to none. Raises ``PackError`` for a lost tail."""
    start = 0
    for token in _TOKEN.finditer(text):
        if token.group() == ";":
            yield _statement(file, text, start, token.end())
            start = token.end()
    rest = _statement(file, text, start, len(text))
    if rest.text:
        raise rest.wrong("the last policy has no semicolon at its end")


def _statement(file: str, text: str, start: int, end: int) -> Statement:
    begin = re.compile(r"(?:\s|//[^\n]*(?:\n|$))*").match(text, start)
    first = min(begin.end() if begin else start, end)
    return Statement(file, text.count("\n", 0, first) + 1, text[first:end].rstrip())


def tree(statement: Statement) -> dict[str, Any]:
    """Parse one policy into Cedar's JSON form. Raises ``PackError``."""
    try:
        parsed = json.loads(cedarpy.policies_to_json_str(statement.text))
    except ValueError as error:
        raise statement.wrong(str(error)) from error
    if parsed["templates"]:
        raise statement.wrong("a template with ?principal or ?resource is not used here; say what you mean")
    (only,) = parsed["staticPolicies"].values()
    return dict(only)


def schema(verbs: Sequence[str]) -> str:
    """The schema of every question that a pack is asked, for these verbs."""
    sheet = {one.name: _TYPES[str(one.type)] for one in fields(Facts)} | DERIVED
    context = ", ".join(f"{name}: {kind}" for name, kind in sheet.items())
    actors = ", ".join(PRINCIPALS.values())
    actions = ", ".join(json.dumps(verb) for verb in verbs)
    return (
        f"type Sheet = {{{context}}};\nentity {actors};\nentity Organisation;\n"
        f"action {actions} appliesTo {{principal: [{actors}], resource: [Organisation], context: Sheet}};"
    )


def validate(statement: Statement, against: cedarpy.Schema) -> None:
    """Check names and types of one policy. Raises ``PackError``."""
    found = cedarpy.validate_policies(statement.text, against)
    if not found.validation_passed:
        raise statement.wrong(re.sub(r"^for policy `policy0`, ", "", found.errors[0].error))


def verbs_of(policy: dict[str, Any]) -> tuple[str, ...] | None:
    """The verbs that a policy speaks of, None for every verb."""
    scope = policy["action"]
    if scope["op"] == "All":
        return None
    named = scope.get("entities") or [scope["entity"]]
    return tuple(one["id"] for one in named)


def reads(policy: dict[str, Any]) -> frozenset[str]:
    """The facts that a policy reads. Who acts is one of them where it asks for the kind of actor."""
    found = set(_attributes(policy["conditions"]))
    if policy["principal"]["op"] != "All" or _mentions_principal(policy["conditions"]):
        found.add("actor_kind")
    return frozenset(found)


def _mentions_principal(node: Any) -> bool:
    if isinstance(node, dict):
        return node == {"Var": "principal"} or any(_mentions_principal(child) for child in node.values())
    return isinstance(node, list) and any(_mentions_principal(child) for child in node)


def _attributes(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if node.get("left") == {"Var": "context"} and "attr" in node:
            yield node["attr"]
        else:
            for child in node.values():
                yield from _attributes(child)
    elif isinstance(node, list):
        for child in node:
            yield from _attributes(child)


def needs_no_approval(policy: dict[str, Any]) -> bool:
    """Whether a policy, by its form, holds only while no approval counts: ``!context.approved`` in its condition."""
    approved = {".": {"left": {"Var": "context"}, "attr": "approved"}}
    for condition in policy["conditions"]:
        if condition["kind"] == "unless" and condition["body"] == approved:
            return True
        if condition["kind"] == "when" and {"!": {"arg": approved}} in _conjuncts(condition["body"]):
            return True
    return False


def _conjuncts(body: dict[str, Any]) -> list[dict[str, Any]]:
    both = body.get("&&")
    return [body] if both is None else [*_conjuncts(both["left"]), *_conjuncts(both["right"])]
