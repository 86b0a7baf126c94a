"""What is kept apart, who has or did both, and keeping one more pair apart after a look at who would be concerned."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from greenlane.catalog import queries as catalog
from greenlane.identity import queries as identity
from greenlane.identity import roles
from greenlane.identity.custom_roles.queries import custom_roles
from greenlane.identity.duties import queries
from greenlane.identity.duties.actions import KeepApart
from greenlane.identity.duties.conflicts import conflicts, of_pair
from greenlane.insights import duties, standing
from greenlane.kit.errors import GreenlaneError
from greenlane.web import wording
from greenlane.web.asked import Asked
from greenlane.web.site import Site

SHOWN = 200
"""Conflicts on the page; the others are counted."""


def routes(site: Site) -> list[Route]:
    """One page."""
    return [site.page("/duties", page)]


def page(at: Asked) -> Response:
    """Every pair with who has or did both; with ``one`` and ``other``, what a new pair would find."""
    kind = at.query("kind")
    wrong: GreenlaneError | None = None
    tried = None
    with at.read() as connection:
        at.must(connection, "read-people")
        pairs = queries.kept_apart(connection)
        makers = identity.names(connection, [one.made_by for one in pairs])
        found = conflicts(connection, at.now, catalog.team_of)
        told = list(zip(found, duties.told(connection, found), strict=True))
        own = [one.name for one in custom_roles(connection)]
        if at.query("one") or at.query("other"):
            try:
                action = KeepApart(kind, at.query("one"), at.query("other"), _days(at))
                would = of_pair(
                    connection, queries.wished(kind, action.one, action.other, action.days), at.now, catalog.team_of
                )
                tried = (action, duties.told(connection, would), at.explain(action)[1].lane)
            except GreenlaneError as error:
                wrong = error
    verbs = sorted((standing.words_of(line.verb)[0], line.verb) for line in roles.TABLE if line.roles)
    makes = any(one.may("keep-apart") and one.scope == identity.ORGANISATION for one in at.held)
    return at.page(
        "people/duties.html",
        status=200 if wrong is None else wrong.status,
        pairs=[
            (
                one,
                makers.get(one.made_by, "somebody who was erased"),
                [each for each in told if each[0].pair.id == one.id],
            )
            for one in pairs
        ],
        shown=SHOWN,
        makes=makes,
        roles=[(one, wording.role_title(one)) for one in (*roles.ROLES, *own)],
        verbs=[(verb, title) for title, verb in verbs],
        tried=tried,
        wrong=wrong,
        kind=kind,
        typed={name: at.query(name) for name in ("one", "other", "days")},
        settings=at.has_somewhere("read-settings"),
        role_title=wording.role_title,
        verb_words=lambda verb: standing.words_of(verb)[0],
    )


def _days(at: Asked) -> int:
    """The number that was typed; what is none is one that is refused."""
    typed = at.query("days") or "0"
    return int(typed) if typed.isascii() and typed.isdigit() else -1
