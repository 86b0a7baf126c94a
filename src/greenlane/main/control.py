"""Control: the process that decides and is the only writer. Here its parts are made and handed to one another."""

from __future__ import annotations

import getpass
import json
import signal
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from sqlalchemy import Connection

from greenlane import migrations
from greenlane.api import app as api
from greenlane.api.house import ApiHouse
from greenlane.catalog import queries as catalog
from greenlane.catalog.addresses import Addresses
from greenlane.catalog.dns import DnsOverNetwork
from greenlane.deploys import building, picturing, renewing
from greenlane.deploys import queries as deploys
from greenlane.deploys.passports import Passports
from greenlane.deploys.runs.following import FollowingRuns
from greenlane.deploys.upkeep import Upkeep
from greenlane.deploys.upload import Uploads
from greenlane.edge.compile import Compiler
from greenlane.edge.following import Following
from greenlane.gateway.app_spans.laying import SPANS
from greenlane.gateway.app_spans.taking_in import TakingIn
from greenlane.gateway.asking import Asking
from greenlane.gateway.serving.options import CONTENT
from greenlane.govern import recovery
from greenlane.govern.actor import PLATFORM, Actor
from greenlane.govern.door import Door
from greenlane.govern.errors import NotFound
from greenlane.govern.policies import Policies
from greenlane.identity import queries as identity
from greenlane.identity import reading
from greenlane.identity.actions import CreateSignInLink, FoundOrganisation
from greenlane.identity.elevation.ending import Ending
from greenlane.identity.lasting import Places as NamedPlaces
from greenlane.identity.queries import organisation
from greenlane.identity.reviewers import reviewers
from greenlane.identity.sso.refreshing import Refreshing
from greenlane.insights import sentences
from greenlane.insights.checking import Checking
from greenlane.insights.installation import Installation
from greenlane.insights.reading import Tallies
from greenlane.insights.stored import Storage
from greenlane.insights.values import Shelf
from greenlane.insights.vouching import Vouching
from greenlane.kit import log as logs
from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import SystemClock, stamp
from greenlane.kit.database import Database
from greenlane.kit.errors import GreenlaneError
from greenlane.kit.places import Places, kept_key, write_private
from greenlane.kit.settings import Settings
from greenlane.ledger import queries as ledger
from greenlane.ledger.append import Ledger
from greenlane.ledger.note import VerifierKey
from greenlane.ledger.payload import Payloads
from greenlane.ledger.signer import SignerClient
from greenlane.ledger.trust import Trust
from greenlane.ledger.witness import Forwarder, WitnessClient
from greenlane.main import models
from greenlane.main.coming_in import ComingIn, lasting
from greenlane.main.housekeeping import Housekeeping
from greenlane.main.journals import Journals
from greenlane.main.models import ModelKeys, ModelLists, Models
from greenlane.main.parts import Parts
from greenlane.main.patience import patiently
from greenlane.main.verbs import Verbs
from greenlane.notices import adopting as notices_adopting
from greenlane.notices import wording
from greenlane.notices.driver import Mailer
from greenlane.notices.message import Told
from greenlane.notices.outside import OverNetwork
from greenlane.notices.postman import Desk, Postman
from greenlane.notices.reading import Notices
from greenlane.notices.smtp import MailServer, Smtp
from greenlane.runtime.asking import Runtime
from greenlane.runtime.building import builder
from greenlane.runtime.egress.driver import EgressProcess
from greenlane.runtime.release import KINDS, Key, Release
from greenlane.runtime.releases import Teller
from greenlane.secrets import adopting as secrets_adopting
from greenlane.secrets import queries as secret_queries
from greenlane.secrets import resolving, using
from greenlane.secrets.driver import KeysAway, ValueUnreadable
from greenlane.secrets.local_keys import LocalKeys
from greenlane.secrets.sealing import Sealing
from greenlane.store.asking import AskedKeeper
from greenlane.web import routes as web_routes
from greenlane.web.house import WebHouse

log = structlog.get_logger()


