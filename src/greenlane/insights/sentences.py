"""The one renderer of receipts and actions: each verb's own sentence, filled in with names that people know.

Names of people come from ``identity`` at the moment of reading; whoever was erased is "somebody who was erased".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from greenlane.govern.action import REGISTRY
from greenlane.govern.decision import Lane
from greenlane.govern.words import word
from greenlane.identity import queries as identity
from greenlane.identity.narrowing import words
from greenlane.kit.errors import GreenlaneError

_PLACE = re.compile(r"\{(\w+)\}")
_DOING = re.compile(r"\{([^{}|]+)\|([^{}|]+)\}")
"""What was done and what is wanted: ``{published|publish}``."""
_ERASED = "somebody who was erased"

_ENDINGS = {
    "waiting": "it waits for a person",
    "refused": "it was not possible",
    "failed": "it failed and changed nothing",
    "interrupted": "it was interrupted; somebody must look",
}


_NOTED = {
    "journal.seal": "{records} page views were counted and sealed.",
    "egress.seal": "What apps called outside was counted and sealed: {records} records.",
    "models.seal": "Calls to models were recorded and sealed: {records} records.",
    "calls.reprice": "{actor} had the cost of {records} calls to models counted anew.",
    "post": "Greenlane sent {mails} messages by mail and {webhooks} to webhooks; {given_up} were given up.",
    "run": "The function {function} of {app} {ended}.",
    "upload": "{actor} began an upload of {files} files and left it.",
}
"""What is written down although nobody decided it."""

_SLOT = re.compile(r"(?<=^models)-\d+(?=\.seal$)")
"""Which of the gateway's processes wrote a journal, in the verb of its batches."""


@dataclass(frozen=True, slots=True)
class Names:
    """Names of people by id."""

    people: Mapping[str, str]

    @classmethod
    def of(cls, connection: Connection, receipts: Sequence[Mapping[str, Any]]) -> Names:
        """The names that these receipts need."""
        ids = {link["id"] for one in receipts for link in one["actor"] if link["kind"] == "person"}
        for one in receipts:
            inputs = one["action"].get("inputs", {})  # what is only noted was nobody's action, and has none
            ids |= {v for v in inputs.values() if isinstance(v, str) and v.startswith("p_")}
            if (author := one.get("happened", {}).get("author")) is not None:
                ids.add(author)
        return cls(identity.names(connection, ids))

    def actor(self, chain: Sequence[Mapping[str, Any]]) -> str:
        """Who acted, with whom they acted for."""
        if not chain:
            return "somebody"
        last = chain[-1]
        if last["kind"] == "person":
            return self.person(last["id"])
        if last["kind"] == "platform":
            return "Greenlane"
        if last["kind"] == "agent":
            between = [f"the agent {link['id']}" for link in chain[::-1] if link["kind"] == "agent"]
            whose = [self.person(link["id"]) for link in chain[:1] if link["kind"] == "person"]
            return " for ".join([*between, *whose]) if len(chain) > 1 else str(last["id"])
        kind, _, name = str(last["id"]).partition(":")
        return f"the directory {name}" if kind == "directory" and name else f"the app {last['id']}"

    def person(self, one: str) -> str:
        """A person's name."""
        return self.people.get(one, _ERASED)


def receipt(one: Mapping[str, Any], names: Names) -> str:
    """A receipt's sentence: ``Ana published vendor-board to production: went through.``"""
    happened, decided = one["happened"], one["decided"]
    if (noted := _NOTED.get(_SLOT.sub("", one["action"]["verb"]))) is not None:
        return noted.format(actor=names.actor(one["actor"]), **happened)
    done = one["half"] == "settled" and happened.get("state") == "done"
    said = _fill(one["action"], names, names.actor(one["actor"]), happened, done=done)
    lane = Lane(decided["lane"]).words if "lane" in decided else ""
    if one["half"] == "decided":
        return f"Decided: {said}: {lane}."
    ending = _ENDINGS.get(happened.get("state", "done"), "")
    if not ending:
        ending = _went(Lane(decided["lane"]), happened) if lane else ""
    if happened.get("recovered"):
        ending += f", {happened['recovered']} after an interruption"
    return _capital(f"{said}: {ending}." if ending else f"{said}.")


