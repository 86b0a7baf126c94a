"""Alerts about calls to models as a page shows them: each with what to do, and where that is done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from greenlane.gateway.alerts.queries import Alert


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing to look at: what it is, what to do, where that is done, and since when it is known."""

    id: str
    says: str
    instead: str
    href: str
    at: str


def alarms(alerts: Iterable[Alert], *, keeper: bool) -> list[Alarm]:
    """In words. ``keeper``: the reader may change what is set up, so that they are led to where that is done."""
    return [Alarm(one.id, one.says, *_instead(one, keeper=keeper), one.at) for one in alerts]


def _instead(one: Alert, *, keeper: bool) -> tuple[str, str]:
    provider, _, model = one.about.partition("/")
    match one.what:
        case "credential-refused" if keeper:
            return "Calls go on where another key works. Put in a new one.", _form(
                "add-provider-key", provider=provider
            )
        case "unpriced" if keeper:
            return "Say what it costs.", _form("set-price", provider=provider, model=model)
        case "credential-refused" | "provider-rests" | "unpriced":
            return "Look whether a name leads elsewhere where it fails.", "/models#names"
    return "Look what it was spent on.", "/spend#budgets"


def _form(verb: str, **given: str) -> str:
    """A verb's form, filled, which comes back to the page of models."""
    return f"/do/{verb}?{urlencode({**given, 'back': '/models'})}"
