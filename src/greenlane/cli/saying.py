"""How decisions read in the terminal: the lane first, then why, then what to do. The same words for every verb."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from greenlane.cli.output import Output
from greenlane.cli.talk import Document
from greenlane.govern.policy import SAFEGUARDS

ONE_TIME = ("url", "token")
"""What a verb's answer may hold for the caller alone; each is written alone on a line."""


def decision(out: Output, answer: Mapping[str, Any]) -> None:
    """The lane, what happened in a sentence, the reasons in one sentence each, and the safeguards."""
    agreed = answer.get("lane") == "red" and answer.get("state") == "done"
    out.lane(str(answer.get("lane", "")), "went through, because a person agreed" if agreed else str(answer["words"]))
    if answer.get("sentence"):
        out.say(f"  {answer['sentence']}")
    for reason in answer.get("reasons", ()):
        out.say(f"  - {reason['says']}")
        if reason.get("instead") and answer.get("lane") in ("red", "closed") and not agreed:
            out.say(f"    Instead: {reason['instead']}")
    for one in () if answer.get("state") == "done" else answer.get("findings", ()):
        if one.get("weight") == "leaked":
            inside = f" ({one['where']})" if one.get("where") else ""
            out.say(f"    {one['file']}{inside}, line {one['line']}: {one['kind']} ({one['hint']})")
    if safeguards := answer.get("safeguards"):
        out.say(
            "  With these safeguards:" if answer.get("lane") == "amber" else "  If it goes on, with these safeguards:"
        )
        for safeguard in safeguards:
            out.say(f"  + {SAFEGUARDS.get(safeguard, safeguard)}")


def held(role: Mapping[str, Any]) -> str:
    """A role and where it counts: ``reviewer of team:sales``; what is for some hours says until when."""
    said = f"{role['role']} of {role['scope']}"
    return f"{said} until {role['until']}" if role.get("until") else said


def waiting(out: Output, answer: Mapping[str, Any]) -> None:
    """What to do about a request that waits for a person."""
    request = answer.get("request")
    out.say("It is stored and nothing has changed yet. A person decides.")
    if request:
        out.say("The request:")
        out.raw(str(request))
        out.next(f"`greenlane approvals show {request}` says who is asked, and by when.")


def answer(then: Callable[[Output, Document], None] | None = None) -> Callable[[Output, Document], None]:
    """Says an act's answer; ``then`` adds what is particular to the verb once it went through."""

    def shows(out: Output, document: Document) -> None:
        if document.get("state") == "refused" or document.get("exit_code") == 3:
            out.to_error_stream()
            decision(out, document)
            if document.get("link"):
                out.next(document["next_step"])
            elif steps := [one["instead"] for one in document.get("reasons", ()) if one.get("instead")]:
                out.next(steps[0])
            elif document.get("next_step"):
                out.next(document["next_step"])
            return
        decision(out, document)
        if document.get("state") == "waiting":
            waiting(out, document)
        elif then is not None:
            then(out, document)
        else:
            once(out, document)

    return shows


def once(out: Output, document: Document) -> None:
    """Links and tokens that are shown once, each alone on a line."""
    given = document.get("answer") or {}
    for name in ONE_TIME:
        if given.get(name):
            out.raw(str(given[name]))
    if given.get("expires"):
        out.say(f"It works until {given['expires']}.")


def explained(out: Output, document: Document) -> None:
    """What would be decided, why, with which risk, and what would make it green."""
    decision(out, document)
    if policies := [one["policy"] for one in document.get("reasons", ()) if one.get("policy")]:
        out.say(f"Decided by: {', '.join(policies)}")
    risk = document.get("risk") or {}
    if "score" in risk:
        out.say(f"Risk: {risk['score']} of 100")
        out.table(
            ("points", "part", "why"),
            [(f"{one['points']:+d}", one["name"], one["says"]) for one in risk.get("parts", ())],
            none="  nothing speaks for or against it",
        )
    facts = document.get("facts") or {}
    if facts.get("flaws"):
        out.say(f"Packages with known flaws, the worst {facts['worst_flaw']}: {', '.join(facts['flaws'])}.")
    if facts.get("unchecked_dependencies"):
        out.say(
            f"Not checked, or against an old list: {facts['unchecked_dependencies']:,} packages. `greenlane advisories` says how old."
        )
    ways = document.get("would_be_green") or ()
    for title, wanted in (("It would be green:", True), ("It would go on, once a person agrees:", False)):
        if found := [way for way in ways if (way.get("lane", "green") == "green") is wanted]:
            out.say(title)
            for way in found:
                out.say(f"  - {way['says']}")
    if not ways and document.get("lane") != "green":
        out.say("No small change would make it green.")
    out.say("Nothing was changed.")
