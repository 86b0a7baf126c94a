"""What risk must know about a value: whether it is a new secret, how many apps get it, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from greenlane.catalog import queries as catalog
from greenlane.catalog.facts import app_facts
from greenlane.govern.actor import Actor
from greenlane.govern.effect import GatherFacts
from greenlane.kit.clock import Clock
from greenlane.secrets import model_keys, queries, reaching, resolving
from greenlane.secrets.actions import PutVariable, RotateVariable


def place_facts(clock: Clock) -> GatherFacts:
    """The gatherer for every verb about a value: the app where it is an app's own, and how many apps get it."""
    about_app = app_facts(clock)

    def gather(connection: Connection, actor: Actor, action: Any) -> Mapping[str, Any]:
        reached = len(reaching.apps_in(connection, reaching.of(connection, action)))
        if action.app:
            return {**about_app(connection, actor, action), "apps_reached": reached}
        return {"environment": getattr(action, "environment", ""), "apps_reached": reached}

    return gather


def new_secret_facts(connection: Connection, actor: Actor, action: PutVariable | RotateVariable) -> Mapping[str, Any]:
    """A secret whose name had no value in this place before is new; a new value of an old one, or a readable one, is
    not.
    """
    if getattr(action, "readable", False):
        return {"new_secrets": ()}
    key = (reaching.of(connection, action), action.environment, action.use, action.name)
    before = queries.which(connection, key)
    return {"new_secrets": () if before is not None and not before.readable else (action.name,)}


def model_key_facts(connection: Connection, actor: Actor, action: PutVariable | RotateVariable) -> Mapping[str, Any]:
    """Whose models the value opens, if it is a key for models."""
    found = model_keys.maker(action.name, action.value)
    return {"model_keys": (found,) if found else ()}


def own_model_key_facts(connection: Connection, actor: Actor, action: Any) -> Mapping[str, Any]:
    """For publishing: whose models the app calls with keys of its own where it goes, by the names of its values."""
    if catalog.find_app(connection, action.app) is None:
        return {}
    found = resolving.names_of(connection, action.app, action.environment, "run")
    return {"model_keys": tuple(sorted({one for name in found if (one := model_keys.maker(name))}))}


def missing_facts(connection: Connection, actor: Actor, action: Any) -> Mapping[str, Any]:
    """For publishing: the secrets that the app has elsewhere and not where it goes."""
    app = catalog.find_app(connection, action.app)
    if app is None:
        return {}
    found = resolving.missing(connection, app, action.environment, "run")
    return {"missing_secrets": tuple(one.name for one in found)}
