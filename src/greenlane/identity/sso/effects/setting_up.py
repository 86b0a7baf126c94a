"""Providers: added after a look at what they say of themselves, changed, removed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from greenlane.govern.effect import Context, Edge, Outcome
from greenlane.govern.errors import Conflict, WrongInput
from greenlane.identity.effects import sessions
from greenlane.identity.oidc.books import Books
from greenlane.identity.sso import by_saml, providers, readings
from greenlane.identity.sso.actions import AddIdentityProvider, ChangeIdentityProvider, RemoveIdentityProvider
from greenlane.identity.sso.arrived import Arrived
from greenlane.identity.sso.driver import Dns, Seals, sealed_place
from greenlane.identity.sso.providers import IdentityProvider
from greenlane.identity.sso.tables import IDENTITY, IDENTITY_PROVIDER, MAIL_DOMAIN, PENDING_SIGN_IN, PROVIDER_SESSION
from greenlane.identity.tables import SESSION
from greenlane.kit import ids
from greenlane.kit.clock import stamp
from greenlane.kit.database import Database

SETTINGS = ("id_claim", "requires", "directory", "strong", "begins", "networks")
"""What both kinds have."""


@dataclass(frozen=True, slots=True)
class Works:
    """What the effects work with."""

    database: Database
    seals: Seals
    dns: Dns
    books: Books
    arrived: Arrived


@dataclass(frozen=True, slots=True)
class Setting:
    """Sets providers up."""

    works: Works

    def add(self, action: AddIdentityProvider, context: Context) -> Outcome:
        """A provider that answered, with its secret sealed."""
        id = ids.new("idp")
        settings = self._settings(action, context.now)
        secret = action.client_secret if action.kind == "oidc" else by_saml.new_key("Greenlane", context.now)
        row = {
            "id": id,
            "name": action.name,
            "kind": action.kind,
            "title": action.title or action.name.capitalize(),
            "settings": settings,
            "sealed_secret": self._sealed(id, secret),
            "running": True,
            "creates": action.creates,
            "groups": action.groups,
            "action": context.action_id,
            "created": stamp(context.now),
        }

        def rows(connection: Connection) -> None:
            if providers.find(connection, action.name) is not None:
                raise Conflict(
                    f"There is an identity provider {action.name} already.",
                    next_step="Change it with `greenlane sso change`, or choose another name.",
                )
            connection.execute(insert(IDENTITY_PROVIDER).values(**row))

        return Outcome(
            rows,
            happened={"provider": action.name, "id": id},
            made=(Edge("identity-provider", id),),
            answer={"provider": action.name, "page": f"/sign-in-providers/{action.name}", **_told(action.metadata)},
        )

    def change(self, action: ChangeIdentityProvider, context: Context) -> Outcome:
        """What was said holds from now on. A provider that is switched off loses the sessions that it opened."""
        with self.works.database.read() as connection:
            before = providers.provider(connection, action.provider)
        said = {
            "title": action.title or None,
            "creates": action.creates,
            "groups": action.groups,
            "running": action.on,
            "sealed_secret": None if action.client_secret is None else self._sealed(before.id, action.client_secret),
        }
        changed: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
        settings = self._changed(action, before, context.now)
        if settings is not None:
            changed["settings"] = settings
        if action.client_secret is not None and before.oidc is None:
            raise _not_of_this_kind("a client secret", "OIDC")
        if action.client_secret == "":
            changed["sealed_secret"] = None

        def rows(connection: Connection) -> None:
            providers.provider(connection, before.id)
            here = update(IDENTITY_PROVIDER).where(IDENTITY_PROVIDER.c.id == before.id)
            connection.execute(here.values(**changed, action=context.action_id))
            if action.metadata is not None:
                readings.forget(connection, before.id)
            if action.on is False:
                _end_what_it_opened(connection, before.id, context)

        happened = {"provider": before.name, "before": _before(action, before)}
        return Outcome(rows, happened=happened, answer=_told(action.metadata or ""))

    def remove(self, action: RemoveIdentityProvider, context: Context) -> Outcome:
        """Gone with its secret, its links to people, its domains, and the sessions that it opened."""
        with self.works.database.read() as connection:
            before = providers.provider(connection, action.provider)

        def rows(connection: Connection) -> None:
            here = providers.provider(connection, before.id).id
            _end_what_it_opened(connection, here, context)
            theirs = select(IDENTITY.c.id).where(IDENTITY.c.provider == here)
            connection.execute(delete(PROVIDER_SESSION).where(PROVIDER_SESSION.c.identity.in_(theirs)))
            readings.forget(connection, here)
            for table in (PENDING_SIGN_IN, IDENTITY, MAIL_DOMAIN):
                connection.execute(delete(table).where(table.c.provider == here))
            connection.execute(delete(IDENTITY_PROVIDER).where(IDENTITY_PROVIDER.c.id == here))

        return Outcome(rows, happened={"provider": before.name, "id": before.id})

    def _sealed(self, id: str, secret: str) -> bytes | None:
        return self.works.seals.seal(secret, sealed_place(id)) if secret else None

    def _settings(self, action: AddIdentityProvider, now: datetime) -> dict[str, Any]:
        both = {name: _plain(getattr(action, name)) for name in SETTINGS}
        if action.kind == "saml":
            return both | self._saml(action.metadata, action.networks, now)
        both["id_claim"] = action.id_claim or providers.SUBJECT
        return both | self._oidc(action.issuer, action.client_id, action.scopes, action.networks)

    def _changed(
        self, action: ChangeIdentityProvider, before: IdentityProvider, now: datetime
    ) -> dict[str, Any] | None:
        """The settings as they become; None where none changes."""
        said = {name: getattr(action, name) for name in (*SETTINGS, "issuer", "client_id", "scopes", "metadata")}
        if all(value is None for value in said.values()):
            return None
        both = {name: _plain(getattr(before, name) if said[name] is None else said[name]) for name in SETTINGS}
        networks = tuple(both["networks"])
        if before.oidc is not None:
            if action.metadata is not None:
                raise _not_of_this_kind("metadata", "SAML")
            both["id_claim"] = both["id_claim"] or providers.SUBJECT
            oidc = self._oidc(
                action.issuer or before.oidc.issuer,
                action.client_id or before.oidc.client_id,
                action.scopes or before.oidc.scopes,
                networks,
            )
            return both | oidc
        assert before.saml is not None
        if action.issuer is not None or action.client_id is not None or action.scopes is not None:
            raise _not_of_this_kind("issuer, client id or scopes", "OIDC")
        if action.metadata is not None:
            return both | self._saml(action.metadata, networks, now)
        return both | {"saml": asdict(before.saml), "metadata": before.metadata}

    def _saml(self, text: str, networks: tuple[str, ...], now: datetime) -> dict[str, Any]:
        """A provider whose metadata can be read. Raises ``SamlRefused``, ``NotReached``."""
        found, source = by_saml.read(self.works.books.wire, text, networks, now)
        return {"saml": asdict(found), "metadata": source}

    def _oidc(self, issuer: str, client_id: str, scopes: tuple[str, ...], networks: tuple[str, ...]) -> dict[str, Any]:
        """A provider that answers and that we can believe. Raises ``OidcRefused``, ``NotReached``."""
        self.works.books.forget()
        self.works.books.of(issuer, networks)
        return {"issuer": issuer, "client_id": client_id, "scopes": list(scopes)}


def _end_what_it_opened(connection: Connection, provider: str, context: Context) -> None:
    """The sessions that a provider opened; the one stays in which its administrator says so."""
    theirs = select(IDENTITY.c.id).where(IDENTITY.c.provider == provider)
    others = SESSION.c.through.in_(theirs) & (SESSION.c.id != (context.actor.credential or ""))
    sessions.end_sessions(connection, others, context.now)


def _before(action: ChangeIdentityProvider, before: IdentityProvider) -> dict[str, Any]:
    """What was before, of what changes, so that it can be taken back. Nothing of it is a secret."""
    was: dict[str, Any] = {
        "title": before.title,
        "creates": before.creates,
        "groups": before.groups,
        "on": before.on,
        **{name: _plain(getattr(before, name)) for name in SETTINGS},
    }
    if before.oidc is not None:
        was |= {
            "issuer": before.oidc.issuer,
            "client_id": before.oidc.client_id,
            "scopes": list(before.oidc.scopes),
        }
    return {name: value for name, value in was.items() if getattr(action, name) is not None}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _not_of_this_kind(what: str, kind: str) -> WrongInput:
    return WrongInput(f"Only a provider that speaks {kind} has {what}.", next_step="Leave that out.")


def _told(metadata: str) -> dict[str, str]:
    """What whoever sets a provider up must know of its metadata, and what to do."""
    says, instead = readings.never_again(metadata)
    return {"metadata_says": says, "metadata_next": instead} if says else {}
