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

from greenlane.govern import approvals, call
from greenlane.govern.action import REGISTRY, Verb
from greenlane.govern.actor import Actor
from greenlane.govern.errors import WrongInput
from greenlane.identity import queries, roles
from greenlane.identity.custom_roles import queries as made
from greenlane.identity.custom_roles import rights
from greenlane.identity.custom_roles.actions import ChangeRole, CreateRole
from greenlane.identity.delegation import confirming
from greenlane.identity.delegation import queries as lending
from greenlane.identity.delegation.bounds import ADMIN, VISIT, Wish
from greenlane.identity.delegation.standing import standing
from greenlane.identity.duties import checking
from greenlane.identity.elevation import queries as elevations
from greenlane.identity.federation import queries as trusting
from greenlane.identity.groups import queries as groups
from greenlane.identity.groups.actions import MEMBER
from greenlane.identity.held import CREATION
from greenlane.identity.login import queries as logins
from greenlane.identity.narrowing import words
from greenlane.identity.provisioning import facts as directories
from greenlane.identity.provisioning import queries as provisioning
from greenlane.identity.provisioning.switching import is_directory
from greenlane.identity.queries import ORGANISATION, TeamOfApp
from greenlane.identity.queries.invitations import team_invited
from greenlane.identity.reviews import queries as reviews
from greenlane.kit.clock import Clock, parse

FRESH_FOR = timedelta(minutes=15)
"""How long after signing in somebody may change how they sign in: a browser that was left open must not."""

ALLOW_FIRST = "an agent does this only once its person has allowed it"
"""What is missing where nothing else is."""

RightsFacts = Callable[[Connection, Actor, Any], Mapping[str, Any]]

