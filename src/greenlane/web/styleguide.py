"""Every piece that the pages are made of, on one page, so that what looks alike is alike."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from greenlane.govern.decision import Reason
from greenlane.govern.errors import WrongInput
from greenlane.kit.clock import stamp
from greenlane.web.asked import Asked
from greenlane.web.doing import CHOICES, FormField
from greenlane.web.site import Site


def routes(site: Site) -> list[Route]:
    """The page of pieces."""
    return [site.page("/styleguide", styleguide)]


def styleguide(at: Asked) -> Response:
    """The pieces, each with what it is for."""
    wrong = WrongInput("The name is missing.", next_step="Type it as others here should read it.", field="wrong")
    return at.page(
        "styleguide/styleguide.html",
        lanes=("green", "amber", "red", "closed"),
        moment=stamp(at.now),
        digest="sha256:" + "4f1c" * 16,
        reasons_shown=[
            Reason("public", "It would be open to the whole internet.", "Publish it to your team first.", "risk", "")
        ],
        fields=[
            FormField("title", "Title", "what people read as its name", "text", "Vendor board", False),
            FormField("note", "Note", "what should change", "long", "", True),
            FormField("audience", "Audience", "who may open it", "choice", "team", True, CHOICES["audience"]),
            FormField("days", "Days", "for how many days it works, 1 to 30", "number", "7", False),
            FormField("unlock", "Unlock", "lift a lock that stands in the way", "check", "", False),
            FormField("wrong", "Name", "the person's name", "text", "", True, (), wrong),
        ],
    )
