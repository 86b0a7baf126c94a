"""Visitors: who comes in beside an app's audience, because they asked, were let in, or hold a link."""

from __future__ import annotations

from urllib.parse import quote

from greenlane.cli.apps import Name
from greenlane.cli.command import ARGUMENT, Ask, Command, Typed, act
from greenlane.cli.output import Output
from greenlane.cli.talk import Document, Talk

WHO = Typed(says="Somebody, by id, mail address or name.")


def links(talk: Talk, app: Name) -> Document:
    """The share links of an app that work."""
    return {"items": talk.everything(f"/v1/apps/{quote(app, safe='')}/share-links")}


def guests(talk: Talk, app: Name) -> Document:
    """Who was let in on top of an app's audience."""
    return {"items": talk.everything(f"/v1/apps/{quote(app, safe='')}/guests")}


def _link_table(out: Output, document: Document) -> None:
    rows = [(one["id"], one["meant_for"], one["expires"], one["made_by"]) for one in document["items"]]
    out.table(("id", "meant for", "until", "made by"), rows, none="Nobody holds a link to it.")


def _guest_table(out: Output, document: Document) -> None:
    rows = [(one["name"], one["person"], one["since"]) for one in document["items"]]
    out.table(("name", "id", "since"), rows, none="It has no guests beside its audience.")


COMMANDS: tuple[Command, ...] = (
    act(
        "ask",
        "ask-to-open",
        'greenlane ask vendor-board --because "I plan the visits"',
        app=ARGUMENT,
        because=Typed(("--because",)),
    ),
    act("guests add", "add-guest", "greenlane guests add vendor-board ada@example.com", app=ARGUMENT, person=WHO),
    act("guests remove", "remove-guest", "greenlane guests remove vendor-board p_01h2…", app=ARGUMENT, person=WHO),
    Ask("guests list", "query /v1/apps/{app}/guests", guests, "greenlane guests list vendor-board", _guest_table),
    act(
        "share create",
        "create-share-link",
        'greenlane share create vendor-board --for "the buyers at Acme" --days 7',
        app=ARGUMENT,
        meant_for=Typed(("--for",)),
        days=Typed(("--days",)),
    ),
    Ask("share list", "query /v1/apps/{app}/share-links", links, "greenlane share list vendor-board", _link_table),
    act(
        "share revoke",
        "revoke-share-link",
        "greenlane share revoke vendor-board shr_01h2…",
        app=ARGUMENT,
        link=ARGUMENT,
    ),
)
