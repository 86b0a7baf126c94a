"""What happens to something that arrived: it is looked at, and then made into a preview if somebody said so.

Looking at much takes longer than a page may take, so it is done beside the pages; a page asks how far it is. Only what
goes on right now is remembered here. What was found is kept with the upload, and what was made is in the ledger.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from greenlane.catalog import names
from greenlane.catalog import queries as catalog
from greenlane.catalog.actions import CreateApp
from greenlane.deploys import alarms
from greenlane.deploys import queries as deploys
from greenlane.deploys.actions import Build, Deploy
from greenlane.deploys.bundle import Bundle
from greenlane.deploys.resembling import Resembling, resembling
from greenlane.govern.actor import Actor
from greenlane.govern.door import Answer
from greenlane.govern.errors import WrongInput
from greenlane.identity import queries as identity
from greenlane.kit import ids
from greenlane.kit.errors import GreenlaneError
from greenlane.web.house import WebHouse

log = structlog.get_logger()

AT_ONCE = 2
"""Uploads that are looked at at the same time; others wait their turn."""

REMEMBERED = 1000
"""Pieces of work of which the outcome is kept in mind."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants made: a preview of an app there is, or of a new one.

    A new app without a name gets a guessed one, unless it resembles an app there is and nobody was asked about that yet
    (``sure``). ``key`` makes the wish count once.
    """

    app: str
    new: bool
    sure: bool = False
    title: str = ""
    team: str = ""
    audience: str = ""
    key: str = ""


@dataclass(slots=True)
class Work:
    """One piece of work: how far it is, and what came of it. ``step`` is looking or making."""

    upload: str
    person: str
    called: str
    wish: Wish | None = None
    step: str = "looking"
    looked_at: int = 0
    of: int = 0
    found: Mapping[str, Any] | None = None
    resembles: Resembling | None = None
    answer: Answer | None = None
    error: GreenlaneError | None = None
    ended: threading.Event = field(default_factory=threading.Event)

    def says(self) -> str:
        """How far it is, in words."""
        if self.step == "making":
            return "Making the preview."
        if self.of:
            return f"Looked at {self.looked_at:,} of {self.of:,} files."
        return "Unpacking what you sent."

    def told(self, looked_at: int, of: int) -> None:
        """So many files were looked at."""
        self.looked_at, self.of = looked_at, of


def leaks(found: Mapping[str, Any] | None, known: Collection[alarms.Alarm] = ()) -> list[Mapping[str, Any]]:
    """The credentials that stand in what arrived, without false alarms of its app: their kind, file and line."""
    standing = alarms.standing((found or {}).get("findings", ()), known)
    return [one for one in standing if one["weight"] == "leaked"]


def as_title(app: str) -> str:
    """``Vendor board``, from ``vendor-board``."""
    return app.replace("-", " ").capitalize()


class Workbench:
    """Where it is done, in threads of its own."""

    def __init__(self, house: WebHouse) -> None:
        self._house = house
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="looking")
        self._works: dict[tuple[str, str], Work] = {}
        self._lock = threading.Lock()

    def of(self, actor: Actor, upload: str) -> Work | None:
        """The work on an upload of this person, running or ended; None for none that is remembered."""
        return self._works.get((str(actor.person), upload))

    def look(self, actor: Actor, upload: str, called: str) -> Work:
        """Look at what arrived, once. ``called`` is what the person calls it: a folder's name."""
        with self._lock:
            before = self.of(actor, upload)
            if before is not None and (not before.ended.is_set() or before.found is not None):
                return before
            return self._begin(actor, Work(upload, str(actor.person), called))

    def make(self, actor: Actor, upload: str, called: str, wish: Wish) -> Work:
        """Make a preview of what arrived, after looking at it. While one is being made, no second one is."""
        with self._lock:
            before = self.of(actor, upload)
            if before is not None and before.wish is not None and not before.ended.is_set():
                return before
            return self._begin(actor, Work(upload, str(actor.person), called, wish))

    def resembles(self, actor: Actor, found: Mapping[str, Any], called: str) -> Resembling | None:
        """The app of theirs that it may be a new version of."""
        house, title = self._house, str(found.get("title", ""))
        bundle = Bundle.from_manifest(house.blobs.get(found["manifest"]))
        now = house.clock.now()
        with house.database.read() as connection:
            return resembling(
                connection,
                house.blobs,
                bundle,
                (names.guess(called, title), title),
                catalog.apps_for(connection, str(actor.person), now, limit=10_000),
                lambda app: any(
                    one.may("deploy", "preview")
                    for one in identity.rights(connection, str(actor.person), f"app:{app}", catalog.team_of, now)
                ),
            )

    def _begin(self, actor: Actor, work: Work) -> Work:
        while len(self._works) >= REMEMBERED:
            self._works.pop(next(iter(self._works)))
        self._works[work.person, work.upload] = work
        self._pool.submit(self._done, actor, work)
        return work

    def _done(self, actor: Actor, work: Work) -> None:
        try:
            work.found = self._house.uploads.complete(work.person, work.upload, work.told)
            work.called = work.called or self._called(work.upload)
            if refused := work.found.get("refused"):
                raise WrongInput(str(refused["says"]), next_step=str(refused["instead"]))
            if work.wish is not None and (wish := self._settled(actor, work, work.wish)) is not None:
                work.wish, work.step = wish, "making"
                work.answer = self._made(actor, work.upload, wish, source="plan" in work.found)
            else:
                work.wish = None
                work.resembles = work.resembles or self.resembles(actor, work.found, work.called)
        except GreenlaneError as error:
            work.error = error
        except Exception as error:  # a thread of nobody: what goes wrong here is told on the page and in the log
            log.exception("an upload could not be looked at", upload=work.upload)
            work.error = GreenlaneError(
                "Something went wrong inside Greenlane.", next_step="Try again in a minute.", detail=repr(error)
            )
        finally:
            work.ended.set()

    def _settled(self, actor: Actor, work: Work, wish: Wish) -> Wish | None:
        """The wish with everything that it left open; None when a person must look first."""
        assert work.found is not None, "it was looked at"
        if leaks(work.found, self._alarms("" if wish.new else wish.app)):
            return None
        if not wish.new or wish.app:
            return wish
        if not wish.sure and (found := self.resembles(actor, work.found, work.called)) is not None:
            work.resembles = found
            return None
        title = str(work.found.get("title", ""))
        app = self.free_name(work.called, title)
        return replace(wish, app=app, title=wish.title or title or as_title(app))

    def free_name(self, called: str, title: str) -> str:
        """A name for a new app that no other has, guessed from what it is called and from its first page's title."""
        with self._house.database.read() as connection:
            return names.free(names.suggest(called, title), catalog.names(connection))

    def _alarms(self, app: str) -> list[alarms.Alarm]:
        with self._house.database.read() as connection:
            return alarms.alarms(connection, app)

    def _called(self, upload: str) -> str:
        with self._house.database.read() as connection:
            one = deploys.upload(connection, upload)
        return str(one.archive["name"]) if one.archive else ""

    def _made(self, actor: Actor, upload: str, wish: Wish, *, source: bool) -> Answer:
        """The app, where it is new, and its deploy, or its build where a ``source`` was sent, as one process.

        The first answer that is not *done* ends it.
        """
        door, process = self._house.door, ids.new("prc")
        if wish.new:
            made = door.govern(
                actor,
                CreateApp(wish.app, team=wish.team, title=wish.title),
                key=f"{wish.key} create" if wish.key else None,
                process=process,
            )
            process = made.process
            if made.state != "done":
                return made
        key = f"{wish.key} deploy" if wish.key else None
        action = Build(wish.app, upload) if source else Deploy(wish.app, upload)
        return door.govern(actor, action, key=key, process=process)
