"""The rules: to read, to try out, and to change after seeing what would have come out otherwise."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection
from starlette.responses import Response
from starlette.routing import Route

from greenlane.catalog import queries as catalog
from greenlane.govern.action import REGISTRY, Verb
from greenlane.govern.actions import SetPolicy
from greenlane.govern.actor import Actor
from greenlane.govern.cedar import PackError
from greenlane.govern.errors import Conflict, NotFound, WrongInput
from greenlane.govern.explain import what_would_make_it_green
from greenlane.govern.policies import own_texts, versions
from greenlane.govern.policy import SAFEGUARDS
from greenlane.identity import queries as identity
from greenlane.identity import roles
from greenlane.insights import rules as reading
from greenlane.insights.rehearsal import Rehearsal, rehearse
from greenlane.kit.errors import GreenlaneError
from greenlane.web import doing, wording
from greenlane.web.asked import Asked
from greenlane.web.overview import OUTCOMES
from greenlane.web.site import Site

OURS = frozenset({"person", "through", "do"})
"""Fields of the trying form that are no inputs of the verb."""

EXAMPLE = """@id("ask-before-everyone")
@lane("red")
@says("It would open to everyone here, and a person looks first.")
@instead("Keep it to your team, or wait for the approval.")
@owner("Risk")
forbid (principal, action in [Action::"publish", Action::"set-audience"], resource)
when { context.audience_wanted == "everyone" && context.audience_widens && !context.approved };
"""
"""What a rule looks like, for whoever has none yet."""

_FACT = re.compile(r"\{(\w+)\}")


def routes(site: Site) -> list[Route]:
    """The pages about the rules."""
    return [
        site.page("/policy", rules),
        site.page("/policy/try", tried),
        site.page("/policy/change", changing),
        site.form("/policy/change", checked),
        site.form("/policy/put", put),
    ]


# -- to read -----------------------------------------------------------------------------------------------------------


def rules(at: Asked) -> Response:
    """Every rule in force as a sentence, with how often it decided."""
    pack = at.house.pack()
    with at.read() as connection:
        at.must(connection, "read-policy")
        found = reading.rules(connection, pack, at.now)
        before = versions(connection)
    return at.page(
        "policy/policy.html",
        groups=found,
        number=reading.number_of(found),
        digest=pack.digest,
        before=[one for one in before if one.digest != pack.digest],
        days=reading.LATELY,
        outcomes=OUTCOMES,
        spelled=_spelled,
        verb_title=wording.verb_title,
        may_change=at.has_somewhere("set-policy"),
    )


def _spelled(text: str) -> str:
    """A rule's sentence before any fact is known: each fact's name stands where it will be."""
    return _FACT.sub(lambda match: f"[{match[1].replace('_', ' ')}]", text)


# -- to try out --------------------------------------------------------------------------------------------------------


def tried(at: Asked) -> Response:
    """What would be decided if somebody did something. Changes nothing and leaves no receipt."""
    given = {name: at.request.query_params.getlist(name) for name in at.request.query_params}
    typed = {name: values for name, values in given.items() if name not in OURS}
    verb = _verb(at.query("do"))
    error: GreenlaneError | None = None
    answer: Mapping[str, Any] | None = None
    with at.read() as connection:
        at.must(connection, "read-policy")
        if verb is not None and at.query("person"):
            try:
                actor = _actor(at, connection)
                action = verb.build(doing.inputs(verb, typed))
                _may_know(at, connection, verb, action)
            except (WrongInput, NotFound) as wrong:
                error = wrong
    if error is None and verb is not None and at.query("person"):
        try:
            answer = _decided(at, actor, verb, action)
        except (WrongInput, NotFound, Conflict) as wrong:
            error = wrong
    wrong_field = error.field if isinstance(error, WrongInput) else ""
    return at.page(
        "policy/try.html",
        status=200 if error is None else error.status,
        verbs=[(one.name, wording.verb_title(one.name)) for one in REGISTRY if _can_be_tried(one)],
        verb=verb,
        who=at.query("person"),
        through=at.query("through"),
        fields=[
            doing.field_of(one, typed, error if one.name == wrong_field else None, "" if verb is None else verb.name)
            for one in _inputs(verb)
        ],
        error=error if not wrong_field else None,
        answer=answer,
        safeguards=SAFEGUARDS,
    )


def _can_be_tried(verb: Verb) -> bool:
    return verb.storable and verb.name not in roles.BY_NO_ROLE


def _verb(name: str) -> Verb | None:
    return next((one for one in REGISTRY if one.name == name and _can_be_tried(one)), None)


def _inputs(verb: Verb | None) -> list[Any]:
    """What a decision can depend on: what somebody would merely say is left out, unless it is needed."""
    return [] if verb is None else [one for one in verb.inputs if one.required or not one.private]


def _actor(at: Asked, connection: Connection) -> Actor:
    """Whom the question is about. Trying as somebody else tells of their rights, so it needs the right to read people."""
    found = identity.find_person(connection, at.query("person")).id
    if found != at.me.person and not at.has_somewhere("read-people"):
        raise NotFound("You can try it as yourself.", next_step="Write your own name.")
    return Actor("agent", "agent", on_behalf_of=found) if at.query("through") == "agent" else Actor("person", found)


def _may_know(at: Asked, connection: Connection, verb: Verb, action: Any) -> None:
    """An answer tells facts of what it is about. Raises ``NotFound`` alike for what is missing and what is hidden."""
    kind, _, name = verb.subject_of(action).partition(":")
    if kind == "organisation" or verb.name == "create-app":
        return
    if kind == "app":
        app = catalog.find_app(connection, name)
        if app is None or not (app.owner == at.me.person or at.may(connection, "read-receipts", f"app:{name}")):
            raise NotFound(f"There is no app called {name!r} that you may read about.", next_step="Name another one.")
    else:
        at.must(connection, "read-people" if kind in {"person", "team"} else "read-all-receipts")


def _decided(at: Asked, actor: Actor, verb: Verb, action: Any) -> dict[str, Any]:
    facts, decision = at.house.door.explain(actor, action)
    pack = at.house.pack()
    ways = what_would_make_it_green(verb.name, facts, pack)
    return {"decision": decision, "lane": str(decision.lane), "ways": [way.says for way in ways]}


# -- to change ---------------------------------------------------------------------------------------------------------


def changing(at: Asked) -> Response:
    """The organisation's own text, to be edited; that of an earlier version when the address names one."""
    _must_change(at)
    policies = at.house.checking.policies
    wanted = at.query("from")
    pack = policies.by_digest(wanted) if wanted else at.house.pack()
    if pack is None:
        raise NotFound(
            "There is no such version of the rules.", next_step="Choose one from the list on the page of rules."
        )
    return _form(at, "\n".join(own_texts(pack)), earlier=bool(wanted))


