"""Lists of known flaws are taken over, and owners are told of what they say of live versions."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import Connection, insert, update

from greenlane.deploys import depending, queries
from greenlane.deploys.actions import (
    ImportAdvisories,
    TellOfFlaws,
)
from greenlane.deploys.advisories import keeping
from greenlane.deploys.advisories.matching import newest_import
from greenlane.deploys.effects.works import Works
from greenlane.deploys.tables import ADVISORY_LIST, UPLOAD
from greenlane.govern.effect import Context, Outcome
from greenlane.govern.errors import NotFound, WrongInput
from greenlane.kit.clock import stamp


@dataclass(frozen=True, slots=True)
class Importing:
    """Takes a list of known flaws over."""

    works: Works

    def run(self, action: ImportAdvisories, context: Context) -> Outcome:
        """Read the list and keep what it says. Its advisories are written bit by bit; that it came, with the receipt.

        Interrupted, it says no list came, and what was taken over so far can only name more flaws.
        """
        if action.address:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "list"
                self.works.fetch(action.address, file)
                return self._taken(file, urlsplit(action.address).hostname or "", action, context)
        with self.works.database.read() as connection:
            sent = queries.upload(connection, action.upload)
        if (
            sent.person != context.actor.person
            or sent.archive is None
            or not self.works.blobs.has(sent.archive["sha256"])
        ):
            raise WrongInput(
                "The upload is not complete, not yours, or not a single file.",
                next_step="`greenlane advisories import FILE` sends it and takes it over.",
            )
        with self._file(sent.archive["sha256"]) as file:
            return self._taken(file, "a file", action, context)

    @contextmanager
    def _file(self, digest: str) -> Iterator[Path]:
        if (place := self.works.blobs.path_of(digest)) is not None:
            yield place
            return
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "list"
            file.write_bytes(self.works.blobs.get(digest))
            yield file

    def _taken(self, file: Path, source: str, action: ImportAdvisories, context: Context) -> Outcome:
        taken = keeping.take(file, self.works.write)
        if not (taken.advisories or taken.withdrawn):
            raise WrongInput(
                "The list holds no advisory about npm or PyPI packages.",
                next_step="Give a list in the OSV format, such as all.zip of npm or of PyPI.",
            )
        values = {
            "action": context.action_id,
            "came": stamp(context.now),
            "source": source,
            "whole": taken.whole,
            "advisories": dict(taken.advisories),
            "newest": taken.newest,
        }

        def rows(connection: Connection) -> None:
            connection.execute(insert(ADVISORY_LIST).values(**values))
            connection.execute(update(UPLOAD).where(UPLOAD.c.id == action.upload).values(state="used"))

        told = {
            "advisories": dict(sorted(taken.advisories.items())),
            "newest": dict(sorted(taken.newest.items())),
            "withdrawn": taken.withdrawn,
            "passed_over": taken.passed_over,
            "whole": taken.whole,
        }
        return Outcome(rows=rows, happened={**told, "source": source}, answer=told)


@dataclass(frozen=True, slots=True)
class Telling:
    """Tells the owner of an app what newer lists know of its live versions."""

    works: Works

    def run(self, action: TellOfFlaws, context: Context) -> Outcome:
        """What newer lists know of the live versions; the owner hears of it by a notice."""
        with self.works.database.read() as connection:
            newest = newest_import(connection)
            looked_at = depending.to_look_at(connection).get(action.app, [])
            untold = {
                deploy: depending.untold(connection, self.works.blobs, deploy, sbom, context.now)
                for deploy, sbom in looked_at
            }
        every = {(one.package, one.version): one for flaws in untold.values() for one in reversed(flaws)}
        if not every:
            raise NotFound(f"There is nothing new to tell about {action.app}.", next_step="There is nothing to do.")

        def rows(connection: Connection) -> None:
            for deploy, flaws in untold.items():
                depending.remember_told(connection, deploy, flaws)
                depending.remember_look(connection, deploy, newest)

        shown = [
            {"package": one.named, "advisory": one.advisory, "severity": one.severity, "fixed": one.fixed}
            for one in list(every.values())[: depending.MOST_NAMED]
        ]
        happened = {"app": action.app, "deploys": sorted(untold), "flaws": shown, "packages": len(every)}
        return Outcome(rows=rows, happened=happened)
