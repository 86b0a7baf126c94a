"""What a version changes against another: files with their sizes, facts that differ, and both in one sentence. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from greenlane.deploys import comparing
from greenlane.deploys.bundle import Bundle
from greenlane.insights.questions import CLASSES

ADDED, CHANGED, REMOVED = "added", "changed", "removed"

_NONE = "none"

AUDIENCE, HOSTS, PACKAGES = "Who can open it", "Outside hosts", "Packages inside"


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that differs: its sizes in bytes and its digests before and after, None where it is not."""

    path: str
    kind: str
    before: int | None
    after: int | None
    digest_before: str | None
    digest_after: str | None


@dataclass(frozen=True, slots=True)
class FactChange:
    """Something that is true of an app before and after: who may see it, its data, what it reaches."""

    name: str
    before: str
    after: str

    @property
    def differs(self) -> bool:
        """Whether it changes at all."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Change:
    """Everything that a version changes. ``first`` where there is nothing to compare it with."""

    sentence: str
    facts: tuple[FactChange, ...]
    files: tuple[FileChange, ...]
    first: bool


def between(
    before: Bundle | None,
    after: Bundle,
    facts_before: Mapping[str, Any] | None,
    facts_after: Mapping[str, Any],
    audience: tuple[str, str],
) -> Change:
    """What changes from one version to the other. ``audience`` is who can open it before and after, in words."""
    found = comparing.between(before, after)
    old = {} if before is None else before.files
    files = tuple(
        FileChange(
            path,
            kind,
            old[path].size if path in old else None,
            after.files[path].size if path in after.files else None,
            old[path].sha256 if path in old else None,
            after.files[path].sha256 if path in after.files else None,
        )
        for kind, paths in ((CHANGED, found.changed), (ADDED, found.added), (REMOVED, found.removed))
        for path in paths
    )
    facts = tuple(_facts(facts_before, facts_after, audience))
    first = before is None
    return Change(_sentence(found, facts, first, len(after.files)), facts, files, first)


def _facts(
    before: Mapping[str, Any] | None, after: Mapping[str, Any], audience: tuple[str, str]
) -> Sequence[FactChange]:
    old = before or {}
    return [
        FactChange(AUDIENCE, *audience),
        FactChange("Personal data", _data(old), _data(after)),
        FactChange(
            "Credentials left in its files", _list(old, "leaked_credentials"), _list(after, "leaked_credentials")
        ),
        FactChange(HOSTS, _list(old, "outside_hosts"), _list(after, "outside_hosts")),
        FactChange(PACKAGES, _count(old), _count(after)),
    ]


def _data(facts: Mapping[str, Any]) -> str:
    classes = ", ".join(CLASSES.get(one, one) for one in facts.get("data_classes", ()))
    if facts.get("personal_data"):
        return f"{classes or 'yes'}, of several people"
    return f"single {classes}" if classes else _NONE


def _list(facts: Mapping[str, Any], name: str) -> str:
    return ", ".join(facts.get(name, ())) or _NONE


def _count(facts: Mapping[str, Any]) -> str:
    return str(facts.get("dependencies", 0) or _NONE)


def _sentence(found: comparing.Changes, facts: Sequence[FactChange], first: bool, files: int) -> str:
    """``It changes 2 files and adds 1. It calls api.example.com for the first time.``"""
    many = "1 file" if files == 1 else f"{files:,} files"
    if first:
        return f"Nothing was live before, so all of its {many} {'is' if files == 1 else 'are'} new."
    parts = [
        f"{verb} {len(paths):,}"
        for verb, paths in (("changes", found.changed), ("adds", found.added), ("removes", found.removed))
        if paths
    ]
    if parts:
        parts[0] += " file" if parts[0].endswith(" 1") else " files"
        said = f"It {' and '.join([', '.join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)}."
    else:
        said = "No file differs."
    more = [one for one in map(_told, facts) if one]
    return " ".join([said, *more]) if more else f"{said} It reaches nothing new."


def _told(fact: FactChange) -> str:
    """What a fact that differs means, in a sentence; empty for one that does not."""
    if not fact.differs:
        return ""
    if fact.name == AUDIENCE:
        return f"It opens to {fact.after}."
    if fact.name == HOSTS:
        new = [host for host in fact.after.split(", ") if host not in fact.before.split(", ") and host != _NONE]
        shown = new[0] if len(new) == 1 else f"{len(new)} outside hosts"
        return f"It calls {shown} for the first time." if new else "It calls fewer outside hosts."
    if fact.name == PACKAGES:
        return f"It names {fact.after} packages, before {fact.before}."
    if fact.after == _NONE:
        return f"{fact.name}: none any more."
    return f"{fact.name}: {fact.after}."
