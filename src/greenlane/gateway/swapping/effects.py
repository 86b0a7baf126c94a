"""How several routes are set at once. Imported by ``main`` alone."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, insert

from greenlane.gateway import queries, tables
from greenlane.gateway.routes import Route, Target
from greenlane.gateway.swapping import plan
from greenlane.gateway.swapping.actions import SetRoutes
from greenlane.govern.effect import Context, Handling, Outcome
from greenlane.kit.database import Database


def handlings(database: Database) -> dict[str, Handling]:
    """The effects by verb."""
    return {"set-routes": Handling(_Setting(database).set_routes)}


@dataclass(frozen=True, slots=True)
class _Setting:
    database: Database

    def set_routes(self, action: SetRoutes, context: Context) -> Outcome:
        """Every name leads there from the next call on, all of them or none."""
        wanted = dict(plan.read(one) for one in action.routes)
        with self.database.read() as connection:
            known = {one.alias: Route(one.targets, one.otherwise) for one in queries.routes(connection)}

        def rows(connection: Connection) -> None:
            for provider in {one.provider for route in wanted.values() if route for one in _all(route)}:
                queries.provider(connection, provider)
            before = {one.alias: one for one in queries.routes(connection)}
            connection.execute(delete(tables.ROUTE).where(tables.ROUTE.c.alias.in_(list(wanted))))
            for alias, route in wanted.items():
                if route is not None:
                    row = {
                        "targets": [asdict(one) for one in route.targets],
                        "otherwise": [asdict(one) for one in route.otherwise],
                        "when_spent": (was.when_spent or None) if (was := before.get(alias)) else None,
                        "timeout": was.timeout if was else 0,
                    }
                    connection.execute(insert(tables.ROUTE).values(alias=alias, **row, action=context.action_id))

        before = [plan.line(alias, known.get(alias)) for alias in wanted]
        return Outcome(rows, happened={"routes": list(action.routes), "before": before})


def _all(route: Route) -> tuple[Target, ...]:
    return (*route.targets, *route.otherwise)
