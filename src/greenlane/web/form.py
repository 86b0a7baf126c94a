"""What a person typed into one of our forms."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from greenlane.govern.errors import TooLarge, WrongInput

LARGEST = 1024 * 1024
"""Bytes of the longest form: the organisation's own policies, typed as text."""

SMALL = 64 * 1024
"""Bytes of the longest form of coming in, which anybody may send: what a passkey answers, and an address to go on to."""

MOST_FIELDS = 256
"""Fields of the widest form."""

_KIND = "application/x-www-form-urlencoded"

Fields = Mapping[str, list[str]]
"""What was typed, by the field's name; a field may come several times."""


async def read(request: Request, largest: int = LARGEST) -> Fields:
    """The fields of a form as they were typed. Raises ``TooLarge`` or ``WrongInput`` for what no form of ours sends."""
    if "content-type" not in request.headers and request.headers.get("content-length", "0") == "0":
        return {}  # one button and nothing typed
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _KIND:
        raise WrongInput("This is not a form of ours.", next_step="Open the page again and press the button there.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > largest:
            raise TooLarge("This form is too large.", next_step="Shorten what you typed and send it again.")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise WrongInput("This form could not be read.", next_step="Open the page again.") from error
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found
