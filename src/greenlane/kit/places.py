"""Where things lie in the data folder, and how a file is written that its owner alone may read."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from greenlane.kit.errors import GreenlaneError


@dataclass(frozen=True, slots=True)
class Places:
    """Where things lie in the data folder."""

    folder: Path

    def __post_init__(self) -> None:
        for name in (
            "",
            "keys",
            "run",
            "edge",
            "journal",
            "uploads",
            "egress",
            "egress-journal",
            "gateway",
            "gateway-journal",
        ):
            (self.folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)

    def socket(self, name: str) -> Path:
        """A process's socket; in a short folder of its own where the data folder's path is too long for one."""
        path = self.folder / "run" / f"{name}.sock"
        if len(str(path)) < 100:  # the kernel's limit for a socket's path is 108 bytes
            return path
        short = Path(f"/tmp/greenlane-{sha256(str(self.folder).encode()).hexdigest()[:16]}")  # noqa: S108 - mode 0700
        short.mkdir(mode=0o700, exist_ok=True)
        if short.stat().st_uid != os.getuid():
            raise GreenlaneError(
                f"{short} belongs to somebody else.", next_step="Choose a data folder with a shorter path."
            )
        return short / path.name

    @property
    def welcome(self) -> Path:
        """What control tells the terminal once it is ready."""
        return self.folder / "run" / "welcome.json"

    @property
    def owner_token(self) -> Path:
        """The first owner's token, for automation."""
        return self.folder / "owner-token"


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, all or nothing."""
    draft = path.with_name(path.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.rename(path)


def kept_key(path: Path) -> bytes:
    """32 random bytes that a file keeps from the first time on that they are asked for."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, secrets.token_hex(32))
    return bytes.fromhex(path.read_text().strip())
