"""Reading a list of advisories: a zip of JSON files, or one JSON file. A stream, never whole in memory, and bounded."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from greenlane.govern.errors import WrongInput

LARGEST_RECORD = 8 * 1024 * 1024
"""Bytes of one record; the largest that are published are under 2 MB."""

LARGEST_JSON = 64 * 1024 * 1024
"""Bytes of a list that is one JSON file."""

MOST_RECORDS = 1_000_000
MOST_BYTES = 16 * 1024 * 1024 * 1024
"""What may come out of a zip, all records together."""


def is_archive(path: Path) -> bool:
    """Whether a list is a zip."""
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def records(path: Path) -> Iterator[Any]:
    """Every JSON value that a list holds; None for a file in it that is no JSON. Raises ``WrongInput`` for another file."""
    if is_archive(path):
        yield from _zipped(path)
        return
    if path.stat().st_size > LARGEST_JSON:
        raise _no_list("It is larger than a single JSON file may be.")
    content = path.read_bytes()
    try:
        value = orjson.loads(content)
    except ValueError:
        lines = content.splitlines()
        if not lines or not all(one.lstrip().startswith(b"{") for one in lines[:2]):
            raise _no_list("It is neither a zip nor JSON.") from None
        yield from (_loaded(line) for line in lines if line.strip())
        return
    yield from value if isinstance(value, list) else [value]


def _zipped(path: Path) -> Iterator[Any]:
    left = MOST_BYTES
    try:
        with zipfile.ZipFile(path) as archive:
            members = [one for one in archive.infolist() if one.filename.endswith(".json") and not one.is_dir()]
            if len(members) > MOST_RECORDS:
                raise _no_list("It holds more than a million files.")
            for one in members:
                with archive.open(one) as file:
                    content = file.read(LARGEST_RECORD + 1)
                left -= len(content)
                if left < 0:
                    raise _no_list("It unpacks to more than 16 GB.")
                yield None if len(content) > LARGEST_RECORD else _loaded(content)
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError, ValueError, zlib.error) as error:
        raise _no_list("The zip is damaged.") from error


def _loaded(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except ValueError:
        return None


def _no_list(why: str) -> WrongInput:
    return WrongInput(
        f"This is no list of advisories. {why}",
        next_step="Give a zip of JSON files in the OSV format, such as all.zip of an ecosystem, or one such JSON file.",
    )
