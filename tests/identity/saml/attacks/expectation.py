"""What fits another expectation than ours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from tests.identity.saml.provider import NOW, Said, Tree, answer


def unasked() -> Iterator[tuple[str, Tree, set[str], dict[str, Any]]]:
    """What fits another expectation than ours."""
    silent = Said(in_response_to=None, confirmed_in_response_to=None)
    yield "begun by the provider, which may not", answer(silent), {"unasked"}, {"request": None}
    yield "an answer where nothing was asked", answer(), {"request"}, {"request": None, "started_by_provider": True}
    yield "no answer where something was asked", answer(silent), {"request"}, {"started_by_provider": True}
    fresh = {"since": NOW - timedelta(minutes=1)}
    yield "an old sign-in for a step-up", answer(Said(authenticated=NOW - timedelta(hours=1))), {"stale"}, fresh
    strong = {"contexts": frozenset({"https://refeds.org/profile/mfa"})}
    yield "a weaker sign-in for a step-up", answer(), {"strength"}, strong
    yield "no sign-in way for a step-up", answer(Said(context="")), {"strength"}, strong
