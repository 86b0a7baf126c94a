"""How data of apps is kept, restored and erased. Imported by ``main`` alone, which hands ``before`` to publishing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from sqlalchemy import Connection, insert, update

from greenlane.catalog import queries as catalog
from greenlane.govern.effect import Context, Edge, GatherFacts, Handling, Outcome
from greenlane.govern.errors import NotFound
from greenlane.kit.clock import stamp
from greenlane.kit.database import Database
from greenlane.kit.errors import GreenlaneError
from greenlane.store import queries
from greenlane.store.actions import EraseData, RestoreData, SnapshotData
from greenlane.store.driver import Changed, Keeper, Kept
from greenlane.store.tables import SNAPSHOT


@dataclass(frozen=True, slots=True)
class Works:
    """What the effects work with."""

    database: Database
    keeper: Keeper
    app_facts: GatherFacts


def handlings(works: Works) -> dict[str, Handling]:
    """The effects by verb, with who knows their facts."""
    about = (works.app_facts,)
    return {
        "snapshot-data": Handling(_Data(works).snapshot, about),
        "restore-data": Handling(_Data(works).restore, about, exact=_exactly),
        "erase-data": Handling(_Data(works).erase, about, covers=False),
    }


def _exactly(connection: Connection, action: RestoreData) -> RestoreData:
    """The snapshot by its id: whoever approves means that one, and not what was kept later."""
    return replace(action, snapshot=queries.meant(connection, action.app, action.environment, action.snapshot).id)


class DataNotKept(GreenlaneError):
    """Nothing was published, because what the app stores could not be kept first."""

    code = "data-not-kept"
    status = 503


def before_publish(works: Works) -> Callable[[str, str, Context], Outcome]:
    """What publishing asks for over data: the snapshot as an outcome, or ``DataNotKept``.

    Nothing is published without it: new code can destroy what it meets, and then there would be no way back.
    """

    def run(app: str, environment: str, context: Context) -> Outcome:
        try:
            kept = keep(works, app, environment, "publish", context)
        except GreenlaneError as error:
            raise DataNotKept(
                f"Nothing was published, because what {app} stores must be kept first. {error.message}",
                next_step=error.next_step,
                detail=error.detail,
            ) from error
        return Outcome(rows=kept.rows, happened=kept.happened, made=kept.made)

    return run


@dataclass(frozen=True, slots=True)
class _Data:
    works: Works

    def snapshot(self, action: SnapshotData, context: Context) -> Outcome:
        """Keep it. The snapshot's id comes from the action's, so a repeat makes the same."""
        changed = keep(self.works, action.app, action.environment, "snapshot-data", context)
        if changed.kept is None:
            raise NotFound(
                f"{action.app} stores nothing in {action.environment} yet.",
                next_step="There is something once it has written to /data or to its database.",
            )
        return Outcome(
            rows=changed.rows,
            happened={"environment": action.environment, **changed.happened},
            made=changed.made,
            answer={"environment": action.environment, **changed.happened},
        )

    def restore(self, action: RestoreData, context: Context) -> Outcome:
        """Keep what is there, then bring back what was."""
        with self.works.database.read() as connection:
            one = queries.meant(connection, action.app, action.environment, action.snapshot)
            live = _live(connection, action.app, action.environment)
        before = snapshot_id(context.action_id)
        done = self.works.keeper.restore(action.app, action.environment, one.id, one.digest, before, context.action_id)
        kept = Keeping(action.app, action.environment, "restore-data", live, done, context)
        told = {
            "environment": action.environment,
            "snapshot": one.id,
            "made_at": one.made_at,
            "before": None if done.kept is None else done.kept.id,
        }
        return Outcome(
            rows=kept.rows,
            happened=told,
            used=(Edge("snapshot", one.id, one.digest),),
            made=kept.made,
            answer=told,
        )

    def erase(self, action: EraseData, context: Context) -> Outcome:
        """Take everything away, for good."""
        self.works.keeper.erase(action.app, action.environment)
        now = stamp(context.now)

        def rows(connection: Connection) -> None:
            of_it = (SNAPSHOT.c.app == action.app, SNAPSHOT.c.environment == action.environment)
            connection.execute(update(SNAPSHOT).where(*of_it, SNAPSHOT.c.gone_at.is_(None)).values(gone_at=now))

        return Outcome(rows=rows, happened={"environment": action.environment})


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is to be written down of a snapshot that an action made. ``kept`` is None where nothing was stored."""

    app: str
    environment: str
    verb: str
    live: str | None
    changed: Changed
    context: Context

    @property
    def kept(self) -> Kept | None:
        """The snapshot."""
        return self.changed.kept

    @property
    def happened(self) -> dict[str, object]:
        """As a receipt says it."""
        one = self.kept
        if one is None:
            return {}
        told: dict[str, object] = {"snapshot": one.id, "snapshot_bytes": one.bytes, "snapshot_files": one.files}
        return {**told, "left_out": one.left_out} if one.left_out else told

    @property
    def made(self) -> tuple[Edge, ...]:
        """As a receipt's edge."""
        return () if self.kept is None else (Edge("snapshot", self.kept.id, self.kept.digest),)

    def rows(self, connection: Connection) -> None:
        """Write it down, and which ones had to go for it."""
        now = stamp(self.context.now)
        if (one := self.kept) is not None:
            connection.execute(
                insert(SNAPSHOT).values(
                    id=one.id,
                    app=self.app,
                    environment=self.environment,
                    action=self.context.action_id,
                    verb=self.verb,
                    deploy=self.live,
                    bytes=one.bytes,
                    files=one.files,
                    digest=one.digest,
                    made_at=now,
                )
            )
        _gone(connection, self.changed.dropped, now)


def keep(works: Works, app: str, environment: str, verb: str, context: Context) -> Keeping:
    """Make a snapshot of what an app stores in an environment, where it stores anything there."""
    with works.database.read() as connection:
        live = _live(connection, app, environment)
    changed = works.keeper.snapshot(app, environment, snapshot_id(context.action_id), context.action_id)
    return Keeping(app, environment, verb, live, changed, context)


def snapshot_id(action: str) -> str:
    """The snapshot that an action makes."""
    return f"snp_{sha256(action.encode()).hexdigest()[:12]}"


def _live(connection: Connection, app: str, environment: str) -> str | None:
    return None if environment == "preview" else catalog.live_deploy(connection, app, environment)


def _gone(connection: Connection, dropped: Sequence[str], now: str) -> None:
    if dropped:
        connection.execute(update(SNAPSHOT).where(SNAPSHOT.c.id.in_(list(dropped))).values(gone_at=now))
