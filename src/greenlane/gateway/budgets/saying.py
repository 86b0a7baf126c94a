"""What workers and the owner say to each other, as members of a JSON message and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from greenlane.gateway.budgets.messages import Elsewhere, Grant, Key, Report, Spent
from greenlane.kit.clock import parse, stamp


def key(said: Mapping[str, Any]) -> Key:
    """The budget and the period that a message is about."""
    return Key(str(said["budget"]), parse(said["since"]))


def of_key(one: Key) -> dict[str, Any]:
    """``{"budget", "since"}``."""
    return {"budget": one.budget, "since": stamp(one.since)}


def report(said: Mapping[str, Any]) -> Report:
    """A worker's report. Raises KeyError, TypeError or ValueError for what is none, like everything here."""
    return Report(str(said["worker"]), key(said), int(said["spent"]), int(said["released"]))


def of_report(one: Report) -> dict[str, Any]:
    """``{"worker", "budget", "since", "spent", "released"}``."""
    return {"worker": one.worker, **of_key(one.key), "spent": one.spent, "released": one.released}


def elsewhere(said: Mapping[str, Any]) -> Elsewhere:
    """What others spent of a soft budget."""
    return Elsewhere(key(said), int(said["spent"]))


def of_elsewhere(one: Elsewhere) -> dict[str, Any]:
    """``{"budget", "since", "spent"}``."""
    return {**of_key(one.key), "spent": one.spent}


def answer(said: Mapping[str, Any]) -> Grant | Spent:
    """The owner's answer: a grant says ``granted``, what is spent says ``left``."""
    if "granted" in said:
        return Grant(str(said["worker"]), key(said), int(said["granted"]), int(said["elsewhere"]))
    until = said["resets_at"]
    return Spent(key(said), str(said["account"]), int(said["left"]), None if until is None else parse(until))


def of_answer(one: Grant | Spent) -> dict[str, Any]:
    """``{"worker", "budget", "since", "granted", "elsewhere"}`` or ``{"account", "budget", "since", "left", "resets_at"}``."""
    if isinstance(one, Grant):
        return {"worker": one.worker, **of_key(one.key), "granted": one.granted, "elsewhere": one.elsewhere}
    until = None if one.resets_at is None else stamp(one.resets_at)
    return {"account": one.account, **of_key(one.key), "left": one.left, "resets_at": until}
