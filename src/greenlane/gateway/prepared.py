"""Statements that write many rows: made once for each kind of database, and given values that are plain already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, Literal

from sqlalchemy import Connection, Delete, Insert, Update
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.sql.compiler import SQLCompiler

Statement = Insert | Update | Delete
_Picked = Callable[[Sequence[Any]], tuple[Any, ...]]
"""A row's values in the order in which its statement wants them."""


class Prepared:
    """One statement. ``made`` makes it for a dialect by its name; ``names`` are its parameters, in the order in which each
    row has its values: two or more. JSON is given as text.
    """

    def __init__(self, made: Callable[[str], Statement], names: Sequence[str]) -> None:
        self._made = made
        self._names = tuple(names)
        self._known: dict[str, tuple[str, _Picked]] = {}

    def run(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Once for each row, past what looks at each value of each row again."""
        if not rows:
            return
        known = self._known.get(connection.dialect.name)
        if known is None:
            known = self._known[connection.dialect.name] = self._compiled(connection)
        text, picked = known
        connection.exec_driver_sql(text, list(map(picked, rows)))

    def _compiled(self, connection: Connection) -> tuple[str, _Picked]:
        name = connection.dialect.name
        style: Literal["qmark", "format"] = "qmark" if name == "sqlite" else "format"
        dialect: type[DefaultDialect] = type(connection.dialect)  # type: ignore[assignment]  # each of ours is one
        compiled = self._made(name).compile(dialect=dialect(paramstyle=style))
        assert isinstance(compiled, SQLCompiler), "it is a statement about rows"
        assert compiled.positiontup is not None, "its parameters have an order"
        return str(compiled), itemgetter(*(self._names.index(one) for one in compiled.positiontup))
