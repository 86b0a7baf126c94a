"""The queries about the company's own sign-in: its providers, what to copy into them, and whether they are set up rightly."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from greenlane.api.house import HOUSE, READER
from greenlane.api.ledger import must
from greenlane.identity.sso import providers, self_test, values
from greenlane.identity.sso.providers import IdentityProvider


def routes() -> APIRouter:
    """The routes. They only read; the check asks the provider."""
    router = APIRouter(prefix="/v1", tags=["company sign-in"])

    @router.get("/identity-providers", summary="The company's identity providers, without their secrets")
    def listed(at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            must(at, connection, who, "read-settings", "organisation")
            people = providers.people_of(connection)
            items = [_shown(one, people.get(one.id, 0)) for one in providers.providers(connection)]
        return {"items": items, "next": None}

    @router.get("/identity-providers/{provider}/values", summary="What is copied from here into a provider")
    def copied(at: HOUSE, who: READER, provider: str, kind: str = "oidc") -> dict[str, Any]:
        with at.database.read() as connection:
            must(at, connection, who, "read-settings", "organisation")
            found = providers.find(connection, provider)
        kind = kind if found is None else found.kind
        pairs = values.to_copy(at.addresses.console, provider, "saml" if kind == "saml" else "oidc")
        return {"items": [{"what": what, "value": value} for what, value in pairs]}

    @router.get("/identity-providers/{provider}/check", summary="Whether a provider is set up rightly, in plain words")
    def checked(at: HOUSE, who: READER, provider: str) -> dict[str, Any]:
        with at.database.read() as connection:
            must(at, connection, who, "read-settings", "organisation")
        return {"items": [asdict(one) for one in self_test.of(at.company.parts, provider)]}

    @router.get("/mail-domains", summary="Mail domains and the providers that they lead to")
    def domains(at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            must(at, connection, who, "read-settings", "organisation")
            items = [{**asdict(one), "record": one.record} for one in providers.mail_domains(connection)]
        return {"items": items, "next": None}

    return router


def _shown(one: IdentityProvider, people: int) -> dict[str, Any]:
    kind = {"issuer": one.oidc.issuer, "client_id": one.oidc.client_id} if one.oidc else {}
    if one.saml is not None:
        kind = {"entity_id": one.saml.entity_id, "metadata": one.metadata}
    return {
        "name": one.name,
        "kind": one.kind,
        "title": one.title,
        **kind,
        "id_claim": one.id_claim,
        "requires": one.requires,
        "groups": one.groups,
        "creates": one.creates,
        "directory": one.directory,
        "strong": one.strong,
        "begins": one.begins,
        "networks": one.networks,
        "on": one.on,
        "people": people,
        "created": one.created,
    }
