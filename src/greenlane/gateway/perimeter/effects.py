"""How the verb about prompts is carried out. Imported by ``main`` alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from greenlane.gateway.perimeter.actions import SendPrompt
from greenlane.gateway.perimeter.letting import LASTS, let_through
from greenlane.govern.actor import Actor
from greenlane.govern.effect import Context, GatherFacts, Handling, Outcome
from greenlane.kit.clock import stamp


def handlings(app_facts: GatherFacts) -> dict[str, Handling]:
    """The effect by verb. An approval is for one prompt: it covers no later one."""

    def facts(connection: Connection, actor: Actor, action: SendPrompt) -> Mapping[str, Any]:
        known = app_facts(connection, actor, action) if action.app else {}
        return {**known, "data_classes": tuple(sorted(action.data)), "environment": action.environment}

    return {"send-prompt": Handling(_send, (facts,), covers=False)}


def _send(action: SendPrompt, context: Context) -> Outcome:
    until = stamp(context.now + LASTS)
    return Outcome(
        let_through(action, context.action_id, context.now),
        happened={"until": until},
        answer={"prompt": action.prompt, "until": until},
    )