def answer(
    verb: str, inputs: Mapping[str, Any], actor: str, lane: Lane, names: Names, happened: Mapping[str, Any]
) -> str:
    """The sentence of an action that was just decided, and carried out where ``happened`` says so."""
    done = happened.get("state") == "done"
    said = _fill({"verb": verb, "inputs": inputs, "subject": ""}, names, actor, happened, done=done)
    return _capital(f"{said}: {_went(lane, happened) if done else lane.words}.")


def wish(verb: str, inputs: Mapping[str, Any], actor: str, names: Names) -> str:
    """What somebody wants, without an end to the sentence: ``Ben wants to publish vendor-board to production``."""
    return _capital(_fill({"verb": verb, "inputs": inputs, "subject": ""}, names, actor, {}, done=False))


def _went(lane: Lane, happened: Mapping[str, Any]) -> str:
    """How something went that was carried out: what was red went because somebody answers for it."""
    if happened.get("break_glass"):
        drill = ", as a drill" if happened["break_glass"] == "drill" else ""
        return f"{lane.words}, by break-glass with a {happened['way']}{drill}"
    if happened.get("unreviewed"):
        return "went through, confirmed by its own author, unreviewed"
    if until := happened.get("narrower_until"):
        wide = word("audience_wanted", happened["audience"])
        return f"{lane.words}; for its team now, and for {wide} from {until[:10]} {until[11:16]} UTC on"
    if happened.get("narrowed_from"):
        few = word("audience_wanted", happened["audience"])
        kept = "; what it stores is left as it is" if happened.get("data_left") else ""
        return f"{lane.words}; only {few} can open it now, because this version was never meant for more{kept}"
    if happened.get("data_left"):
        return f"{lane.words}; what it stores is left as it is"
    return "went through, because a person agreed" if lane is Lane.RED else lane.words


def _fill(action: Mapping[str, Any], names: Names, actor: str, happened: Mapping[str, Any], *, done: bool) -> str:
    try:
        pattern = REGISTRY.named(action["verb"]).says
    except GreenlaneError:
        return f"{actor} did {action['verb']}"  # a verb of an older release
    values: dict[str, Any] = {"author": "its author", **_whose(action["inputs"]), **action["inputs"]}
    if "author" in happened:
        values["author"] = names.person(happened["author"])
    if "role" in values:
        values["role"] = words(str(values["role"]))

    def filled(match: re.Match[str]) -> str:
        if match[1] == "actor":
            return actor
        value = values.get(match[1], "")
        if isinstance(value, list):
            return ", ".join(str(one) for one in value) or "nothing"
        return names.person(value) if isinstance(value, str) and value.startswith("p_") else str(value)

    return _PLACE.sub(filled, _DOING.sub(r"\1" if done else r"wants to \2", pattern))


def _whose(inputs: Mapping[str, Any]) -> dict[str, str]:
    """Where a value stands that can be an app's, a team's or everybody's; what is revoked; which of its versions."""
    app, team = inputs.get("app", ""), inputs.get("team", "")
    place = app or (f"the team {team}" if team else "the organisation")
    name, version = inputs.get("name", ""), inputs.get("version")
    return {
        "place": place,
        "whose": _account(inputs, place),
        "for_what": _for_what(app, str(inputs.get("run", ""))),
        "what": name or "a value",
        "with_money": f", and {said} dollars for model calls" if (said := inputs.get("dollars")) else "",
        "which": f"version {version} of {name}" if version else name,
    }


def _for_what(app: str, run: str) -> str:
    """What a key is for: an app, a run of an agent, or a person's own work."""
    return " ".join([*([f"for the run {run}"] if run else []), *([f"for {app}"] if app else [])]) or "of their own"


def _account(inputs: Mapping[str, Any], place: str) -> str:
    """Whose money or limit it is: an environment's, an app's, a team's, a person's, or everybody's."""
    if environment := inputs.get("environment", ""):
        return f"{'previews' if environment == 'preview' else environment} of {place}"
    return str(inputs.get("person", "")) or place


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
