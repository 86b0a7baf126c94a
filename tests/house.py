"""An installation inside the test's own process: the real door, ledger, effects and policies, and a clock that waits.

What is missing are the processes around it: no edge, no sockets, no witness. The parts are put together by ``main``
itself, so a test that stands on this stands on what runs.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from greenlane.catalog import queries as catalog
from greenlane.catalog.actions import CreateApp
from greenlane.catalog.addresses import Addresses
from greenlane.catalog.fake import FakeDns
from greenlane.deploys import building, picturing
from greenlane.deploys.actions import Deploy, Publish
from greenlane.deploys.passports import Passports
from greenlane.deploys.runs.fake import FakeHost
from greenlane.deploys.runs.runner import Runs
from greenlane.deploys.runs.runner import Works as RunWorks
from greenlane.deploys.upkeep import Upkeep
from greenlane.deploys.upload import Uploads
from greenlane.gateway.asking import Asking
from greenlane.gateway.prices.compiling import compile_list
from greenlane.gateway.prices.listed import Listed
from greenlane.gateway.prices.table import Table as Prices
from greenlane.govern.actor import PLATFORM, Actor
from greenlane.govern.door import Answer, Door
from greenlane.govern.policies import Policies
from greenlane.identity import queries as identity
from greenlane.identity.actions import AddPerson, CreateSignInLink, FoundOrganisation, GrantRole, SignIn
from greenlane.identity.passkeys import RelyingParty
from greenlane.identity.passwords import Passwords
from greenlane.identity.proving import Proofs
from greenlane.identity.reviewers import reviewers
from greenlane.insights.checking import Checking
from greenlane.insights.reading import Tallies
from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import FakeClock
from greenlane.kit.database import Database
from greenlane.kit.settings import Settings
from greenlane.ledger import queries as ledger_queries
from greenlane.ledger.append import Ledger
from greenlane.ledger.payload import Payloads
from greenlane.ledger.receipt import Receipt
from greenlane.ledger.signer import LocalSigner
from greenlane.ledger.trust import Trust
from greenlane.ledger.witness import LocalWitness
from greenlane.main.coming_in import ComingIn, lasting
from greenlane.main.control import Control
from greenlane.main.models import ModelKeys, ModelLists
from greenlane.main.verbs import Verbs
from greenlane.notices.fake import FakeMailer, FakeOutside
from greenlane.notices.reading import Notices
from greenlane.runtime.asking import Runtime
from greenlane.runtime.building.fake import FakeBuilder
from greenlane.runtime.fake import FakeCamera
from greenlane.secrets import queries as secret_queries
from greenlane.secrets.fake import FakeKeys
from greenlane.secrets.sealing import Sealing
from greenlane.store.fake import FakeKeeper

QUICK = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
"""Passwords hashed as they are everywhere, in a moment: a test is no guesser."""

AT_HOME = Addresses("http", "localhost", "localhost", 4180)

HOUR, DAY = 3600.0, 86_400.0

PAGE = {"index.html": b"<!doctype html><title>Vendor board</title><h1>Vendors</h1>"}
CALLS_OUT = {**PAGE, "board.js": b"fetch('https://api.exchangerates.example/latest').then(show)"}


@cache
def _price_list() -> Prices:
    return Prices(Listed.of(**compile_list()))


class OneList(ModelLists):
    """The real list of prices, compiled once for all tests of a process."""

    def prices(self) -> Prices:
        return _price_list()


class InOneProcess(Control):
    """Control without the processes around it, on a database that a test hands in."""

    def __init__(self, database: Database, folder: Path, addresses: Addresses = AT_HOME, **more: Any) -> None:
        self._settings = Settings(data=folder, mail_sender="Greenlane <greenlane@example.com>", **more)
        self.clock = FakeClock()
        self.database = database
        self.signer = LocalSigner(folder / "signer", origin="log.test")
        log = Trust.of(self.signer.public()).log
        self.witness = LocalWitness(folder / "witness", name="witness.test", log=log)
        self.trust = Trust.of(self.signer.public(), self.witness.key)
        self.ledger = Ledger(database, self.signer)
        self.payloads = Payloads(bytes(32))
        self.sealing = Sealing(FakeKeys(), database, self.ledger.write, self._now)
        self.outside = FakeOutside()
        self.dns = FakeDns()
        self.mailer = FakeMailer()
        self.blobs = Blobs(folder / "blobs")
        self.marks_key = bytes(range(32))
        self.content_key = bytes(reversed(range(32)))
        self.addresses = addresses
        self.model_keys = ModelKeys(bytes(32))
        self.model_lists = OneList(folder / "model-lists")
        self.policies = Policies(database, self.clock)
        self.ledger.write(self.policies.remember(self.policies.in_force()))
        self.reviewers = reviewers(catalog.team_of, catalog.owner_of, self.clock)
        self.coming_in = ComingIn(
            database=database,
            write=self.ledger.write,
            clock=self.clock,
            addresses=addresses,
            sealing=self.sealing,
            dns=self.dns,
            outside=self.outside,
            keys=folder / "keys",
            door=lambda: self.door,
            lasting=lasting(self._settings),
        )
        self.coming_in.proofs = Proofs(QUICK, RelyingParty(self.addresses.console))
        self.builder = FakeBuilder()
        self.keeper = FakeKeeper()
        self.asking = Asking(folder / "gateway.sock")
        self.camera = FakeCamera()
        self.verbs = Verbs(self, self._settings)
        self.door = Door(database, self.ledger, self.payloads, self.verbs.house(), self.clock)
        self.uploads = Uploads(
            database,
            self.ledger.write,
            self.blobs,
            folder / "uploads",
            self.clock,
            lambda connection: secret_queries.known_values(connection, self.sealing),
            key=self.marks_key,
        )
        self.builds = building.Builds(self.door, self.verbs.builds(), self.ledger, self.clock)
        self.pictures = picturing.Pictures(self.door, database, self.camera, self.clock)
        self.passports = Passports(self.signer, self.trust, self.blobs, self.policies, self.clock)
        self._visit_key = bytes(32)
        self.runtime = Runtime(folder / "runtime.sock")
        self.host = FakeHost()
        self.runs = Runs(RunWorks(self.door, self.host, self.addresses, "UTC", 300.0, 900.0))
        self.door.subscribe(self.runs.hear)
        self.upkeep = Upkeep(self.door, self.blobs, one_in=1)
        self.postman = self.post(self.mailer)
        self.notices = Notices(database, self.ledger.write, self.clock, by_mail=True)
        self.tallies = Tallies(database, self.ledger.write)

    def lend(self, deploy: str, lasts: float) -> AbstractContextManager[str]:
        return nullcontext(f"token for {deploy}")


class Doorway:
    """People do things here, time passes, the platform keeps its house."""

    def __init__(self, control: InOneProcess) -> None:
        self.control = control
        self.door = control.door
        self.clock: FakeClock = control.clock
        founded = self.does(PLATFORM, FoundOrganisation("Olga Owner", team="home"))
        self.owner = Actor("person", str(founded.answer["person"]))

    def does(self, actor: Actor, action: Any) -> Answer:
        self.clock.forward(1)
        return self.door.govern(actor, action)

    def hire(self, name: str, role: str, *, everywhere: bool = False) -> Actor:
        """Somebody active in the team home, with a role there or in the whole organisation."""
        answer = self.does(self.owner, AddPerson(name, "home", role="visitor" if everywhere else role)).answer
        if everywhere:
            self.does(self.owner, GrantRole(str(answer["person"]), role))
        secret = str(answer["link"]).rpartition("/")[2]
        with self.control.database.read() as connection:
            signed = identity.who_signs_in(connection, secret, self.clock.now())
        assert signed is not None
        self.does(signed.actor, SignIn(secret))
        return Actor("person", str(answer["person"]))

    def session(self, actor: Actor) -> str:
        """A browser's session of somebody who works here."""
        assert actor.person is not None
        link = str(self.does(self.owner, CreateSignInLink(actor.person)).answer["link"]).rpartition("/")[2]
        with self.control.database.read() as connection:
            signed = identity.who_signs_in(connection, link, self.clock.now())
        assert signed is not None
        return str(self.does(signed.actor, SignIn(link)).answer["session"])

    def sends(self, actor: Actor, files: Mapping[str, bytes] = PAGE) -> str:
        """An upload that is complete; its id."""
        named = {path: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} for path, data in files.items()}
        assert actor.person is not None
        lacking = self.control.uploads.begin(actor.person, named, None)
        by_digest = {named[path]["sha256"]: data for path, data in files.items()}
        for wanted in lacking.missing:
            asyncio.run(self.control.uploads.receive(actor.person, lacking.upload, wanted, _stream(by_digest[wanted])))
        self.control.uploads.complete(actor.person, lacking.upload)
        return lacking.upload

    def deploys(self, actor: Actor, app: str = "vendor-board", files: Mapping[str, bytes] = PAGE) -> Answer:
        with self.control.database.read() as connection:
            known = catalog.find_app(connection, app)
        if known is None:
            self.does(actor, CreateApp(app))
        return self.does(actor, Deploy(app, self.sends(actor, files)))

    def publishes(self, actor: Actor, audience: str = "", app: str = "vendor-board") -> Answer:
        return self.does(actor, Publish(app, audience=audience))

    def app(self, name: str = "vendor-board") -> catalog.App:
        with self.control.database.read() as connection:
            return catalog.app(connection, name)

    def after(self, seconds: float) -> None:
        """Time passes, and the platform makes a round."""
        self.clock.forward(seconds)
        self.control.upkeep.round()
        self.control.notices.catch_up()
        self.control.tallies.catch_up()

    def replays(self) -> dict[str, Any]:
        """What comes out when every decision on the record is made again."""
        one = self.control
        nobody: Any = None  # there is no witness here, and replaying asks none
        return Checking(one.database, one.trust, nobody, one.payloads, one.policies).replay()

    def receipts(self, verb: str) -> list[Receipt]:
        """The last halves of a verb's receipts, in order."""
        with self.control.database.read() as connection:
            found = [one.receipt for one in ledger_queries.entries(connection, verb=verb, limit=1000)]
        return [one for one in found if one.half != "decided"]


async def _stream(data: bytes) -> AsyncIterator[bytes]:
    yield data
