"""What control does for the gateway: verbs about models, the table, the owner of budgets, and what the journals say."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from greenlane.catalog import queries as catalog
from greenlane.deploys import queries as deploys
from greenlane.edge.compile import NEWEST_PREVIEWS
from greenlane.gateway import effects, keeping, lists, moving, queries
from greenlane.gateway.alerts import effects as alert_effects
from greenlane.gateway.alerts.watching import Watching
from greenlane.gateway.app_spans import keeping as app_spans
from greenlane.gateway.budgets import effects as budget_effects
from greenlane.gateway.compile import Compiler, Placed
from greenlane.gateway.content import effects as content_effects
from greenlane.gateway.content import keeping as words
from greenlane.gateway.deploy_keys import deploy_key, tracing, variables
from greenlane.gateway.following import ModelFollowing
from greenlane.gateway.perimeter import effects as perimeter_effects
from greenlane.gateway.perimeter.asking import Asking
from greenlane.gateway.perimeter.compiling import PerimeterCompiler
from greenlane.gateway.prices.table import Table as Prices
from greenlane.gateway.repricing import effects as repricing_effects
from greenlane.gateway.swapping import effects as swap_effects
from greenlane.gateway.tracing import exporting
from greenlane.gateway.tracing.exporting import Exporting
from greenlane.govern.door import Door
from greenlane.govern.effect import GatherFacts, Handling, Rows
from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import Clock
from greenlane.kit.database import Database
from greenlane.kit.errors import GreenlaneError
from greenlane.kit.settings import Settings
from greenlane.ledger.append import Ledger
from greenlane.ledger.batches import Journal
from greenlane.ledger.journal import Sealer
from greenlane.ledger.receipt import Receipt
from greenlane.notices.outside import OverNetwork
from greenlane.runtime.release import KINDS, Key
from greenlane.runtime.way_out import PLATFORM_ADDRESS
from greenlane.secrets.sealing import Sealing

log = structlog.get_logger()

TICK = 0.1
"""Seconds between two looks at who waits for money."""

SEAL_EVERY = 10
"""Ticks between two looks for batches of the gateway's journals, and two writings of what was heard."""


def handlings(
    database: Database,
    sealing: Sealing,
    app_facts: GatherFacts,
    content_key: bytes,
    values: Mapping[str, Handling],
    repricing: repricing_effects.Works,
) -> dict[str, Handling]:
    """How verbs about models are carried out. ``values`` are the handlings of verbs about apps' values."""
    setting = effects.handlings(effects.Works(database, sealing))
    add, remove = setting["add-provider-key"].effect, values["remove-variable"].effect
    return {
        **setting,
        **moving.handlings(moving.Works(database, sealing, add, remove)),
        **budget_effects.handlings(database),
        **perimeter_effects.handlings(app_facts),
        **content_effects.handlings(database, content_key),
        **swap_effects.handlings(database),
        **repricing_effects.handlings(repricing),
        **alert_effects.handlings(database),
    }


def placed(connection: Connection, app: catalog.App) -> Iterable[Placed]:
    """Where which deploys of an app run code: what is live, its newest previews, and builds that may call models."""
    newest = {one.id: one for one in deploys.deploys(connection, app.name, limit=NEWEST_PREVIEWS)}
    found = [("preview", one) for one in newest.values()]
    for one in catalog.environments(connection, app.name):
        if one.live_deploy:
            there = newest.get(one.live_deploy) or deploys.deploy(connection, app.name, one.live_deploy)
            found.append((one.name, there))
    building = [one for one in deploys.builds(connection, app.name) if one.under_way and one.plan.get("models")]
    return [
        *(
            (where, one.id, "run", one.process)
            for where, one in found
            if (one.facts.get("run") or {}).get("kind") in KINDS
        ),
        *(("preview", one.id, "build", one.process) for one in building),
    ]


def exporting_of(settings: Settings, database: Database) -> Exporting | None:
    """Whoever sends spans to the collector that the settings name, wherever that is."""
    if not settings.otlp_address:
        return None
    anywhere = OverNetwork(("0.0.0.0/0", "::/0"))
    headers = exporting.headers_in(settings.otlp_headers_file)
    return Exporting(database, anywhere.post, settings.otlp_address, headers)


def own_addresses(settings: Settings) -> frozenset[str]:
    """Where the gateway answers, with a port and without: inside sandboxes, and at the console's host."""
    inside, outside = PLATFORM_ADDRESS.rpartition("/")[2], settings.console_host
    hosts = (inside.partition(":")[0], inside, f"localhost:{inside.partition(':')[2]}", outside)
    return frozenset({*hosts, f"{outside}:{settings.visible_port or (443 if settings.scheme == 'https' else 80)}"})


@dataclass(frozen=True, slots=True)
class ModelKeys:
    """With what code calls models: variables, and the key among them, which is secret."""

    secret: bytes = field(repr=False)

    def of(self, one: Key, own: Mapping[str, str]) -> tuple[Mapping[str, str], frozenset[str]]:
        """For what runs of a deploy, beside what it has of its own."""
        key = deploy_key(self.secret, *one)
        given, secret = self._given(key, own)
        spans = tracing(key, PLATFORM_ADDRESS, own, one.app)
        headers = spans.get("OTEL_EXPORTER_OTLP_HEADERS")
        return {**given, **spans}, secret | ({headers} if headers else set())

    def of_build(self, app: str, build: str, own: Mapping[str, str]) -> tuple[Mapping[str, str], frozenset[str]]:
        """For a build."""
        return self._given(deploy_key(self.secret, app, "preview", build), own)

    @staticmethod
    def _given(key: str, own: Mapping[str, str]) -> tuple[Mapping[str, str], frozenset[str]]:
        return variables(key, PLATFORM_ADDRESS, own), frozenset({key})


