"""How a notice is said, and what can be done about it. Pure: the receipt's own sentence is handed in."""

from __future__ import annotations

from greenlane.ledger.receipt import Receipt


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


def page(kind: str, one: Receipt) -> str:
    """The console's page on which one sees more, and acts where that is asked."""
    request = str(one.happened.get("request", ""))
    match kind:
        case "asked" | "answered" if request:
            return f"/inbox/{request}"
        case "asked" | "look":
            return "/inbox"
    subject, _, name = str(one.action["subject"]).partition(":")
    return f"/apps/{name}" if kind == "unused" and subject == "app" else ""


def next_step(kind: str, one: Receipt, undo: str) -> str:
    """The command that fits, empty where there is none. ``undo`` is the one that takes the action back, or empty."""
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
    return undo


def _name(one: Receipt) -> str:
    return str(one.action["subject"]).partition(":")[2]
