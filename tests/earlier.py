"""Rows as an earlier release wrote them."""

from __future__ import annotations

from sqlalchemy import Connection, MetaData, Table, text


def somebody(connection: Connection, table: str, **given: str) -> None:
    """A row of a table as it was then; columns that do not matter here hold something of their type."""
    columns = Table(table, MetaData(), autoload_with=connection, resolve_fks=False).columns
    matter = {one.name: one for one in columns if not one.nullable}
    plain = {bool: False, int: 0, str: "x"}
    values = {
        name: given[name] if name in given else "[]" if "JSON" in repr(one.type) else plain[one.type.python_type]
        for name, one in matter.items()
    }
    names = ", ".join(values)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES (:{', :'.join(values)})"), values)
