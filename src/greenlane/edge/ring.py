"""The keys under which visitors are introduced: one signs, its successor is made known before it signs, and whoever was
handed a token under the one before can still check it.

Each key is a file named after the second in which it was made. It becomes known at once, signs once everybody who keeps
the known ones for a while has it, and is destroyed once no token under it is good any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import ECKey

from greenlane.kit.clock import Clock
from greenlane.kit.places import write_private

ALGORITHM = "ES256"
EVERY = 90 * 86_400
"""Seconds after which a key has a successor."""
SETTLED = 900
"""Seconds between a key's becoming known and its first signature, and from then to the end of the one before: longer
than the known ones are kept by anybody (300 s) and than a token is good (300 s) together."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A key and the second in which it was made."""

    made: int
    key: ECKey

    @property
    def id(self) -> str:
        """Its thumbprint (RFC 7638)."""
        return str(self.key.thumbprint())


class Ring:
    """The keys in a folder that nobody else reads. ``turn`` from time to time."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._keys: list[Kept] = []
        self.turn()

    def turn(self) -> bool:
        """Make a successor when it is time, destroy what is over; whether other keys are known now than before."""
        before = [one.id for one in self._keys]
        now = int(self._clock.now().timestamp())
        found = [_read(path) for path in sorted(self._folder.glob("*.pem"))]
        if not found or now - found[-1].made >= EVERY:
            found.append(self._make(now))
        for one, successor in pairwise(found):
            if now - successor.made >= 2 * SETTLED:
                self._path(one.made).unlink(missing_ok=True)
            else:
                break
        self._keys = [one for one in found if self._path(one.made).exists()]
        return [one.id for one in self._keys] != before

    @property
    def signing(self) -> Kept:
        """The key that signs now."""
        now = int(self._clock.now().timestamp())
        settled = [one for one in self._keys if now - one.made >= SETTLED]
        return settled[-1] if settled else self._keys[0]

    @property
    def known(self) -> dict[str, Any]:
        """The public keys (RFC 7517)."""
        public = [(one, dict(one.key.as_dict(private=False))) for one in self._keys]
        return {"keys": [{**each, "kid": one.id, "use": "sig", "alg": ALGORITHM} for one, each in public]}

    def _make(self, now: int) -> Kept:
        pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_private(self._path(now), pem.decode())
        return _read(self._path(now))

    def _path(self, made: int) -> Path:
        return self._folder / f"{made:012}.pem"


def adopt(before: Path, folder: Path) -> None:
    """Take over the one key that an earlier release had."""
    if before.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        before.rename(folder / f"{int(before.stat().st_mtime):012}.pem")


def publish(known: bytes, folder: Path) -> None:
    """Lay the public keys where apps read them: whole at every moment, for everybody."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)  # whatever our umask is: apps are other users
    draft = folder / "jwks.json.new"
    draft.write_bytes(known)
    draft.chmod(0o644)
    draft.replace(folder / "jwks.json")


def _read(path: Path) -> Kept:
    return Kept(int(path.stem), ECKey.import_key(path.read_text()))
