"""Whoever begins runs when their moment comes, follows them, and writes down how they ended.

One thread looks what is due, others carry runs out. There is one of it at a time, because only the holder of the
ledger's writing seat can take a schedule's moment. A run is written down before it begins; one that was going when
control ended is asked after, never begun again.
"""

from __future__ import annotations

import base64
import threading
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import orjson
import structlog
from sqlalchemy import Connection, insert
from sqlalchemy.exc import DBAPIError

from greenlane.catalog import queries as catalog
from greenlane.catalog.addresses import Addresses
from greenlane.deploys import queries as deploys
from greenlane.deploys.runs import keeping, queries
from greenlane.deploys.runs.actions import TellOfRuns
from greenlane.deploys.runs.calling import CameOf, Host, Wanted
from greenlane.deploys.runs.keeping import SCHEDULED, Moved
from greenlane.deploys.runs.queries import PRODUCTION, Run, Schedule
from greenlane.deploys.runs.tables import RUN
from greenlane.govern import call
from greenlane.govern.actor import PLATFORM
from greenlane.govern.door import Door
from greenlane.govern.errors import NotFound, TooSoon
from greenlane.identity import queries as identity
from greenlane.kit import ids
from greenlane.kit.clock import parse, stamp
from greenlane.kit.errors import GreenlaneError, Unavailable
from greenlane.ledger.receipt import Receipt
from greenlane.runtime.release import Key

log = structlog.get_logger()

AT_ONCE, AT_ONCE_OF_AN_APP = 64, 8
"""Runs that go on at the same time: of everybody, and of one app; further ones wait for their turn."""
MOST_WAITING = 500
"""Runs of one app that wait or go on; what comes beyond is refused."""
LONGEST_LOOK = 5.0
"""Seconds between two looks where nothing is due sooner; apps with runs going on are kept awake as often."""
TIDY_EVERY = 3600.0
"""Seconds between two looks for runs that need not be listed any more."""
TRIED_AGAIN_AFTER = (timedelta(seconds=60), timedelta(seconds=120))
"""When a background run that failed is tried again: a minute later, and two minutes after that, as elsewhere."""
TOLD_AFTER = 3
"""Failures in a row after which the owner hears of a schedule, once until it succeeds."""
NEWEST = 10
"""Runs among which the one before is looked for."""


@dataclass(frozen=True, slots=True)
class Works:
    """What runs are made with. ``zone`` is the time zone of schedules; the others say how many seconds a run may take."""

    door: Door
    host: Host
    addresses: Addresses
    zone: str
    scheduled_seconds: float
    background_seconds: float


