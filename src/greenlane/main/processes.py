"""The processes: what each is told, and what it becomes.

The *signer* and the *witness* have keys, folders and, where that is possible, users of their own; *egress* is the way out
of apps' code; the *builder* and the *runtime* own the sandboxes in which code is built and runs; *control* decides and
writes; the *gateway* lets calls to models through, in one process or several; the *edge* answers visitors from memory. Each of them is ``run_process`` with a name.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import uv

from greenlane.cli import holding
from greenlane.cli.holding import Doors
from greenlane.edge import process as edge_process
from greenlane.edge import ring
from greenlane.edge.journal import JournalSink
from greenlane.edge.options import EdgeOptions
from greenlane.gateway.serving import process as gateway_process
from greenlane.gateway.serving.before import before_the_gateway
from greenlane.gateway.serving.options import GatewayOptions
from greenlane.kit import log as logs
from greenlane.kit import users
from greenlane.kit.blobs import Blobs
from greenlane.kit.database import Database
from greenlane.kit.places import Places
from greenlane.kit.settings import Settings
from greenlane.kit.supervisor import Child, end_with
from greenlane.kit.wire.listening import BACKLOG, named
from greenlane.ledger import signer as signer_process
from greenlane.ledger import witness as witness_process
from greenlane.ledger.note import VerifierKey
from greenlane.ledger.signer import SignerClient
from greenlane.main.control import Control
from greenlane.main.patience import patiently
from greenlane.runtime import cgroups
from greenlane.runtime import process as runtime_process
from greenlane.runtime.building import builder, registries
from greenlane.runtime.building.caches import Caches
from greenlane.runtime.building.room import BuildLimits
from greenlane.runtime.building.toolchains import Toolbox
from greenlane.runtime.building.way_out import ThroughEgress
from greenlane.runtime.building.workshop import Workshop
from greenlane.runtime.egress import process as egress_process
from greenlane.runtime.egress.driver import EgressProcess
from greenlane.runtime.egress.process import EgressOptions
from greenlane.runtime.egress.proxy import Limits as EgressLimits
from greenlane.runtime.jail import Limits as SandboxLimits
from greenlane.runtime.process import RuntimeOptions
from greenlane.runtime.sandbox import Jailer
from greenlane.store import keeping

USERS = {"signer": 61101, "witness": 61102}
"""Who signer and witness become when ``up`` was started as root: numbers that nobody is given (60706 to 61183 is unused
in systemd.io/UIDS-GIDS)."""

GATEWAY = "gateway"
"""What processes of the gateway are called; the second one is ``gateway-1``."""

SANDBOXING = frozenset({"builder", "runtime"})
"""The processes that own sandboxes."""


def run_process(
    name: str,
    settings: Settings,
    token_file: Path | None = None,
    apart: bool = False,
    doors: Doors = (),
    lines: Doors = (),
) -> None:
    """Be one of the processes until told to stop. ``token_file`` is where the first owner's token goes; ``doors`` are
    the visitors' sockets, which the edge alone keeps; ``lines`` those of calls to models, which the gateway alone keeps.

    ``apart``: signer and witness become users of their own once they have read their keys and can be asked, and the
    others give up root's powers before they begin, so that they cannot read what belongs to another user. The builder
    and the runtime keep those that sandboxes of other users take; they have no key and no database.
    """
    logs.configure(name, settings.log_level)
    if name != "edge":
        holding.close(doors)
    if not name.startswith(GATEWAY):
        holding.close(lines)
    places = Places(settings.folder)
    origin = settings.console_host
    folder = settings.folder / name
    ready = partial(_become_apart, USERS[name], folder, os.getppid()) if apart and name in USERS else _nothing
    if name in SANDBOXING and os.getuid() == 0:
        users.give_up_powers(keep=users.FOR_OTHERS)
    match name:
        case "signer":
            signer_process.serve(places.socket(name), folder, origin=origin, ready=ready)
        case "witness":
            log_key = VerifierKey.parse(patiently(SignerClient(places.socket("signer")).public)["log"])
            witness_process.serve(places.socket(name), folder, name=f"witness.{origin}", log=log_key, ready=ready)
        case "egress":
            if apart:
                users.give_up_powers()
            egress_process.run(egress_options(settings, places))
        case "builder":
            builder.serve(places.socket(name), _builder(settings, places))
        case "runtime":
            runtime_process.run(runtime_options(settings, places), keeping.of(settings))
        case "control":
            if apart:
                users.give_up_powers()
            Control(settings, token_file).run()
        case _ if name.startswith(GATEWAY):
            if apart:
                users.give_up_powers()
            slot = int(name.removeprefix(GATEWAY).removeprefix("-") or 0)
            gateway_process.run(gateway_options(settings, places, slot, lines))
        case "edge":
            if apart:
                users.give_up_powers()
            ring.adopt(settings.folder / "keys" / "identity.pem", settings.folder / "keys" / "identity")
            edge_process.run(edge_options(settings, places, doors))


def _builder(settings: Settings, places: Places) -> builder.Builder:
    """Whoever carries builds out. It asks for the registries when the first build comes, not before."""
    folder = settings.folder / "builds"
    jailer = Jailer(cgroups.find(cgroups.base_of(folder)))

    def opened() -> Workshop:
        found = registries.find(
            settings.npm_registry, settings.python_index, settings.registry_ca, settings.registry_hosts
        )
        return Workshop(
            folder=folder,
            jailer=jailer,
            toolbox=Toolbox(folder / "tools", found),
            registries=found,
            way_out=ThroughEgress(EgressProcess(places.socket("egress"))),
            caches=Caches(folder / "caches", apart=os.getuid() == 0),
            blobs=Blobs(settings.blob_place),
            uv=Path(uv.find_uv_bin()),
            limits=BuildLimits(
                memory=settings.build_memory_mib * 1024 * 1024,
                disk=settings.build_disk_mib * 1024 * 1024,
                seconds=settings.build_minutes * 60,
            ),
        )

    return builder.Builder(folder, jailer.available, opened)


def _become_apart(user: int, folder: Path, parent: int) -> None:
    users.become(user, folder)
    end_with(parent)


def _nothing() -> None:
    """What there is to do when nobody becomes another user."""


def egress_options(settings: Settings, places: Places) -> EgressOptions:
    """What the egress process is told."""
    return EgressOptions(
        socket=places.socket("egress"),
        sockets=places.socket("egress-of-a-sandbox-000000").parent / "egress",
        folder=settings.folder / "egress",
        journal=settings.folder / "egress-journal",
        models=places.socket("models"),
        models_say=before_the_gateway,
        networks=settings.egress_networks,
        limits=EgressLimits(a_day=settings.egress_mib_a_day * 1024 * 1024),
    )


def runtime_options(settings: Settings, places: Places) -> RuntimeOptions:
    """What the runtime process is told."""
    mib = 1024 * 1024
    return RuntimeOptions(
        folder=settings.folder / "runtime",
        socket=places.socket("runtime"),
        releases=places.socket("releases"),
        egress=places.socket("egress"),
        sandboxes=places.socket("a-sandbox-0000000000000000").parent / "apps",
        blobs=settings.blob_place,
        limits=SandboxLimits(
            memory=settings.app_memory_mib * mib,
            processes=settings.app_processes,
            cpu=settings.app_processors,
            files=settings.app_files,
            disk=settings.app_disk_mib * mib,
        ),
        idle=settings.app_idle_minutes * 60,
        known=settings.folder / "known",
        edge=places.socket("edge"),
    )


def gateway_options(settings: Settings, places: Places, slot: int, lines: Doors) -> GatewayOptions:
    """What one process of the gateway is told. ``lines`` are the sockets for everybody, and for sandboxes."""
    public, models = lines
    return GatewayOptions(
        feed_socket=places.socket("models-feed"),
        journal=settings.folder / "gateway-journal",
        folder=settings.folder / "gateway",
        public=public,
        models=models,
        slot=slot,
        workers=settings.gateway_workers,
    )


def edge_options(settings: Settings, places: Places, doors: Doors = ()) -> EdgeOptions:
    """What the edge is told."""
    return EdgeOptions(
        blobs=settings.blob_place,
        folder=settings.folder / "edge",
        feed_socket=places.socket("feed"),
        control_socket=places.socket("control"),
        gateway_socket=places.socket("gateway"),
        runtime_socket=places.socket("runtime"),
        runs_socket=places.socket("runs"),
        identity_keys=settings.folder / "keys" / "identity",
        known_keys=settings.folder / "known",
        sink=lambda: JournalSink(settings.folder / "journal"),
        hosts=settings.listen,
        port=settings.port,
        sockets=doors,
        beside=places.socket("edge"),
        certificate=settings.certificate,
        key=settings.certificate_key,
        certificates=settings.certificates,
        trusted_proxies=settings.trusted_proxies,
        room=settings.page_memory_mib * 1024 * 1024,
    )


def children(settings: Settings, token_file: Path | None = None, doors: Doors = ()) -> list[Child]:
    """The processes, in the order in which they need one another, kept apart where the platform allows it.

    The gateway's sockets are opened here and held by whoever starts processes again: a call that comes while the gateway
    is away waits in line, and several of its processes share them.
    """
    apart = _can_be_apart(settings, token_file)
    places = Places(settings.folder)
    lines = [named(places.socket(one)) for one in ("gateway", "models")]
    for one in lines:
        one.listen(BACKLOG)
    gateways = [GATEWAY if slot == 0 else f"{GATEWAY}-{slot}" for slot in range(settings.gateway_workers)]
    return [
        Child(name, partial(run_process, name, settings, token_file, apart, doors, lines))
        for name in ("signer", "witness", "egress", "builder", "runtime", "control", *gateways, "edge")
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
