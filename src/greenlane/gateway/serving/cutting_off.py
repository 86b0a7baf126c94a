"""Calls that are open when their key ends: whoever lost it hears no more of the answer."""

from __future__ import annotations

from greenlane.gateway.serving.callers import caller
from greenlane.gateway.serving.house import House
from greenlane.gateway.serving.refusals import NotLetThrough


def cut_off(house: House) -> None:
    """End every call that would not be let in any more. The provider is heard out all the same, for the record."""
    for task, came in list(house.serving.items()):
        try:
            caller(came.request, house.standing, sandbox=came.sandbox, at=came.at)
        except NotLetThrough:
            task.cancel()
