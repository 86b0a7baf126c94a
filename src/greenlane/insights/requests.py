"""A request as people read it before they answer: who wants what, what would differ, why they were asked, and the rest.

The order is that of the card (docs/console.md): one sentence; before and after; one reason; what would have made it
green; whether it can be undone; preview and checks; similar ones; when it ends. Every face tells it from here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from greenlane.catalog.addresses import Addresses
from greenlane.deploys import queries as deploys
from greenlane.govern import call, tables
from greenlane.govern.action import REGISTRY
from greenlane.govern.actor import Actor
from greenlane.govern.approvals import Question
from greenlane.govern.decision import Decision
from greenlane.govern.door import Door
from greenlane.govern.explain import what_would_make_it_green
from greenlane.govern.facts import Facts
from greenlane.govern.words import word
from greenlane.identity import queries as identity
from greenlane.insights import sentences
from greenlane.insights.tables import ASKED
from greenlane.ledger import queries as ledger

LOOKED_BACK = 500
"""Earlier questions that are looked through for similar ones, the newest."""

MOST_SIMILAR = 50
"""Similar questions that are counted, the newest."""

MOST_SAID = 50
"""Answers to one request that are told, the newest."""

_NOTHING = "nothing"
_ANSWERS = ("approved", "declined", "sent-back")


@dataclass(frozen=True, slots=True)
class Desk:
    """What a face hands in: the door, the public addresses, and who may read what."""

    door: Door
    addresses: Addresses
    may: Callable[[Connection, Actor, str, str], bool]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing before and after, in words."""

    about: str
    before: str
    after: str

    @property
    def changes(self) -> bool:
        """Whether anything differs."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Similar:
    """How earlier questions about the same verb, asked for the same reasons, were answered."""

    asked: int
    approved: int
    undone: int

    @property
    def says(self) -> str:
        """``9 of 9 approved, 0 rolled back``, or that there was none."""
        if not self.asked:
            return "Nobody was asked about a change like this one before."
        return f"{self.approved} of {self.asked} approved, {self.undone} rolled back."


@dataclass(frozen=True, slots=True)
class Said:
    """The last word on a request: whose, when, and in which words."""

    by: str
    at: str
    says: str


@dataclass(frozen=True, slots=True)
class Told:
    """A request in full, for one reader.

    ``may`` has the verbs that this reader may answer it with now, ``why_not`` what stands in the way of approving.
    ``wants`` is who wants what; ``sentence`` the same as the ledger tells it. ``asked`` are names.
    """

    question: Question
    wants: str
    sentence: str
    consequence: str
    author: str
    message: str
    inputs: Mapping[str, Any]
    decision: Decision
    differences: tuple[Difference, ...]
    changes: tuple[str, ...]
    ways: tuple[str, ...]
    undo: str
    checks: tuple[str, ...]
    similar: Similar
    deploy: str | None
    url: str | None
    asked: tuple[str, ...]
    may: frozenset[str]
    why_not: str
    decided: Said | None
    story: tuple[Said, ...]
    waited_ms: int | None


def concerns(desk: Desk, connection: Connection, reader: Actor, one: Question) -> bool:
    """Whether a request is somebody's business: asked, author, or with the right to read about its subject."""
    return reader.person in (*one.asked, one.author) or desk.may(connection, reader, "read-receipts", one.subject)


