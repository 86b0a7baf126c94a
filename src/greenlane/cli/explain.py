"""The questions: one for every registered verb, with the very arguments of the verb's own command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from greenlane.cli import saying
from greenlane.cli.command import ARGUMENT, Act, derive
from greenlane.cli.verbs import REGISTRY

shows = saying.explained


def questions(own: Sequence[Act]) -> list[Act]:
    """A question for each verb: as its command is typed, or derived where it has none of its own."""
    by_verb = {act.verb: act for act in own}
    return [
        replace(by_verb[verb.name], example=_asked(by_verb[verb.name]))
        if verb.name in by_verb
        else Act(
            f"explain {verb.name}",
            verb.name,
            derive(verb.name, **{one.name: ARGUMENT for one in verb.inputs if one.required and not one.secret}),
            f"greenlane explain {verb.name} …",
            shows,
            verb.summary,
        )
        for verb in REGISTRY
    ]


def _asked(act: Act) -> str:
    """The example of a command as a question: the verb's name stands where the command's path stood."""
    return act.example.replace(f"greenlane {act.path}", f"greenlane explain {act.verb}")
