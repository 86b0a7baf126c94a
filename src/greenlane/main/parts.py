"""What control is made of, for the rooms of the composition root that are handed all of it."""

from __future__ import annotations

from contextlib import AbstractContextManager

from greenlane.catalog.addresses import Addresses
from greenlane.catalog.driver import Dns
from greenlane.deploys import building, picturing
from greenlane.deploys.passports import Passports
from greenlane.deploys.renewing import Renewing
from greenlane.deploys.runs.following import FollowingRuns
from greenlane.deploys.upkeep import Upkeep
from greenlane.deploys.upload import Uploads
from greenlane.edge.following import Following
from greenlane.govern.approvals import Reviewers
from greenlane.govern.door import Door
from greenlane.govern.policies import Policies
from greenlane.identity.elevation.ending import Ending
from greenlane.insights.reading import Tallies
from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import Clock
from greenlane.kit.database import Database
from greenlane.ledger.append import Ledger
from greenlane.ledger.payload import Payloads
from greenlane.ledger.trust import Trust
from greenlane.main.coming_in import ComingIn
from greenlane.main.journals import Journals
from greenlane.main.models import ModelKeys, ModelLists, Models
from greenlane.notices.driver import Outside
from greenlane.notices.reading import Notices
from greenlane.runtime.egress.driver import EgressProcess
from greenlane.secrets.sealing import Sealing
from greenlane.store.driver import Keeper


class Parts:
    """Each part is made once. Those below the door are made after it, with it."""

    clock: Clock
    database: Database
    trust: Trust
    ledger: Ledger
    payloads: Payloads
    sealing: Sealing
    outside: Outside
    dns: Dns
    blobs: Blobs
    marks_key: bytes
    content_key: bytes
    addresses: Addresses
    model_lists: ModelLists
    model_keys: ModelKeys
    coming_in: ComingIn
    policies: Policies
    reviewers: Reviewers
    builder: building.Building
    camera: picturing.Camera
    keeper: Keeper

    door: Door
    uploads: Uploads
    passports: Passports
    builds: building.Builds
    pictures: picturing.Pictures
    upkeep: Upkeep
    notices: Notices
    tallies: Tallies
    following: Following
    renewing: Renewing
    runs: FollowingRuns
    ending: Ending
    journals: Journals
    models: Models
    egress: EgressProcess

    def lend(self, deploy: str, lasts: float) -> AbstractContextManager[str]:
        """A token that opens one preview while this is entered."""
        return self.following.lent(deploy, lasts)
