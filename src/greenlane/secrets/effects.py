"""How values are put in, rotated and destroyed, and how the key over them is changed. Imported by ``main`` alone."""

from __future__ import annotations

import hmac
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from greenlane.catalog.facts import app_facts
from greenlane.govern.effect import Context, Edge, Handling, Outcome
from greenlane.govern.errors import Conflict, NotFound, TooLarge, WrongInput
from greenlane.kit.clock import Clock, stamp
from greenlane.kit.database import Database
from greenlane.secrets import queries, reaching, references, resolving, scopes
from greenlane.secrets.actions import (
    PutVariable,
    RemoveVariable,
    RevokeVariable,
    RotateKey,
    RotateVariable,
    TakeValues,
)
from greenlane.secrets.facts import model_key_facts, new_secret_facts, place_facts
from greenlane.secrets.queries import Key, Version
from greenlane.secrets.scopes import Placed
from greenlane.secrets.sealing import Envelope, Sealing
from greenlane.secrets.tables import KEPT_VALUE

MOST_TOGETHER = 256 * 1024
"""Bytes of all values of one place and environment together; an app gets those of three places at most."""

MOST_TOGETHER_NAMES = 500
"""Values that one place has in one environment."""


@dataclass(frozen=True, slots=True)
class Works:
    """What the effects need."""

    database: Database
    sealing: Sealing
    clock: Clock


def handlings(works: Works) -> dict[str, Handling]:
    """The effects by verb, with who knows their facts."""
    values = _Values(works)
    about = place_facts(works.clock)
    return {
        "put-variable": Handling(values.put, (about, new_secret_facts, model_key_facts)),
        "rotate-variable": Handling(values.rotate, (about, model_key_facts), exact=_exactly),
        "remove-variable": Handling(values.remove, (about,)),
        "revoke-variable": Handling(values.revoke, (about,)),
        "take-values": Handling(values.take, (app_facts(works.clock),)),
        "rotate-key": Handling(values.rotate_key),
    }


