"""What metadata say that were read again: certificates taken over, and administrators told of the rest."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from sqlalchemy import Connection, select, update

from greenlane.govern.effect import Context, Outcome
from greenlane.govern.errors import Conflict
from greenlane.identity.saml.signature import certificate
from greenlane.identity.sso import providers, readings
from greenlane.identity.sso.actions import RefreshIdentityProvider, TellOfMetadata
from greenlane.identity.sso.tables import IDENTITY_PROVIDER
from greenlane.kit.database import Database


@dataclass(frozen=True, slots=True)
class Refreshed:
    """Takes over what metadata showed."""

    database: Database

    def take(self, action: RefreshIdentityProvider, context: Context) -> Outcome:
        """From now on these certificates are believed, unless an administrator changed the metadata meanwhile."""
        with self.database.read() as connection:
            before = providers.provider(connection, action.provider)
        if before.saml is None or before.metadata != action.metadata:
            raise _changed_meanwhile()
        for one in action.certificates:
            certificate(one)
        saml = replace(before.saml, certificates=action.certificates, signed_requests=action.signed_requests)

        def rows(connection: Connection) -> None:
            now = providers.find(connection, before.id)
            if now is None or (now.saml, now.metadata) != (before.saml, before.metadata):
                raise _changed_meanwhile()
            here = IDENTITY_PROVIDER.c.id == before.id
            settings = connection.execute(select(IDENTITY_PROVIDER.c.settings).where(here)).scalar_one()
            changed = {**settings, "saml": asdict(saml)}
            connection.execute(update(IDENTITY_PROVIDER).where(here).values(settings=changed, action=context.action_id))

        known, shown = set(before.saml.certificates), set(action.certificates)
        return Outcome(rows, happened={"provider": before.name, "new": len(shown - known), "gone": len(known - shown)})

    def tell(self, action: TellOfMetadata, context: Context) -> Outcome:
        """Only told, and written down that it was: the receipt is what their notice stands on."""
        with self.database.read() as connection:
            provider = providers.provider(connection, action.provider)

        def rows(connection: Connection) -> None:
            held = readings.reading(connection, provider.id)
            if held is not None:
                readings.note(connection, provider.id, replace(held, told=action.says))

        return Outcome(rows, happened={"provider": provider.name, "says": action.says})


def _changed_meanwhile() -> Conflict:
    return Conflict(
        "The provider was changed while its metadata were read.", next_step="They are read again within the hour."
    )
