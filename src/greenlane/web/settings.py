"""The organisation's settings: its name, who outside is told, how mail does, and what was set at the start."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import Route

from greenlane.deploys.advisories import matching
from greenlane.identity import queries as identity
from greenlane.identity.queries import listing, organisation
from greenlane.ledger import queries as ledger
from greenlane.notices import queries as notices
from greenlane.notices.kinds import KINDS
from greenlane.web.asked import Asked
from greenlane.web.site import Site

SENT = {
    "": "Nothing was sent yet.",
    "waiting": "Waits to be sent.",
    "sent": "Arrived.",
    "given-up": "Was given up.",
    "dropped": "Was not sent.",
}
"""How the last message to a webhook went."""


TOLD_WHEN = {
    "break-glass": "An owner came in around the company's sign-in, or with a recovery code",
    "interrupted": "An action was interrupted, and somebody must look",
    "asked": "A request waits for a decision",
    "look": "Somebody is asked to look at a change that went through",
    "review": "Somebody is asked who still needs their access, or reminded of it",
    "answered": "A request was approved, declined or sent back, or it expired",
    "flawed": "A newer list knows flaws in the packages of an app",
    "runs": "A function did not succeed again and again, or a run of it was interrupted",
    "sign-in": "Somebody signed in with a browser that was not seen before",
    "company": "The company's sign-in provider shows other certificates, or metadata that were not taken over",
    "models": "A budget, a price, a provider or its key needs a look",
    "unused": "An app is about to fall asleep, or did",
    "told": "Something went through with the safeguard that its owner is told",
    "widened": "More people can open an app than before",
}
"""What a webhook can be told of, to people whom it does not concern themselves."""


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook in the list. ``about`` are sentences; ``at`` is when its last message was made, or empty."""

    id: str
    host: str
    about: tuple[str, ...]
    created: str
    went: str
    trouble: str
    at: str


def routes(site: Site) -> list[Route]:
    """One page."""
    return [site.page("/settings", settings)]


def settings(at: Asked) -> Response:
    """What is set, by whom it can be changed, and where."""
    with at.read() as connection:
        name = organisation.name(connection)
        if not at.may(connection, "read-settings", "organisation"):
            owners = identity.names(connection, identity.active_owners(connection))
            return at.page("settings/not_yours.html", name=name, owners=sorted(owners.values(), key=str.casefold))
        hooks = [_hook(one, notices.last_to(connection, one.id)) for one in notices.webhooks(connection)]
        mail = notices.post(connection, "mail")
        receipts = ledger.size(connection)
        people = listing.how_many(connection)
        advisories = matching.lists(connection)
    everywhere = identity.together(one for one in at.held if one.scope == "organisation")
    return at.page(
        "settings/settings.html",
        name=name,
        names=("name-organisation", "") in everywhere,
        adds=("add-webhook", "") in everywhere,
        hooks=hooks,
        kinds=[(one, TOLD_WHEN[one]) for one in KINDS],
        mail=mail,
        installation=at.house.installation,
        addresses=at.house.addresses,
        trust=at.house.trust,
        receipts=receipts,
        people=people,
        lists=[(one, matching.NAMES[one.ecosystem], one.days(at.now), one.is_old(at.now)) for one in advisories],
        imports=("import-advisories", "") in everywhere,
    )


def _hook(one: notices.Webhook, last: notices.Message | None) -> Hook:
    return Hook(
        one.id,
        one.host,
        tuple(TOLD_WHEN[kind] for kind in KINDS if kind in one.about),
        one.created,
        SENT["" if last is None else last.state],
        "" if last is None or last.state == "sent" else last.trouble,
        "" if last is None else last.at,
    )