def told(desk: Desk, connection: Connection, reader: Actor, one: Question) -> Told:
    """A request in full."""
    stored = call.row_of(connection, one.action)
    decision, facts = Decision.from_dict(stored.decided), Facts.from_dict(stored.facts)
    given = [value for value in stored.inputs.values() if isinstance(value, str) and value.startswith("p_")]
    ids = [*one.asked, *given, *(person for person in (one.author, one.decided_by) if person)]
    names = sentences.Names(identity.names(connection, ids))
    actor = names.actor(Actor(**stored.actor).chain())
    mine = one.author is not None and reader.person == one.author
    asking = ("approve", "send-back", "decline", "confirm", "withdraw") if mine else ("approve", "send-back", "decline")
    open_now = one.state in {"waiting", "sent-back"}
    answers = {verb: _may(desk, reader, verb, one) for verb in (asking if open_now else ("approve",))}
    deploy = _deploy(connection, one, stored.inputs)
    words = desk.door.payloads.open(connection, stored.payload) if stored.payload else None
    return Told(
        question=one,
        wants=wants(one.verb, stored.inputs, stored.facts, actor, names),
        sentence=sentences.answer(one.verb, stored.inputs, actor, decision.lane, names, {}),
        consequence=consequence(one, stored.inputs, stored.facts),
        author=names.people.get(one.author or "", ""),
        message=str((words or {}).get("message") or (words or {}).get("because") or ""),
        inputs=stored.inputs,
        decision=decision,
        differences=differences(one.subject, stored.facts),
        changes=changes(stored.facts),
        ways=_ways(desk, one.verb, facts),
        undo=_undo(one.verb, stored.facts),
        checks=_checks(one.subject, stored.facts),
        similar=similar(connection, one),
        deploy=deploy,
        url=desk.addresses.url(_app(one), deploy=deploy) if deploy and _app(one) else None,
        asked=tuple(names.people.get(person, person) for person in one.asked),
        may=frozenset(verb for verb, why_not in answers.items() if why_not is None),
        why_not=answers["approve"] or "",
        decided=last_word(desk, connection, one),
        story=_story(desk, connection, one),
        waited_ms=one.waited_ms(desk.door.clock.now()) if one.state == "waiting" else None,
    )


def wants(verb: str, inputs: Mapping[str, Any], facts: Mapping[str, Any], actor: str, names: sentences.Names) -> str:
    """Who wants what: ``Ben wants to publish vendor-board to production and open it to the whole internet.``"""
    said = sentences.wish(verb, inputs, actor, names)
    if verb == "publish" and facts["audience_widens"]:
        said += f" and open it to {word('audience_wanted', facts['audience_wanted'])}"
    return f"{said}."


