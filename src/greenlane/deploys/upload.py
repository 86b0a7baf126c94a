"""Receiving what somebody sends: only what the server lacks, in any order, resumed where it stopped.

An upload is bookkeeping, not yet an action: nothing of it can be opened until it is deployed through the door. Its
bytes go straight into the content-addressed store, so what arrived once is never sent twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select, update

from greenlane.catalog.names import title_of
from greenlane.deploys import queries
from greenlane.deploys.bundle import Bundle, check_paths, too_much
from greenlane.deploys.inspection import Inspection, Told, inspect
from greenlane.deploys.limits import DEFAULT_LIMITS, Limits
from greenlane.deploys.set_aside import KEY_FILES, set_aside_by_content
from greenlane.deploys.tables import INSPECTED, UPLOAD
from greenlane.deploys.unpack import unpack
from greenlane.govern.effect import Rows
from greenlane.govern.errors import Conflict, NotFound, TooLarge, WrongInput
from greenlane.kit import ids
from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import Clock, stamp
from greenlane.kit.database import Database, carries_out
from greenlane.runtime.building.source import Refused, recognise
from greenlane.runtime.building.tree import Tree
from greenlane.runtime.cron import NoSchedule

KEPT_IN_MIND = 16
"""Uploads under way whose lists are kept in memory, so that not every file reads the whole list again."""

PART_LASTS = 86_400
"""Seconds for which the beginning of a large file is kept for whoever goes on with it."""

_TITLE_WITHIN = 64 * 1024


def _tell_nobody(_looked_at: int, _of: int) -> None:
    """Nobody wants to know how far it is."""


@dataclass(frozen=True, slots=True)
class Lacking:
    """What the server still lacks of an upload: digests in bare hexadecimal, and their bytes together."""

    upload: str
    missing: tuple[str, ...]
    have: int
    bytes_missing: int
    begun: Mapping[str, int]
    """Missing files of which a beginning arrived: how many bytes of each."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes that came without being named beforehand: their digest in bare hexadecimal, and their number."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Built:
    """What is known about files that a build made. ``run`` says how they are run, ``facts`` what risk should know of
    their making, ``sbom`` is the digest of the packages that went in, ``how`` the record for the provenance statement.
    """

    run: Mapping[str, Any]
    facts: Mapping[str, Any]
    sbom: str
    how: Mapping[str, Any]
    notes: tuple[str, ...]


