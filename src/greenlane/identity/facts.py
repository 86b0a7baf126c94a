"""What risk must know about rights: who acts, which of their roles count here, and what they would hand out.

Rights are looked up at the moment of use. What somebody may do is what their roles allow, cut down to the scopes of the
token they came with, cut down once more when an agent acts for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from greenlane.govern import approvals
from greenlane.govern.action import REGISTRY, Verb
from greenlane.govern.actor import Actor
from greenlane.govern.errors import WrongInput
from greenlane.identity import queries, roles
from greenlane.identity.queries import ORGANISATION, TeamOfApp
from greenlane.identity.queries.invitations import team_invited
from greenlane.kit.clock import Clock, parse

FRESH_FOR = timedelta(minutes=15)
"""How long after signing in somebody may change how they sign in: a browser that was left open must not."""

RightsFacts = Callable[[Connection, Actor, Any], Mapping[str, Any]]

_OVER_PEOPLE = frozenset({"suspend-person", "restore-person", "erase-person", "rename-person", "create-sign-in-link"})
_DECIDING = frozenset({"approve", "send-back", "decline"})
_OUTLIVES_ITS_SESSION = frozenset({"ask-to-open"})
"""What may be carried out after the session ended in which it was asked for: it concerns the asker alone."""
_WAYS_IN = frozenset({"set-password", "remove-password", "add-passkey", "remove-passkey", "make-recovery-codes"})
_ENDS_AN_OWNER = frozenset({"suspend-person", "erase-person", "remove-role"})


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question about rights, with what had to be looked up for it."""

    actor: Actor
    verb: Verb
    line: roles.Line
    """The line of the table that counts: the verb's own, or that of the right which decides the request."""
    action: Any
    environment: str
    scopes: tuple[str, ...]
    counting: tuple[queries.Held, ...]
    credential: queries.Credential | None

    @property
    def names(self) -> frozenset[str]:
        return frozenset(one.role for one in self.counting)


def rights_facts(team_of_app: TeamOfApp, clock: Clock) -> RightsFacts:
    """The gatherer that the door asks about every verb.

    Raises ``NotFound`` when the app, team, person or request does not exist, and ``WrongInput`` for an environment that
    the verb cannot concern.
    """

    def gather(connection: Connection, actor: Actor, action: Any) -> Mapping[str, Any]:
        verb = REGISTRY.of(action)
        facts: dict[str, Any] = {
            "actor_kind": actor.kind,
            "roles": (),
            "members_active": queries.members_active(connection),
        }
        if actor.person is None:
            return {**facts, **_without_a_person(connection, actor, verb.name)}
        state = queries.state_of(connection, actor.person)
        facts["suspended"] = state in {"suspended", "erased"}
        if verb.name in roles.PLATFORM_ONLY or verb.name not in roles.VERBS:
            return {**facts, "may": False, "may_why": f"the platform alone does {verb.name}"}
        asked = _asked(connection, actor, verb, action, team_of_app)
        missing = _missing(connection, asked, state)
        return {
            **facts,
            **_handing_out(connection, asked, clock.now()),
            "roles": tuple(sorted(asked.names)),
            "may": missing is None,
            "may_why": _why(connection, asked) if missing is None else missing,
        }

    return gather


def _without_a_person(connection: Connection, actor: Actor, verb: str) -> dict[str, Any]:
    """The platform keeps its house but never judges; it founds the organisation while there is nobody yet."""
    if actor.kind != "platform":
        return {"may": False, "may_why": f"{verb} needs a person who answers for it"}
    if verb in roles.NEVER_BY_THE_PLATFORM:
        return {"may": False, "may_why": f"{verb} is for people"}
    if verb == "found-organisation" and queries.anybody(connection):
        return {"may": False, "may_why": "the organisation exists already"}
    return {"may": True, "may_why": "the platform keeps its own house"}