class Control(Parts):
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
        keys = LocalKeys(settings.folder / "keys" / "variables.key")
        self.sealing = Sealing(keys, self.database, self.ledger.write, self._now, before=keys.first())
        self.outside = OverNetwork(settings.webhook_networks)
        self.dns = DnsOverNetwork(settings.dns_servers, settings.dns_port)
        self.blobs = Blobs(settings.blob_place)
        self.marks_key = kept_key(settings.folder / "keys" / "marks.key")
        self.content_key = kept_key(settings.folder / "keys" / "content.key")
        self.addresses = Addresses.of(settings)
        self.model_lists = ModelLists(settings.folder / "model-lists")
        self.model_keys = ModelKeys(kept_key(settings.folder / "keys" / "models.key"))
        self.coming_in = ComingIn(
            database=self.database,
            write=self.ledger.write,
            clock=self.clock,
            addresses=self.addresses,
            sealing=self.sealing,
            dns=self.dns,
            outside=self.outside,
            keys=settings.folder / "keys",
            door=lambda: self.door,
            lasting=lasting(settings),
        )
        self.policies = Policies(self.database, self.clock, settings.policies)
        self.policies.load()
        self.ledger.write(self.policies.remember(self.policies.in_force()))
        self.reviewers = reviewers(catalog.team_of, catalog.owner_of, self.clock)
        self.builder = builder.BuilderLine.to(self.places.socket("builder"), settings.folder / "builds")
        self.runtime = Runtime(self.places.socket("runtime"))
        self.camera = self.runtime
        self.keeper = AskedKeeper(self.runtime.ask)
        self.verbs = Verbs(self, settings)
        self.door = Door(self.database, self.ledger, self.payloads, self.verbs.house(), self.clock)
        self.uploads = Uploads(
            self.database,
            self.ledger.write,
            self.blobs,
            settings.folder / "uploads",
            self.clock,
            lambda connection: secret_queries.known_values(connection, self.sealing),
            key=self.marks_key,
        )
        self.passports = Passports(self.signer, self.trust, self.blobs, self.policies, self.clock)
        self.builds = building.Builds(self.door, self.verbs.builds(), self.ledger, self.clock)
        self.pictures = picturing.Pictures(
            self.door, self.database, self.camera, self.clock, on=settings.pictures == "on"
        )
        self.upkeep = Upkeep(self.door, self.blobs)
        server = MailServer.of(settings)
        self.postman = self.post(None if server is None else Smtp(server))
        self.notices = Notices(
            self.database, self.ledger.write, self.clock, by_mail=server is not None, then=self.postman.hurry
        )
        self.tallies = Tallies(self.database, self.ledger.write)
        self._visit_key = kept_key(settings.folder / "keys" / "visit.key")
        self.housekeeping = Housekeeping(self)
        self.following = Following(
            database=self.database,
            write=self.ledger.write,
            compiler=Compiler(
                self.addresses,
                self.clock,
                self._visit_key,
                settings.page_lease,
                settings.token_lease,
                self.coming_in.exchange.issuer.keys,
            ),
            passports=self.passports,
            blobs=self.blobs,
            socket=self.places.socket("feed"),
            later=self.housekeeping.later,
            seen=self._seen_at_an_app,
        )
        self.renewing = renewing.Renewing(self.database, self.runtime, self.clock)
        self.runs = FollowingRuns(self.door, self.runtime, self.addresses, settings, self.places.socket("runs"))
        self.ending = Ending(self.door)
        self.refreshing = Refreshing(self.door, self.coming_in.books, self.ledger.write)
        self.teller = Teller(self.places.socket("releases"), self.release)
        self.journals = Journals(settings.folder, self.ledger, self.database, self.blobs, self.clock)
        exporting = models.exporting_of(settings, self.database)
        spans = TakingIn(
            self.database,
            self.ledger.write,
            self.clock,
            folder=settings.folder / "gateway" / SPANS,
            days=settings.span_days,
            own=models.own_addresses(settings),
            exporting=exporting,
        )
        self.models = Models(
            database=self.database,
            ledger=self.ledger,
            sealing=self.sealing,
            blobs=self.blobs,
            clock=self.clock,
            secret=self.model_keys.secret,
            perimeter_key=kept_key(settings.folder / "keys" / "perimeter.key"),
            content_key=self.content_key,
            door=self.door,
            socket=self.places.socket("models-feed"),
            journals=settings.folder / "gateway-journal",
            slots=settings.gateway_workers,
            content=settings.folder / "gateway" / CONTENT,
            spans=spans.round,
            later=self.housekeeping.later,
            exporting=exporting,
            console=self.addresses.console,
            token_keys=self.coming_in.exchange.issuer.keys,
        )
        self.asking = Asking(self.places.socket("gateway"))
        self.egress = EgressProcess(self.places.socket("egress"))

    def _seen_at_an_app(self, session: str) -> None:
        """Ways in are made once the door is."""
        self.coming_in.arrivals.seen_at_an_app(session)

    def _now(self) -> str:
        return stamp(self.clock.now())

    def adopt(self) -> None:
        """Bring what was sealed by earlier releases under the keys of this one."""
        for adopted in (secrets_adopting.adopted, notices_adopting.adopted):
            try:
                count, rows = adopted(self.database, self.sealing)
            except (ValueUnreadable, KeysAway) as error:  # they stay as they are; the next start tries again
                log.warning("values of an earlier release could not be sealed anew", error=repr(error))
                continue
            if count:
                self.ledger.write(rows)
                log.info("values of an earlier release were sealed anew", count=count)

    # -- life ----------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Serve until SIGTERM."""
        self.door.subscribe(self.housekeeping.hear)
        self.adopt()
        self._found()
        recovery.recover(self.door, before=self.clock.now())
        self.following.authority.start()
        self.models.start()
        self.teller.start()
        self.ending.start()
        self.refreshing.start()
        self.housekeeping.start()
        self.postman.start()
        self.housekeeping.later(self.housekeeping.tell_egress)
        self.builds.start()
        self.runs.start()
        self.pictures.start()
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
            self.housekeeping.stop()
            self.builds.stop()
            self.runs.stop()
            self.pictures.stop()
            self.postman.stop()
            self.refreshing.stop()
            self.ending.stop()
            self.teller.stop()
            self.models.stop()
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

    def release(self, key: Key) -> Release | None:
        """What the runtime process is told when it is to run something: None where nothing of the deploy runs.

        The reading of each secret is noted, with the deploy that got it.
        """
        now = self.clock.now()
        with self.database.read() as connection:
            try:
                deploy = deploys.deploy(connection, key.app, key.deploy)
            except NotFound:
                return None
            run = deploy.facts.get("run") or {}
            if run.get("kind") not in KINDS:
                return None
            given = resolving.resolved(connection, self.sealing, key.app, key.environment, "run", now)
        self.ledger.write(using.read(key.app, key.deploy, "run", given.versions, stamp(now)))
        more, secret = self.model_keys.of(key, given.values)
        return Release(
            key=key,
            kind=run["kind"],
            entry=run.get("entry", ""),
            files=deploy.artifact,
            functions=run.get("functions") or (),
            variables={**more, **given.values},
            secret=given.secrets | secret,
            layers=[layer["digest"] for layer in run.get("layers") or ()],
            given=[one.id for one in given.resolution.versions],
        )

    # -- the faces' view -----------------------------------------------------------------------------------------

    def _checking(self) -> Checking:
        return Checking(self.database, self.trust, self.witness, self.payloads, self.policies)

    @cached_property
    def vouching(self) -> Vouching:
        """Verifies passports for whoever looks at an app."""
        return Vouching(self.passports.of, self.blobs, self.trust, self.clock)

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
            arrivals=self.coming_in.arrivals,
            logins=self.coming_in.logins,
            places=NamedPlaces(self._settings.networks),
            company=self.coming_in.company,
            pack=self.policies.in_force,
            trust=self.trust,
            build_log=self.builds.log,
            lines=self.runtime.lines,
            no_pictures=self.pictures.cannot if self._settings.pictures == "on" else None,
            passport=self.passports.when_cosigned,
            prices=self.model_lists.prices,
            asking=self.asking,
            vouching=self.vouching,
            shelf=Shelf(self.sealing),
            stored=Storage(self.keeper),
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
            build_log=self.builds.log,
            passport=self.passports.when_cosigned,
            prices=self.model_lists.prices,
            company=self.coming_in.company,
            vouching=self.vouching,
            shelf=Shelf(self.sealing),
            stored=Storage(self.keeper),
            verify=checking.verify,
            replay=checking.replay,
            logs=logs.newest,
            runtime=self.runtime,
            exchange=self.coming_in.exchange,
            logins=self.coming_in.logins,
            places=NamedPlaces(self._settings.networks),
            ready=self.ready,
            may=self.may,
        )

    def may(self, connection: Connection, actor: Actor, right: str, subject: str) -> bool:
        """Whether an actor has a reading right on a subject."""
        return reading.may(connection, actor, right, subject, catalog.team_of, self.clock.now())

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
            "edge": self.following.authority.followers() > 0,
            "gateway": self.models.serving,
        }

    def _answers(self, ask: Callable[[], Any]) -> bool:
        try:
            ask()
        except GreenlaneError:
            return False
        return True
