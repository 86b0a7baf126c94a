"""The company's own sign-in, put together: the way out to its providers, and who keeps their secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from greenlane.govern.errors import WrongInput
from greenlane.identity.oidc.driver import Answered, NotReached
from greenlane.notices.driver import Postponed, Undeliverable
from greenlane.notices.outside import OverNetwork

LARGEST = 512 * 1024
"""Bytes of one answer of a provider."""


class ProvidersOverNetwork:
    """Asks identity providers over the network, as everything outside is asked: a checked address, no redirect."""

    def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes, networks: Sequence[str]) -> Answered:
        """One request. Raises ``NotReached``."""
        try:
            found = _way_out(tuple(networks)).ask(method, url, headers, body, LARGEST)
        except (Postponed, Undeliverable, WrongInput) as error:
            raise NotReached(
                f"The identity provider was not reached. {error.message}",
                next_step="Look whether its address is right. A provider in a network of your own needs that network named.",
                detail=f"{url}: {error.detail}",
            ) from error
        return Answered(found.status, found.body)


@lru_cache(maxsize=64)
def _way_out(networks: tuple[str, ...]) -> OverNetwork:
    return OverNetwork(networks)
