"""How a notice is said, and what can be done about it. Pure: the receipt's own sentence is handed in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from greenlane.ledger.receipt import Receipt

Facts = Mapping[str, Any]


def says(kind: str, sentence: str, one: Receipt) -> str:
    """What somebody reads. ``sentence`` is the receipt's, with names."""
    app = _name(one)
    match kind, one.action["verb"]:
        case "asked", _:
            return f"You are asked to decide. {sentence}"
        case "look", _:
            return f"You are asked to look at a change of {app} that went through already."
        case "answered", "expire-request":
            return "Nobody decided your request in time, so it has ended."
        case "unused", "ask-if-needed":
            day = str(one.happened["sleeps_at"])[:10]
            return f"Nobody has opened {app} for three weeks. It falls asleep on {day} unless somebody opens it."
    return sentence


def next_step(kind: str, one: Receipt, facts: Facts) -> str:
    """The command that fits, empty where there is none. ``facts`` are those that the action was decided on."""
    app, request = _name(one), str(one.happened.get("request", ""))
    match kind:
        case "interrupted":
            return f"greenlane receipts --process {one.process}"
        case "asked":
            return f"greenlane approvals show {request}"
        case "look":
            return "greenlane looks"
        case "answered":
            return f"greenlane approvals show {request}"
        case "unused":
            return f"greenlane apps {'wake' if one.action['verb'] == 'expire-app' else 'show'} {app}"
    return undo(one, facts)


def undo(one: Receipt, facts: Facts) -> str:
    """The command that takes an action back, empty where none does."""
    app, inputs = _name(one), one.action["inputs"]
    match one.action["verb"]:
        case "publish" | "set-audience" if facts["audience_widens"]:
            return f"greenlane apps audience {app} {narrower(facts['audience_now'])}"
        case "publish" if one.happened["environment"] == "production" and one.happened["previous"] is None:
            return f"greenlane apps archive {app}"
        case "publish":
            return f"greenlane rollback {app} --environment {one.happened['environment']}"
        case "widen-audience":
            return f"greenlane apps audience {app} team"
        case "declare-host":
            return f"greenlane hosts remove {app} {inputs['host']}"
        case "put-variable":
            return f"greenlane variables remove {inputs['name']} --app {app}"
        case "archive-app":
            return f"greenlane apps wake {app}"
        case "verify-domain":
            return f"greenlane domain release {app} {inputs['domain']}"
        case "grant-role":
            return f"greenlane role remove {inputs['person']} {inputs['role']} --scope {inputs['scope']}"
        case "create-token":
            return f"greenlane token revoke {one.happened['token']}"
    return ""


def narrower(before: str) -> str:
    """The audience to go back to. Who was named before is not kept, so named people fall back to the owner alone."""
    return "me" if before == "named" else before


def _name(one: Receipt) -> str:
    return str(one.action["subject"]).partition(":")[2]