class ModelLists:
    """The lists of prices and footprints, compiled when they are first asked for."""

    def __init__(self, folder: Path) -> None:
        self._load = lru_cache(maxsize=1)(partial(lists.load, folder))

    def prices(self) -> Prices:
        """What calls cost, without what administrators set."""
        return self._load()[0]


class Models:
    """Control's side of the gateway. ``later`` runs a task in the background; ``spans`` takes in those of apps."""

    def __init__(
        self,
        *,
        database: Database,
        ledger: Ledger,
        sealing: Sealing,
        blobs: Blobs,
        clock: Clock,
        secret: bytes,
        perimeter_key: bytes,
        content_key: bytes,
        door: Door,
        socket: Path,
        journals: Path,
        slots: int,
        content: Path,
        spans: Callable[[], None],
        later: Callable[[Callable[[], None]], None],
        exporting: Exporting | None,
        console: str,
        token_keys: Callable[[], Mapping[str, Any]],
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._blobs = blobs
        self._clock = clock
        self._journals = journals
        self._slots = slots
        self._content = content
        self._spans = spans
        self._exporting = exporting
        self._watching = Watching(door, database, clock)
        self._stopping = threading.Event()
        self.following = ModelFollowing(
            database=database,
            write=ledger.write,
            compiler=Compiler(
                sealing,
                clock,
                secret,
                placed,
                PerimeterCompiler(sealing, clock, perimeter_key),
                content_key,
                console,
                token_keys,
            ),
            socket=socket,
            later=later,
            clock=clock,
            ask=Asking(door).ask,
        )

    def start(self) -> None:
        """Listen to the gateway, and look after budgets and journals. Nobody goes on with journals of processes that are
        not wanted any more: they are closed here.
        """
        for folder in self._journals.glob("[0-9]*"):
            if int(folder.name) >= self._slots:
                left = Journal(folder)
                left.seal()
                left.close()
        self.following.authority.start()
        threading.Thread(target=self._run, name="models", daemon=True).start()
        if self._exporting is not None:
            self._exporting.start()

    def stop(self) -> None:
        """Listen no longer."""
        self._stopping.set()
        if self._exporting is not None:
            self._exporting.stop()
        self.following.authority.stop()

    def hear(self, receipt: Receipt) -> None:
        """After a settled action. Who is erased is erased from what was said, too, and from what their programs traced."""
        if receipt.action["verb"] == "erase-person" and receipt.happened.get("state") == "done":
            person = str(receipt.action["subject"]).partition(":")[2]
            self._ledger.write(words.erased(person=person))
            self._ledger.write(app_spans.erased(person))
        self.following.hear(receipt)

    @property
    def serving(self) -> bool:
        """Whether a process of the gateway follows."""
        return self.following.authority.followers() > 0

    def round(self) -> None:
        """Take what the gateway recorded into the ledger, and bury the processes that died."""
        for folder in sorted(self._journals.glob("[0-9]*")):
            kept: list[bytes] = []
            self._sealer(int(folder.name), folder, kept).seal_all()
            if self._exporting is not None:
                self._exporting.heard(kept)
        self._keep_words()
        self._spans()
        with self._database.read() as connection:
            dead = keeping.dead(connection, self._slots)
        for worker, totals in dead.items():
            self.following.owning.bury(worker, totals)
        if dead:
            self._ledger.write(keeping.over(dead))
        self.following.end_runs()

    def _keep_words(self) -> None:
        """Take in what was said, where that is kept, and let go of what was kept long enough."""
        now = self._clock.now()
        with self._database.read() as connection:
            days = queries.settings(connection).capture_days
            over = words.over(connection, now)
        words.take_in(self._content, self._ledger.write, now, days)
        if over:
            self._ledger.write(words.let_go(now))

    def _sealer(self, slot: int, folder: Path, kept: list[bytes]) -> Sealer:
        def beside(batch: str, records: Sequence[bytes]) -> Rows:
            if self._exporting is not None:
                kept.extend(records)
            calls, traces = keeping.rows_of(slot, batch, records), app_spans.traces_of(records)

            def rows(connection: Connection) -> None:
                calls(connection)
                traces(connection)

            return rows

        return Sealer(
            folder,
            self._ledger,
            self._database,
            keep=self._blobs.put,
            beside=beside,
            clock=self._clock,
            series=f"models-{slot}",
        )

    def _run(self) -> None:
        ticks = 0
        while not self._stopping.wait(TICK):
            ticks += 1
            try:
                self.following.owning.go_on()
                if ticks % SEAL_EVERY == 0:
                    self.following.owning.keep()
                    self.round()
                    self._watching.round(self.following.owning.notices)
            except (GreenlaneError, DBAPIError) as error:
                log.warning("what the gateway did is taken up later", error=repr(error))
