"""What changed between two artifacts, as facts. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from greenlane.deploys.bundle import Bundle


@dataclass(frozen=True, slots=True)
class Changes:
    """Paths that were added, changed and removed, sorted."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many files differ."""
        return len(self.added) + len(self.changed) + len(self.removed)

    def sentence(self) -> str:
        """The changes in words, such as ``2 files added, 1 changed``."""
        if not self.count:
            return "No file changed."
        parts = [
            f"{len(paths)} {word}"
            for paths, word in ((self.added, "added"), (self.changed, "changed"), (self.removed, "removed"))
            if paths
        ]
        noun = "file" if self.count == 1 else "files"
        return f"{noun.capitalize()}: {', '.join(parts)}."


def between(before: Bundle | None, after: Bundle) -> Changes:
    """What ``after`` changes of ``before``; everything is added where there was nothing."""
    old = {} if before is None else {path: one.sha256 for path, one in before.files.items()}
    new = {path: one.sha256 for path, one in after.files.items()}
    return Changes(
        added=tuple(sorted(new.keys() - old.keys())),
        changed=tuple(sorted(path for path in new.keys() & old.keys() if new[path] != old[path])),
        removed=tuple(sorted(old.keys() - new.keys())),
    )


NEW_FACTS = {
    "new_kinds": "kinds",
    "new_hosts": "outside_hosts",
    "new_data_classes": "data_classes",
}
"""Facts that say what is new, and the fact that each is taken from."""


def facts_between(
    before: Mapping[str, Any] | None, after: Mapping[str, Any], declared: Collection[str], changes: Changes
) -> dict[str, Any]:
    """The facts about a change: the artifact's own, and what is new against what is live.

    ``declared`` are the hosts that the app may call already; ``*.example.com`` covers every host below it.
    """
    old = before or {}
    facts = {name: value for name, value in after.items() if name != "run"}  # how it runs is for who runs it
    for new, of in NEW_FACTS.items():
        facts[new] = tuple(sorted(set(after.get(of, ())) - set(old.get(of, ()))))
    facts["new_hosts"] = tuple(host for host in facts["new_hosts"] if not covered(host, declared))
    facts["new_dependencies"] = max(0, after.get("dependencies", 0) - old.get("dependencies", 0))
    facts["files_changed"] = changes.count
    return facts


def covered(host: str, declared: Collection[str]) -> bool:
    """Whether a declared host, or a declared ``*.`` above it, allows this host."""
    if host in declared:
        return True
    parts = host.split(".")
    return any("*." + ".".join(parts[start:]) in declared for start in range(1, len(parts) - 1))
