"""Setting the company's own sign-in up: a guide for each kind of provider, values to copy, and a self-test in plain words."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from greenlane.govern.errors import NotFound
from greenlane.identity.break_glass import queries as break_glass
from greenlane.identity.sso import providers, readings, self_test, values
from greenlane.web import company
from greenlane.web.asked import Asked
from greenlane.web.form import SMALL
from greenlane.web.guides import GUIDES
from greenlane.web.site import Site

USUAL = "okta"
"""The guide that is shown where none was chosen."""


def routes(site: Site) -> list[Route]:
    """Two pages, and a try."""
    return [
        site.page("/sign-in-providers", listed),
        site.page("/sign-in-providers/{provider}", one_provider),
        site.form("/sign-in-providers/{provider}/try", trying, largest=SMALL),
    ]


def listed(at: Asked) -> Response:
    """The providers there are, and how the next one is added."""
    with at.read() as connection:
        at.must(connection, "read-settings")
        found = providers.providers(connection)
        people = providers.people_of(connection)
        domains = providers.mail_domains(connection)
        warning = break_glass.break_glass(connection).warning(at.now)
    wanted = at.query("for") or USUAL
    if wanted not in GUIDES:
        raise NotFound("There is no such guide.", next_step="Choose one from the list.")
    guide, taken = GUIDES[wanted], {one.name for one in found}
    name = wanted if wanted not in {"other", "saml", *taken} else "company"
    return at.page(
        "sso/providers.html",
        providers=[(one, people.get(one.id, 0)) for one in found],
        domains=domains,
        warning=warning,
        guides=[(key, one.title) for key, one in GUIDES.items()],
        chosen=wanted,
        guide=guide,
        kept={"kind": guide.kind, **{field: value for field, value in guide.filled.items() if field != "requires"}},
        name=name,
        title=guide.title if wanted in {"okta", "entra", "google", "keycloak"} else "",
        values=values.to_copy(at.house.addresses.console, name, guide.kind),
        keeper=_keeps(at),
    )


def one_provider(at: Asked) -> Response:
    """One provider: the self-test, what to copy, and what can be changed."""
    name = at.named("provider")
    with at.read() as connection:
        at.must(connection, "read-settings")
        found = providers.provider(connection, name)
        domains = [one for one in providers.mail_domains(connection) if one.provider == found.name]
    return at.page(
        "sso/provider.html",
        provider=found,
        checks=self_test.of(at.house.company.parts, found.name),
        values=values.to_copy(at.house.addresses.console, found.name, found.kind),
        domains=domains,
        never_again=readings.never_again(found.metadata),
        keeper=_keeps(at),
    )


def trying(at: Asked) -> Response:
    """Out to the provider and back, to see what it says of oneself. Nobody is signed in by that."""
    with at.read() as connection:
        at.must(connection, "read-settings")
    return company.try_out(at, at.named("provider"))


def _keeps(at: Asked) -> bool:
    return at.has_somewhere("add-identity-provider")