def _asked(connection: Connection, actor: Actor, verb: Verb, action: Any, team_of_app: TeamOfApp) -> _Asked:
    assert actor.person is not None
    line = _line(connection, verb, action)
    scopes = _scopes(connection, actor.person, verb, action, team_of_app)
    held = queries.held(connection, actor.person)
    return _Asked(
        actor,
        verb,
        line,
        action,
        _environment(line, action),
        scopes,
        held if line.anywhere else tuple(one for one in held if one.scope in scopes),
        None if actor.credential is None else queries.credential(connection, actor.credential),
    )


def _line(connection: Connection, verb: Verb, action: Any) -> roles.Line:
    """Who may do a verb; a request whose verb names the right that decides it is decided by those who have that."""
    if verb.name in _DECIDING:
        about = REGISTRY.named(approvals.question(connection, action.request).verb)
        if about.decided_by:
            return roles.VERBS[about.decided_by]
    return roles.VERBS[verb.name]


def _environment(line: roles.Line, action: Any) -> str:
    """The environment that an action concerns; the only possible one where it does not say."""
    named = getattr(action, "environment", None) if len(line.environments) > 1 else line.environments[0]
    if named not in line.environments:
        raise WrongInput(
            f"{line.verb} cannot concern the environment {named!r}.",
            next_step=f"Say {' or '.join(line.environments)}.",
        )
    return str(named)


def _scopes(connection: Connection, person: str, verb: Verb, action: Any, team_of_app: TeamOfApp) -> tuple[str, ...]:
    """Where a role must be held to count: around the app, team or request that the action is about."""
    app, team = getattr(action, "app", ""), getattr(action, "team", "")
    if verb.subject == "request":
        subject = approvals.question(connection, action.request).subject
        return queries.scopes_around(connection, subject, team_of_app)
    if verb.subject == "invitation":
        team, _ = team_invited(connection, action.invitation)
    if app and (verb.name not in {"create-app", "deploy"} or team_of_app(connection, app) is not None):
        return queries.scopes_around(connection, f"app:{app}", team_of_app)
    if app and not team:
        first = queries.first_team(connection, person)
        return (ORGANISATION,) if first is None else (ORGANISATION, f"team:{first.id}")
    if team:
        return queries.scopes_around(connection, f"team:{team}", team_of_app)
    return queries.scopes_around(connection, queries.scope_of(connection, getattr(action, "scope", "")), team_of_app)


def _missing(connection: Connection, asked: _Asked, state: str | None) -> str | None:
    """What is missing, in words that end the sentence "a right that you do not have"; None where nothing is."""
    verb = asked.verb.name
    if verb not in {"sign-in", "accept-invitation"} and state != "active":
        return "only active people act here"
    if asked.credential is not None and not asked.credential.live and verb not in _OUTLIVES_ITS_SESSION:
        return "the session or API token has ended"
    if asked.credential is not None and not roles.within_scopes(verb, asked.credential.scopes):
        return f"the API token lacks a scope that has {verb}"
    if asked.actor.kind == "agent" and verb in roles.NEVER_BY_AN_AGENT:
        return f"{verb} is for people, never for an agent"
    if asked.actor.kind == "app":
        return "an app does not act by itself here"
    if not (_by_role(asked) or (asked.line.own and _is_own(connection, asked))):
        return _wanting(asked)
    return _between_people(connection, asked)


def _by_role(asked: _Asked) -> bool:
    return any(roles.may(role, asked.line.verb, asked.environment) for role in asked.names)


def _is_own(connection: Connection, asked: _Asked) -> bool:
    """Whether it is about the actor's own self, token or request."""
    person, action = asked.actor.person, asked.action
    if asked.verb.subject == "person" or asked.verb.name == "leave-team":
        return bool(action.person == person)
    if asked.verb.subject in {"session", "passkey"}:
        return _whose(connection, asked) == person
    if asked.verb.subject == "token":
        return queries.token(connection, action.token).person == person
    if asked.verb.subject == "invitation":
        return team_invited(connection, action.invitation)[1] == person
    if asked.verb.subject == "request":
        return approvals.question(connection, action.request).author == person
    return True


