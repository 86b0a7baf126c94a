"""The signer: the log's keys, in a process of their own, for one who asks over a socket and cannot read them.

It signs no tree that does not continue the last one it signed: a smaller one, or one with another past, is refused
whoever asks. So a thief of the web process can add records while they are there, but never take one back.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from greenlane.kit.errors import GreenlaneError
from greenlane.ledger.call import Line, answer_until_told
from greenlane.ledger.checkpoint import Checkpoint, public_key, sign
from greenlane.ledger.note import Algorithm, VerifierKey, b64, unb64
from greenlane.ledger.tree import EMPTY_ROOT, ProofDoesNotHold, check_consistency
from greenlane.ledger.watermark import Watermark


class NotAContinuation(GreenlaneError):
    """The tree to be signed does not continue the last signed one."""

    code = "not-a-continuation"


class Signer(Protocol):
    """Who signs for the log."""

    def head(self) -> tuple[int, bytes]:
        """Size and root of the last tree it signed; 0 and the empty root before the first."""
        ...

    def public(self) -> dict[str, str]:
        """``{"log": vkey, "attestation": base64 of the SubjectPublicKeyInfo}``."""
        ...

    def sign_checkpoint(self, size: int, root: bytes, consistency: Sequence[bytes]) -> str:
        """The signed note. ``consistency`` leads from ``head()`` to this tree. Raises ``NotAContinuation``."""
        ...

    def sign_attestation(self, pae: bytes) -> bytes:
        """An Ed25519 signature over a DSSE pre-authentication encoding."""
        ...


class LocalSigner:
    """The signer itself. In one process with the ledger it is the fake for tests; ``serve`` gives it its own."""

    def __init__(self, folder: Path, *, origin: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        self._origin = origin
        self._log = own_key(folder / "log.pem")
        self._attestation = own_key(folder / "attestation.pem")
        self._watermark = Watermark(folder / "watermark")
        self._lock = threading.Lock()

    @property
    def key(self) -> VerifierKey:
        """What checkpoints are checked with."""
        return public_key(self._origin, self._log, Algorithm.ED25519)

    def head(self) -> tuple[int, bytes]:
        """Size and root of the last tree it signed."""
        last = self._watermark.checkpoint
        return (0, EMPTY_ROOT) if last is None else (last.size, last.root)

    def public(self) -> dict[str, str]:
        """The public halves of both keys."""
        spki = self._attestation.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return {"log": str(self.key), "attestation": b64(spki)}

    def sign_checkpoint(self, size: int, root: bytes, consistency: Sequence[bytes]) -> str:
        """Check that the tree continues the last one, remember it durably, and only then hand out the signature."""
        with self._lock:
            last_size, last_root = self.head()
            if (size, root) == (last_size, last_root) and self._watermark.note is not None:
                return self._watermark.note
            try:
                check_consistency(last_size, last_root, size, root, consistency)
            except ProofDoesNotHold as error:
                raise NotAContinuation(
                    f"The ledger does not continue what was signed: {error}.",
                    next_step="Run `greenlane ledger verify`; records were removed, changed or restored from a backup.",
                ) from error
            note = str(sign(Checkpoint(self._origin, size, root), self._origin, self._log))
            self._watermark.rise(note)
            return note

    def sign_attestation(self, pae: bytes) -> bytes:
        """A signature by the attestation key, which signs nothing but DSSE envelopes."""
        if not pae.startswith(b"DSSEv1 "):
            raise ValueError("not a DSSE pre-authentication encoding")
        return self._attestation.sign(pae)


class SignerClient:
    """The signer behind its socket."""

    def __init__(self, socket: Path | str, *, timeout: float = 5.0) -> None:
        self._line = Line(socket, who="signer", refusals={NotAContinuation.code: NotAContinuation}, timeout=timeout)

    def head(self) -> tuple[int, bytes]:
        """Size and root of the last tree it signed. Raises ``Unavailable``."""
        answer = self._line.ask(ask="head")
        return answer["size"], unb64(answer["root"])

    def public(self) -> dict[str, str]:
        """The public halves of both keys. Raises ``Unavailable``."""
        answer: dict[str, str] = self._line.ask(ask="public")
        return answer

    def sign_checkpoint(self, size: int, root: bytes, consistency: Sequence[bytes]) -> str:
        """The signed note. Raises ``NotAContinuation``, ``Unavailable``, ``StorageFull``."""
        path = [b64(one) for one in consistency]
        answer: str = self._line.ask(ask="checkpoint", size=size, root=b64(root), consistency=path)
        return answer

    def sign_attestation(self, pae: bytes) -> bytes:
        """A signature by the attestation key. Raises ``Unavailable``."""
        return unb64(self._line.ask(ask="attestation", pae=b64(pae)))

    def close(self) -> None:
        """Hang up."""
        self._line.close()


def serve(
    socket_path: Path,
    folder: Path,
    *,
    origin: str,
    allowed: frozenset[int] | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Be the signer's process: make or read the keys in ``folder`` (mode 0700) and answer until SIGTERM.

    ``allowed`` are the user ids that may ask; only this process's own when none are given.
    """
    os.umask(0o077)
    signer = LocalSigner(folder, origin=origin)

    def answer(question: Mapping[str, Any]) -> Any:
        match question["ask"]:
            case "head":
                size, root = signer.head()
                return {"size": size, "root": b64(root)}
            case "public":
                return signer.public()
            case "checkpoint":
                path = [unb64(one) for one in question["consistency"]]
                return signer.sign_checkpoint(question["size"], unb64(question["root"]), path)
            case "attestation":
                return b64(signer.sign_attestation(unb64(question["pae"])))
            case unknown:
                raise ValueError(f"no question called {unknown!r}")

    answer_until_told(socket_path, answer, allowed=allowed or frozenset({os.getuid()}), ready=ready)


def own_key(path: Path) -> Ed25519PrivateKey:
    """The private key in that file (mode 0600), made on first use."""
    if path.exists():
        key = load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError(f"{path} is not an Ed25519 key")
        return key
    key = Ed25519PrivateKey.generate()
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    return key
