"""The composition root: settings -> database -> drivers -> door -> faces. It alone knows everything.

``up`` is one command and four processes under a supervisor: the *signer* and the *witness* (own keys, own folders, own
users where that is possible), *control* (console, API, the only writer of the database) and the *edge* (visitors'
traffic, from memory). Each of them is ``run_process`` with a name.
"""

from __future__ import annotations

import getpass
import json
import os
import queue
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

import structlog
import uvicorn
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from greenlane import migrations
from greenlane.api import app as api
from greenlane.api.house import ApiHouse
from greenlane.catalog import effects as catalog_effects
from greenlane.catalog import facts as catalog_facts
from greenlane.catalog import names as app_names
from greenlane.catalog import queries as catalog
from greenlane.catalog import unused
from greenlane.catalog.addresses import Addresses
from greenlane.catalog.dns import DnsOverNetwork
from greenlane.cli import backups, doctor, references
from greenlane.cli.local import LocalCommands
from greenlane.cli.starting import START_WITHIN, free_port, run_until_told
from greenlane.cli.terminal import panels
from greenlane.deploys import effects as deploy_effects
from greenlane.deploys import queries as deploys
from greenlane.deploys.facts import live_content
from greenlane.deploys.passports import Passports
from greenlane.deploys.upkeep import Upkeep
from greenlane.deploys.upload import Uploads
from greenlane.edge import process as edge_process
from greenlane.edge.compile import Compiler
from greenlane.edge.following import Following
from greenlane.edge.journal import JournalSink, last_opened
from greenlane.edge.options import EdgeOptions
from greenlane.govern import effects as govern_effects
from greenlane.govern import recovery
from greenlane.govern.action import REGISTRY
from greenlane.govern.actor import PLATFORM, Actor
from greenlane.govern.door import Door, House
from greenlane.govern.policies import Policies
from greenlane.identity import effects as identity_effects
from greenlane.identity import queries as identity
from greenlane.identity import reading
from greenlane.identity.actions import CreateSignInLink, FoundOrganisation
from greenlane.identity.arriving import Arrivals
from greenlane.identity.attempts import Attempts
from greenlane.identity.facts import rights_facts
from greenlane.identity.passkeys import RelyingParty
from greenlane.identity.passwords import Passwords
from greenlane.identity.proving import Proofs
from greenlane.identity.queries import organisation
from greenlane.identity.reviewers import reviewers
from greenlane.insights import sentences
from greenlane.insights.checking import Checking
from greenlane.insights.installation import Installation
from greenlane.insights.reading import Tallies
from greenlane.insights.vouching import Vouching
from greenlane.kit import log as logs
from greenlane.kit import users
from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import SystemClock
from greenlane.kit.database import Database
from greenlane.kit.errors import GreenlaneError, Unavailable
from greenlane.kit.places import Places, write_private
from greenlane.kit.settings import Settings
from greenlane.kit.settings import read as read_settings
from greenlane.kit.supervisor import Child, end_with
from greenlane.ledger import queries as ledger
from greenlane.ledger import signer as signer_process
from greenlane.ledger import witness as witness_process
from greenlane.ledger.append import Ledger
from greenlane.ledger.journal import Sealer
from greenlane.ledger.note import VerifierKey
from greenlane.ledger.payload import Payloads
from greenlane.ledger.receipt import Receipt
from greenlane.ledger.signer import SignerClient
from greenlane.ledger.trust import Trust
from greenlane.ledger.witness import Forwarder, WitnessClient
from greenlane.notices import effects as notice_effects
from greenlane.notices import wording
from greenlane.notices.driver import Mailer, Outside
from greenlane.notices.message import Told
from greenlane.notices.outside import OverNetwork
from greenlane.notices.postman import Desk, Postman
from greenlane.notices.reading import Notices
from greenlane.notices.smtp import MailServer, Smtp
from greenlane.secrets import effects as secret_effects
from greenlane.secrets import queries as secret_queries
from greenlane.secrets.sealing import Sealing
from greenlane.web import routes as web_routes
from greenlane.web.house import WebHouse

