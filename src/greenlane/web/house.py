"""What the console is handed by the composition root: the door for its forms, queries' database for its pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from greenlane.catalog.addresses import Addresses
from greenlane.deploys.queries import BuildView
from greenlane.deploys.upload import Uploads
from greenlane.gateway.asking import Asking
from greenlane.gateway.prices.table import Table as Prices
from greenlane.govern.actor import Actor
from greenlane.govern.door import Door
from greenlane.govern.policy import Pack
from greenlane.identity.arriving import Arrivals
from greenlane.identity.lasting import Places
from greenlane.identity.login.asking import Logins
from greenlane.identity.sso.company import Company
from greenlane.insights.checking import Checking
from greenlane.insights.installation import Installation
from greenlane.insights.stored import Storage
from greenlane.insights.values import Shelf
from greenlane.insights.vouching import Vouching
from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import Clock
from greenlane.kit.database import Database
from greenlane.ledger.trust import Trust
from greenlane.notices.reading import Notices


@dataclass(frozen=True, slots=True)
class WebHouse:
    """The rest of the program, as the pages see it."""

    database: Database
    door: Door
    uploads: Uploads
    notices: Notices
    blobs: Blobs
    addresses: Addresses
    clock: Clock
    visit_key: bytes
    arrivals: Arrivals
    logins: Logins
    places: Places
    company: Company
    pack: Callable[[], Pack]
    trust: Trust
    build_log: Callable[[BuildView, int], tuple[str, int]]
    lines: Callable[..., list[dict[str, Any]]]
    no_pictures: Callable[[], str] | None
    passport: Callable[[Connection, str, str], dict[str, Any]]
    prices: Callable[[], Prices]
    asking: Asking
    vouching: Vouching
    shelf: Shelf
    stored: Storage
    checking: Checking
    logs: Callable[[int, str], Sequence[dict[str, Any]]]
    may: Callable[[Connection, Actor, str, str], bool]
    installation: Installation
