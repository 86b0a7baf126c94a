"""People and teams: who is here, what each may do and why, and how they come in and go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.responses import Response
from starlette.routing import Route

from greenlane.catalog import queries as catalog
from greenlane.govern.errors import NotFound, Refused, WrongInput
from greenlane.identity import queries as identity
from greenlane.identity import roles
from greenlane.identity.actions import ErasePerson, RestorePerson, SuspendPerson
from greenlane.identity.custom_roles import queries as made
from greenlane.identity.elevation import queries as elevations
from greenlane.identity.held import CREATION
from greenlane.identity.narrowing import NARROWED, role_of
from greenlane.identity.queries import listing
from greenlane.insights import search, standing
from greenlane.insights.why import why
from greenlane.notices import queries as notices
from greenlane.notices.actions import CHOICES
from greenlane.web import account, doing, wording
from greenlane.web.asked import Asked
from greenlane.web.site import Site

AT_ONCE = 50
"""People on one page."""

STATES = {
    "invited": "Not signed in yet",
    "active": "Active",
    "suspended": "Shut out",
    "erased": "Erased",
}
"""What somebody is to this Greenlane."""


MAIL = tuple((one, f"{says[:1].upper()}{says[1:]}") for one, says in CHOICES.items())
"""What can come by mail, to choose from."""


@dataclass(frozen=True, slots=True)
class Line:
    """One person in a list."""

    id: str
    name: str
    state: str
    teams: tuple[str, ...]
    roles: tuple[str, ...]


APPS_AT_ONCE = 20
"""Apps that a person's page lists to be handed over; the next ones come when these are gone."""

HEIRS = 200
"""Members of an app's team among whom its next owner is chosen."""


@dataclass(frozen=True, slots=True)
class Owned:
    """An app that somebody owns, and who could take it over: ids and names of those who work in its team."""

    name: str
    title: str
    heirs: Sequence[tuple[str, str]]


def routes(site: Site) -> list[Route]:
    """The pages about people and teams."""
    return [
        site.page("/people", people),
        site.page("/people/{person}", person),
        site.form("/people/{person}/erase", erase),
        site.page("/teams/{team}", team),
    ]


# who is here


def people(at: Asked) -> Response:
    """Everybody, searched and paged. Whoever may not read people sees themselves."""
    wanted, after = at.query("q"), at.query("after")
    with at.read() as connection:
        if not at.may(connection, "read-people", "organisation"):
            return at.page(
                "people/only_me.html", me=at.me.person, teams=identity.person(connection, at.me.person).teams
            )
        found = listing.people_after(connection, containing=wanted, after=after, limit=AT_ONCE + 1)
        lines = _lines(connection, found[:AT_ONCE], at.now)
        everybody = listing.how_many(connection)
        teams = identity.teams(connection)
        sizes = identity.team_sizes(connection)
        where = _teams_for(at, "invite", teams)
        invited = [one for one in identity.invitations(connection, at.now) if one.team in where]
        makers = identity.names(connection, [one.made_by for one in invited])
        choices = role_choices(connection)
    more = f"/people?{urlencode({'q': wanted, 'after': found[AT_ONCE - 1].id})}" if len(found) > AT_ONCE else ""
    return at.page(
        "people/people.html",
        part="list",
        lines=lines,
        wanted=wanted,
        after=after,
        more=more,
        everybody=everybody,
        teams=teams,
        sizes=sizes,
        where=where,
        choices=choices,
        invitations=[(one, makers.get(one.made_by, ""), wording.role_title(one.role)) for one in invited],
        new_team=_may(at, "create-team", "organisation"),
        settings=at.has_somewhere("read-settings"),
    )


def _lines(connection: Connection, found: Sequence[identity.Person], now: datetime) -> list[Line]:
    held = identity.held_by(connection, [one.id for one in found], now)
    words = standing.scope_words(connection, [one.scope for several in held.values() for one in several])
    return [
        Line(
            one.id,
            one.name,
            STATES[one.state],
            one.teams,
            tuple(
                f"{wording.role_title(role.role)} {wording.where(words[role.scope])}"
                for role in identity.but_creations(held.get(one.id, ()))
            ),
        )
        for one in found
    ]


