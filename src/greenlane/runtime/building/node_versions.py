"""Which Node a project asks for, in the words of its several files, and which of ours answers that."""

from __future__ import annotations

import re

from greenlane.runtime.building.tree import Tree

MAJORS = (22, 20)
"""The versions of Node that are here, the one for who asks for nothing first."""

_VERSION = re.compile(r"v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:[-+][\w.+-]*)?")
_COMPARED = re.compile(r"(>=|<=|>|<|=|\^|~>?)?\s*" + _VERSION.pattern)
_NAMES = {
    "lts/jod": "22",
    "lts/iron": "20",
    "lts/*": "22",
    "node": "22",
    "stable": "22",
    "latest": "22",
    "current": "22",
}


def wanted(tree: Tree, configured: str = "") -> str:
    """What the project says about Node, as it says it: the platform's own file first, then those of others."""
    said = (
        configured,
        tree.text(".nvmrc"),
        tree.text(".node-version"),
        tree.package.get("volta", {}).get("node", ""),
        tree.package.get("engines", {}).get("node", ""),
    )
    return next((text for one in said if (text := str(one).strip())), "")[:100]


def answer(asked: str) -> tuple[int, str]:
    """The major version that is used, and a sentence where it is not the one that was asked for."""
    text = _NAMES.get(asked.strip().lower(), asked.strip())
    if not text:
        return MAJORS[0], ""
    fitting = [major for major in MAJORS if satisfies(major, text)]
    if fitting:
        return fitting[0], ""
    first = re.search(r"\d+", text)
    used = min((one for one in MAJORS if first and one >= int(first[0])), default=max(MAJORS))
    return used, f"The project asks for Node {asked}; Node {used} is used, since only {_listed()} are here."


def satisfies(major: int, asked: str) -> bool:
    """Whether some release of a major version is within a range as npm writes them (semver ranges, by their majors)."""
    return any(_all(major, part) for part in asked.split("||"))


def _all(major: int, part: str) -> bool:
    spread = re.fullmatch(r"\s*" + _VERSION.pattern + r"\s+-\s+" + _VERSION.pattern + r"\s*", part)
    if spread:
        return int(spread[1]) <= major <= int(spread[4])
    rules = _COMPARED.findall(part)
    return bool(rules) and all(_one(major, *rule) for rule in rules)


def _one(major: int, sign: str, first: str, second: str, third: str) -> bool:
    if not first.isdigit():
        return True
    number = int(first)
    whole = not (second.isdigit() and int(second)) and not (third.isdigit() and int(third))
    if sign == ">=":
        return major >= number
    if sign == ">":
        return major > number or (major == number and second.isdigit())
    if sign == "<=":
        return major <= number
    if sign == "<":
        return major < number or (major == number and not whole)
    return major == number


def _listed() -> str:
    return " and ".join(str(one) for one in sorted(MAJORS))
