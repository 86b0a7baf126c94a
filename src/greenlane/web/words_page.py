"""What was said in a call, for those with the right: the page says that looking is recorded before it shows a word."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from greenlane.gateway import queries as gateway
from greenlane.gateway.content.actions import LookAtWords
from greenlane.gateway.content.messages import messages, pretty
from greenlane.gateway.content.queries import kept_until
from greenlane.gateway.queries import Call
from greenlane.govern.errors import NotFound, WrongInput
from greenlane.insights import seeing_calls
from greenlane.web import doing
from greenlane.web.asked import Asked
from greenlane.web.site import Site

SIDES = {"system": "Instructions", "user": "Asked", "assistant": "Answered"}
"""Who said it, in words."""


def routes(site: Site) -> list[Route]:
    """The page, and the form on it that shows the words."""
    return [site.page("/calls/{call}/words", asking), site.form("/calls/{call}/words", looking)]


def asking(at: Asked) -> Response:
    """What looking means, and a form that does it; or why there is nothing to look at."""
    return _page(at)


def looking(at: Asked) -> Response:
    """Look. The words are in this answer alone: they stand at no address and in nobody's memory."""
    one = _call(at)
    try:
        answer = at.does(LookAtWords(one.id, because=at.field("because")))
    except (WrongInput, NotFound) as error:
        return _page(at, error)
    if answer.state != "done":
        return doing.answered(at, answer, f"/calls/{one.id}")
    said = answer.answer
    return _page(
        at,
        said=messages(one.wire, said["prompt"], said["answer"]),
        wire=[("The prompt", pretty(said["prompt"])), ("The answer", pretty(said["answer"]))],
        receipt=answer.receipt,
    )


def _call(at: Asked) -> Call:
    """The call, for somebody who may look at its words. Raises ``NotFound``."""
    with at.read() as connection:
        one = seeing_calls.check(
            gateway.call(connection, at.named("call")), seeing_calls.seen(connection, at.me.person, at.now)
        )
    if not at.has_somewhere("look-at-words"):
        raise NotFound("There is no such page for you.", next_step="Ask an owner for a role that may look.")
    return one


def _page(at: Asked, wrong: WrongInput | NotFound | None = None, **shown: Any) -> Response:
    one = _call(at)
    with at.read() as connection:
        until = kept_until(connection, one.id)
        settings = gateway.settings(connection)
    told: dict[str, Any] = {"said": None, "wire": (), "receipt": None, **shown}
    status = 422 if isinstance(wrong, WrongInput) else 200
    return at.page(
        "spending/words.html",
        status=status,
        one=one,
        until=until,
        capture=settings.capture == "on",
        days=settings.capture_days,
        sides=SIDES,
        wrong=wrong,
        because=at.field("because"),
        **told,
    )
