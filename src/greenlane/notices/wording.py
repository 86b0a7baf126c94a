"""How a notice is said, and what can be done about it. Pure: the receipt's own sentence is handed in."""

from __future__ import annotations

from greenlane.ledger.receipt import Receipt

_MOST_FLAWS = 3


def says(kind: str, sentence: str, one: Receipt) -> str:
    """What somebody reads. ``sentence`` is the receipt's, with names."""
    app = _name(one)
    match kind, one.action["verb"]:
        case "asked", _:
            return f"You are asked to decide. {sentence}"
        case "look", _:
            return f"You are asked to look at a change of {app} that went through already."
        case "break-glass", _:
            who = sentence.partition(" signed in")[0]
            how = f"{who} came in by break-glass, with a {one.happened['way']}."
            if one.happened["break_glass"] == "drill":
                return f"A drill: {how} It was announced before."
            return f"Alarm: {how} If they did not, shut them out now."
        case "review", "start-review":
            due = str(one.happened["due"])[:10]
            return f"You are asked who still needs their access: {one.happened['rights']} rights, until {due}."
        case "review", _:
            late = " It is overdue." if one.happened["overdue"] else ""
            return f"A review of who has access waits for you: {one.happened['undecided']} rights are open.{late}"
        case "answered", "expire-request":
            return "Nobody decided your request in time, so it has ended."
        case "flawed", _:
            return f"Packages of {app} have flaws that are known now: {_flaws(one)}."
        case "models", _:
            return str(one.happened["says"])
        case "runs", _:
            return _runs(app, one)
        case "sign-in", _:
            return "Somebody signed in as you with a browser that was not seen here before. If it was not you, end it."
        case "company", "tell-of-metadata":
            return f"Metadata of {one.happened['provider']} were not taken over. {one.happened['says']}"
        case "company", _:
            return _certificates(one)
        case "unused", "ask-if-needed":
            day = str(one.happened["sleeps_at"])[:10]
            return f"Nobody has opened {app} for three weeks. It falls asleep on {day} unless somebody opens it."
    return sentence


def _flaws(one: Receipt) -> str:
    """The worst three, each with the version that mends it."""
    said = [
        f"{flaw['package']} ({flaw['severity']}{', mended in ' + flaw['fixed'] if flaw['fixed'] else ''})"
        for flaw in one.happened["flaws"][:_MOST_FLAWS]
    ]
    more = one.happened["packages"] - len(said)
    return ", ".join(said) + (f" and {more} more" if more else "")


def _certificates(one: Receipt) -> str:
    """How many certificates came and went, and what to look at."""
    new, gone = one.happened["new"], one.happened["gone"]
    return (
        f"{one.happened['provider']} shows other certificates now, and they are believed: {new} new, {gone} gone. "
        "If nobody there changed them, switch the provider off."
    )


def _runs(app: str, one: Receipt) -> str:
    """What became of the last run, and how often that was so in a row."""
    function, times = one.happened["function"], one.happened["failures"]
    if times > 1:
        return f"{function} of {app} did not succeed {times} times in a row."
    if one.happened["outcome"] == "interrupted":
        return f"A run of {function} of {app} was interrupted, and it cannot be told what became of it."
    return f"A run of {function} of {app} did not succeed."


def page(kind: str, one: Receipt) -> str:
    """The console's page on which one sees more, and acts where that is asked."""
    request = str(one.happened.get("request", ""))
    match kind:
        case "asked" | "answered" if request:
            return f"/inbox/{request}"
        case "asked" | "look":
            return "/inbox"
    if kind == "break-glass":
        return "/break-glass"
    if kind == "review":
        return f"/access-reviews/{one.happened['review']}"
    if kind == "models":
        return "/models#alerts"
    if kind == "sign-in":
        return "/account#sessions"
    if kind == "company":
        return f"/sign-in-providers/{one.happened['provider']}"
    subject, _, name = str(one.action["subject"]).partition(":")
    if kind == "runs":
        return f"/apps/{name}/schedules"
    return f"/apps/{name}" if kind in {"unused", "flawed"} and subject == "app" else ""


def next_step(kind: str, one: Receipt, undo: str) -> str:
    """The command that fits, empty where there is none. ``undo`` is the one that takes the action back, or empty."""
    app, request = _name(one), str(one.happened.get("request", ""))
    match kind:
        case "interrupted":
            return f"greenlane receipts --process {one.process}"
        case "asked":
            return f"greenlane approvals show {request}"
        case "break-glass":
            return f"greenlane people suspend {one.happened['person']}"
        case "review":
            return f"greenlane reviews show {one.happened['review']}"
        case "look":
            return "greenlane looks"
        case "answered":
            return f"greenlane approvals show {request}"
        case "flawed":
            return f"greenlane dependencies {app}"
        case "runs":
            return f"greenlane schedules list {app}"
        case "models":
            return "greenlane gateway alerts"
        case "sign-in":
            return f"greenlane sessions end {one.happened['session']}"
        case "company":
            return f"greenlane sso check {one.happened['provider']}"
        case "unused":
            return f"greenlane apps {'wake' if one.action['verb'] == 'expire-app' else 'show'} {app}"
    return undo


def _name(one: Receipt) -> str:
    return str(one.action["subject"]).partition(":")[2]