@dataclass(frozen=True, slots=True)
class _Values:
    works: Works

    def put(self, action: PutVariable, context: Context) -> Outcome:
        """A new version beside the old ones, which work no longer. Not even the length of the value is told."""
        key, envelope = self._ready(action)
        if action.readable:
            self._check_circle(key, action.value)
        last = self._last(key)

        def rows(connection: Connection) -> None:
            if _last_version(connection, key) != last:
                raise _at_the_same_moment(action.name)
            _check_room(connection, key)
            connection.execute(update(KEPT_VALUE).where(*_is(key)).values(valid_until=None))
            _insert(connection, envelope, key, last + 1, action.value, action.readable, context)

        happened = {**_happened(action), "version": last + 1, "readable": action.readable}
        return Outcome(rows, happened=happened, made=(Edge("variable", _id(key, last + 1)),))

    def rotate(self, action: RotateVariable, context: Context) -> Outcome:
        """A new version, and a time for which the one before works too. The second of two at once finds another
        version than it means to replace, and changes nothing.
        """
        key, envelope = self._ready(action)
        last = self._last(key)
        until = stamp(context.now + timedelta(hours=action.hours))
        now = stamp(context.now)

        def rows(connection: Connection) -> None:
            found = queries.which(connection, key)
            if found is None or found.version != action.version or _last_version(connection, key) != last:
                raise _at_the_same_moment(action.name)
            if still := _working(connection, key, found.version, now):
                raise Conflict(
                    f"{action.name} is being rotated: version {still.version} works until {_moment(still)}.",
                    next_step=f"Wait until then, or destroy version {still.version} first.",
                )
            _check_room(connection, key)
            connection.execute(
                update(KEPT_VALUE).where(*_is(key), KEPT_VALUE.c.version == found.version).values(valid_until=until)
            )
            _insert(connection, envelope, key, last + 1, action.value, found.readable, context)

        happened = {**_happened(action), "version": last + 1, "previous": action.version, "valid_until": until}
        return Outcome(
            rows,
            happened=happened,
            used=(Edge("variable", _id(key, action.version)),),
            made=(Edge("variable", _id(key, last + 1)),),
            answer={"valid_until": until},
        )

    def take(self, action: TakeValues, context: Context) -> Outcome:
        """What the app gets on a person's own machine, for each use; no text of a secret is among it."""
        answer: dict[str, Any] = {"app": action.app}
        used: dict[str, Edge] = {}
        secret: set[str] = set()
        with self.works.database.read() as connection:
            for use in scopes.USES:
                found = resolving.resolved(
                    connection, self.works.sealing, action.app, action.environment, use, context.now
                )
                answer[use] = {name: text for name, text in found.values.items() if text not in found.secrets}
                secret |= found.values.keys() - answer[use].keys() | {one.name for one in found.resolution.missing}
                for won in found.resolution.won:
                    if won.name in answer[use]:
                        used |= {(made := _id(won.version.key, won.version.version)): Edge("variable", made)}
        happened = {"app": action.app, "values": len(used), "withheld": len(secret)}
        return Outcome(happened=happened, used=tuple(used.values()), answer={**answer, "secrets": sorted(secret)})

    def remove(self, action: RemoveVariable, context: Context) -> Outcome:
        """The versions lose their bytes; that there was a variable stays known. Without its successor, the version
        before counts again.
        """
        with self.works.database.read() as connection:
            key = _key(connection, action)

        def rows(connection: Connection) -> None:
            which = [*_is(key), KEPT_VALUE.c.removed.is_(None)]
            if action.version:
                which.append(KEPT_VALUE.c.version == action.version)
            gone = connection.execute(update(KEPT_VALUE).where(*which).values(sealed=None, removed=stamp(context.now)))
            if gone.rowcount == 0:
                what = f"version {action.version} of {action.name}" if action.version else f"variable {action.name}"
                raise NotFound(
                    f"There is no {what} in {action.environment} of {_whose(action)}.",
                    next_step="`greenlane variables list` shows which there are.",
                )

        happened = _happened(action)
        return Outcome(rows, happened={**happened, "version": action.version} if action.version else happened)

    def revoke(self, action: RevokeVariable, context: Context) -> Outcome:
        """Every version of that name, or with that value, in the place and within it, in one transaction."""
        with self.works.database.read() as connection:
            scope = reaching.of(connection, action)
            found = self._to_revoke(connection, scope, action)
        if not found:
            raise NotFound(
                f"Nothing in {_whose(action)} {f'is called {action.name}' if action.name else 'has this value'}.",
                next_step="`greenlane variables list` shows which names there are.",
            )

        def rows(connection: Connection) -> None:
            if self._to_revoke(connection, scope, action) != found:
                raise Conflict(
                    "Somebody put a value in or took one out at the same moment.",
                    next_step="Nothing was destroyed yet. Revoke it once more.",
                )
            for one in found:
                connection.execute(
                    update(KEPT_VALUE)
                    .where(*_is(one.key), KEPT_VALUE.c.version == one.version)
                    .values(sealed=None, removed=stamp(context.now))
                )

        places = sorted({f"{one.scope}/{one.environment}/{one.use}/{one.name}" for one in found})
        return Outcome(
            rows,
            happened={"places": places, "versions": len(found)},
            used=tuple(Edge("variable", _id(one.key, one.version)) for one in found),
            answer={"places": [queries.told(one) for one in found]},
        )

    def rotate_key(self, action: RotateKey, context: Context) -> Outcome:
        """A new wrapping key over every data key. A key that wraps nothing any more since the last time is destroyed."""
        sealing = self.works.sealing
        forgotten = sealing.forget_unused()
        newest = sealing.driver.renew()
        count, rewrap = sealing.rewrapped()
        return Outcome(
            rewrap, happened={"key": newest, "data_keys": count, "forgotten": list(forgotten)}, answer={"key": newest}
        )

    def _ready(self, action: PutVariable | RotateVariable) -> tuple[Key, Envelope]:
        with self.works.database.read() as connection:
            key = _key(connection, action)
        return key, self.works.sealing.envelope(key[0])

    def _last(self, key: Key) -> int:
        with self.works.database.read() as connection:
            return _last_version(connection, key)

    def _check_circle(self, key: Key, value: str) -> None:
        """Raises ``WrongInput`` when a readable value would refer to itself by way of others of its place."""
        with self.works.database.read() as connection:
            others = {
                one.name: queries.readable_text(connection, self.works.sealing, one)
                for one in queries.current(queries.versions(connection, [key[0]]))
                if one.readable and one.environment == key[1]
            }
        if path := references.circle({**others, key[3]: value}, key[3]):
            by_way = " and ".join(path[1:-1])
            raise WrongInput(
                f"{key[3]} would refer to itself{f' by way of {by_way}' if by_way else ''}.",
                next_step="Take the reference out; write $${NAME} where ${NAME} itself is meant.",
                field="value",
            )

    def _to_revoke(self, connection: Connection, scope: str, action: RevokeVariable) -> list[Version]:
        found = queries.versions(connection, reaching.inside(connection, scope), action.name)
        if action.name:
            return found
        wanted = action.value.encode()
        texts = queries.texts_of(connection, self.works.sealing, found)
        return [one for one in found if hmac.compare_digest(texts[one].encode(), wanted)]


