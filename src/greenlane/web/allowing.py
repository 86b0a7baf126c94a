"""What an agent may not do alone: its person reads exactly what is wanted, and allows it once."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from greenlane.govern.decision import Lane
from greenlane.govern.errors import NotFound
from greenlane.identity.delegation import confirming
from greenlane.identity.delegation.actions import AllowOnce
from greenlane.insights import sentences
from greenlane.web.asked import Asked
from greenlane.web.site import Site


def routes(site: Site) -> list[Route]:
    """One page."""
    return [site.page("/allow/{confirmation}", allowing)]


def allowing(at: Asked) -> Response:
    """What is wanted, by whom, and the button. Somebody else's question and none look alike."""
    with at.read() as connection:
        one = confirming.confirmation(connection, at.named("confirmation"))
        if one.person != at.me.person:
            raise NotFound("Nothing like this was asked, or it is over.", next_step="Let the agent try again.")
        chain = one.actor.chain()
        names = sentences.Names.of(connection, [{"actor": chain, "action": {"inputs": one.inputs}}])
    _facts, ahead = at.explain(AllowOnce(one.id, one.digest))
    return at.page(
        "agents/allow.html",
        one=one,
        wish=sentences.wish(one.verb, one.inputs, names.actor(chain), names),
        waits=one.waits(at.now),
        stale=ahead.lane is Lane.CLOSED,
    )