log = structlog.get_logger()

ROUND_EVERY = 20.0
"""Seconds between two rounds of upkeep."""

USERS = {"signer": 61101, "witness": 61102}
"""Who signer and witness become when ``up`` was started as root: numbers that nobody is given (60706 to 61183 is unused
in systemd.io/UIDS-GIDS)."""

SETTLED_WITHIN = timedelta(seconds=5)
"""An action that is unsettled for longer, and that nobody is working on, was left by a part that was away."""


def addresses_of(settings: Settings) -> Addresses:
    """The public addresses of an installation."""
    return Addresses(settings.scheme, settings.console_host, settings.apps_domain, settings.visible_port)


class Control:
    """The control process: everything that decides and writes."""

    def __init__(self, settings: Settings, token_file: Path | None = None) -> None:
        self._settings = settings
        self._token_file = token_file
        self.places = Places(settings.folder)
        self.clock = SystemClock()
        self.database = Database(settings.database_url)
        migrations.upgrade(self.database.engine)
        self.signer = SignerClient(self.places.socket("signer"))
        self.witness = WitnessClient(self.places.socket("witness"))
        self.trust = Trust.of(patiently(self.signer.public), VerifierKey.parse(patiently(self.witness.public)))
        self.trust.write(settings.folder / "trust.json")
        self.ledger = Ledger(self.database, self.signer)
        self.forwarder = Forwarder(self.ledger, self.database, self.witness)
        self.payloads = Payloads.from_file(settings.folder / "keys" / "payload.key")
        self.sealing = Sealing.at(settings.folder / "keys" / "variables.key")
        self.outside: Outside = OverNetwork(settings.webhook_networks)
        self.blobs = Blobs(settings.blob_place)
        self.addresses = addresses_of(settings)
        self.policies = Policies(self.database, self.clock, settings.policies)
        self.policies.load()
        self.ledger.write(self.policies.remember(self.policies.in_force()))
        self.reviewers = reviewers(catalog.team_of, catalog.owner_of)
        self.door = Door(self.database, self.ledger, self.payloads, self._house(), self.clock)
        self.uploads = Uploads(
            self.database,
            self.ledger.write,
            self.blobs,
            settings.folder / "uploads",
            self.clock,
            lambda connection: secret_queries.known_values(connection, self.sealing),
        )
        self.passports = Passports(self.signer, self.trust, self.blobs, self.policies, self.clock)
        self.upkeep = Upkeep(self.door)
        server = MailServer.of(settings)
        self.postman = self.post(None if server is None else Smtp(server))
        self.notices = Notices(
            self.database, self.ledger.write, self.clock, by_mail=server is not None, then=self.postman.hurry
        )
        self.tallies = Tallies(self.database, self.ledger.write)
        self._visit_key = _kept_key(settings.folder / "keys" / "visit.key")
        self._background: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self.following = Following(
            database=self.database,
            write=self.ledger.write,
            compiler=Compiler(self.addresses, self.clock, self._visit_key, settings.page_lease, settings.token_lease),
            passports=self.passports,
            blobs=self.blobs,
            socket=self.places.socket("feed"),
            later=self._background.put,
        )
        self.sealer = Sealer(
            settings.folder / "journal",
            self.ledger,
            self.database,
            keep=self.blobs.put,
            beside=lambda records: partial(unused.opened, last=last_opened(records)),
            clock=self.clock,
        )

    def _house(self) -> House:
        works = deploy_effects.Works(
            database=self.database,
            blobs=self.blobs,
            addresses=self.addresses,
            origin=self.trust.origin,
            app_facts=catalog_facts.app_facts(self.clock),
            reviewers=self.reviewers,
        )
        catalog_works = catalog_effects.Works(
            database=self.database,
            clock=self.clock,
            dns=DnsOverNetwork(self._settings.dns_servers, self._settings.dns_port),
            addresses=self.addresses,
            check_name=app_names.check,
            own_domains=(self._settings.console_host, self._settings.apps_domain),
            live_content=(live_content(self.blobs),),
        )
        handlings = {
            **identity_effects.handlings(self.database, self.payloads, catalog.owned_by, self.proofs),
            **catalog_effects.handlings(catalog_works),
            **secret_effects.handlings(self.sealing, self.clock),
            **notice_effects.handlings(notice_effects.Works(self.database, self.sealing, self.outside)),
            **deploy_effects.handlings(works),
            **govern_effects.handlings(self.database, self.payloads, self.clock, self.reviewers, self.policies),
        }
        missing = [verb.name for verb in REGISTRY if verb.name not in handlings]
        assert not missing, f"verbs without an effect: {missing}"
        return House(
            pack=self.policies.in_force,
            handlings=handlings,
            rights=rights_facts(catalog.team_of, self.clock),
            reviewers=self.reviewers,
            process_of=deploys.process_of,
        )

    # -- life ----------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Serve until SIGTERM."""
        self.door.subscribe(self._hear)
        self._found()
        recovery.recover(self.door, before=self.clock.now())
        self.following.authority.start()
        threading.Thread(target=self._keep_house, name="upkeep", daemon=True).start()
        self.postman.start()
        pages = web_routes.routes(self.web())
        app = api.create(self._api(), pages=pages, error_page=web_routes.error_page)
        path = self.places.socket("control")
        path.unlink(missing_ok=True)
        config = uvicorn.Config(
            app,
            uds=str(path),
            loop="uvloop",
            http="httptools",
            log_config=None,
            access_log=False,
            proxy_headers=True,
            forwarded_allow_ips="*",
            timeout_graceful_shutdown=10,
            server_header=False,
        )
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn raises it again once it has stopped
        try:
            uvicorn.Server(config).run()
        finally:
            self._background.put(None)
            self.postman.stop()
            self.following.authority.stop()
            self.forwarder.close()
            self.ledger.close()
            self.database.close()

    def _found(self) -> None:
        """On the first start found the organisation; on every start tell the terminal how the owner comes in."""
        with self.database.read() as connection:
            founded = identity.anybody(connection)
        if not founded:
            name = self._settings.owner_name or getpass.getuser()
            answer = self.door.govern(PLATFORM, FoundOrganisation(name=name, team=self._settings.team))
            write_private(self.places.owner_token, str(answer.answer["token"]) + "\n")
            link = str(answer.answer["link"])
        else:
            with self.database.read() as connection:
                owner = min(identity.active_owners(connection), default=None)
            if owner is None:
                return
            link = str(self.door.govern(PLATFORM, CreateSignInLink(person=owner)).answer["link"])
        if self._token_file is not None and self.places.owner_token.exists():
            write_private(self._token_file, self.places.owner_token.read_text())
        write_private(self.places.welcome, json.dumps({"link": self.addresses.console + link, "first": not founded}))

    def _keep_house(self) -> None:
        """Upkeep in rounds, and what receipts asked to be done afterwards, in one thread of its own."""
        due = time.monotonic()
        while True:
            try:
                task = self._background.get(timeout=max(0.05, due - time.monotonic()))
                if task is None:
                    return
            except queue.Empty:
                task, due = self._round, time.monotonic() + ROUND_EVERY
            try:
                task()
            except (GreenlaneError, DBAPIError) as error:
                log.warning("upkeep was interrupted", error=repr(error))

    def _round(self) -> None:
        recovery.recover(self.door, before=self.clock.now() - SETTLED_WITHIN)
        self.upkeep.round()
        self.notices.catch_up()
        self._count()
        for entry in self.sealer.seal_all():
            log.info("page views sealed", seq=entry.seq)

    def _hear(self, receipt: Receipt) -> None:
        """After a settled action: new rules first, then the table, then what people should hear of."""
        if receipt.happened.get("state") == "done" and receipt.action["verb"] == "set-policy":
            self.policies.load()
        self.following.hear(receipt)
        self._background.put(self.notices.catch_up)
        self._background.put(self._count)

    def _count(self) -> None:
        """Count what came; what is much is counted bit by bit, with other work in between."""
        if self.tallies.catch_up(pages=5):
            self._background.put(self._count)

    # -- the faces' view -----------------------------------------------------------------------------------------

    def _checking(self) -> Checking:
        return Checking(self.database, self.trust, self.witness, self.payloads, self.policies)

    @cached_property
    def vouching(self) -> Vouching:
        """Verifies passports for whoever looks at an app."""
        return Vouching(self.passports.of, self.blobs, self.trust, self.clock)

    @cached_property
    def proofs(self) -> Proofs:
        """Looks at what somebody signs in with. The console's host is what passkeys are for."""
        return Proofs(Passwords(), RelyingParty(self.addresses.console))

    @cached_property
    def arrivals(self) -> Arrivals:
        """Opens sessions, and counts attempts that fail."""
        key = _kept_key(self._settings.folder / "keys" / "attempts.key")
        attempts = Attempts(key, self.ledger.write, self.clock)
        return Arrivals(self.door, self.proofs, attempts, self.ledger.write)

    def web(self) -> WebHouse:
        """What the console is handed."""
        return WebHouse(
            database=self.database,
            door=self.door,
            uploads=self.uploads,
            notices=self.notices,
            blobs=self.blobs,
            addresses=self.addresses,
            clock=self.clock,
            visit_key=self._visit_key,
            arrivals=self.arrivals,
            pack=self.policies.in_force,
            trust=self.trust,
            passport=self.passports.when_cosigned,
            vouching=self.vouching,
            checking=self._checking(),
            logs=logs.newest,
            may=self.may,
            installation=Installation.of(self._settings),
        )

    def _api(self) -> ApiHouse:
        checking = self._checking()
        return ApiHouse(
            database=self.database,
            door=self.door,
            uploads=self.uploads,
            notices=self.notices,
            blobs=self.blobs,
            addresses=self.addresses,
            clock=self.clock,
            pack=self.policies.in_force,
            trust=self.trust.document,
            passport=self.passports.when_cosigned,
            vouching=self.vouching,
            verify=checking.verify,
            replay=checking.replay,
            logs=logs.newest,
            ready=self.ready,
            may=self.may,
        )

    def may(self, connection: Connection, actor: Actor, right: str, subject: str) -> bool:
        """Whether an actor has a reading right on a subject."""
        return reading.may(connection, actor, right, subject, catalog.team_of)

    def post(self, mailer: Mailer | None) -> Postman:
        """Whoever carries out of here what people should hear of."""
        return Postman(
            Desk(
                database=self.database,
                ledger=self.ledger,
                clock=self.clock,
                sealing=self.sealing,
                tells=self._tells,
                outside=self.outside,
                mailer=mailer,
                sender=self._settings.mail_sender,
                console=self.addresses.console,
                organisation=organisation.name,
            )
        )

    def _tells(self, connection: Connection, seq: int, kind: str) -> Told:
        """A receipt as its notice says it, and the page about it."""
        entry = ledger.entry(connection, seq)
        assert entry is not None, "a notice tells of a receipt"
        block = entry.receipt.document()
        sentence = sentences.receipt(block, sentences.Names.of(connection, [block]))
        page = wording.page(kind, entry.receipt) or f"/ledger/{seq}"
        return Told(wording.says(kind, sentence, entry.receipt), page, entry.receipt.process)

    def ready(self) -> dict[str, bool]:
        """Which parts answer."""
        return {
            "database": self.database.answers(),
            "signer": self._answers(self.signer.head),
            "edge": self.following.authority.edges() > 0,
        }

    def _answers(self, ask: Callable[[], Any]) -> bool:
        try:
            ask()
        except GreenlaneError:
            return False
        return True


