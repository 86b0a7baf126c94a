"""How the verbs about apps are carried out. Imported by ``main`` alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from greenlane.catalog import audience, environments, guests, hosts, narrower_first, queries, share_links, unused
from greenlane.catalog.actions import (
    ArchiveApp,
    ClaimDomain,
    CreateApp,
    DeclareHost,
    Lock,
    ReleaseDomain,
    RemoveHost,
    SetAudience,
    SetQuota,
    TransferApp,
    Unlock,
    VerifyDomain,
    WakeApp,
)
from greenlane.catalog.addresses import Addresses
from greenlane.catalog.driver import Dns
from greenlane.catalog.facts import app_facts, audience_facts, host_facts
from greenlane.catalog.tables import APP, APP_HOST, DOMAIN
from greenlane.govern.effect import Context, Edge, GatherFacts, Handling, Outcome, Rows
from greenlane.govern.errors import Conflict, NotFound, WrongInput
from greenlane.identity import creating
from greenlane.identity import queries as identity
from greenlane.kit import ids
from greenlane.kit.clock import Clock, parse, stamp
from greenlane.kit.database import Database

QUOTA = 1 << 30
"""Bytes that a new app may store: 1 GiB."""


@dataclass(frozen=True, slots=True)
class Works:
    """What the effects work with.

    ``check_name`` raises ``WrongInput`` for a name that cannot be an app's beside those there are. ``own_domains`` are
    the platform's own. ``live_content`` knows the facts of what an app shows today, for whoever would see it next.
    """

    database: Database
    clock: Clock
    dns: Dns
    addresses: Addresses
    check_name: Callable[[str, Iterable[str]], None]
    own_domains: tuple[str, ...] = ()
    live_content: tuple[GatherFacts, ...] = ()
    quota: int = QUOTA


def handlings(works: Works) -> dict[str, Handling]:
    """The effects by verb, with who knows their facts."""
    about = (app_facts(works.clock),)
    sharing = share_links.SharingLinks(works.database, works.addresses)
    return {
        "create-app": Handling(_CreatingApp(works).run, about),
        "set-audience": Handling(
            _SettingAudience(works).run, (*about, *works.live_content, audience_facts), exact=_what_is_live
        ),
        "ask-to-open": Handling(guests.let_in, (*about, guests.guest_facts), covers=False),
        "add-guest": Handling(guests.let_in, (*about, *works.live_content, guests.guest_facts), covers=False),
        "remove-guest": Handling(guests.send_away, about),
        "create-share-link": Handling(
            sharing.create, (*about, *works.live_content, share_links.share_facts), covers=False
        ),
        "revoke-share-link": Handling(sharing.revoke, about),
        "widen-audience": Handling(narrower_first.widen, about),
        "ask-if-needed": Handling(unused.ask, about),
        "expire-app": Handling(unused.expire, about),
        "declare-host": Handling(_Hosts(works).declare, (*about, host_facts)),
        "remove-host": Handling(_Hosts(works).remove, about),
        "lock": Handling(lock, about),
        "unlock": Handling(_Unlocking(works).run, about),
        "transfer-app": Handling(_Transferring(works).run, about),
        "archive-app": Handling(archive_app, about),
        "wake-app": Handling(wake_app, (*about, *works.live_content)),
        "set-quota": Handling(_SettingQuota(works).run, about),
        "claim-domain": Handling(_Domains(works).claim, about),
        "verify-domain": Handling(_Domains(works).verify, about),
        "release-domain": Handling(release_domain, about),
    }


def _what_is_live(connection: Connection, action: SetAudience) -> SetAudience:
    """The deploy that more people would see: whoever approves it looked at that one, and not at what came later."""
    if action.deploy:
        return action
    return replace(action, deploy=queries.live_deploy(connection, action.app, "production") or "")


@dataclass(frozen=True, slots=True)
class _CreatingApp:
    works: Works

    def run(self, action: CreateApp, context: Context) -> Outcome:
        """An app for its owner alone, in the named team or in the owner's first one."""
        owner = context.actor.person
        if owner is None:
            raise WrongInput("An app needs a person who owns it.", next_step="Create it as a person.")
        with self.works.database.read() as connection:
            existing = queries.names(connection)
            team = identity.team(connection, action.team) if action.team else identity.first_team(connection, owner)
        if action.app in existing:
            raise _taken(action.app)
        self.works.check_name(action.app, existing)
        if team is None:
            raise WrongInput("You are in no team yet.", next_step="Name one with --team, or ask to be let into one.")
        values: dict[str, object] = {
            "id": ids.new("app"),
            "name": action.app,
            "title": action.title or action.app,
            "owner": owner,
            "team": team.id,
            "rung": "me",
            "named_people": [],
            "named_teams": [],
            "named_groups": None,
            "everyone_before": False,
            "public_before": False,
            "state": "live",
            "quota": self.works.quota,
            "created": stamp(context.now),
        }

        def rows(connection: Connection) -> None:
            if queries.find_app(connection, action.app) is not None:
                raise _taken(action.app)
            connection.execute(insert(APP).values(**values))
            for environment in ("staging", "production"):
                environments.ensure(connection, action.app, environment)
            creating.note(connection, action.app, owner, context.action_id, context.now)

        return Outcome(
            rows,
            happened={"app": action.app, "team": team.id, "owner": owner},
            made=(Edge("app", action.app),),
            answer={"app": action.app, "team": team.name},
        )


