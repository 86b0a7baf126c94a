"""What a person typed into one of our forms."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request

from greenlane.govern.errors import TooLarge, WrongInput

_LARGEST = 16 * 1024  # bytes; the longest form here has a name, a mail address and an address to go on to
_KIND = "application/x-www-form-urlencoded"


async def fields(request: Request) -> dict[str, str]:
    """The fields of a form, trimmed. Raises ``TooLarge`` or ``WrongInput`` for what no form of ours sends."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _KIND:
        raise WrongInput("This is not a form of ours.", next_step="Open the page again and press the button there.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _LARGEST:
            raise TooLarge("This form is too large.", next_step="Shorten what you typed and send it again.")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=16, errors="strict")
    except ValueError as error:
        raise WrongInput("This form could not be read.", next_step="Open the page again.") from error
    return {name: value.strip() for name, value in pairs}