class Runs:
    """Follows schedules and runs. ``start`` and ``stop`` once each; a test calls ``round`` and ``settle`` itself."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self._door = works.door
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="run")
        self._wake = threading.Event()
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._going: dict[str, Key] = {}
        self._changed: set[str] = set()
        self._first = True
        self._tidied = 0.0

    def start(self) -> None:
        """Begin to follow."""
        threading.Thread(target=self._follow, name="runs", daemon=True).start()

    def stop(self) -> None:
        """Follow no longer. Runs go on in their sandboxes, and are asked after at the next start."""
        self._over.set()
        self._wake.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def hear(self, receipt: Receipt) -> None:
        """After a settled action: what is live may have changed, or a run was asked for."""
        kind, _, app = str(receipt.action["subject"]).partition(":")
        if kind == "app" and receipt.happened.get("state") == "done":
            with self._lock:
                self._changed.add(app)
            self._wake.set()

    def take_in(self, told: Mapping[str, Any]) -> str:
        """Write down a visitor's request for a background function; the run's id. It is durable when this returns.

        Raises ``NotFound`` for a function that there is not, ``TooSoon`` where too much waits.
        """
        app, environment, function = str(told["app"]), str(told["environment"]), str(told["function"])
        deploy, visitor = str(told["deploy"]), str(told["who"])
        now = self._door.clock.now()
        with self._door.database.read() as connection:
            if not queries.functions_of(connection, app, deploy).get(function, {}).get("background"):
                raise NotFound(f"{app} has no background function {function!r}.", next_step="Check the address.")
            if queries.waiting(connection, app) >= MOST_WAITING:
                raise TooSoon(
                    f"{app} has {MOST_WAITING} runs waiting.", next_step="Send this again once some of them are over."
                )
            place = catalog.environment(connection, app, environment)
            placed = place.changed_by if place is not None and place.live_deploy == deploy else None
            cause = placed or deploys.deploy(connection, app, deploy).action
            person = visitor if visitor.startswith("p_") else self._accountable(connection, app, cause)
        asked = {name: told[name] for name in ("method", "target", "fields", "body")}
        sealed = self._door.payloads.seal(asked)
        one = keeping.new_run(
            ids.new("run"),
            app=app,
            environment=environment,
            function=function,
            deploy=deploy,
            kind="background",
            process=ids.new("prc"),
            cause=cause,
            person=person,
            due=stamp(now),
            request=sealed.digest,
        )

        def rows(connection: Connection) -> None:
            sealed.rows(connection)
            connection.execute(insert(RUN).values(**one))

        self._door.ledger.write(rows)
        self._wake.set()
        return str(one["id"])

    # -- what is due -----------------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        pause = 0.0
        while not self._over.is_set():
            self._wake.wait(pause)
            self._wake.clear()
            try:
                pause = self.round()
            except (GreenlaneError, DBAPIError) as error:
                pause = 1.0
                if not self._over.is_set():
                    log.warning("runs could not be followed", error=repr(error))

    def round(self) -> float:
        """Look once: follow what is live, take moments that have come, begin what waits. Seconds until the next look."""
        self._follow_what_is_live()
        now = self._door.clock.now()
        with self._door.database.read() as connection:
            left = queries.in_state(connection, "going")
            due = queries.due(connection, stamp(now))
        for one in left:
            self._submit(one, again=True)
        self._first = False
        for coming in due:
            try:
                self._take(coming, now)
            except Unavailable:
                raise
            except GreenlaneError as error:  # one that fails stops no other
                log.warning("a schedule's moment was not taken", app=coming.app, why=error.message)
        with self._door.database.read() as connection:
            waiting = queries.in_state(connection, "waiting", stamp(now))
        for run in waiting:
            if not self._submit(run):
                break
        self._keep_awake()
        if time.monotonic() - self._tidied > TIDY_EVERY or not self._tidied:
            self._tidied = time.monotonic()
            self._door.ledger.write(partial(keeping.tidy, now=now))
        with self._door.database.read() as connection:
            moment = queries.next_moment(connection)
        left_over = LONGEST_LOOK if moment is None else (parse(moment) - self._door.clock.now()).total_seconds()
        return min(max(left_over, 0.01 if not self._going else 0.2), LONGEST_LOOK)

    def settle(self) -> None:
        """Wait until every run that was begun is over."""
        self._pool.shutdown(wait=True)
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="run")

    def _follow_what_is_live(self) -> None:
        with self._lock:
            changed, self._changed = self._changed, set()
        if self._first:
            with self._door.database.read() as connection:
                changed |= {one.name for one in catalog.all_apps(connection)}
        for app in sorted(changed):
            with self._door.database.read() as connection:
                live = queries.live(connection, app)
                if not (live and live.scheduled) and not queries.schedules(connection, app):
                    continue
            follow = partial(keeping.follow, app=app, zone=self._works.zone, now=self._door.clock.now())
            self._door.ledger.write(follow)

    def _take(self, one: Schedule, now: datetime) -> None:
        """Make of a schedule's moment a run, or a receipt that says why there is none."""
        assert one.next_at is not None, "a schedule that is due has a moment"
        due, coming = parse(one.next_at), one.cron.after(now)
        with self._door.database.read() as connection:
            live = queries.live(connection, one.app)
            if live is None or one.function not in live.scheduled:
                with self._lock:
                    self._changed.add(one.app)  # it is off the air: no moment is taken until it is back
                return
            busy = queries.going(connection, one.app, one.environment, one.function)
            person = self._accountable(connection, one.app, live.placed_by)
        row = keeping.new_run(
            ids.new("run"),
            app=one.app,
            environment=one.environment,
            function=one.function,
            deploy=live.deploy,
            kind="schedule",
            process=ids.new("prc"),
            cause=live.placed_by,
            person=person,
            due=one.next_at,
            next_at=stamp(coming),
            missed=one.cron.missed(due, now),
        )
        take = partial(keeping.take, one=one, next_at=stamp(coming), run=row)
        try:
            if not busy:
                self._door.ledger.write(take)
                return
            skipped = Run(**row, began_at=None, ended_at=None)

            def rows(connection: Connection) -> None:
                take(connection)
                keeping.end(connection, skipped, "skipped", now, {})

            self._door.ledger.append(keeping.receipt(skipped, "skipped", now, 0, 0), rows)
        except Moved:
            log.info("a schedule changed at its moment", app=one.app, function=one.function)

    def _accountable(self, connection: Connection, app: str, action: str | None) -> str:
        """On whose behalf the app acts: who had the version put where it is, or the app's owner where they left."""
        found = call.row_of(connection, action).person if action else None
        if found is not None and identity.state_of(connection, found) == "active":
            return str(found)
        return catalog.app(connection, app).owner

    # -- a run -----------------------------------------------------------------------------------------------------------

    def _submit(self, one: Run, *, again: bool = False) -> bool:
        """Have it carried out; false where everything is busy. What goes on already, or waits for its app, is passed over."""
        key = Key(one.app, one.environment, one.deploy)
        with self._lock:
            if one.id in self._going:
                return True  # it is being followed
            if len(self._going) >= AT_ONCE:
                return False
            if Counter(other.app for other in self._going.values())[one.app] >= AT_ONCE_OF_AN_APP:
                return True
            self._going[one.id] = key
        self._pool.submit(self._carry_out, one, key, again)
        return True

    def _carry_out(self, one: Run, key: Key, again: bool) -> None:
        try:
            self._run(one, key, again)
        except Moved:
            return
        except (GreenlaneError, DBAPIError) as error:
            if not self._over.is_set():  # it stays as it is, and is asked after once control can write again
                log.warning("what came of a run could not be written down", run=one.id, error=repr(error))
        except Exception:
            log.exception("a run could not be followed", run=one.id)
            raise
        finally:
            with self._lock:
                self._going.pop(one.id, None)
            self._wake.set()

    def _run(self, one: Run, key: Key, again: bool) -> None:
        clock = self._door.clock
        if not again:
            began = clock.now()
            self._door.ledger.write(partial(keeping.begin, run=one.id, now=began))
            one = replace(one, began_at=stamp(began), state="going")
        measured = clock.monotonic()
        came = (None if again else self._off_the_air(one)) or self._works.host.run(self._wanted(one, key, again))
        if again and came.state == "unstarted":
            came = replace(came, state="interrupted")
        if self._over.is_set() and came.state in ("interrupted", "unstarted"):
            return  # control is ending, and what runs may not be: the next start asks
        now = clock.now()
        took = clock.monotonic() - measured if not again else (now - parse(one.began_at or one.due_at)).total_seconds()
        ms = round(took * 1000)
        told: dict[str, Any] = {"status": came.status, "ms": ms, "why": came.why}
        retries = TRIED_AGAIN_AFTER if one.kind == "background" else ()
        if came.state in ("failed", "unstarted") and one.attempt <= len(retries):
            at = now + retries[one.attempt - 1]
            self._door.ledger.write(partial(keeping.again, one=one, at=at, told=told))
            return

        def rows(connection: Connection) -> None:
            keeping.end(connection, one, came.state, now, told)
            if one.request is not None:
                self._door.payloads.forget(one.request)(connection)

        self._door.ledger.append(keeping.receipt(one, came.state, now, ms, came.status), rows)
        self._tell(one, came.state)

    def _off_the_air(self, one: Run) -> CameOf | None:
        with self._door.database.read() as connection:
            app = catalog.app(connection, one.app)
        return None if app.state == "live" else CameOf("unstarted", why=f"{one.app} is off the air.")

    def _wanted(self, one: Run, key: Key, again: bool) -> Wanted:
        seconds = self._works.scheduled_seconds if one.kind in SCHEDULED else self._works.background_seconds
        url = self._works.addresses.url(one.app, one.environment)
        scheme, _, host = url.rstrip("/").partition("://")
        wanted = Wanted(
            run=one.id,
            key=key,
            function=one.function,
            attempt=one.attempt,
            seconds=seconds,
            method="POST",
            target=f"/.netlify/functions/{one.function}",
            fields=(
                ("Content-Type", "application/json"),
                ("X-Forwarded-Host", host),
                ("X-Forwarded-Proto", scheme),
                ("X-NF-Event", "schedule"),
            ),
            body=orjson.dumps({"next_run": one.next_at}),
            due=one.due_at,
            next_run=one.next_at or "",
            again=again,
        )
        if one.request is None:
            return wanted
        with self._door.database.read() as connection:
            sent = self._door.payloads.open(connection, one.request)
        assert sent is not None, "what was sent is kept until the run is over"
        fields = tuple((str(name), str(value)) for name, value in sent["fields"])
        body = base64.b64decode(sent["body"])
        return replace(wanted, method=sent["method"], target=sent["target"], fields=fields, body=body, due="")

    def _tell(self, one: Run, state: str) -> None:
        """The owner hears of a schedule that fails in a row, and of the first of several other runs that fail."""
        if one.kind in SCHEDULED and one.environment == PRODUCTION:
            with self._door.database.read() as connection:
                known = [each for each in queries.schedules(connection, one.app) if each.function == one.function]
            tell = bool(known) and known[0].failures >= TOLD_AFTER and not known[0].told
        else:
            with self._door.database.read() as connection:
                newest = queries.runs(connection, one.app, one.function, limit=NEWEST)
            before = next((each for each in newest if each.over and each.id != one.id), None)
            tell = state in queries.FAILURES and (before is None or before.state not in queries.FAILURES)
        if tell:
            self._door.govern(
                PLATFORM, TellOfRuns(one.app, one.function, one.id), key=f"tell:{one.id}", process=one.process
            )

    def _keep_awake(self) -> None:
        with self._lock:
            keys = sorted(set(self._going.values()))
        if keys:
            try:
                self._works.host.used(keys)
            except GreenlaneError as error:
                log.info("what runs is kept awake once its process is back", error=error.detail)
