"""Roles in words: what each may do, and the answer to "who may do this?"."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from greenlane.catalog import queries as catalog
from greenlane.govern.errors import NotFound
from greenlane.identity import roles
from greenlane.identity.custom_roles import queries as made
from greenlane.identity.narrowing import WORDS
from greenlane.insights import standing
from greenlane.web import wording
from greenlane.web.asked import Asked
from greenlane.web.role_making import makes
from greenlane.web.site import Site


def routes(site: Site) -> list[Route]:
    """One page."""
    return [site.page("/roles", all_roles)]


def all_roles(at: Asked) -> Response:
    """Every role with everything that it allows. Whoever may read people also asks who may do a thing."""
    verb, app, environment = at.query("verb"), at.query("app"), at.query("environment", "production")
    told = None
    with at.read() as connection:
        asks = at.may(connection, "read-people", "organisation")
        if asks and verb in roles.VERBS:
            told = _who(at, verb, app, environment)
        own = made.custom_roles(connection)
    verbs = sorted((standing.words_of(one)[0], one) for one in roles.VERBS)
    every = [(one, wording.role_title(one), wording.role_meaning(one), roles.ALLOWED[one]) for one in roles.ROLES]
    every += [(one.name, one.name, one.says, one.rights) for one in own]
    return at.page(
        "people/roles.html",
        part="answer",
        roles=[
            (name, title, says, [(right, _places(right)) for right in standing.rights_in(allowed)])
            for name, title, says, allowed in every
        ],
        made={one.name for one in own},
        makes=makes(at),
        own=standing.own_rights(),
        asks=asks,
        settings=at.has_somewhere("read-settings"),
        verbs=[(name, title) for title, name in verbs],
        verb=verb or "publish",
        app=app,
        environment=environment,
        told=told,
    )


def _places(right: standing.Right) -> str:
    return "" if len(right.environments) in {0, 3, 4} else ", ".join(WORDS[one] for one in right.environments)


def _who(at: Asked, verb: str, app: str, environment: str) -> dict[str, object]:
    """The answer, in words: who, in which role, and where that role is held."""
    line = roles.VERBS[verb]
    place = environment if environment in line.environments else line.environments[0]
    subject = f"app:{app}" if app else "organisation"
    title = standing.words_of(verb)[0]
    with at.read() as connection:
        if app and not (
            at.may(connection, "read-receipts", subject) or at.may(connection, "read-people", "organisation")
        ):
            raise NotFound("There is no such app for you.", next_step="Look at the name.")
        if app and catalog.find_app(connection, app) is None:
            return {"title": title, "app": app, "unknown": True, "people": [], "own": False, "place": ""}
        allowed = standing.who_may(connection, verb, subject, place, at.now)
    people: dict[str, tuple[str, list[str]]] = {}
    for one in allowed:
        said = people.setdefault(one.person, (one.name, []))[1]
        said.append(f"{wording.role_title(one.role)} {wording.where(one.scope)}")
    return {
        "title": title,
        "app": app,
        "unknown": False,
        "people": [(person, name, ", ".join(held)) for person, (name, held) in people.items()],
        "own": line.own,
        "place": WORDS.get(place, ""),
    }