def _exactly(connection: Connection, action: RotateVariable) -> RotateVariable:
    """The version that a rotation replaces, named before anything is decided. Raises ``NotFound`` without one."""
    found = queries.which(connection, _key(connection, action))
    if found is None:
        raise NotFound(
            f"{action.name} has no value in {action.environment} of {_whose(action)}.",
            next_step="Put a first value in; a rotation replaces one.",
        )
    return action if action.version else replace(action, version=found.version)


def _key(connection: Connection, action: PutVariable | RotateVariable | RemoveVariable) -> Key:
    return reaching.of(connection, action), action.environment, action.use, action.name


def _is(key: Key) -> tuple[ColumnElement[bool], ...]:
    scope, environment, use, name = key
    return (
        KEPT_VALUE.c.scope == scope,
        KEPT_VALUE.c.environment == environment,
        KEPT_VALUE.c.use == use,
        KEPT_VALUE.c.name == name,
    )


def _last_version(connection: Connection, key: Key) -> int:
    """The highest number that was ever given, also to what was removed; 0 for the first."""
    return connection.execute(select(func.max(KEPT_VALUE.c.version)).where(*_is(key))).scalar_one() or 0


def _working(connection: Connection, key: Key, newest: int, now: str) -> Version | None:
    """An older version that still works beside the newest one."""
    found = (one for one in queries.versions(connection, [key[0]], key[3]) if one.key == key)
    return next((one for one in found if one.version < newest and one.valid_until and one.valid_until > now), None)


def _insert(
    connection: Connection, envelope: Envelope, key: Key, version: int, value: str, readable: bool, context: Context
) -> None:
    scope, environment, use, name = key
    one = Version(
        scope,
        environment,
        use,
        name,
        version,
        readable,
        context.actor.person,
        context.action_id,
        stamp(context.now),
        None,
    )
    connection.execute(
        insert(KEPT_VALUE).values(**asdict(one), sealed=envelope.seal(value, queries.place(one)), removed=None)
    )


def _check_room(connection: Connection, key: Key) -> None:
    """Raises ``TooLarge`` where one place would hand programs more in one environment than they can take."""
    newest = (
        select(KEPT_VALUE.c.use, KEPT_VALUE.c.name, func.max(KEPT_VALUE.c.version).label("version"))
        .where(KEPT_VALUE.c.scope == key[0], KEPT_VALUE.c.environment == key[1], KEPT_VALUE.c.removed.is_(None))
        .group_by(KEPT_VALUE.c.use, KEPT_VALUE.c.name)
        .subquery()
    )
    count, size = connection.execute(
        select(func.count(), func.coalesce(func.sum(func.length(KEPT_VALUE.c.sealed)), 0)).join_from(
            KEPT_VALUE,
            newest,
            (KEPT_VALUE.c.use == newest.c.use)
            & (KEPT_VALUE.c.name == newest.c.name)
            & (KEPT_VALUE.c.version == newest.c.version)
            & (KEPT_VALUE.c.scope == key[0])
            & (KEPT_VALUE.c.environment == key[1]),
        )
    ).one()
    if count >= MOST_TOGETHER_NAMES or size >= MOST_TOGETHER:
        raise TooLarge(
            f"There are {count} values here already, {size // 1024} KiB together.",
            next_step="Remove what nothing needs, or put large texts into the app's content.",
        )


def _at_the_same_moment(name: str) -> Conflict:
    return Conflict(
        f"Somebody changed {name} at the same moment.",
        next_step="Nothing was overwritten. Look at its versions, and do it again if it is still wanted.",
    )


def _moment(one: Version) -> str:
    until = one.valid_until or ""
    return f"{until[:10]} {until[11:16]} UTC"


def _whose(action: Placed) -> str:
    if action.app:
        return action.app
    return f"the team {action.team}" if action.team else "the organisation"


def _happened(action: PutVariable | RotateVariable | RemoveVariable) -> dict[str, Any]:
    whose = {"app": action.app} if action.app else {"team": action.team} if action.team else {"organisation": True}
    return {**whose, "environment": action.environment, "use": action.use, "name": action.name}


def _id(key: Key, version: int) -> str:
    return "/".join((*key, str(version)))
