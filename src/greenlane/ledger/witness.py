"""The witness: another process with another key, that remembers the last checkpoint it saw and signs only what follows.

Everything else can be rewritten by somebody with the database and the log's key; what the witness has seen cannot. It
cosigns after C2SP tlog-cosignature, and like a C2SP tlog-witness it demands a consistency proof from the size that it
knows and refuses forks and rollbacks.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, delete, insert
from sqlalchemy.exc import DBAPIError

from greenlane.kit.database import Database
from greenlane.kit.errors import GreenlaneError, Unavailable
from greenlane.ledger.append import Ledger
from greenlane.ledger.call import Line, answer_until_told
from greenlane.ledger.checkpoint import Checkpoint, cosign, open_note, public_key
from greenlane.ledger.note import Algorithm, Note, VerifierKey, b64, unb64
from greenlane.ledger.signer import own_key
from greenlane.ledger.tables import cosigned
from greenlane.ledger.tiles import StoredTiles, Tiles
from greenlane.ledger.tree import EMPTY_ROOT, ProofDoesNotHold, check_consistency, consistency_path
from greenlane.ledger.watermark import Watermark


class Fork(GreenlaneError):
    """The log shows the witness another past than before, or less than before."""

    code = "fork"


class Witness(Protocol):
    """Who remembers what the log said."""

    def public(self) -> str:
        """The witness's vkey."""
        ...

    def note(self) -> str | None:
        """The last note it cosigned; None before the first."""
        ...

    def add(self, note: str, consistency: Sequence[bytes]) -> str:
        """The note with the witness's signature added. Raises ``Fork``, ``SignatureDoesNotHold``."""
        ...


class LocalWitness:
    """The witness itself. It believes the log key that it is given first, and from then on no other."""

    def __init__(self, folder: Path, *, name: str, log: VerifierKey, clock: Callable[[], float] = time.time) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        pinned = folder / "log.vkey"
        if not pinned.exists():
            pinned.write_text(f"{log}\n")
        self._log = VerifierKey.parse(pinned.read_text().strip())
        self._name = name
        self._key = own_key(folder / "witness.pem")
        self._watermark = Watermark(folder / "watermark")
        self._clock = clock
        self._lock = threading.Lock()

    @property
    def key(self) -> VerifierKey:
        """What its cosignatures are checked with."""
        return public_key(self._name, self._key, Algorithm.COSIGNATURE_V1)

    def public(self) -> str:
        """The witness's vkey."""
        return str(self.key)

    def note(self) -> str | None:
        """The last note it cosigned."""
        return self._watermark.note

    def add(self, note: str, consistency: Sequence[bytes]) -> str:
        """Cosign a checkpoint that continues the last one; durable before it is handed out."""
        with self._lock:
            checkpoint = open_note(note, self._log)
            last = self._watermark.checkpoint
            size, root = (last.size, last.root) if last else (0, EMPTY_ROOT)
            try:
                check_consistency(size, root, checkpoint.size, checkpoint.root, consistency)
            except ProofDoesNotHold as error:
                raise Fork(
                    f"The witness saw {size} records and refuses this checkpoint: {error}.",
                    next_step="Run `greenlane ledger verify`: the ledger's past was changed, or an old copy restored.",
                ) from error
            plain = Note(
                checkpoint.text(), tuple(one for one in Note.parse(note).signatures if one.key_id == self._log.id)
            )
            signature = cosign(plain, self._name, self._key, int(self._clock()))
            both = str(Note(plain.text, (*plain.signatures, signature)))
            self._watermark.rise(both)
            return both