class Uploads:
    """Uploads of one installation. ``write`` is the ledger's writer for rows without a receipt, ``key`` what the marks of
    found values are under.
    """

    def __init__(
        self,
        database: Database,
        write: Callable[[Rows], None],
        blobs: Blobs,
        folder: Path,
        clock: Clock,
        known_values: Callable[[Connection], Mapping[str, str]],
        limits: Limits = DEFAULT_LIMITS,
        key: bytes = b"",
    ) -> None:
        self._database = database
        self._write = write
        self._blobs = blobs
        self._folder = folder
        self._clock = clock
        self._known_values = known_values
        self._limits = limits
        self._key = key
        self._named: dict[tuple[str, str], Mapping[str, int]] = {}
        self._coming: set[Path] = set()
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
        self._forget_old_parts()
        upload = ids.new("upl")
        row = insert(UPLOAD).values(
            id=upload,
            person=person,
            state="open",
            files=named,
            archive=kept_archive,
            created_at=stamp(self._clock.now()),
        )
        self._write(carries_out(row))
        return self.lacking(person, upload)

    def again(
        self,
        person: str,
        upload: str,
        files: Mapping[str, Mapping[str, Any]] | None,
        archive: Mapping[str, Any] | None,
    ) -> Lacking:
        """Go on with an upload, if just the same is sent; otherwise begin a new one, which sends nothing twice either."""
        try:
            one = self._own(person, upload)
        except NotFound:
            return self.begin(person, files, archive)
        sent = {f"sha256:{entry.get('sha256')}" for entry in (files or {}).values()}
        if archive is not None:
            sent = {f"sha256:{archive.get('sha256')}"}
        wanted = {entry["sha256"] for entry in _entries(one)}
        same = wanted <= sent and len(one.files) == len(files or {}) and (archive is None) == (one.archive is None)
        return self.lacking(person, upload) if same and one.state == "open" else self.begin(person, files, archive)

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
            begun={
                digest.removeprefix("sha256:"): part.stat().st_size
                for digest in missing
                if (part := self._part(upload, digest)).exists()
            },
        )

    async def receive(self, person: str, upload: str, sha256: str, body: AsyncIterator[bytes]) -> None:
        """Take the bytes of one file. Raises ``WrongInput`` when they are not what their digest says."""
        digest, size = self._wanted(person, upload, sha256)
        hashed, arrived = hashlib.sha256(), 0
        with tempfile.NamedTemporaryFile(dir=self._folder) as file:
            async for chunk in body:
                arrived += len(chunk)
                if arrived > size:
                    raise _more_than_named()
                hashed.update(chunk)
                file.write(chunk)
            file.flush()
            if hashed.hexdigest() != sha256:
                raise _not_as_named()
            await asyncio.to_thread(self._blobs.put_file, Path(file.name), digest)

    async def receive_piece(
        self, person: str, upload: str, sha256: str, start: int, body: AsyncIterator[bytes]
    ) -> None:
        """Take a piece of a large file, which begins where the last one ended. What arrived of it stays when the line
        breaks, until the process ends. Raises ``Conflict`` for a piece that begins elsewhere, ``WrongInput`` when the
        whole is not what its digest says.
        """
        digest, size = self._wanted(person, upload, sha256)
        part = self._part(upload, digest)
        arrived = part.stat().st_size if part.exists() else 0
        if part in self._coming or start != arrived:
            raise Conflict("This piece does not follow what arrived.", next_step="Ask what is missing, and send that.")
        self._coming.add(part)
        try:
            with part.open("ab") as file:
                async for chunk in body:
                    arrived += len(chunk)
                    if arrived > size:
                        raise _more_than_named()
                    file.write(chunk)
            if arrived == size:
                await asyncio.to_thread(self._close, part, digest)
        except (TooLarge, WrongInput):
            part.unlink(missing_ok=True)
            raise
        finally:
            self._coming.discard(part)

    def _close(self, part: Path, digest: str) -> None:
        with part.open("rb") as file:
            if f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}" != digest:
                raise _not_as_named()
        self._blobs.put_file(part, digest)
        part.unlink()

    def take(self, person: str, upload: str, contents: Mapping[str, bytes]) -> None:
        """Take several small files at once, by their digests in bare hexadecimal. Raises as ``receive`` does."""
        for sha256, content in contents.items():
            self._wanted(person, upload, sha256)
            if hashlib.sha256(content).hexdigest() != sha256:
                raise _not_as_named()
        for content in contents.values():
            self._blobs.put(content)

    async def keep(self, body: AsyncIterator[bytes]) -> Kept:
        """Take a file that nobody named beforehand, as a plain form sends it: straight to the disk, never whole in
        memory. Raises ``TooLarge``.
        """
        hashed, arrived = hashlib.sha256(), 0
        with tempfile.NamedTemporaryFile(dir=self._folder) as file:
            async for chunk in body:
                arrived += len(chunk)
                if arrived > self._limits.total:
                    raise too_much(self._limits.total)
                hashed.update(chunk)
                file.write(chunk)
            file.flush()
            kept = Kept(hashed.hexdigest(), arrived)
            await asyncio.to_thread(self._blobs.put_file, Path(file.name), f"sha256:{kept.sha256}")
        return kept

    def _forget_old_parts(self) -> None:
        """Beginnings of files that nobody went on with for a day."""
        for part in self._folder.glob("*.part"):
            if time.time() - part.stat().st_mtime > PART_LASTS and part not in self._coming:
                part.unlink(missing_ok=True)

    def _part(self, upload: str, digest: str) -> Path:
        return self._folder / f"{upload}-{digest.removeprefix('sha256:')}.part"

    def _wanted(self, person: str, upload: str, sha256: str) -> tuple[str, int]:
        """A file that the upload names: its digest and its size. Raises ``NotFound``."""
        digest = f"sha256:{sha256}"
        size = self._sizes(person, upload).get(digest)
        if size is None:
            raise NotFound("This upload names no such file.", next_step="Send the digests that the upload lacks.")
        return digest, size

    def complete(self, person: str, upload: str, told: Told = _tell_nobody) -> dict[str, Any]:
        """Unpack and inspect what arrived. Repeating it gives the same answer. ``told`` hears how far it is.

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
            inspection = inspect(bundle, self._blobs, known=known, cache=cached, told=told, key=self._key)
        kept = {**self._kept(bundle, inspection), **self._source(bundle, inspection)}

        def rows(connection: Connection) -> None:
            cached.keep(connection)
            done = update(UPLOAD).where(UPLOAD.c.id == upload).values(state="complete", inspection=kept)
            connection.execute(done)

        self._write(rows)
        return kept

    def take_over(
        self, person: str, files: Mapping[str, Mapping[str, Any]], built: Built
    ) -> tuple[str, dict[str, Any]]:
        """Make a complete upload of what a build put into the store, with how it is run and how it was made.

        Returns its id and what is remembered of it. Raises ``WrongInput`` or ``TooLarge`` as for any other upload.
        """
        bundle = without_keys(check_paths(files, self._limits), self._blobs)
        bundle = replace(bundle, run=built.run if built.run.get("kind") != "static" else {})
        with self._database.read() as connection:
            cached = _Cache(connection)
            inspection = inspect(bundle, self._blobs, known=self._known_values(connection), cache=cached, key=self._key)
        facts = {**inspection.facts, **built.facts, "executable": bool(bundle.run), "run": dict(bundle.run)}
        kept = {
            **self._kept(bundle, replace(inspection, facts=facts, notes=built.notes)),
            "sbom": built.sbom,
            "built": dict(built.how),
        }
        upload = ids.new("upl")

        def rows(connection: Connection) -> None:
            cached.keep(connection)
            connection.execute(
                insert(UPLOAD).values(
                    id=upload,
                    person=person,
                    state="complete",
                    files={path: {"sha256": one.sha256, "size": one.size} for path, one in bundle.files.items()},
                    inspection=kept,
                    created_at=stamp(self._clock.now()),
                )
            )

        self._write(rows)
        return upload, kept

    def _source(self, bundle: Bundle, inspection: Inspection) -> dict[str, Any]:
        """What is to be built, where the upload is a source tree: the plan, and the notes that tell it.

        Raises ``NoSchedule`` for a function whose schedule is none.
        """
        tree = Tree(bundle.files, lambda path: self._blobs.get(bundle.files[path].sha256))
        try:
            found = recognise(tree)
        except NoSchedule:
            raise  # served as files, it would never run, and its source would be shown
        except WrongInput as error:
            found = Refused(error.message, error.next_step)
        if found is None:
            return {}
        others = [note for note in inspection.notes if note != inspection.source_tree]
        if isinstance(found, Refused):
            refused = {"says": found.says, "instead": found.instead}
            return {"refused": refused, "notes": [f"{found.says} {found.instead}", *others]}
        return {"plan": found.as_dict(), "notes": [found.says, *found.notes, *others]}

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
            "title": self._title(bundle),
            "files": len(bundle.files),
            "bytes": bundle.size,
        }

    def _title(self, bundle: Bundle) -> str:
        """The title of the first page, which tells a name; empty where there is none."""
        first = bundle.files.get("index.html")
        if first is None:
            return ""
        return title_of(self._blobs.get(first.sha256)[:_TITLE_WITHIN].decode("utf-8", "replace"))

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


def _more_than_named() -> TooLarge:
    return TooLarge("More bytes arrived than the upload named.", next_step="Deploy again.")


def _not_as_named() -> WrongInput:
    return WrongInput(
        "The bytes that arrived are not those that were named.",
        next_step="The file changed, or the line broke: deploy again, only this file is sent.",
    )


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
