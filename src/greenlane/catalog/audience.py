"""Who may open an app: the ladder that audiences climb, who stands on a rung, and the rows that say so.

On top of the rung stand guests, let in one by one, and whoever holds a share link. Both stay while the audience stays
or widens; whoever narrows it, or says *only me*, ends them.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, delete, update

from greenlane.catalog import queries
from greenlane.catalog.named import NOBODY, Named
from greenlane.catalog.queries import App, guest_ids
from greenlane.catalog.tables import APP, GUEST, SHARE_LINK
from greenlane.govern.errors import WrongInput
from greenlane.govern.facts import RUNGS
from greenlane.identity import queries as identity
from greenlane.identity.groups import queries as groups

_OPEN = ("everyone", "public")


def check(audience: str) -> None:
    """Raises ``WrongInput`` for a rung that the ladder does not have."""
    if audience not in RUNGS:
        raise WrongInput(f"There is no audience called {audience!r}.", next_step=f"Choose one of: {', '.join(RUNGS)}.")


def beyond_the_team(rung: str) -> bool:
    """Whether people outside the team can open what stands on that rung."""
    return rung in _OPEN


def widens(now: str, wanted: str) -> bool:
    """Whether the second rung is wider than the first."""
    return RUNGS.index(wanted) > RUNGS.index(now)


def sends_guests_away(now: str, wanted: str) -> bool:
    """Whether setting the second rung ends what was let in on top of the first."""
    return wanted == "me" or widens(wanted, now)


def facts(connection: Connection, app: App, wanted: str, named: Named = NOBODY) -> dict[str, Any]:
    """What risk must know when an app would be put on a rung.

    A wider rung widens the audience, and so does the same or a narrower one that lets somebody in who could not come in
    before: another name among the named, or a named person from outside the team. Raises ``WrongInput`` for an unknown
    rung and ``NotFound`` for people, teams and groups.
    """
    check(wanted)
    guests = guest_ids(connection, app.name)
    stay = frozenset() if sends_guests_away(app.rung, wanted) else guests
    after = _inside(connection, app, wanted, _by_id(connection, app, named)) | stay
    newly = after - _inside(connection, app, app.rung, app.named) - guests
    return {
        "audience_now": app.rung,
        "audience_wanted": wanted,
        "audience_widens": widens(app.rung, wanted) or (app.rung not in _OPEN and bool(newly)),
        "audience_people": identity.members_active(connection) if wanted in _OPEN else len(after),
    }


def one_more(connection: Connection, app: App, person: str) -> dict[str, Any]:
    """What risk must know when one person would be let in on top of the rung that an app stands on.

    Previews count as well: they are for the team and the people named, whatever the rung. Raises ``NotFound`` for
    somebody who is not here.
    """
    one = identity.person(connection, person).id
    now = _inside(connection, app, app.rung, app.named) | guest_ids(connection, app.name)
    previews = now | _inside(connection, app, "named", app.named) | _inside(connection, app, "team", app.named)
    everybody = app.rung in _OPEN
    return {
        "audience_now": app.rung,
        "audience_wanted": app.rung,
        "audience_widens": one not in previews or not (everybody or one in now),
        "audience_people": identity.members_active(connection) if everybody else len(now | {one}),
    }


def named_before(app: App) -> dict[str, dict[str, list[str]]]:
    """For a receipt that changes the audience: the ids of those who were named until then, so that they can be again."""
    if app.rung != "named":
        return {}
    groups = {"groups": list(app.named.groups)} if app.named.groups else {}
    return {"named_before": {"people": list(app.named.people), "teams": list(app.named.teams), **groups}}


def place(connection: Connection, name: str, audience: str, named: Named = NOBODY) -> None:
    """Put an app on a rung, and remember that it has been on the wide ones."""
    app = queries.app(connection, name)
    if sends_guests_away(app.rung, audience):
        connection.execute(delete(GUEST).where(GUEST.c.app == name))
        connection.execute(delete(SHARE_LINK).where(SHARE_LINK.c.app == name))
    values: dict[str, object] = {"rung": audience}
    if audience == "named":
        exact = _by_id(connection, app, named)
        values |= {f"named_{kind}": list(ids) for kind, ids in asdict(exact).items()}
        values["named_groups"] = list(exact.groups) or None
    if audience in _OPEN:
        values["everyone_before"] = True
    if audience == "public":
        values["public_before"] = True
    connection.execute(update(APP).where(APP.c.name == name).values(**values))


def _inside(connection: Connection, app: App, rung: str, named: Named) -> frozenset[str]:
    """Ids of those on the narrow rungs; the wide ones are told by their name."""
    if rung == "named":
        by_name = {identity.person(connection, one).id for one in named.people}
        by_group = groups.active_in(connection, named.groups)
        return frozenset({app.owner, *by_name}) | identity.members(connection, named.teams) | by_group
    if rung == "team":
        return frozenset({app.owner}) | identity.members(connection, (app.team,))
    return frozenset({app.owner})


def _by_id(connection: Connection, app: App, named: Named) -> Named:
    """The same, by ids. A group that is named already stays so even when its directory took it away: nobody is in it."""
    return Named(
        tuple(sorted(set(named.people))),
        tuple(sorted({identity.team(connection, one).id for one in named.teams})),
        tuple(sorted({one if one in app.named.groups else groups.group(connection, one).id for one in named.groups})),
    )