class WitnessClient:
    """The witness behind its socket."""

    def __init__(self, socket: Path | str, *, timeout: float = 5.0) -> None:
        self._line = Line(socket, who="witness", refusals={Fork.code: Fork}, timeout=timeout)

    def public(self) -> str:
        """The witness's vkey. Raises ``Unavailable``."""
        answer: str = self._line.ask(ask="public")
        return answer

    def note(self) -> str | None:
        """The last note it cosigned. Raises ``Unavailable``."""
        answer: str | None = self._line.ask(ask="note")
        return answer

    def add(self, note: str, consistency: Sequence[bytes]) -> str:
        """The note with the witness's signature added. Raises ``Fork``, ``Unavailable``."""
        answer: str = self._line.ask(ask="add", note=note, consistency=[b64(one) for one in consistency])
        return answer

    def close(self) -> None:
        """Hang up."""
        self._line.close()


def serve(
    socket_path: Path,
    folder: Path,
    *,
    name: str,
    log: VerifierKey,
    allowed: frozenset[int] | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Be the witness's process: own key and memory in ``folder`` (mode 0700), answering until SIGTERM.

    ``allowed`` are the user ids that may ask; only this process's own when none are given.
    """
    os.umask(0o077)
    witness = LocalWitness(folder, name=name, log=log)

    def answer(question: Mapping[str, Any]) -> Any:
        match question["ask"]:
            case "public":
                return witness.public()
            case "note":
                return witness.note()
            case "add":
                return witness.add(question["note"], [unb64(one) for one in question["consistency"]])
            case unknown:
                raise ValueError(f"no question called {unknown!r}")

    answer_until_told(socket_path, answer, allowed=allowed or frozenset({os.getuid()}), ready=ready)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the log stands with its witness: sizes, and what is wrong if something is. ``lag`` in records."""

    signed: int
    seen: int
    trouble: str

    @property
    def lag(self) -> int:
        """Signed records that the witness has not seen."""
        return self.signed - self.seen


class Forwarder:
    """Shows each new checkpoint to the witness, at most one in ``every`` seconds, and stores what it cosigned.

    Runs in a thread beside the ledger. A witness that is away fails nothing: ``standing`` tells the lag. A witness that
    refuses tells of a fork: ``standing().trouble`` says so until the witness agrees again.
    """

    def __init__(self, ledger: Ledger, database: Database, witness: Witness, *, every: float = 0.3) -> None:
        self._ledger = ledger
        self._database = database
        self._witness = witness
        self._every = every
        self._standing = Standing(0, 0, "")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="witness", daemon=True)
        self._thread.start()

    def standing(self) -> Standing:
        """How it stands now."""
        return self._standing

    def close(self) -> None:
        """Stop after the checkpoint that is under way. Call it before the ledger is closed."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            note = self._ledger.newest_checkpoint(larger_than=self._standing.seen, timeout=self._every)
            if note is not None:
                self._show(note)
            self._stop.wait(self._every)

    def _show(self, note: str) -> None:
        checkpoint = _said(note)
        try:
            last = self._witness.note()
            seen = 0 if last is None else _said(last).size
            if seen < checkpoint.size:
                with self._database.read() as connection:
                    tiles = Tiles(StoredTiles(connection), checkpoint.size)
                    path = consistency_path(seen, checkpoint.size, tiles.subtree)
                last = self._witness.add(note, path)
            elif seen == checkpoint.size:
                last = self._witness.add(note, [])
            else:
                raise Fork(f"The witness saw {seen} records, the ledger signed only {checkpoint.size}.")
            self._ledger.write(lambda connection: _keep(connection, checkpoint.size, last))
            self._standing = Standing(checkpoint.size, checkpoint.size, "")
        except Unavailable as error:
            self._standing = Standing(checkpoint.size, self._standing.seen, error.message)
        except (GreenlaneError, LookupError, DBAPIError) as error:
            self._standing = Standing(checkpoint.size, self._standing.seen, str(error))


def _said(note: str) -> Checkpoint:
    return Checkpoint.parse(Note.parse(note).text)


def _keep(connection: Connection, size: int, note: str) -> None:
    """The newest cosigned note is kept; it says all that the ones before it said."""
    connection.execute(delete(cosigned))
    connection.execute(insert(cosigned), {"size": size, "note": note})