_OVER_PEOPLE = frozenset(
    {
        *("suspend-person", "restore-person", "erase-person", "rename-person", "create-sign-in-link"),
        *("join-directory", "leave-directory"),
    }
)
_JOINING = frozenset({"join-directory", "join-by-sign-in"})
_GIVING = frozenset({"invite", "add-person", "grant-role", "add-group-rule", "ask-elevation"})
_MAKING = frozenset({"create-role", "change-role"})
_CHANGING = frozenset({"change-role", "delete-role"})
_DECIDING = frozenset({"approve", "send-back", "decline"})
_OUTLIVES_ITS_SESSION = frozenset({"ask-to-open"})
"""What may be carried out after the session ended in which it was asked for: it concerns the asker alone."""
_WAYS_IN = frozenset(
    {
        *("set-password", "remove-password", "add-passkey", "remove-passkey", "make-recovery-codes"),
        *("link-identity", "unlink-identity", "join-by-sign-in"),
    }
)
_FRESHLY = _WAYS_IN | {"allow-once"}
_LENDING = frozenset({"delegate", "trust-workload"})
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
    def rights(self) -> frozenset[roles.Right]:
        return queries.together(self.counting)

    @property
    def lasting(self) -> frozenset[roles.Right]:
        """What is allowed here by roles that do not end by themselves."""
        return queries.together(one for one in self.counting if not one.until)


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
        if is_directory(actor):
            return {**facts, **directories.rights(connection, actor, verb.name, action, clock.now())}
        state = queries.state_of(connection, actor.person)
        facts["suspended"] = state in {"suspended", "erased"}
        if verb.name in roles.BY_A_DIRECTORY_ALONE:
            return {**facts, "may": False, "may_why": f"the company's directory alone does {verb.name}"}
        if verb.name in roles.PLATFORM_ONLY or verb.name not in roles.VERBS:
            return {**facts, "may": False, "may_why": f"the platform alone does {verb.name}"}
        asked = _asked(connection, actor, verb, action, team_of_app, clock.now())
        missing = _missing(connection, asked, state, clock.now())
        return {
            **facts,
            **_handing_out(connection, asked, clock.now()),
            "kept_apart": _kept_apart(connection, asked, team_of_app, clock.now()),
            "roles": tuple(sorted({one.role for one in asked.counting})),
            "as_creator": _as_creator(asked),
            "step_up": missing == ALLOW_FIRST,
            "may": missing is None,
            "by_elevation": missing is None and _by_role(asked) and not _lasts(connection, asked),
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


def _asked(
    connection: Connection, actor: Actor, verb: Verb, action: Any, team_of_app: TeamOfApp, now: datetime
) -> _Asked:
    assert actor.person is not None
    line = _line(connection, verb, action)
    scopes = _scopes(connection, actor.person, verb, action, team_of_app)
    held = queries.held(connection, actor.person, now)
    return _Asked(
        actor,
        verb,
        line,
        action,
        _environment(line, action),
        scopes,
        held if line.anywhere else queries.counting(held, scopes),
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
    shared = line.shared is not None and not getattr(action, "app", "")
    return roles.shared_place(str(named)) if shared else str(named)


def _scopes(connection: Connection, person: str, verb: Verb, action: Any, team_of_app: TeamOfApp) -> tuple[str, ...]:
    """Where a role must be held to count: around the app, team or request that the action is about."""
    app, team = getattr(action, "app", ""), getattr(action, "team", "")
    if verb.subject == "request":
        subject = approvals.question(connection, action.request).subject
        return queries.scopes_around(connection, subject, team_of_app)
    if verb.subject == "invitation":
        team, _ = team_invited(connection, action.invitation)
    if verb.subject == "review":
        return queries.scopes_around(connection, reviews.review(connection, action.review).scope, team_of_app)
    if verb.subject == "elevation":
        return queries.scopes_around(connection, elevations.elevation(connection, action.elevation).scope, team_of_app)
    if verb.subject == "rule":
        return queries.scopes_around(connection, groups.rule(connection, action.rule).scope, team_of_app)
    if app and (verb.name not in {"create-app", "deploy"} or team_of_app(connection, app) is not None):
        return queries.scopes_around(connection, f"app:{app}", team_of_app)
    if app and not team:
        first = queries.first_team(connection, person)
        return (ORGANISATION,) if first is None else (ORGANISATION, f"team:{first.id}")
    if team:
        return queries.scopes_around(connection, f"team:{team}", team_of_app)
    return queries.scopes_around(connection, queries.scope_of(connection, getattr(action, "scope", "")), team_of_app)


def _missing(connection: Connection, asked: _Asked, state: str | None, now: datetime) -> str | None:
    """What is missing, in words that end the sentence "a right that you do not have"; None where nothing is."""
    verb = asked.verb.name
    if verb not in {"sign-in", "accept-invitation"} and state != "active":
        return "only active people act here"
    if asked.credential is not None and not asked.credential.live and verb not in _OUTLIVES_ITS_SESSION:
        return "the session or API token has ended"
    ends_itself = verb == "revoke-token" and asked.action.token == asked.actor.credential
    if asked.credential is not None and not (ends_itself or roles.within_scopes(verb, asked.credential.scopes)):
        return f"the API token lacks a scope that has {verb}"
    if asked.actor.kind == "agent" and verb in roles.NEVER_BY_AN_AGENT - roles.WITH_A_PERSON:
        return f"{verb} is for people, never for an agent"
    if asked.actor.kind == "agent" and (lack := _not_lent(connection, asked, now)):
        return lack
    if asked.actor.kind == "app":
        return "an app does not act by itself here"
    if not (_by_role(asked) or (asked.line.own and _is_own(connection, asked))):
        return _wanting(asked)
    return _between_people(connection, asked) or _alone(connection, asked, now)


def _alone(connection: Connection, asked: _Asked, now: datetime) -> str | None:
    """An agent does some things only after its person allowed this very action."""
    if asked.actor.kind != "agent" or asked.verb.name not in roles.WITH_A_PERSON:
        return None
    digest = asked.verb.digest_of(asked.action)
    return None if confirming.allowed(connection, asked.actor, digest, now) else ALLOW_FIRST


def _not_lent(connection: Connection, asked: _Asked, now: datetime) -> str | None:
    """What an agent lacks of its person's rights at this moment."""
    found = standing(connection, asked.actor, now)
    wish = Wish(asked.verb.name, _app(connection, asked), asked.environment)
    alone = asked.verb.name not in roles.WITH_A_PERSON
    if lack := found.lacks(wish) if alone else found.lies_outside(wish):
        return lack
    return None if found.budget_left else "the grant was for fewer actions, and they are used up"


def _app(connection: Connection, asked: _Asked) -> str:
    """The app that it is about, itself or the request that it answers; empty for none."""
    if asked.verb.subject == "request":
        kind, _, name = approvals.question(connection, asked.action.request).subject.partition(":")
        return name if kind == "app" else ""
    return str(getattr(asked.action, "app", ""))


def _by_role(asked: _Asked) -> bool:
    return (asked.line.verb, asked.environment) in asked.rights


def _as_creator(asked: _Asked) -> bool:
    """Whether nothing but having created the app allows it."""
    allowing = [one for one in asked.counting if one.may(asked.line.verb, asked.environment)]
    return bool(allowing) and all(one.by == CREATION for one in allowing)


def _lasts(connection: Connection, asked: _Asked) -> bool:
    """Whether what allows it does not end by itself."""
    own = asked.line.own and _is_own(connection, asked)
    return own or (asked.line.verb, asked.environment) in asked.lasting


def _is_own(connection: Connection, asked: _Asked) -> bool:
    """Whether it is about the actor's own self, token or request."""
    person, action = asked.actor.person, asked.action
    if asked.verb.subject == "person" or asked.verb.name == "leave-team":
        return bool(action.person == person)
    if asked.verb.subject in {"session", "passkey"}:
        return _whose(connection, asked) == person
    if asked.verb.subject == "review":
        review = reviews.review(connection, action.review)
        return person in (*review.reviewers, review.started_by)
    if asked.verb.name == "end-elevation":
        return elevations.elevation(connection, action.elevation).person == person
    if asked.verb.name == "make-gateway-key":
        return not action.app
    if asked.verb.name in {"retire-agent", "replace-agent-key"}:
        return lending.agent(connection, action.agent).person == person
    if asked.verb.name == "end-trust":
        return trusting.workload(connection, action.workload).person == person
    if asked.verb.subject == "confirmation":
        return confirming.confirmation(connection, action.confirmation).person == person
    if asked.verb.subject == "login":
        return logins.login(connection, action.login).person in {None, person}
    if asked.verb.subject == "delegation":
        return lending.delegation(connection, action.delegation).person == person
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
    return str(action.person) if verb in {"remove-password", "unlink-identity"} else None


def _wanting(asked: _Asked) -> str:
    if not asked.line.roles:
        return f"{asked.verb.name} is possible with what is one's own only"
    fitting = [role for role in asked.line.roles if roles.may(role, asked.line.verb, asked.environment)]
    return f"{asked.verb.name} takes the role {' or '.join(reversed(fitting))} here"


def _between_people(connection: Connection, asked: _Asked) -> str | None:
    """Nobody rules over somebody who may do more, and nobody judges for the one who let them in."""
    verb, action, person = asked.verb.name, asked.action, asked.actor.person
    if verb == "restore-person" and (off := provisioning.switched_off_by(connection, action.person)) is not None:
        return f"the directory {off} has switched them off, and switches them on again"
    if verb == "leave-directory" and not _by_role(asked):
        joined = provisioning.joined(connection, action.person)
        if joined is not None and (joined.taken or not joined.proven_by):
            return "the directory has you by now, or an administrator joined you, and an administrator takes you out"
    over = queries.person(connection, action.person).id if verb in _OVER_PEOPLE else None
    if over not in {None, person} and not _rights_of(connection, str(over)) <= asked.rights:
        return "that person may do more than you"
    if verb == "remove-role" and not made.rights_of(connection, action.role) <= asked.rights:
        return f"the role {words(action.role)} allows more than yours"
    if verb == "end-elevation":
        given = elevations.elevation(connection, action.elevation)
        if given.person != person and not made.rights_of(connection, given.role) <= asked.rights:
            return f"the role {words(given.role)} allows more than yours"
    wanted = _elevated_to(connection, action.request) if verb == "approve" else ""
    if wanted and not made.rights_of(connection, wanted) <= asked.lasting:
        return f"the role {words(wanted)} allows more than you have for good"
    if verb in _CHANGING and not made.custom_role(connection, action.role).rights <= asked.rights:
        return f"the role {words(action.role)} allows more than yours"
    if verb == "remove-group-rule" and not _given_by(connection, action.rule) <= asked.rights:
        return "the rule gives a role that allows more than yours"
    whose = _whose(connection, asked)
    if whose not in {None, person} and not _rights_of(connection, str(whose)) <= asked.rights:
        return "that person may do more than you"
    return None


def _elevated_to(connection: Connection, request: str) -> str:
    """The role that a request asks for some hours of; empty for any other request."""
    question = approvals.question(connection, request)
    return str(call.row_of(connection, question.action).inputs["role"]) if question.verb == "ask-elevation" else ""


def _rights_of(connection: Connection, person: str) -> frozenset[roles.Right]:
    """Everything that somebody's roles allow, wherever they are held."""
    return queries.together(queries.held(connection, person))


def _kept_apart(connection: Connection, asked: _Asked, team_of_app: TeamOfApp, now: datetime) -> str:
    """What the action would bring together that is kept apart, by what it gives or by what its actor did before."""
    verb, action = asked.verb.name, asked.action
    assert asked.actor.person is not None
    if verb in _MAKING:
        return checking.by_making(connection, _made_of(action))
    if verb in {"grant-role", "ask-elevation"}:
        scope, whose = queries.scope_of(connection, action.scope), getattr(action, "person", asked.actor.person)
        return checking.by_giving(connection, whose, action.role, scope, team_of_app, now)
    if verb == "add-group-rule" and action.role != MEMBER:
        group = groups.group(connection, action.group).id
        ruled = [(one.role, one.scope) for one in groups.rules(connection, group)]
        people, scope = groups.people_in(connection, group), queries.scope_of(connection, action.scope)
        return checking.by_ruling(connection, people, ruled, action.role, scope, team_of_app, now)
    about = approvals.question(connection, action.request).subject if asked.verb.subject == "request" else ""
    app = _app(connection, asked)
    about = about or (f"app:{app}" if app else asked.verb.subject_of(action))
    return checking.by_doing(connection, asked.actor.person, verb, about, now)


def _made_of(action: CreateRole | ChangeRole) -> frozenset[roles.Right]:
    """What a role would allow from then on."""
    return rights.read(action.rights)


def _given_by(connection: Connection, rule: str) -> frozenset[roles.Right]:
    """What a rule about a group allows."""
    role = groups.rule(connection, rule).role
    return made.rights_of(connection, role) if role else frozenset()


def _handing_out(connection: Connection, asked: _Asked, now: datetime) -> dict[str, Any]:
    """What the action would give or take away, for the policies about rights."""
    verb, action, person = asked.verb.name, asked.action, asked.actor.person
    role = getattr(action, "role", "") if verb in _GIVING else ""
    role = "" if role == MEMBER else role
    gives = made.rights_given(connection, role) if role else _made_of(action) if verb in _MAKING else frozenset()
    if verb in _JOINING:
        gives = _rights_of(connection, str(getattr(action, "person", person)))
    above = not gives <= asked.lasting
    if verb == "create-token" and asked.credential is not None:
        above = not set(action.scopes) <= set(asked.credential.scopes)
    if verb in _LENDING and asked.credential is not None:
        above = any(not _has(asked.credential.scopes, one) for one in action.scopes)
    target = getattr(action, "person", "")
    return {
        "role_wanted": getattr(action, "role", "") if verb in _CHANGING else role,
        "role_powerful": roles.powerful(gives),
        "role_keeps": roles.keeps(gives),
        "role_above_own": above,
        "target_self": target == person and verb in {"grant-role", "remove-role", "join-team"},
        "last_owner": _last_owner(connection, asked),
        "sign_in_stale": verb in _FRESHLY and _whose(connection, asked) in {None, person} and _stale(asked, now),
        "let_in_by_author": verb in _DECIDING and _let_in_by_author(connection, asked),
    }


def _has(scopes: tuple[str, ...], scope: str) -> bool:
    """Whether a credential has a scope, or all that the scope allows."""
    return scope in scopes or (ADMIN in scopes and scope != VISIT)


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
        if one.may(asked.line.verb, asked.environment):
            created = ", because you created it" if one.by == CREATION else ""
            return f"{words(one.role)} {_where(connection, one.scope)}{created}"
    return "it is your own"


def _where(connection: Connection, scope: str) -> str:
    kind, _, name = scope.partition(":")
    if kind == "team":
        return f"in the team {queries.team(connection, name).name}"
    return f"for {name}" if kind == "app" else "in the organisation"