def _taken(name: str) -> Conflict:
    return Conflict(f"There is an app called {name} already.", next_step="Deploy to it, or choose another name.")


@dataclass(frozen=True, slots=True)
class _SettingAudience:
    works: Works

    def run(self, action: SetAudience, context: Context) -> Outcome:
        """The app stands on another rung, at once or after a narrower hour, with other names where it is for the named."""
        if action.audience == "named" and not action.named:
            raise WrongInput("Nobody is named.", next_step="Name people, teams or groups, or choose the audience me.")
        with self.works.database.read() as connection:
            at = narrower_first.opens_at(connection, action.app, action.audience, context)
            named_before = audience.named_before(queries.app(connection, action.app))

        def rows(connection: Connection) -> None:
            if context.facts.audience_widens:  # narrowing is always right, whatever is live
                environments.still_shows(connection, action.app, "production", action.deploy)
            narrower_first.open_to(
                connection,
                action.app,
                action.audience,
                at=at,
                action=context.action_id,
                named=action.named,
            )
            unused.begin(connection, action.app, context, wide=audience.beyond_the_team(action.audience))

        later = {"narrower_until": at} if at else {}
        return Outcome(
            rows,
            happened={
                "app": action.app,
                "before": context.facts.audience_now,
                "audience": action.audience,
                **named_before,
                **later,
            },
            answer={"app": action.app, "audience": action.audience, "narrower_until": at},
        )


@dataclass(frozen=True, slots=True)
class _Hosts:
    works: Works

    def declare(self, action: DeclareHost, context: Context) -> Outcome:
        """One more host, or one more purpose of a host; what was declared before stays."""
        host = hosts.clean(action.host)

        def rows(connection: Connection) -> None:
            where = _declared(action, host)
            before = connection.execute(select(APP_HOST.c.directives).where(*where)).scalar_one_or_none()
            purposes = [one for one in hosts.PURPOSES if one in action.directives or one in (before or ())]
            values = {"directives": purposes, "declared_by": context.action_id}
            if before is None:
                connection.execute(
                    insert(APP_HOST).values(app=action.app, host=host, environment=action.environment, **values)
                )
            else:
                connection.execute(update(APP_HOST).where(*where).values(**values))

        return Outcome(rows, happened=self._happened(action, host), answer={"app": action.app, "host": host})

    def remove(self, action: RemoveHost, context: Context) -> Outcome:
        """The host is gone there, for every purpose."""
        host = hosts.clean(action.host)

        def rows(connection: Connection) -> None:
            if connection.execute(delete(APP_HOST).where(*_declared(action, host))).rowcount != 1:
                place = f"for {action.environment}" if action.environment else "for every environment"
                raise NotFound(
                    f"{action.app} has not declared {host} {place}.",
                    next_step=f"`greenlane hosts list {action.app}` says what it declared, and where.",
                )

        return Outcome(rows, happened=self._happened(action, host))

    def _happened(self, action: DeclareHost | RemoveHost, host: str) -> dict[str, Any]:
        with self.works.database.read() as connection:
            declared = queries.hosts(connection, action.app)
        here = (host, action.environment)
        before = next((list(one.directives) for one in declared if (one.host, one.environment) == here), [])
        return {"app": action.app, "host": host, "environment": action.environment, "before": before}


