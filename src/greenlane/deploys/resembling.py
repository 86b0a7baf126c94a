"""Whether what somebody brings is a new version of something that is here.

The measure, over paths and digests of the two manifests: a file at the same path with the same content counts 1, a file
at the same path with other content counts 1/2, and the sum is divided by the number of different paths in both. The
first page alone (`index.html` with other content) counts nothing, because nearly every site has one. From ``ALIKE`` on,
a bundle resembles an app; so does one of the same name or title, whatever its files are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from greenlane.catalog import queries as catalog
from greenlane.deploys import queries
from greenlane.deploys.bundle import Bundle
from greenlane.deploys.tables import DEPLOY
from greenlane.kit.blobs import Blobs

ALIKE = 0.5
"""Half of all paths in common with the same content, or all of them with other content."""

LOOKED_AT = 50
"""Apps whose files are compared: those that were deployed last."""

FIRST_PAGE = "index.html"


@dataclass(frozen=True, slots=True)
class Resembling:
    """An app that the bundle may be a new version of. ``by`` is name or files; ``likeness`` is 0 to 1."""

    app: str
    title: str
    by: str
    likeness: float


def likeness(before: Bundle, after: Bundle) -> float:
    """How much two bundles have in common, 0 to 1."""
    paths = before.files.keys() | after.files.keys()
    if not paths:
        return 0.0
    common = 0.0
    for path in before.files.keys() & after.files.keys():
        if before.files[path].sha256 == after.files[path].sha256:
            common += 1
        elif path != FIRST_PAGE:
            common += 0.5
    return common / len(paths)


def resembling(
    connection: Connection,
    blobs: Blobs,
    bundle: Bundle,
    names: Sequence[str],
    apps: Iterable[catalog.App],
    may_change: Callable[[str], bool],
) -> Resembling | None:
    """The app of these that the bundle most likely is a new version of, if its name passes ``may_change``.

    ``names`` are the bundle's guessed name and its title.
    """
    living = {one.name: one for one in apps if one.state != "archived"}
    said = {name.casefold() for name in names if name}
    for one in living.values():
        if said & {one.name.casefold(), one.title.casefold()} and may_change(one.name):
            return Resembling(one.name, one.title or one.name, "name", 1.0)
    best: Resembling | None = None
    for name in _last_deployed(connection, living)[:LOOKED_AT]:
        newest = queries.newest(connection, name) if may_change(name) else None
        if newest is None:
            continue
        found = likeness(Bundle.from_manifest(blobs.get(newest.artifact)), bundle)
        if found >= ALIKE and (best is None or found > best.likeness):
            best = Resembling(name, living[name].title or name, "files", found)
    return best


def _last_deployed(connection: Connection, living: Collection[str]) -> list[str]:
    """The apps of these that have a deploy, the one that was deployed last first."""
    query = select(DEPLOY.c.app).group_by(DEPLOY.c.app).order_by(func.max(DEPLOY.c.created_at).desc())
    return [name for name in connection.execute(query).scalars() if name in living]