def _teams_for(at: Asked, verb: str, teams: Sequence[identity.Team]) -> list[str]:
    """The names of the teams for which the asker has a right."""
    if _may(at, verb, "organisation"):
        return [one.name for one in teams]
    return [one.name for one in teams if _may(at, verb, f"team:{one.id}")]


def _may(at: Asked, verb: str, *scopes: str) -> bool:
    """Whether a role of the asker in one of these scopes allows a verb: enough to offer a button."""
    return any(one.may(verb) for one in at.held if one.scope in scopes)


def role_choices(connection: Connection) -> list[tuple[str, str]]:
    """Every role there is, the smallest first, those of the organisation's own behind them, and then each in one
    environment.
    """
    whole = (*reversed(roles.ROLES), *(one.name for one in made.custom_roles(connection)))
    in_one = (*sorted(NARROWED, key=lambda one: whole.index(role_of(one))), *made.narrow_names(connection))
    return [(one, wording.role_title(one)) for one in (*whole, *in_one)]


# one person


def person(at: Asked, wrong: WrongInput | None = None) -> Response:
    """Who somebody is, what they may do and why, and what can be done about it."""
    wanted = at.named("person")
    with at.read() as connection:
        myself = wanted == at.me.person
        if not myself:
            at.must(connection, "read-people")
        who = identity.person(connection, wanted)
        if who.state == "erased":
            return at.page("people/erased.html", who=who)
        held = [_proven(at, connection, one) for one in standing.standing(connection, who.id, at.now)]
        teams = identity.teams(connection)
        keeper = _may(at, "suspend-person", "organisation")
        eraser = _may(at, "erase-person", "organisation")
        owned, owned_in_all = _owned(connection, who.id) if (keeper or eraser or myself) else ([], 0)
        because = {one.id: one.because for one in elevations.elevations_of(connection, who.id)}
        gives = _teams_for(at, "grant-role", teams)
        running = []
        if not myself and at.may(connection, "read-sessions", "organisation"):
            running = identity.sessions_of(connection, who.id, at.now)
        mail = notices.mail_choice(connection, who.id) if myself else ""
        withheld = why(connection, who.id, now=at.now).withheld
        created = sum(one.by == CREATION for one in identity.held(connection, who.id, at.now))
        joins = [one for one in _teams_for(at, "join-team", teams) if one not in who.teams]
        choices = role_choices(connection)
    change = RestorePerson(who.id) if who.state == "suspended" else SuspendPerson(who.id)
    return at.page(
        "people/person.html",
        status=200 if wrong is None else wrong.status,
        who=who,
        state=STATES[who.state],
        myself=myself,
        held=[(one, wording.role_title(one.role), wording.where(one.scope), _came(one, who.id)) for one in held],
        because=because,
        owned=owned,
        owned_in_all=owned_in_all,
        keeper=keeper and not myself,
        eraser=eraser and not myself,
        manages=_may(at, "transfer-app", "organisation"),
        shows_mail=keeper or myself,
        gives=gives,
        gives_everywhere=_may(at, "grant-role", "organisation"),
        joins=joins,
        sessions=[account.running(at, one) for one in running],
        leaves=[] if myself else [one for one in _teams_for(at, "leave-team", teams) if one in who.teams],
        choices=choices,
        withheld=withheld,
        created=created,
        mail=mail,
        mail_choices=MAIL,
        by_mail=at.house.installation.by_mail,
        ahead=at.explain(change)[1].lane if keeper and not myself else "",
        ahead_erase=at.explain(ErasePerson(who.id))[1].lane if eraser and not myself and not owned else "",
        wrong=wrong,
    )


def _proven(at: Asked, connection: Connection, one: standing.Standing) -> standing.Standing:
    """A role with its receipt only where the asker may read that."""
    if one.receipt is None:
        return one
    try:
        search.readable(
            connection, one.receipt, at.me.person, lambda right, subject: at.may(connection, right, subject)
        )
    except (NotFound, Refused):
        return replace(one, receipt=None)
    return one


