"""The keys: what each does, and the switch for those that are one letter.

Keys only move the focus or open a page. None of them decides anything.
"""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from greenlane.web.asked import Asked
from greenlane.web.site import Site

EVERYWHERE = (
    (("Ctrl", "K"), "Find an app, or do something by its name"),
    (("?",), "Show these keys"),
    (("g", "a"), "Go to your apps"),
    (("g", "i"), "Go to your inbox"),
    (("g", "l"), "Go to the ledger"),
    (("g", "p"), "Go to people"),
)
"""Keys of every page. Two letters are pressed one after the other."""

IN_THE_INBOX = (
    (("j",), "Go to the next request"),
    (("k",), "Go to the one before"),
    (("Enter",), "Open the request that is marked"),
    (("a",), "Begin to approve: write why"),
    (("s",), "Begin to send it back: write what should change"),
    (("d",), "Begin to decline: write why not"),
)
"""Keys of the inbox and its cards."""


def routes(site: Site) -> list[Route]:
    """The page of keys."""
    return [site.page("/keys", keys)]


def keys(at: Asked) -> Response:
    """Every key. A running page gets the lists alone, for its dialog."""
    return at.page("keys/keys.html", part="lists", everywhere=EVERYWHERE, in_the_inbox=IN_THE_INBOX)