def _kept_key(path: Path) -> bytes:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, secrets.token_hex(32))
    return bytes.fromhex(path.read_text().strip())


T = TypeVar("T")


def patiently(ask: Callable[[], T]) -> T:
    """Ask a process that may be starting at this moment. Raises its ``Unavailable`` after ``START_WITHIN``."""
    deadline = time.monotonic() + START_WITHIN
    while True:
        try:
            return ask()
        except Unavailable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


# -- processes ---------------------------------------------------------------------------------------------------------


def run_process(name: str, settings: Settings, token_file: Path | None = None, apart: bool = False) -> None:
    """Be one of the four processes until told to stop. ``token_file`` is where the first owner's token goes.

    ``apart``: signer and witness become users of their own once they have read their keys and can be asked, and the
    other two give up root's powers before they begin, so that they cannot read what belongs to another user.
    """
    logs.configure(name, settings.log_level)
    places = Places(settings.folder)
    origin = settings.console_host
    folder = settings.folder / name
    ready = partial(_become_apart, USERS[name], folder, os.getppid()) if apart and name in USERS else _nothing
    match name:
        case "signer":
            signer_process.serve(places.socket(name), folder, origin=origin, ready=ready)
        case "witness":
            log_key = VerifierKey.parse(patiently(SignerClient(places.socket("signer")).public)["log"])
            witness_process.serve(places.socket(name), folder, name=f"witness.{origin}", log=log_key, ready=ready)
        case "control":
            if apart:
                users.give_up_powers()
            Control(settings, token_file).run()
        case "edge":
            if apart:
                users.give_up_powers(keep=(users.BIND_LOW_PORTS,))
            edge_process.run(edge_options(settings, places))