def _came(one: standing.Standing, person: str) -> str:
    """How a role came to somebody, before the date."""
    if one.elevation:
        return f"For some hours, allowed by {one.giver_name or 'somebody who was erased'}"
    if one.way == "accept-invitation":
        return f"By an invitation that {one.giver_name or 'somebody who was erased'} made"
    if one.rule:
        return f"By a rule about a group, made by {one.giver_name or 'somebody who was erased'}"
    if one.way == "found-organisation":
        return "By founding this Greenlane"
    if one.giver == person:
        return "Taken by themselves"
    return f"Given by {one.giver_name or 'somebody who was erased'}"


def _owned(connection: Connection, person: str) -> tuple[list[Owned], int]:
    """The first of the apps that somebody owns, each with its heirs, and how many there are."""
    names = catalog.owned_by(connection, person)
    owners = identity.names(connection, identity.active_owners(connection) - {person})
    in_team: dict[str, list[tuple[str, str]]] = {}
    found = []
    for app in catalog.apps_named(connection, names[:APPS_AT_ONCE]):
        if app.team not in in_team:
            others = listing.members(connection, app.team, limit=HEIRS)
            in_team[app.team] = [(id, name) for id, name in others if id != person]
        heirs = in_team[app.team]
        known = {one for one, _ in heirs}
        more = sorted((one for one in owners.items() if one[0] not in known), key=lambda one: one[1].casefold())
        found.append(Owned(app.name, app.title or app.name, [*heirs, *more]))
    return found, len(names)


def erase(at: Asked) -> Response:
    """Erase somebody whose name was typed: nothing brings it back."""
    with at.read() as connection:
        at.must(connection, "read-people")
        who = identity.person(connection, at.named("person"))
    if who.state == "erased":
        raise NotFound("They were erased already.", next_step="There is nothing to do.")
    if " ".join(at.field("name").split()) != " ".join(who.name.split()):
        return person(at, WrongInput("This is not their name.", next_step="Type it as it stands above.", field="name"))
    return doing.answered(at, at.does(ErasePerson(who.id), key=at.field("key")), back="/people")


# one team


def team(at: Asked) -> Response:
    """Who is in a team, what apps it has, and how somebody comes in. Its members see it, whatever their role."""
    after = at.query("after")
    with at.read() as connection:
        one = team_of(at, connection)
        found = listing.people_after(connection, team=one.id, after=after, limit=AT_ONCE + 1)
        size = identity.team_sizes(connection).get(one.id, 0)
        apps = catalog.apps_of_team(connection, one.id, limit=AT_ONCE + 1)
        lines = _lines(connection, found[:AT_ONCE], at.now)
        reads_values = at.may(connection, "read-variables", f"team:{one.id}")
        choices = role_choices(connection)
    more = f"/teams/{one.name}?{urlencode({'after': found[AT_ONCE - 1].id})}" if len(found) > AT_ONCE else ""
    scopes = ("organisation", f"team:{one.id}")
    return at.page(
        "people/team.html",
        team=one,
        size=size,
        lines=lines,
        more=more,
        apps=[(app.name, app.title or app.name, wording.AUDIENCES[app.rung]) for app in apps[:AT_ONCE]],
        more_apps=len(apps) > AT_ONCE,
        invites=_may(at, "invite", *scopes),
        reads=at.has_somewhere("read-people"),
        reads_values=reads_values,
        choices=choices,
    )


def team_of(at: Asked, connection: Connection) -> identity.Team:
    """The team that the address names. Raises ``NotFound`` for one that the asker may not see."""
    try:
        one = identity.team(connection, at.named("team"))
    except NotFound:
        one = None
    inside = one is not None and identity.is_member(connection, at.me.person, one.id)
    if one is None or not (inside or at.may(connection, "read-people", "organisation")):
        raise NotFound("There is no such team for you.", next_step="The people page lists the teams that you may see.")
    return one
