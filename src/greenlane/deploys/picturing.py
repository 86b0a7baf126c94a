"""How pictures of previews are taken. Imported by ``main`` alone, like every effect.

Each is an action of the platform: it opens one preview with a token that is kept nowhere and ends with the visit. What is
to be done stands in the tables, so a restart at any moment loses nothing. They are taken one after the other, beside
everything else; an installation without a browser takes none, and says so where a picture would be.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import structlog

from greenlane.catalog.addresses import Addresses
from greenlane.deploys import pictures, queries
from greenlane.deploys.actions import TakePicture
from greenlane.govern.actor import PLATFORM
from greenlane.govern.door import Door
from greenlane.govern.effect import Context, Edge, GatherFacts, Handling, Outcome
from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import Clock, stamp
from greenlane.kit.database import Database
from greenlane.kit.errors import GreenlaneError, Unavailable
from greenlane.runtime.asking import NotAnswered

log = structlog.get_logger()

TOKEN_LASTS = 180.0
"""Seconds for which a visit's token opens its preview at most."""

LOOK_EVERY = 30.0
"""Seconds between two looks for previews without a picture, beside those right after a deploy."""

Lend = Callable[[str, float], AbstractContextManager[str]]
"""A token that opens a deploy's preview for at most so many seconds, and no longer than it is held."""


class Camera(Protocol):
    """Whoever takes pictures, as control sees them: ``runtime.asking.Runtime``, or ``runtime.fake.FakeCamera``."""

    def no_pictures(self) -> str:
        """Nothing where pictures can be taken, otherwise what to do about it."""
        ...

    def picture(self, host: str, token: str) -> bytes:
        """A PNG of a host's first page. Raises ``NotAnswered`` with why there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Works:
    """What the effect works with."""

    database: Database
    blobs: Blobs
    camera: Camera
    addresses: Addresses
    lend: Lend
    app_facts: GatherFacts


def handlings(works: Works) -> dict[str, Handling]:
    """The effect, with who knows its facts."""
    return {"take-picture": Handling(_Picturing(works).run, (works.app_facts,))}


@dataclass(frozen=True, slots=True)
class _Picturing:
    works: Works

    def run(self, action: TakePicture, context: Context) -> Outcome:
        """Visit the preview; that there is nothing to be seen is an outcome as well."""
        works = self.works
        with works.database.read() as connection:
            one = queries.deploy(connection, action.app, action.deploy)
        host = works.addresses.url(action.app, deploy=one.id).partition("://")[2].rstrip("/")
        blob, why = None, ""
        try:
            with works.lend(one.id, TOKEN_LASTS) as token:
                blob = works.blobs.put(works.camera.picture(host, token))
        except NotAnswered as error:
            why = error.message
        return Outcome(
            rows=lambda connection: pictures.keep(connection, one.id, blob, why, stamp(context.now)),
            happened={"app": action.app, "deploy": one.id, "outcome": "taken" if blob else "none"},
            used=(Edge("deploy", one.id),),
            made=() if blob is None else (Edge("picture", one.id, blob),),
            answer={"deploy": one.id, "taken": blob is not None, "why": why},
        )


class Pictures:
    """Takes what is due, in a thread of its own."""

    def __init__(self, door: Door, database: Database, camera: Camera, clock: Clock, *, on: bool = True) -> None:
        self._door = door
        self._database = database
        self._camera = camera
        self._clock = clock
        self._on = on
        self._wake = threading.Event()
        self._over = threading.Event()

    def start(self) -> None:
        """Begin, unless they are not wanted here."""
        if not self._on:
            return
        threading.Thread(target=self._follow, name="pictures", daemon=True).start()

    def hurry(self) -> None:
        """Look at once: something was deployed."""
        self._wake.set()

    def stop(self) -> None:
        """Begin no other."""
        self._over.set()
        self._wake.set()

    def cannot(self) -> str:
        """Why no pictures are taken here; nothing where they are."""
        if not self._on:
            return "No pictures are taken here: the setting `pictures` is off."
        try:
            return self._camera.no_pictures()
        except GreenlaneError as error:
            return error.message

    def round(self) -> bool:
        """Take the one that is due; whether there was one."""
        with self._database.read() as connection:
            found = pictures.due(connection, self._clock.now())
        if found is None or self.cannot():
            return False
        app, deploy = found
        try:
            self._door.govern(PLATFORM, TakePicture(app, deploy))
        except Unavailable as error:
            log.info("a picture is taken later", deploy=deploy, why=error.message)
            return False
        return True

    def _follow(self) -> None:
        while not self._over.is_set():
            self._wake.clear()
            try:
                more = self.round()
            except GreenlaneError as error:
                more = False
                log.warning("a picture was refused", code=error.code)
            if not more:
                self._wake.wait(LOOK_EVERY)
