"""What stands where a version's picture belongs: the picture, or a drawn frame that says why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from greenlane.deploys import pictures
from greenlane.web.asked import Asked


@dataclass(frozen=True, slots=True)
class Depicted:
    """What stands where a version's picture belongs. ``src`` is its address; empty where there is none, and then
    ``says`` tells why. ``which`` is the word above it, such as Now.
    """

    which: str
    app: str
    deploy: str
    src: str
    says: str


def depicted(at: Asked, connection: Connection, app: str, wanted: Sequence[tuple[str, str | None]]) -> list[Depicted]:
    """What stands where the pictures of some versions belong, in this order: each with the word above it and its id.

    Versions without an id are left out, and so is the second picture of the same one. Where pictures are switched off,
    nothing stands there.
    """
    ids = [deploy for _which, deploy in wanted if deploy]
    found = pictures.of(connection, ids)
    if at.house.no_pictures is None and not found:
        return []
    cannot = "" if at.house.no_pictures is None or all(one in found for one in ids) else at.house.no_pictures()
    shown: dict[str, Depicted] = {}
    for which, deploy in wanted:
        if not deploy or deploy in shown:
            continue
        one = found.get(deploy)
        src = f"/apps/{app}/deploys/{deploy}/picture" if one is not None and one.blob else ""
        shown[deploy] = Depicted(which, app, deploy, src, "" if src else _why(one, cannot))
    return list(shown.values())


def _why(one: pictures.Picture | None, cannot: str) -> str:
    if one is not None:
        return f"There is no picture. {one.why}"
    return "No pictures are taken here." if cannot else "The picture is being taken."