def _declared(action: DeclareHost | RemoveHost, host: str) -> tuple[ColumnElement[bool], ...]:
    """The row about that host, there."""
    here = (APP_HOST.c.app == action.app, APP_HOST.c.host == host)
    return (*here, APP_HOST.c.environment == action.environment)


def lock(action: Lock, context: Context) -> Outcome:
    """The environment stays as it is. A lock in force is not replaced: its reason would be lost."""
    until = stamp(parse(action.until)) if action.until else None
    if until is not None and until <= stamp(context.now):
        raise WrongInput("That time is over.", next_step="Give a later one, or none.")

    def rows(connection: Connection) -> None:
        before = queries.environment(connection, action.app, action.environment)
        if before is not None and before.locked(stamp(context.now)):
            raise Conflict(f"{action.environment} of {action.app} is locked already.", next_step="Unlock it first.")
        environments.lock(
            connection,
            action.app,
            action.environment,
            by=context.action_id,
            who=context.actor.person,
            why=action.why,
            until=until,
        )

    return Outcome(rows, happened={"app": action.app, "environment": action.environment, "until": until})


@dataclass(frozen=True, slots=True)
class _Unlocking:
    works: Works

    def run(self, action: Unlock, context: Context) -> Outcome:
        """The environment may change again."""

        def rows(connection: Connection) -> None:
            before = queries.environment(connection, action.app, action.environment)
            if before is None or before.locked_by is None:
                raise Conflict(
                    f"{action.environment} of {action.app} is not locked.", next_step="There is nothing to do."
                )
            environments.unlock(connection, action.app, action.environment)

        with self.works.database.read() as connection:
            lock = queries.environment(connection, action.app, action.environment)
        until = None if lock is None else lock.lock_until
        return Outcome(rows, happened={"app": action.app, "environment": action.environment, "until": until})


@dataclass(frozen=True, slots=True)
class _Transferring:
    works: Works

    def run(self, action: TransferApp, context: Context) -> Outcome:
        """Another owner, another team, or both; never none."""

        def rows(connection: Connection) -> None:
            values = {}
            if action.owner:
                owner = identity.person(connection, action.owner)
                if owner.state != "active":
                    raise Conflict("An app is owned by somebody who is active.", next_step="Choose another person.")
                values["owner"] = owner.id
            if action.team:
                values["team"] = identity.team(connection, action.team).id
            connection.execute(update(APP).where(APP.c.name == action.app).values(**values))
            if action.owner:
                creating.handed_over(connection, action.app, values["owner"])

        with self.works.database.read() as connection:
            app = queries.app(connection, action.app)
        before = {"owner": app.owner, "team": app.team}
        return Outcome(rows, happened={"app": action.app, "owner": action.owner, "team": action.team, "before": before})


def archive_app(action: ArchiveApp, context: Context) -> Outcome:
    """Off the air, with everything kept."""
    return _changing(action.app, "archived", ("live", "asleep"))


def wake_app(action: WakeApp, context: Context) -> Outcome:
    """Back on the air, and not asleep again before thirty days."""
    return _changing(
        action.app, "live", ("asleep", "archived"), lambda connection: unused.woken(connection, action.app, context.now)
    )


