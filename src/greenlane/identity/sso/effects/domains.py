"""Domains of mail addresses: claimed, proven by a DNS record, given up."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from greenlane.govern.effect import Context, Outcome
from greenlane.govern.errors import Conflict, NotFound
from greenlane.identity.sso import names, providers
from greenlane.identity.sso.actions import ClaimMailDomain, ReleaseMailDomain, VerifyMailDomain
from greenlane.identity.sso.driver import Dns
from greenlane.identity.sso.providers import MailDomain
from greenlane.identity.sso.tables import MAIL_DOMAIN
from greenlane.kit import ids
from greenlane.kit.clock import stamp
from greenlane.kit.database import Database


@dataclass(frozen=True, slots=True)
class Domains:
    """Proves domains."""

    database: Database
    dns: Dns

    def claim(self, action: ClaimMailDomain, context: Context) -> Outcome:
        """Say which DNS record proves the domain. Claiming twice for one provider gives the same record."""
        domain = names.mail_domain(action.domain)
        with self.database.read() as connection:
            provider = providers.provider(connection, action.provider)
            known = _claimed(connection, domain)
        if known is not None and known.provider != provider.name:
            raise Conflict(f"{domain} leads to {known.provider}.", next_step="Release it there first.")
        claimed = known or MailDomain(domain, provider.name, f"greenlane-mail-proof={ids.token()}", None)

        def rows(connection: Connection) -> None:
            there = select(MAIL_DOMAIN.c.proof).where(MAIL_DOMAIN.c.domain == domain)
            found = connection.execute(there).scalar_one_or_none()
            if found not in {None, claimed.proof}:
                raise Conflict(f"{domain} was claimed a moment ago.", next_step="Look at it anew.")
            if found is None:
                connection.execute(
                    insert(MAIL_DOMAIN).values(
                        domain=domain, provider=provider.id, proof=claimed.proof, action=context.action_id
                    )
                )

        answer = {"domain": domain, "record": claimed.record, "type": "TXT", "value": claimed.proof}
        return Outcome(rows, happened={"domain": domain, "new": known is None}, answer=answer)

    def verify(self, action: VerifyMailDomain, context: Context) -> Outcome:
        """Look for the record, and lead people to the provider once it is there."""
        domain = names.mail_domain(action.domain)
        with self.database.read() as connection:
            claimed = _claimed(connection, domain)
        if claimed is None:
            raise _not_claimed(domain)
        if claimed.proof not in self.dns.txt(claimed.record):
            raise Conflict(
                f"The record that proves {domain} is not there yet.",
                next_step=f'Add the TXT record {claimed.record} with the text "{claimed.proof}", wait, verify again.',
            )

        def rows(connection: Connection) -> None:
            proven = update(MAIL_DOMAIN).where(MAIL_DOMAIN.c.domain == domain, MAIL_DOMAIN.c.proof == claimed.proof)
            if connection.execute(proven.values(verified=stamp(context.now))).rowcount != 1:
                raise Conflict(f"{domain} was released meanwhile.", next_step="Claim it again if you still want it.")

        return Outcome(rows, happened={"domain": domain, "new": claimed.verified is None})


def release(action: ReleaseMailDomain, context: Context) -> Outcome:
    """The domain leads nowhere any more."""
    domain = names.mail_domain(action.domain)

    def rows(connection: Connection) -> None:
        if connection.execute(delete(MAIL_DOMAIN).where(MAIL_DOMAIN.c.domain == domain)).rowcount != 1:
            raise _not_claimed(domain)

    return Outcome(rows, happened={"domain": domain})


def _claimed(connection: Connection, domain: str) -> MailDomain | None:
    return next((one for one in providers.mail_domains(connection) if one.domain == domain), None)


def _not_claimed(domain: str) -> NotFound:
    return NotFound(f"Nobody claimed {domain}.", next_step="Claim it first: greenlane sso domain claim.")
