"""Which Python a project asks for, and whether the one that runs here does: read as text, nothing of it is run."""

from __future__ import annotations

import ast
import re
import sys
import warnings

from greenlane.runtime.building.tree import Tree

HERE = (sys.version_info.major, sys.version_info.minor)
"""The Python that apps run in: the one that the platform runs in."""

_RULE = re.compile(r"(>=|<=|<|>|==|~=|!=)\s*(\d+)(?:\.(\d+))?(?:\.(\d+))?")
_LARGEST = 512 * 1024
_ASIDE = re.compile(r"(?:^|/)(?:tests?|docs|examples?|node_modules)/")


def wanted(tree: Tree) -> str:
    """What `requires-python` in pyproject.toml says; empty where nothing is said."""
    project = tree.toml("pyproject.toml").get("project", {})
    return str(project.get("requires-python", "")).strip()[:100] if isinstance(project, dict) else ""


def too_old(asked: str, here: tuple[int, int] = HERE) -> bool:
    """Whether a newer Python is asked for than the one here (PEP 440, by major and minor version)."""
    lowest = [_pair(one) for one in _RULE.findall(asked) if one[0] in (">=", ">", "==", "~=")]
    return any(here < one for one in lowest)


def too_new(asked: str, here: tuple[int, int] = HERE) -> bool:
    """Whether an older Python is asked for than the one here."""
    for sign, *parts in _RULE.findall(asked):
        pair, whole = _pair((sign, *parts)), bool(parts[1])
        last = pair if whole else (pair[0], 99)
        if sign == "<" and here >= pair and not (here == pair and _patch(parts)):
            return True
        if sign in ("<=", "==") and here > last:
            return True
        if sign == "~=" and here > ((pair[0], 99) if not parts[2] else pair):
            return True
    return False


def newer_syntax(tree: Tree) -> str:
    """The first place in the project's own files that the Python here cannot read, as `file:line`; empty without one."""
    for path in sorted(tree.paths):
        if not path.endswith(".py") or _ASIDE.search(path):
            continue
        text = tree.text(path)
        if len(text) > _LARGEST:
            continue
        try:
            with warnings.catch_warnings(action="ignore"):  # what somebody else's strings look like is no news here
                ast.parse(text)
        except SyntaxError as error:
            return f"{path}:{error.lineno or 1}"
        except (ValueError, RecursionError):
            continue
    return ""


def shown(version: tuple[int, int] = HERE) -> str:
    """A version as people write it."""
    return f"{version[0]}.{version[1]}"


def _pair(rule: tuple[str, ...]) -> tuple[int, int]:
    return int(rule[1]), int(rule[2] or 0)


def _patch(parts: list[str]) -> bool:
    return bool(parts[2]) and int(parts[2]) > 0
