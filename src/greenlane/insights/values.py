"""What people see of values: which there are, which one won and why, who put it in, and who read it. Never a secret.

Whoever may only put values in sees their own and how many others there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from greenlane.catalog import queries as catalog
from greenlane.govern.errors import NotFound
from greenlane.identity import queries as identity
from greenlane.kit.clock import stamp
from greenlane.secrets import queries, resolving, scopes, using
from greenlane.secrets.queries import Version
from greenlane.secrets.sealing import Sealing

NOBODY = "somebody who was erased"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks: their id, and whether they may see what others put in."""

    person: str
    sees_all: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """A name in one environment. ``state`` is set, missing (a secret that has a value elsewhere), unset or left-out.

    ``whose`` says where the value stands, ``why`` why it won or is left out, ``text`` what a readable one holds, and
    ``also_until`` how long the value from before works beside it.
    """

    environment: str
    state: str
    version: int = 0
    whose: str = ""
    scope: str = ""
    use: str = ""
    why: str = ""
    over: tuple[str, ...] = ()
    readable: bool = False
    text: str | None = None
    also_until: str | None = None
    created: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A name that an app has a value for somewhere, in every environment."""

    name: str
    readable: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What an app gets for one use. ``hidden`` is how many names of others the reader may not see."""

    use: str
    rows: tuple[Row, ...]
    hidden: int

    @property
    def missing(self) -> list[tuple[Row, list[str]]]:
        """The secrets without a value, each with its environments. A person's own machine is not counted."""
        found = [
            (row, [cell.environment for cell in row.cells if cell.state == "missing" and cell.environment != "dev"])
            for row in self.rows
        ]
        return [(row, environments) for row, environments in found if environments]


@dataclass(frozen=True, slots=True)
class Line:
    """The version in force of a value that stands at a place: by whom, since when, and who read it last."""

    version: Version
    put_by: str
    text: str | None
    before: Version | None
    last: using.Read | None


@dataclass(frozen=True, slots=True)
class Kept:
    """The values that stand at one place, by name and environment. ``hidden`` is how many of others are not shown."""

    scope: str
    lines: tuple[Line, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class Told:
    """Everything about one value: its versions, the newest first, each with who put it in; and who read it."""

    line: Line
    versions: tuple[tuple[Version, str], ...]
    reads: tuple[using.Read, ...]


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where values are looked at."""

    sealing: Sealing

    def sheet(self, connection: Connection, app: str, use: str, now: datetime, reader: Reader) -> Sheet:
        """What an app gets in each environment. Raises ``NotFound``."""
        one = catalog.app(connection, app)
        team = identity.team(connection, one.team).name
        found = queries.versions(connection, scopes.around(one.name, one.team))
        resolved = [resolving.resolve(found, place, use, stamp(now), team) for place in scopes.ENVIRONMENTS]
        names = sorted(
            {won.name for each in resolved for won in each.won}
            | {gone.name for each in resolved for gone in each.missing}
            | {name for each in resolved for name in each.left_out}
        )
        mine = {each.name for each in found if each.person == reader.person}
        shown = [name for name in names if reader.sees_all or name in mine]
        rows = []
        for name in shown:
            cells = tuple(self._cell(connection, each, name, team, reader) for each in resolved)
            rows.append(Row(name, all(cell.readable for cell in cells if cell.state == "set"), cells))
        return Sheet(use, tuple(rows), len(names) - len(shown))

    def kept(self, connection: Connection, scope: str, now: datetime, reader: Reader) -> Kept:
        """The values that stand at one place."""
        found = queries.versions(connection, [scope])
        newest = queries.current(found)
        shown = [one for one in newest if reader.sees_all or one.person == reader.person]
        people = identity.names(connection, {one.person for one in shown if one.person})
        last = using.last_read(connection, scope)
        lines = [self._line(connection, one, found, people, last, now) for one in shown]
        order = {place: number for number, place in enumerate(scopes.ENVIRONMENTS)}
        lines.sort(key=lambda one: (one.version.name, order[one.version.environment], one.version.use))
        return Kept(scope, tuple(lines), len(newest) - len(shown))

    def about(self, connection: Connection, scope: str, name: str, now: datetime, reader: Reader) -> list[Told]:
        """Everything about the values of one name at a place. Raises ``NotFound`` where the reader may see none."""
        lines = [one for one in self.kept(connection, scope, now, reader).lines if one.version.name == name]
        if not lines:
            raise NotFound(
                f"There is no value {name} here that you may see.", next_step="Look at the list of values once more."
            )
        found = queries.versions(connection, [scope], name)
        people = identity.names(connection, {one.person for one in found if one.person})
        return [
            Told(
                line,
                tuple(
                    (one, people.get(one.person or "", NOBODY) if one.person else "Greenlane")
                    for one in reversed(found)
                    if one.key == line.version.key
                ),
                tuple(using.reads(connection, line.version.key)),
            )
            for line in lines
        ]

    def _cell(self, connection: Connection, each: resolving.Resolution, name: str, team: str, reader: Reader) -> Cell:
        for won in each.won:
            if won.name == name:
                one = won.version
                shown = one.readable and (reader.sees_all or one.person == reader.person)
                return Cell(
                    each.environment,
                    "set",
                    one.version,
                    scopes.words(one.scope, team),
                    one.scope,
                    one.use,
                    won.why,
                    tuple(scopes.words(beaten.scope, team) for beaten in won.over),
                    one.readable,
                    queries.readable_text(connection, self.sealing, one) if shown else None,
                    won.previous.valid_until if won.previous else None,
                    one.created,
                )
        if name in each.left_out:
            return Cell(each.environment, "left-out", why=each.left_out[name])
        if any(gone.name == name for gone in each.missing):
            return Cell(each.environment, "missing", why="It has a value elsewhere, and none is ever borrowed.")
        return Cell(each.environment, "unset")

    def _line(
        self,
        connection: Connection,
        one: Version,
        found: Sequence[Version],
        people: Mapping[str, str],
        last: Mapping[queries.Key, using.Read],
        now: datetime,
    ) -> Line:
        before = [
            each
            for each in found
            if each.key == one.key and each.version < one.version and (each.valid_until or "") > stamp(now)
        ]
        return Line(
            one,
            people.get(one.person, NOBODY) if one.person else "Greenlane",
            queries.readable_text(connection, self.sealing, one) if one.readable else None,
            before[-1] if before else None,
            last.get(one.key),
        )


def as_dict(line: Line) -> dict[str, Any]:
    """A line as the API answers it. A secret has no ``value``."""
    one = line.version
    return {
        "name": one.name,
        "environment": one.environment,
        "use": one.use,
        "version": one.version,
        "secret": not one.readable,
        "value": line.text,
        "put_by": line.put_by,
        "created": one.created,
        "works_too": None
        if line.before is None
        else {"version": line.before.version, "until": line.before.valid_until},
        "last_read": None
        if line.last is None
        else {"app": line.last.app, "deploy": line.last.deploy, "for": line.last.reader, "at": line.last.last},
    }
