"""What risk must know about an app: its state, its environment, its audience and what it calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from greenlane.catalog import audience, hosts, queries
from greenlane.catalog.actions import LASTING, DeclareHost, SetAudience
from greenlane.govern.actor import Actor
from greenlane.govern.effect import GatherFacts
from greenlane.kit.clock import Clock, stamp


def app_facts(clock: Clock) -> GatherFacts:
    """The gatherer for every verb about an app: how things stand before the action. An app may be new."""

    def gather(connection: Connection, actor: Actor, action: Any) -> Mapping[str, Any]:
        app = queries.find_app(connection, action.app)
        named = getattr(action, "environment", "")
        if app is None:
            return {"app_exists": False, "environment": named}
        environment = queries.environment(connection, app.name, named)
        return {
            "app_exists": True,
            "environment": named,
            "first_publish": named in LASTING and (environment is None or environment.live_deploy is None),
            "locked": environment is not None and environment.locked(stamp(clock.now())),
            "audience_now": app.rung,
            "audience_wanted": app.rung,
            "shared_by_link": bool(queries.share_links(connection, stamp(clock.now()), app.name)),
            "everyone_before": app.everyone_before,
            "public_before": app.public_before,
        }

    return gather


def audience_facts(connection: Connection, actor: Actor, action: SetAudience) -> Mapping[str, Any]:
    """How many could open the app after the action, whether they are more than now, and whether anybody used it yet."""
    app = queries.app(connection, action.app)
    return {
        **audience.facts(connection, app, action.audience, action.named),
        "first_publish": queries.live_deploy(connection, action.app, "production") is None,
    }


def host_facts(connection: Connection, actor: Actor, action: DeclareHost) -> Mapping[str, Any]:
    """Whether the app could not call this host for this purpose before."""
    host = hosts.clean(action.host)
    declared = [one for one in queries.hosts(connection, action.app) if one.counts_in(action.environment)]
    new = set(action.directives).difference(*(one.directives for one in declared if one.host == host))
    return {
        "outside_hosts": (host,),
        "new_hosts": (host,) if new else (),
        "new_server_hosts": (host,) if hosts.SERVER in new else (),
    }
