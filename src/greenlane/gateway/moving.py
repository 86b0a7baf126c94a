"""Taking over a key for models that an app has among its own values. Imported by ``main`` alone, like every effect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from greenlane.gateway.actions import AddProviderKey, MoveModelKey
from greenlane.govern.effect import Context, Edge, Handling, Outcome
from greenlane.govern.errors import Conflict, NotFound
from greenlane.kit.database import Database
from greenlane.secrets import queries, scopes
from greenlane.secrets.actions import RemoveVariable
from greenlane.secrets.sealing import Sealing

Effect = Callable[[Any, Context], Outcome]


@dataclass(frozen=True, slots=True)
class Works:
    """What the effect works with: how a provider's key is added, and how a value is destroyed."""

    database: Database
    sealing: Sealing
    add: Effect
    remove: Effect


def handlings(works: Works) -> dict[str, Handling]:
    """The effect by its verb."""
    return {"move-model-key": Handling(_Moving(works).run)}


@dataclass(frozen=True, slots=True)
class _Moving:
    works: Works

    def run(self, action: MoveModelKey, context: Context) -> Outcome:
        """Both at once: the provider has the key, and the app has not. It is told to nobody."""
        where = (scopes.of_app(action.app), action.environment, action.use, action.name)
        with self.works.database.read() as connection:
            found = queries.which(connection, where)
            if found is None:
                raise NotFound(
                    f"{action.app} has no value {action.name} of its own in {action.environment}.",
                    next_step=f"`greenlane variables list --app {action.app}` shows which it has, and what each is for.",
                )
            text = queries.texts_of(connection, self.works.sealing, [found])[found]
        added = self.works.add(AddProviderKey(action.provider, text.strip()), context)
        removed = self.works.remove(
            RemoveVariable(action.name, app=action.app, environment=action.environment, use=action.use), context
        )

        def rows(connection: Connection) -> None:
            if queries.which(connection, where) != found:
                raise Conflict(
                    f"Somebody gave {action.name} another value at the same moment.",
                    next_step="Take it over once more.",
                )
            for one in (added, removed):
                if one.rows is not None:
                    one.rows(connection)

        return Outcome(
            rows,
            happened={**removed.happened, **added.happened},
            used=(Edge("variable", f"{'/'.join(where)}/{found.version}"),),
            made=added.made,
            answer=added.answer,
        )