def _changing(app: str, state: str, states: tuple[str, ...], then: Rows = lambda _connection: None) -> Outcome:
    def rows(connection: Connection) -> None:
        moved = update(APP).where(APP.c.name == app, APP.c.state.in_(states)).values(state=state)
        if connection.execute(moved).rowcount != 1:
            raise Conflict(f"{app} is {state} already.", next_step="There is nothing to do.")
        then(connection)

    return Outcome(rows, happened={"app": app, "becomes": state})


@dataclass(frozen=True, slots=True)
class _SettingQuota:
    works: Works

    def run(self, action: SetQuota, context: Context) -> Outcome:
        """What is stored already stays, whatever the quota."""

        def rows(connection: Connection) -> None:
            connection.execute(update(APP).where(APP.c.name == action.app).values(quota=action.size))

        with self.works.database.read() as connection:
            before = queries.app(connection, action.app).quota
        return Outcome(rows, happened={"app": action.app, "bytes": action.size, "before": before})


@dataclass(frozen=True, slots=True)
class _Domains:
    works: Works

    def claim(self, action: ClaimDomain, context: Context) -> Outcome:
        """Say which DNS record proves the domain. Claiming twice gives the same record."""
        host = hosts.clean_domain(action.domain)
        if any(hosts.within(host, own) for own in self.works.own_domains):
            raise WrongInput(f"{host} belongs to the platform.", next_step="Choose a domain of your own.")
        with self.works.database.read() as connection:
            _unproven_by_another(connection, host, action.app)
            known = queries.domain(connection, action.app, host)
        fresh = queries.Domain(host, action.app, f"greenlane-proof={ids.token()}", context.action_id, None)
        claimed = known or fresh

        def rows(connection: Connection) -> None:
            if claimed is fresh:
                connection.execute(insert(DOMAIN).values(asdict(fresh)))

        answer = {"domain": host, "record": claimed.record, "type": "TXT", "value": claimed.proof}
        return Outcome(rows, happened={"app": action.app, "domain": host, "new": known is None}, answer=answer)

    def verify(self, action: VerifyDomain, context: Context) -> Outcome:
        """Look for the record, and let the domain serve the app once it is there."""
        host = hosts.clean_domain(action.domain)
        with self.works.database.read() as connection:
            claimed = queries.domain(connection, action.app, host)
        if claimed is None:
            raise NotFound(f"{action.app} has not claimed {host}.", next_step="Claim it first: greenlane domain claim.")
        if claimed.proof not in self.works.dns.txt(claimed.record):
            raise Conflict(
                f"The record that proves {host} is not there yet.",
                next_step=f'Add the TXT record {claimed.record} with the text "{claimed.proof}", wait, verify again.',
            )

        def rows(connection: Connection) -> None:
            _unproven_by_another(connection, host, action.app)
            proven = update(DOMAIN).where(
                DOMAIN.c.host == host, DOMAIN.c.app == action.app, DOMAIN.c.proof == claimed.proof
            )
            if connection.execute(proven.values(verified_at=stamp(context.now))).rowcount != 1:
                raise Conflict(f"{host} was released meanwhile.", next_step="Claim it again if you still want it.")

        happened = {"app": action.app, "domain": host, "new": claimed.verified_at is None}
        return Outcome(rows, happened=happened, made=(Edge("domain", host),))


def _unproven_by_another(connection: Connection, host: str, app: str) -> None:
    if queries.app_of_domain(connection, host) not in {None, app}:
        raise Conflict(f"{host} serves another app.", next_step="Release it there first.")


def release_domain(action: ReleaseDomain, context: Context) -> Outcome:
    """The domain serves nothing any more, and anybody may claim it."""
    host = hosts.clean_domain(action.domain)

    def rows(connection: Connection) -> None:
        gone = connection.execute(delete(DOMAIN).where(DOMAIN.c.host == host, DOMAIN.c.app == action.app))
        if gone.rowcount != 1:
            raise NotFound(
                f"{action.app} has not claimed {host}.", next_step="`greenlane apps show` lists its domains."
            )

    return Outcome(rows, happened={"app": action.app, "domain": host})
