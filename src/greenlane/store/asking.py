"""The keeper beside the sandboxes, asked over its socket."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from greenlane.store.driver import Changed, Kept, Standing, Stored

MEASURING = 20.0
"""Seconds that looking at everything an app stores may take."""
COPYING = 600.0
"""Seconds that copying it may take, on a slow disk and with other copies under way."""


@dataclass(frozen=True, slots=True)
class AskedKeeper:
    """``ask`` sends a question and waits for its answer for some seconds."""

    ask: Callable[[Mapping[str, Any], float], dict[str, Any]]

    def standing(self, app: str) -> Standing:
        """What there is of an app's."""
        found = self.ask({"ask": "data", "app": app}, MEASURING)
        stored = [Stored(one["environment"], one["stored"], one["snapshots"]) for one in found["environments"]]
        return Standing(found["quota"], found["keeps"], stored)

    def snapshot(self, app: str, environment: str, snapshot: str, action: str) -> Changed:
        """Make a snapshot."""
        question = {"ask": "snapshot", "app": app, "environment": environment, "snapshot": snapshot, "action": action}
        return _changed(self.ask(question, COPYING), "kept")

    def restore(self, app: str, environment: str, snapshot: str, digest: str, before: str, action: str) -> Changed:
        """Keep what is there, and bring back what was."""
        about = {"ask": "restore", "app": app, "environment": environment}
        question = {**about, "snapshot": snapshot, "digest": digest, "before": before, "action": action}
        return _changed(self.ask(question, COPYING), "before")

    def erase(self, app: str, environment: str) -> Sequence[str]:
        """Take everything away."""
        return list(self.ask({"ask": "erase", "app": app, "environment": environment}, COPYING)["dropped"])


def _changed(answer: Mapping[str, Any], name: str) -> Changed:
    one = answer.get(name)
    kept = None
    if one is not None:
        kept = Kept(one["id"], one["bytes"], one["files"], one["left_out"], one["digest"])
    return Changed(kept, list(answer["dropped"]))
