"""Every way in, as the program itself declares it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import Mock

import greenlane.main  # noqa: F401 - every verb is declared
from greenlane.api import app
from greenlane.web import routes as web

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Route:
    """One method of one address."""

    method: str
    path: str

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def verb(self) -> str | None:
        """The verb that it does or explains."""
        found = re.fullmatch("/v1/(actions|explain)/(.+)", self.path)
        return found[2] if found else None


def routes() -> list[Route]:
    """Every route of the API."""
    paths = app.create(None).openapi()["paths"]
    return sorted(
        (Route(method.upper(), path) for path, ways in paths.items() for method in ways), key=lambda r: r.name
    )


def pages() -> list[Route]:
    """Every route of the console's pages."""
    nobody = Mock()  # only the addresses are wanted, and they are the same for every house
    found = [Route(method, one.path) for one in web.routes(nobody) for method in one.methods or ()]
    return sorted((one for one in found if one.method != "HEAD"), key=lambda r: r.name)


def listed(file: str) -> Iterator[str]:
    """The lines of a checked-in list, without what stands behind two spaces."""
    for line in (HERE / file).read_text().splitlines():
        if line and not line.startswith("#"):
            yield line.partition("  ")[0]


OPEN = frozenset(listed("open.txt"))
"""Routes that answer whoever asks."""
UNTESTED = frozenset(listed("untested.txt"))
"""Routes whose authorisation nobody tests. It is empty and stays so."""