def checked(at: Asked) -> Response:
    """Whether a text holds, and what it would have changed; nothing is put in force."""
    _must_change(at)
    text = _typed(at)
    try:
        pack = at.house.checking.policies.built([text] if text.strip() else [])
    except PackError as error:
        return _form(at, text, error=error)
    with at.read() as connection:
        rehearsal = rehearse(connection, pack)
    _facts, decision = at.explain(SetPolicy(texts=_texts(text)))
    return _form(at, text, rehearsal=rehearsal, ahead=decision, same=pack.digest == at.house.pack().digest)


def put(at: Asked) -> Response:
    """Put a text in force, through the door like everything else."""
    _must_change(at)
    text = _typed(at)
    try:
        answer = at.does(SetPolicy(texts=_texts(text), note=at.field("note")), key=at.field("key"))
    except PackError as error:
        return _form(at, text, error=error)
    return doing.answered(at, answer, "/policy")


def _form(
    at: Asked,
    text: str,
    *,
    error: PackError | None = None,
    rehearsal: Rehearsal | None = None,
    ahead: Any = None,
    same: bool = False,
    earlier: bool = False,
) -> Response:
    return at.page(
        "policy/change.html",
        status=200 if error is None else error.status,
        text=text,
        error=error,
        rehearsal=rehearsal,
        ahead=ahead,
        same=same,
        earlier=earlier,
        example=EXAMPLE,
        lanes=wording.LANES,
    )


def _typed(at: Asked) -> str:
    values = at.form.get("text", [""])
    return values[-1].replace("\r\n", "\n")


def _texts(text: str) -> tuple[str, ...]:
    return (text,) if text.strip() else ()


def _must_change(at: Asked) -> None:
    if not at.has_somewhere("set-policy"):
        raise NotFound("There is no such page for you.", next_step="Ask an owner for a role that may change the rules.")