def _whose(connection: Connection, asked: _Asked) -> str | None:
    """Whose session, password or passkey it is about; None for anything else, and for what there is not."""
    verb, action = asked.verb.name, asked.action
    if verb == "end-session":
        return queries.session(connection, action.session).person
    if verb == "remove-passkey":
        found = queries.passkey(connection, action.passkey)
        return None if found is None else found.person
    return str(action.person) if verb == "remove-password" else None


def _wanting(asked: _Asked) -> str:
    if not asked.line.roles:
        return f"{asked.verb.name} is possible with what is one's own only"
    fitting = [role for role in asked.line.roles if roles.may(role, asked.line.verb, asked.environment)]
    return f"{asked.verb.name} takes the role {' or '.join(reversed(fitting))} here"


def _between_people(connection: Connection, asked: _Asked) -> str | None:
    """Nobody rules over somebody who may do more, and nobody judges for the one who let them in."""
    verb, action, person = asked.verb.name, asked.action, asked.actor.person
    if verb in _OVER_PEOPLE and action.person != person:
        theirs = frozenset(one.role for one in queries.held(connection, queries.person(connection, action.person).id))
        if not roles.covers(asked.names, theirs):
            return "that person may do more than you"
    if verb == "remove-role" and not roles.covers(asked.names, frozenset({action.role})):
        return f"the role {action.role} allows more than yours"
    if (whose := _whose(connection, asked)) is not None and whose != person:
        theirs = frozenset(one.role for one in queries.held(connection, whose))
        if not roles.covers(asked.names, theirs):
            return "that person may do more than you"
    return None


def _handing_out(connection: Connection, asked: _Asked, now: datetime) -> dict[str, Any]:
    """What the action would give or take away, for the policies about rights."""
    verb, action, person = asked.verb.name, asked.action, asked.actor.person
    role = getattr(action, "role", "") if verb in {"invite", "add-person", "grant-role"} else ""
    above = bool(role) and not roles.covers(asked.names, frozenset({role}))
    if verb == "create-token" and asked.credential is not None:
        above = not set(action.scopes) <= set(asked.credential.scopes)
    target = getattr(action, "person", "")
    return {
        "role_wanted": role,
        "role_above_own": above,
        "target_self": target == person and verb in {"grant-role", "remove-role", "join-team"},
        "last_owner": _last_owner(connection, asked),
        "sign_in_stale": verb in _WAYS_IN and _whose(connection, asked) in {None, person} and _stale(asked, now),
        "let_in_by_author": verb in _DECIDING and _let_in_by_author(connection, asked),
    }


def _stale(asked: _Asked, now: datetime) -> bool:
    """Whether the actor's sign-in is too long ago to change how they sign in, or no sign-in at all but a token."""
    came_with = asked.credential
    return came_with is not None and (came_with.signed_in is None or parse(came_with.signed_in) < now - FRESH_FOR)


def _let_in_by_author(connection: Connection, asked: _Asked) -> bool:
    """Whether the author made the way in that the actor came with, and so might be the one who judges."""
    came_with = asked.credential
    if came_with is None or came_with.vouched_by is None:
        return False
    return came_with.vouched_by == approvals.question(connection, asked.action.request).author


def _last_owner(connection: Connection, asked: _Asked) -> bool:
    verb, action = asked.verb.name, asked.action
    if verb not in _ENDS_AN_OWNER:
        return False
    if verb == "remove-role" and (action.role, action.scope) != (roles.OWNER, ORGANISATION):
        return False
    return queries.active_owners(connection) == {action.person}


def _why(connection: Connection, asked: _Asked) -> str:
    """Which role allows it and where it is held."""
    for one in asked.counting:
        if roles.may(one.role, asked.line.verb, asked.environment):
            return f"{one.role} {_where(connection, one.scope)}"
    return "it is your own"


def _where(connection: Connection, scope: str) -> str:
    kind, _, name = scope.partition(":")
    if kind == "team":
        return f"in the team {queries.team(connection, name).name}"
    return f"for {name}" if kind == "app" else "in the organisation"
