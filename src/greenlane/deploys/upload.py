"""Receiving what somebody sends: only what the server lacks, in any order, resumed where it stopped.

An upload is bookkeeping, not yet an action: nothing of it can be opened until it is deployed through the door. Its
bytes go straight into the content-addressed store, so what arrived once is never sent twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select, update

from greenlane.deploys import queries
from greenlane.deploys.bundle import Bundle, check_paths
from greenlane.deploys.inspection import Inspection, inspect
from greenlane.deploys.limits import DEFAULT_LIMITS, Limits
from greenlane.deploys.set_aside import KEY_FILES, set_aside_by_content
from greenlane.deploys.tables import INSPECTED, UPLOAD
from greenlane.deploys.unpack import unpack
from greenlane.govern.effect import Rows
from greenlane.govern.errors import NotFound, TooLarge, WrongInput
from greenlane.kit import ids
from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import Clock, stamp
from greenlane.kit.database import Database

KEPT_IN_MIND = 16
"""Uploads under way whose lists are kept in memory, so that not every file reads the whole list again."""


@dataclass(frozen=True, slots=True)
class Lacking:
    """What the server still lacks of an upload: digests in bare hexadecimal, and their bytes together."""

    upload: str
    missing: tuple[str, ...]
    have: int
    bytes_missing: int


class Uploads:
    """Uploads of one installation. ``write`` is the ledger's writer for rows without a receipt."""

    def __init__(
        self,
        database: Database,
        write: Callable[[Rows], None],
        blobs: Blobs,
        folder: Path,
        clock: Clock,
        known_values: Callable[[Connection], Mapping[str, str]],
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._database = database
        self._write = write
        self._blobs = blobs
        self._folder = folder
        self._clock = clock
        self._known_values = known_values
        self._limits = limits
        self._named: dict[tuple[str, str], Mapping[str, int]] = {}
        folder.mkdir(parents=True, exist_ok=True)
        for leftover in folder.iterdir():
            leftover.unlink()  # half a file of a process that was killed; its sender sends it again

    def begin(
        self, person: str, files: Mapping[str, Mapping[str, Any]] | None, archive: Mapping[str, Any] | None
    ) -> Lacking:
        """Start an upload of files ``{path: {sha256, size}}`` or of one archive ``{sha256, size, name}``.

        Raises ``WrongInput`` and ``TooLarge`` before a single byte is sent.
        """
        if (files is None) == (archive is None):
            raise WrongInput("An upload is either files or one archive.", next_step="Give one of `files`, `archive`.")
        named: dict[str, Any] = {}
        kept_archive: dict[str, Any] | None = None
        if files is not None:
            bundle = check_paths(files, self._limits)
            named = {p: {"sha256": one.sha256, "size": one.size} for p, one in bundle.files.items()}
            named |= {one.path: {"aside": one.why} for one in bundle.set_aside}
        else:
            assert archive is not None
            one = check_paths({"archive": archive}, Limits(file=self._limits.total, total=self._limits.total))
            entry = one.files["archive"]
            kept_archive = {"sha256": entry.sha256, "size": entry.size, "name": str(archive.get("name", ""))[:255]}
        upload = ids.new("upl")
        row = insert(UPLOAD).values(
            id=upload,
            person=person,
            state="open",
            files=named,
            archive=kept_archive,
            created_at=stamp(self._clock.now()),
        )
        self._write(lambda connection: _execute(connection, row))
        return self.lacking(person, upload)

    def lacking(self, person: str, upload: str) -> Lacking:
        """What is still missing: ask it after an interruption and send just that."""
        one = self._own(person, upload)
        wanted = {entry["sha256"]: entry["size"] for entry in _entries(one)}
        missing = {digest: size for digest, size in wanted.items() if not self._blobs.has(digest)}
        return Lacking(
            upload=upload,
            missing=tuple(sorted(digest.removeprefix("sha256:") for digest in missing)),
            have=len(wanted) - len(missing),
            bytes_missing=sum(missing.values()),
        )

    async def receive(self, person: str, upload: str, sha256: str, body: AsyncIterator[bytes]) -> None:
        """Take the bytes of one file. Raises ``WrongInput`` when they are not what their digest says."""
        sizes = self._sizes(person, upload)
        digest = f"sha256:{sha256}"
        if digest not in sizes:
            raise NotFound("This upload names no such file.", next_step="Send the digests that the upload lacks.")
        hashed, arrived = hashlib.sha256(), 0
        with tempfile.NamedTemporaryFile(dir=self._folder) as file:
            async for chunk in body:
                arrived += len(chunk)
                if arrived > sizes[digest]:
                    raise TooLarge("More bytes arrived than the upload named.", next_step="Deploy again.")
                hashed.update(chunk)
                file.write(chunk)
            file.flush()
            if hashed.hexdigest() != sha256:
                raise WrongInput(
                    "The bytes that arrived are not those that were named.",
                    next_step="The file changed, or the line broke: deploy again, only this file is sent.",
                )
            await asyncio.to_thread(self._blobs.put_file, Path(file.name), digest)

    def complete(self, person: str, upload: str) -> dict[str, Any]:
        """Unpack and inspect what arrived. Repeating it gives the same answer.

        Raises ``WrongInput`` or ``TooLarge`` for what cannot be taken; nothing is kept of it but the upload's row.
        """
        one = self._own(person, upload)
        if one.inspection is not None:
            return dict(one.inspection)
        lacking = self.lacking(person, upload)
        if lacking.missing:
            raise WrongInput(
                f"{len(lacking.missing)} files of the upload have not arrived.",
                next_step="Deploy again: only those are sent.",
            )
        bundle = self._bundle(one)
        with self._database.read() as connection:
            known = self._known_values(connection)
            cached = _Cache(connection)
            inspection = inspect(bundle, self._blobs, known=known, cache=cached)
        kept = self._kept(bundle, inspection)

        def rows(connection: Connection) -> None:
            cached.keep(connection)
            done = update(UPLOAD).where(UPLOAD.c.id == upload).values(state="complete", inspection=kept)
            connection.execute(done)

        self._write(rows)
        return kept

    def _bundle(self, one: queries.UploadView) -> Bundle:
        if one.archive is None:
            sent = {p: entry for p, entry in one.files.items() if "sha256" in entry}
            bundle = check_paths(sent, self._limits).with_set_aside(
                {p: e["aside"] for p, e in one.files.items() if "aside" in e}
            )
            return without_keys(bundle, self._blobs)
        path = self._blobs.path_of(one.archive["sha256"])
        if path is not None:
            return unpack(path, one.archive["name"], self._blobs, self._limits)
        with tempfile.NamedTemporaryFile(dir=self._folder) as file:
            file.write(self._blobs.get(one.archive["sha256"]))
            file.flush()
            return unpack(Path(file.name), one.archive["name"], self._blobs, self._limits)

    def _kept(self, bundle: Bundle, inspection: Inspection) -> dict[str, Any]:
        """What is remembered of an inspected upload: facts, digests and names, no content and no values."""
        return {
            "manifest": self._blobs.put(bundle.manifest()),
            "sbom": self._blobs.put(inspection.sbom),
            "facts": dict(inspection.facts),
            "reach": {directive: list(hosts) for directive, hosts in inspection.reach.items()},
            "findings": list(inspection.findings),
            "set_aside": [{"path": one.path, "why": one.why} for one in bundle.set_aside],
            "variables": sorted(bundle.variables),
            "notes": list(inspection.notes),
            "files": len(bundle.files),
            "bytes": bundle.size,
        }

    def _sizes(self, person: str, upload: str) -> Mapping[str, int]:
        """Digests and sizes that an upload named when it began; they never change."""
        known = self._named.get((person, upload))
        if known is None:
            known = {entry["sha256"]: entry["size"] for entry in _entries(self._own(person, upload))}
            while len(self._named) >= KEPT_IN_MIND:
                self._named.pop(next(iter(self._named)))
            self._named[person, upload] = known
        return known

    def _own(self, person: str, upload: str) -> queries.UploadView:
        with self._database.read() as connection:
            one = queries.upload(connection, upload)
        if one.person != person:
            raise NotFound(f"There is no upload {upload}.", next_step="Deploy again; what arrived is not sent twice.")
        return one


def without_keys(bundle: Bundle, blobs: Blobs) -> Bundle:
    """The bundle without files that turn out to be private keys, which are set aside like those known by their name."""
    found = [
        aside
        for path, entry in bundle.files.items()
        if path.casefold().endswith(KEY_FILES) and (aside := set_aside_by_content(path, blobs.get(entry.sha256)))
    ]
    kept = {path: entry for path, entry in bundle.files.items() if path not in {one.path for one in found}}
    return replace(bundle, files=kept).with_set_aside({one.path: one.why for one in found})


def _entries(one: queries.UploadView) -> Iterable[Mapping[str, Any]]:
    if one.archive is not None:
        return [one.archive]
    return [entry for entry in one.files.values() if "sha256" in entry]


def _execute(connection: Connection, statement: Any) -> None:
    connection.execute(statement)


class _Cache:
    """What inspecting a file found before. Looking is pure, so remembering is safe; writing waits for the writer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._found: dict[str, Any] = {}

    def get(self, key: str) -> Any | None:
        query = select(INSPECTED.c.facts).where(INSPECTED.c.key == key)
        return self._connection.execute(query).scalar_one_or_none()

    def put(self, key: str, facts: Any) -> None:
        self._found[key] = facts

    def keep(self, connection: Connection) -> None:
        for key, facts in self._found.items():
            query = select(INSPECTED.c.key).where(INSPECTED.c.key == key)
            if connection.execute(query).one_or_none() is None:
                connection.execute(insert(INSPECTED).values(key=key, facts=facts))
