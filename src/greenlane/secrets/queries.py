"""Reads about values: which there are, never what a secret holds.

Two calls open values: ``readable_text`` for people, of what is no secret, and ``known_values`` for the platform's own
scanner. What an app gets is in ``resolving``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Row, select

from greenlane.govern.errors import Conflict, NotFound
from greenlane.secrets import scopes
from greenlane.secrets.sealing import Sealing, is_wrapped
from greenlane.secrets.tables import KEPT_VALUE

_AT_ONCE = 500
"""Versions that one statement asks for: databases take so many parameters and no more."""

Key = tuple[str, str, str, str]
"""What a value is known by: scope, environment, use and name."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a value that is not removed: where it stands, who put it in when, how long it works if replaced.

    ``person`` is None where the platform put it in. ``valid_until`` is a stamp, or None.
    """

    scope: str
    environment: str
    use: str
    name: str
    version: int
    readable: bool
    person: str | None
    action: str
    created: str
    valid_until: str | None

    @property
    def key(self) -> Key:
        """What the value is known by."""
        return self.scope, self.environment, self.use, self.name

    @property
    def id(self) -> str:
        """What this very version is known by."""
        return "/".join((*self.key, str(self.version)))

    @property
    def app(self) -> str:
        """The app whose own value it is; empty for a shared one."""
        kind, _, name = self.scope.partition(":")
        return name if kind == "app" else ""


def versions(connection: Connection, within: Iterable[str] | None, name: str = "") -> list[Version]:
    """Every version that is not removed, of these scopes (None: all), by environment, name, use and version."""
    found = select(KEPT_VALUE).where(KEPT_VALUE.c.removed.is_(None))
    if within is not None:
        found = found.where(KEPT_VALUE.c.scope.in_(tuple(within)))
    if name:
        found = found.where(KEPT_VALUE.c.name == name)
    order = (KEPT_VALUE.c.environment, KEPT_VALUE.c.name, KEPT_VALUE.c.use, KEPT_VALUE.c.scope, KEPT_VALUE.c.version)
    return [version_of(row) for row in connection.execute(found.order_by(*order))]


def still_there(connection: Connection, ids: Iterable[str]) -> frozenset[str]:
    """Which of these versions are not destroyed, by their ids, wherever they stand."""
    scopes_of = {one.partition("/")[0] for one in ids}
    return frozenset(one.id for one in versions(connection, scopes_of)) if scopes_of else frozenset()


def current(found: Sequence[Version]) -> list[Version]:
    """The newest version of each value, in the order in which they came."""
    newest: dict[Key, Version] = {}
    for one in found:
        if one.key not in newest or newest[one.key].version < one.version:
            newest[one.key] = one
    return list(newest.values())


def names(connection: Connection, app: str, environment: str = "") -> list[Version]:
    """The values that are an app's own, in all environments or one; what they hold stays where it is."""
    found = current(versions(connection, [scopes.of_app(app)]))
    return [one for one in found if environment in {"", one.environment}]


def which(connection: Connection, key: Key) -> Version | None:
    """The newest version of a value that is not removed; None where there is none."""
    found = [one for one in versions(connection, [key[0]], key[3]) if one.key == key]
    return found[-1] if found else None


def texts_of(connection: Connection, sealing: Sealing, wanted: Sequence[Version]) -> dict[Version, str]:
    """What versions hold, opened. For resolving and for revoking by value; never for a face.

    Raises ``Conflict`` for a version that was destroyed since it was found.
    """
    texts: dict[Version, str] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        rows = connection.execute(
            select(KEPT_VALUE).where(
                KEPT_VALUE.c.scope.in_({one.scope for one in some}), KEPT_VALUE.c.name.in_({one.name for one in some})
            )
        )
        sealed = {(row.scope, row.environment, row.use, row.name, row.version): row.sealed for row in rows}
        for one in some:
            if (lies := sealed.get((*one.key, one.version))) is None:
                raise Conflict(f"{one.name} was destroyed at this moment.", next_step="Ask once more.")
            texts[one] = opened(sealing, lies, one)
    return texts


def text_of(connection: Connection, sealing: Sealing, one: Version) -> str:
    """What one version holds, like ``texts_of``."""
    return texts_of(connection, sealing, [one])[one]


def opened(sealing: Sealing, sealed: bytes, one: Version) -> str:
    """A sealed version's text, whether it was sealed under a data key or before there were any."""
    return sealing.open(sealed, place(one) if is_wrapped(sealed) else place_before(one))


def readable_text(connection: Connection, sealing: Sealing, one: Version) -> str:
    """What a readable value holds. Raises ``NotFound`` for a secret: nobody reads those."""
    if not one.readable:
        raise NotFound(f"{one.name} is a secret: nobody reads it.", next_step="Put a new value in if this one is lost.")
    return text_of(connection, sealing, one)


def known_values(connection: Connection, sealing: Sealing) -> dict[str, str]:
    """Every secret that was put in and not removed, older versions included, by words that say which one it is.

    For the scanner that finds a value where it leaked, and for nothing else: never hand it to a face, never log it.
    Readable values are none of its business: anybody may know them.
    """
    rows = connection.execute(
        select(KEPT_VALUE).where(KEPT_VALUE.c.removed.is_(None), KEPT_VALUE.c.readable.is_(False))
    ).all()
    return {told(version_of(row)): opened(sealing, row.sealed, version_of(row)) for row in rows}


def told(one: Version) -> str:
    """A version in words: ``API_KEY of vendor-board in production, version 2``."""
    use = "" if one.use == "run" else f" for {'builds' if one.use == 'build' else 'builds and running'}"
    whose = one.app or ("a team" if one.scope.startswith("team:") else "the organisation")
    return f"{one.name} of {whose} in {one.environment}{use}, version {one.version}"


def place(one: Version) -> str:
    """What a sealed version is bound to: where it stands, and that it is a secret or is none."""
    kind = "readable" if one.readable else "secret"
    return f"{one.scope}/{one.environment}/{one.use}/{one.name}/{one.version}/{kind}"


def place_before(one: Version) -> str:
    """What a version was bound to that was sealed before there were data keys: an app's own, and a secret."""
    return f"{one.app}/{one.environment}/{one.name}/{one.version}"


def version_of(row: Row[tuple[object, ...]]) -> Version:
    """A row of the table as a version."""
    return Version(
        row.scope,
        row.environment,
        row.use,
        row.name,
        row.version,
        bool(row.readable),
        row.person,
        row.action,
        row.created,
        row.valid_until,
    )