def consequence(one: Question, inputs: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    """What letting it go on does, for a button: ``vendor-board opens to the whole internet now``."""
    app = _app(one)
    if app and facts["audience_widens"]:
        return f"{app} opens to {word('audience_wanted', facts['audience_wanted'])} now"
    if one.verb == "publish":
        return f"{app} goes live in {inputs.get('environment', 'production')} now"
    summary = REGISTRY.named(one.verb).name.replace("-", " ")
    return f"{summary} is carried out now"


def changes(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """What changed, in the order in which it matters to whoever decides: audience, data, reach, files."""
    said = []
    if facts["audience_widens"]:
        said.append(f"Who may open it: {facts['audience_now']} -> {facts['audience_wanted']}.")
    if facts["data_classes"]:
        said.append(f"Personal data in it: {', '.join(facts['data_classes'])}.")
    if facts["new_hosts"]:
        said.append(f"New hosts that its pages call: {', '.join(facts['new_hosts'])}.")
    if facts["new_secrets"] or facts["new_connections"]:
        said.append(
            f"New credentials and connections: {', '.join([*facts['new_secrets'], *facts['new_connections']])}."
        )
    if facts["new_dependencies"]:
        said.append(f"{facts['new_dependencies']} new packages.")
    if facts["files_changed"]:
        said.append(f"{facts['files_changed']} files differ from what is live.")
    elif facts["files"]:  # what is about no content, such as a prompt to a model, says nothing of files
        said.append("No file differs.")
    return tuple(said)


def differences(subject: str, facts: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Before and after for audience, data, secrets, spend and reach; empty for what is about no app."""
    if not subject.startswith("app:"):
        return ()
    return (
        Difference(
            "Who can open it",
            word("audience_now", facts["audience_now"]),
            word("audience_wanted", facts["audience_wanted"]),
        ),
        Difference("Personal data in it", *_before_and_after(facts, "data_classes", "new_data_classes")),
        Difference("Secrets that it uses", *_before_and_after(facts, "secrets", "new_secrets")),
        Difference("What it spends", _NOTHING, _NOTHING),
        Difference("Other sites that it calls", *_before_and_after(facts, "outside_hosts", "new_hosts")),
        Difference("Data that it reads", *_before_and_after(facts, "connections", "new_connections")),
    )


def _before_and_after(facts: Mapping[str, Any], held: str, new: str) -> tuple[str, str]:
    after, incoming = set(facts[held]) | set(facts[new]), set(facts[new])
    return _list(after - incoming), _list(after)


def _list(entries: set[str]) -> str:
    return ", ".join(sorted(entries)) or _NOTHING


def changed_since(connection: Connection, one: Question, seen: str) -> tuple[str, ...]:
    """What is different in a request since somebody was shown the version of that digest, in words."""
    earlier = connection.execute(
        select(tables.action.c.facts, tables.action.c.inputs)
        .where(tables.action.c.subject == one.subject, tables.action.c.digest == seen)
        .order_by(tables.action.c.decided_at.desc())
        .limit(1)
    ).first()
    if earlier is None:
        return ()
    now = call.row_of(connection, one.action)
    before = {each.about: each.after for each in differences(one.subject, earlier.facts)}
    said = [
        f"{each.about}: {before[each.about]} when you looked, {each.after} now."
        for each in differences(one.subject, now.facts)
        if before.get(each.about) != each.after
    ]
    if earlier.inputs.get("deploy") != now.inputs.get("deploy"):
        said.append(
            f"It is another version: {earlier.inputs.get('deploy')} when you looked, {now.inputs['deploy']} now."
        )
    return tuple(said)


def similar(connection: Connection, one: Question) -> Similar:
    """How questions like this one were answered before: the same verb, asked for the same reasons, by the record."""
    newest = select(ASKED).order_by(ASKED.c.seq.desc()).limit(LOOKED_BACK).subquery()
    rows = connection.execute(
        select(newest.c.policies, newest.c.outcome, newest.c.undone_at)
        .where(newest.c.verb == one.verb, newest.c.outcome.in_(_ANSWERS), newest.c.request != one.id)
        .order_by(newest.c.seq.desc())
    )
    alike = [row for row in rows if set(row.policies) == set(one.reasons)][:MOST_SIMILAR]
    return Similar(
        asked=len(alike),
        approved=sum(row.outcome == "approved" for row in alike),
        undone=sum(row.undone_at is not None for row in alike),
    )


def _may(desk: Desk, reader: Actor, verb: str, one: Question) -> str | None:
    """Why this person could not answer with that verb now, found by the door itself; None where they could."""
    says = {"approve": "because", "confirm": "because", "decline": "because", "send-back": "note"}
    given = {"request": one.id} | ({says[verb]: "to see whether I may"} if verb in says else {})
    if verb == "approve":
        given["seen"] = one.digest
    _facts, decision = desk.door.explain(reader, REGISTRY.named(verb).build(given))
    if decision.goes:
        return None
    return decision.reasons[0].says if decision.reasons else "It is not possible."


def _deploy(connection: Connection, one: Question, inputs: Mapping[str, Any]) -> str | None:
    deploy: str | None = inputs.get("deploy") or None
    if deploy is None and one.verb == "publish":
        newest = deploys.newest(connection, _app(one))
        deploy = newest.id if newest else None
    return deploy


def _app(one: Question) -> str:
    kind, _, name = one.subject.partition(":")
    return name if kind == "app" else ""


def _ways(desk: Desk, verb: str, facts: Facts) -> tuple[str, ...]:
    found = what_would_make_it_green(verb, facts, desk.door.house.pack())
    return tuple(way.plainly for way in found if not way.approval)


def _undo(verb: str, facts: Mapping[str, Any]) -> str:
    """Whether it can be taken back, how, and until when."""
    if verb in {"publish", "set-audience"} and facts["audience_widens"]:
        before = word("audience_now", facts["audience_now"])
        return f"Yes, at any time: Undo opens it to {before} again, and to nobody else. What somebody copied until then stays copied."
    if verb == "publish":
        if facts["first_publish"]:
            return "Yes, at any time: Undo takes the app off the air."
        return "Yes, at any time: Undo brings back the version that is live now."
    back = REGISTRY.named(verb).undo
    if back is None:
        return "No. Once it is done, it cannot be taken back."
    return f"Yes, at any time, by “{back.replace('-', ' ').capitalize()}”."


def _checks(subject: str, facts: Mapping[str, Any]) -> tuple[str, ...]:
    """What was looked for in the content, and what was found."""
    if not (subject.startswith("app:") and facts["files"]):
        return ()
    found = facts["leaked_credentials"]
    said = [
        f"Credentials in the content: {', '.join(found)}." if found else "No credentials were found in the content."
    ]
    classes, personal = facts["data_classes"], facts["personal_data"]
    if classes or personal:
        about = "about several people" if personal else "of one person at most"
        said.append(f"Personal data was found, {about}: {', '.join(classes) or 'names and the like'}.")
    else:
        said.append("No personal data was found.")
    files = facts["files_changed"]
    said.append(f"{files} of {facts['files']} files differ from what is live." if files else "No file differs.")
    if facts["new_dependencies"]:
        said.append(f"{facts['new_dependencies']} packages from outside are new.")
    return tuple(said)


def last_word(desk: Desk, connection: Connection, one: Question) -> Said | None:
    """Who said the last word on a request, when, and in which words; None while it waits."""
    if one.decided_by is None:
        return None
    name = identity.names(connection, [one.decided_by]).get(one.decided_by, one.decided_by)
    return Said(name, one.decided_at or "", _words(desk, connection, one.because))


def _story(desk: Desk, connection: Connection, one: Question) -> tuple[Said, ...]:
    """Everything that was said about a request, the newest first: ``by`` is the receipt's whole sentence."""
    found = ledger.entries(connection, subject=f"request:{one.id}", outcomes=True, limit=MOST_SAID, newest_first=True)
    blocks = [entry.receipt.document() for entry in found if entry.receipt.happened.get("state") == "done"]
    names = sentences.Names.of(connection, blocks)
    actions = call.rows_of(connection, [str(block["action"]["id"]) for block in blocks])
    return tuple(
        Said(
            sentences.receipt(block, names),
            block["at"],
            _words(desk, connection, actions[block["action"]["id"]].payload),
        )
        for block in blocks
    )


def _words(desk: Desk, connection: Connection, payload: str | None) -> str:
    """The words that somebody typed with an answer; empty where there were none, or where they were erased."""
    words = desk.door.payloads.open(connection, payload) if payload else None
    return str((words or {}).get("note") or (words or {}).get("because") or "")


@dataclass(frozen=True, slots=True)
class Row:
    """A request in a list: who wants what, and where it stands."""

    question: Question
    wants: str
    lane: str
    reason: str
    decided_by: str
    asked: tuple[str, ...]


def rows(connection: Connection, found: Sequence[Question]) -> list[Row]:
    """Requests as a list tells them."""
    stored = call.rows_of(connection, [one.action for one in found])
    ids = {person for one in found for person in (one.decided_by, *one.asked) if person} | {
        person
        for row in stored.values()
        for person in (row.person, *row.inputs.values())
        if isinstance(person, str) and person.startswith("p_")
    }
    names = sentences.Names(identity.names(connection, ids))
    told_ = []
    for one in found:
        row = stored[one.action]
        reasons = row.decided["reasons"]
        actor = names.actor(Actor(**row.actor).chain())
        told_.append(
            Row(
                question=one,
                wants=wants(one.verb, row.inputs, row.facts, actor, names),
                lane=row.lane,
                reason=reasons[0]["says"] if reasons else "",
                decided_by=names.person(one.decided_by) if one.decided_by else "",
                asked=tuple(names.person(person) for person in one.asked),
            )
        )
    return told_
