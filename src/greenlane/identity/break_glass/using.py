"""What coming in by break-glass leaves behind: a mark in the receipt that raises the alarm, and when it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, insert, update

from greenlane.govern.effect import Context
from greenlane.identity import queries as identity
from greenlane.identity.break_glass import queries
from greenlane.identity.break_glass.tables import BREAK_GLASS_DRILL, BREAK_GLASS_USE
from greenlane.kit.clock import stamp

AROUND = frozenset({"passkey", "password", "link"})
"""Ways in that go around the company's sign-in where there is one. A recovery code of an owner always counts."""


@dataclass(frozen=True, slots=True)
class Use:
    """A sign-in by break-glass. ``drill`` is the action that announced it, or empty."""

    person: str
    way: str
    drill: str
    announced_by: str

    @property
    def tells(self) -> Mapping[str, str]:
        """What the receipt says of it."""
        said = {"break_glass": "drill" if self.drill else "use"}
        return said | ({"announced_by": self.announced_by} if self.drill else {})

    def rows(self, connection: Connection, context: Context) -> None:
        """Remember it, and that its drill was held."""
        at = stamp(context.now)
        connection.execute(
            insert(BREAK_GLASS_USE).values(
                action=context.action_id, person=self.person, way=self.way, drill=bool(self.drill), at=at
            )
        )
        held = update(BREAK_GLASS_DRILL).where(BREAK_GLASS_DRILL.c.action == self.drill)
        connection.execute(held.values(held=context.action_id))


def use(connection: Connection, person: str, way: str, context: Context) -> Use | None:
    """Whether a sign-in is one by break-glass: an owner comes in around the company's own, or with a recovery code."""
    if way not in AROUND and way != "recovery code":
        return None
    if way in AROUND and not queries.company_signs_in(connection):
        return None
    if person not in identity.active_owners(connection):
        return None
    drill = queries.announced(connection, person, context.now)
    return Use(person, way, *(drill or ("", "")))
