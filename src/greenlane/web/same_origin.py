"""Whether a form was sent from the console itself.

The browser says so in ``Sec-Fetch-Site``, which no page can forge. ``same-site`` is not enough: apps may live on
sibling hosts of the console. An old browser that does not send it is asked for an equal ``Origin``.
"""

from __future__ import annotations

from starlette.datastructures import Headers


def sent_from_here(headers: Headers, console_origin: str) -> bool:
    """True when a page of the console sent this request; whoever says nothing about it did not."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return headers.get("origin") == console_origin
