"""What an error looks like to somebody who is in the console."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from greenlane.govern.errors import NotFound, Refused, SignInNeeded
from greenlane.kit.errors import GreenlaneError
from greenlane.web import frame
from greenlane.web.asked import Asked


def sign_in_first(at: Asked) -> Response:
    """On to the sign-in page, which leads back to a page that was read. A form that was sent is not sent again."""
    back = {"next": at.here} if at.request.method == "GET" and at.path not in {"/", "/sign-in"} else {}
    where = f"/sign-in?{urlencode(back)}" if back else "/sign-in"
    if frame.partial(at.request):
        return Response(status_code=204, headers=frame.PLAIN_HEADERS | {"hx-redirect": where})
    return RedirectResponse(where, 303, frame.PLAIN_HEADERS)


def told(at: Asked, error: GreenlaneError) -> Response:
    """The page for an error: what happened and what to do next, in the frame where it happened."""
    if isinstance(error, SignInNeeded):
        return sign_in_first(at)
    if isinstance(error, NotFound):
        title = "Not found"
    elif isinstance(error, Refused):
        title = "Not possible"
    else:
        title = "That did not work"
    return at.page(
        "message.html",
        status=error.status,
        part="main",
        title=title,
        text=error.message,
        next_step=error.next_step,
    )