def _become_apart(user: int, folder: Path, parent: int) -> None:
    users.become(user, folder)
    end_with(parent)


def _nothing() -> None:
    """What there is to do when nobody becomes another user."""


def edge_options(settings: Settings, places: Places) -> EdgeOptions:
    """What the edge is told."""
    return EdgeOptions(
        blobs=settings.blob_place,
        folder=settings.folder / "edge",
        feed_socket=places.socket("feed"),
        control_socket=places.socket("control"),
        sink=lambda: JournalSink(settings.folder / "journal"),
        hosts=settings.listen,
        port=settings.port,
        certificate=settings.certificate,
        key=settings.certificate_key,
        certificates=settings.certificates,
        trusted_proxies=settings.trusted_proxies,
        room=settings.page_memory_mib * 1024 * 1024,
    )


def children(settings: Settings, token_file: Path | None = None) -> list[Child]:
    """The four processes, in the order in which they need one another, kept apart where the platform allows it."""
    apart = _can_be_apart(settings, token_file)
    return [
        Child(name, partial(run_process, name, settings, token_file, apart))
        for name in ("signer", "witness", "control", "edge")
    ]


def _can_be_apart(settings: Settings, token_file: Path | None) -> bool:
    """Whether everything that control and the edge use stays usable to them without root's powers."""
    writes = [settings.folder, *(one for one in settings.folder.iterdir() if one.name not in USERS)]
    if token_file is not None:
        writes.append(token_file.absolute().parent)
    if "://" not in settings.blob_place and Path(settings.blob_place).exists():
        writes.append(Path(settings.blob_place))
    reads = (settings.policies, settings.certificate, settings.certificate_key, settings.certificates)
    return users.can_be_apart(
        USERS.values(),
        writes,
        [one for one in reads if one is not None],
        lambda: settings.database_url.startswith("sqlite") or Database(settings.database_url).answers(),
    )


# -- the local commands ------------------------------------------------------------------------------------------------


def local_commands() -> LocalCommands:
    """What the terminal is handed."""
    return LocalCommands(
        up=up,
        doctor=lambda data: doctor.examine(read_settings(data=data)),
        backup=lambda data, file: backups.backup(read_settings(data=data), file),
        restore=lambda file, data: backups.restore(read_settings(data=data), file),
        docs=lambda: references.write(panels(local_commands()), api.create(None).openapi()),
    )


def up(flags: Mapping[str, Any]) -> int:
    """Run the four processes until Ctrl-C or SIGTERM."""
    typed = dict(flags)
    token_file: Path | None = typed.pop("owner_token_file", None)
    settings = read_settings(**typed)
    if settings.port == 0:
        settings = settings.model_copy(update={"port": free_port()})
    places = Places(settings.folder)
    return run_until_told(settings, places, addresses_of(settings), children(settings, token_file))
