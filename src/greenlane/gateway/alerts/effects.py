"""How the verbs about alerts are carried out. Imported by ``main`` alone."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, insert, update

from greenlane.catalog import queries as catalog
from greenlane.gateway.alerts import queries
from greenlane.gateway.alerts.actions import DismissAlert, TellOfModels
from greenlane.gateway.alerts.tables import ALERT
from greenlane.govern.effect import Context, Edge, Handling, Outcome
from greenlane.identity import queries as identity
from greenlane.identity import roles
from greenlane.kit.clock import stamp
from greenlane.kit.database import Database


def handlings(database: Database) -> dict[str, Handling]:
    """The effects by verb."""
    alerts = _Alerts(database)
    return {"tell-of-models": Handling(alerts.tell), "dismiss-alert": Handling(alerts.dismiss)}


@dataclass(frozen=True, slots=True)
class _Alerts:
    database: Database

    def tell(self, action: TellOfModels, context: Context) -> Outcome:
        """Keep the alert, and say in the receipt whom it reaches: notices go to them."""
        with self.database.read() as connection:
            people = sorted(_responsible(connection, action.account) | _keeping(connection))
        id = f"alert_{context.action_id.partition('_')[2]}"
        row = {
            "id": id,
            "what": action.what,
            "about": action.about,
            "account": action.account,
            "amount": action.amount,
            "says": action.says,
            "people": people,
            "at": stamp(context.now),
            "until": action.until,
            "dismissed": "",
        }

        def rows(connection: Connection) -> None:
            connection.execute(insert(ALERT).values(**row))

        told = {"alert": id, "what": action.what, "says": action.says, "people": people}
        return Outcome(rows, happened=told, made=(Edge("alert", id),))

    def dismiss(self, action: DismissAlert, context: Context) -> Outcome:
        """Nobody is shown it any more."""
        with self.database.read() as connection:
            queries.check(connection, action.alert, context.actor.person or "")
        gone = update(ALERT).where(ALERT.c.id == action.alert, ALERT.c.dismissed == "")

        def rows(connection: Connection) -> None:
            connection.execute(gone.values(dismissed=stamp(context.now)))

        return Outcome(rows, happened={"alert": action.alert}, used=(Edge("alert", action.alert),))


def _responsible(connection: Connection, account: str) -> frozenset[str]:
    """Who answers for what is spent by an account: an app's owner, those who keep a team, the person."""
    kind, _, name = account.partition(":")
    match kind:
        case "app" | "environment":
            app = catalog.find_app(connection, name.partition("/")[0])
            return frozenset(() if app is None else (app.owner,))
        case "team":
            return identity.people_with(connection, roles.KEEPERS, (account,))
        case "person":
            return frozenset((name,))
    return frozenset()


def _keeping(connection: Connection) -> frozenset[str]:
    """Platform engineers; where there is none, the owners."""
    everywhere = (identity.ORGANISATION,)
    engineers = identity.people_with(connection, (roles.PLATFORM_ENGINEER,), everywhere)
    return engineers or identity.people_with(connection, (roles.OWNER,), everywhere)
