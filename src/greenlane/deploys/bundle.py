"""A bundle: the files of one upload by path, by digest, and what was left out of them. Content stays in the blobs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from greenlane.deploys.kinds import media_type_of
from greenlane.deploys.limits import DEFAULT_LIMITS, Limits
from greenlane.deploys.paths import Names, check_path
from greenlane.deploys.set_aside import SetAside, set_aside
from greenlane.govern.errors import TooLarge, WrongInput
from greenlane.kit import digest
from greenlane.kit.text import shown

_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file: the digest of its bytes (``sha256:…``), its size in bytes and its media type."""

    sha256: str
    size: int
    type: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """What was uploaded, after every check. ``variables`` are what its `.env` offers; their values are never printed."""

    files: Mapping[str, FileEntry]
    set_aside: tuple[SetAside, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    top_folder: str = ""
    """The single folder around everything that was taken off, so that `site/index.html` answers at `/`."""
    run: Mapping[str, Any] = field(default_factory=dict)
    """How it is run, where it is more than files: its kind, its entry or functions, its layers of packages."""

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(one.size for one in self.files.values())

    def manifest(self) -> bytes:
        """The canonical bytes that name this artifact: the same files always make the same manifest."""
        files = {p: {"sha256": one.sha256, "size": one.size, "type": one.type} for p, one in self.files.items()}
        return digest.canonical({"files": files, "run": self.run} if self.run else {"files": files})

    def with_set_aside(self, why_by_path: Mapping[str, str]) -> Bundle:
        """The same files, with what was set aside before they were sent."""
        aside = {one.path: one for one in self.set_aside} | {p: SetAside(p, why) for p, why in why_by_path.items()}
        return replace(self, set_aside=tuple(aside[path] for path in sorted(aside)))

    @classmethod
    def from_manifest(cls, manifest: bytes | Mapping[str, Any]) -> Bundle:
        """Read what ``manifest`` wrote; it was checked when it was made."""
        sheet = orjson.loads(manifest) if isinstance(manifest, bytes) else manifest
        files = {p: FileEntry(one["sha256"], one["size"], one["type"]) for p, one in sheet["files"].items()}
        return cls(files, run=sheet.get("run", {}))


def check_paths(files: Mapping[str, Mapping[str, Any]], limits: Limits = DEFAULT_LIMITS) -> Bundle:
    """A folder that arrives as ``{path: {"sha256", "size"}}``, held to the same rules as an archive.

    Raises ``WrongInput`` or ``TooLarge``. Sizes are the sender's word here: compare them when the bytes arrive.
    """
    if len(files) > limits.members:
        raise too_many(limits.members)
    names = Names()
    kept: dict[str, FileEntry] = {}
    aside: dict[str, SetAside] = {}
    for name, said in files.items():
        path = check_path(name, limits)
        if not path or name.endswith("/"):
            raise WrongInput(f"{shown(name)} is a folder, not a file.", next_step="Name files only.")
        names.add(path)
        entry = _entry(path, said)
        if why := set_aside(path):
            aside[why.path] = why
            continue
        if entry.size > limits.file:
            raise file_too_large(path, limits)
        kept[path] = entry
    if len(kept) > limits.files:
        raise too_many(limits.files)
    if sum(one.size for one in kept.values()) > limits.total:
        raise too_much(limits.total)
    if not kept:
        raise nothing_left(bool(aside))
    return Bundle(dict(sorted(kept.items())), tuple(aside[path] for path in sorted(aside)))


def _entry(path: str, said: Mapping[str, Any]) -> FileEntry:
    letters = _DIGEST.fullmatch(str(said.get("sha256")))
    size = said.get("size")
    if letters is None or not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise WrongInput(
            f"{shown(path)} has no proper digest and size.",
            next_step='Give each file as {"sha256": 64 hexadecimal letters, "size": bytes}.',
        )
    return FileEntry(f"sha256:{letters[1]}", size, media_type_of(path))


def too_many(limit: int) -> TooLarge:
    """The error for more files than one upload may have."""
    return TooLarge(
        f"The upload has more than {limit:,} files.",
        next_step="Deploy the built site without packages and sources, or split it into several apps.",
    )


def too_much(limit: int) -> TooLarge:
    """The error for more bytes than one upload may have."""
    return TooLarge(
        f"The upload holds more than {_megabytes(limit)}.",
        next_step="Leave out what visitors do not need; large media belong in a media store.",
    )


def file_too_large(path: str, limits: Limits) -> TooLarge:
    """The error for one file that is too large."""
    return TooLarge(
        f"{shown(path)} is larger than {_megabytes(limits.file)}.",
        next_step="Make it smaller, or keep it in a media store and link to it.",
    )


def nothing_left(some_set_aside: bool) -> WrongInput:
    """The error for an upload with nothing to serve."""
    if some_set_aside:
        return WrongInput(
            "Nothing is left to serve: everything in the upload was set aside.",
            next_step="Deploy the folder that holds your pages.",
        )
    return WrongInput("The upload is empty.", next_step="Deploy a folder that holds at least one file.")


def _megabytes(size: int) -> str:
    return f"{size / (1024 * 1024):,.0f} MB" if size >= 1024 * 1024 else f"{size:,} bytes"
