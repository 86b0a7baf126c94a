"""`greenlane doctor`: whether everything that an installation needs is there and well, in plain sentences."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from smtplib import SMTPException

from sqlalchemy.exc import DBAPIError

from greenlane.cli.local import Told
from greenlane.identity.break_glass import queries as break_glass
from greenlane.kit import checkup, public_suffix
from greenlane.kit.checkup import Health, Look
from greenlane.kit.clock import parse
from greenlane.kit.database import Database
from greenlane.kit.settings import Settings
from greenlane.ledger import queries
from greenlane.notices.smtp import MailServer, Smtp
from greenlane.runtime import cgroups, pictures
from greenlane.runtime.inside import landlock
from greenlane.runtime.local import installed_deno
from greenlane.runtime.sandbox import Jailer

MARKS = {Health.WELL: "well   ", Health.WARNING: "warning", Health.WRONG: "WRONG  "}
SEPARATE = (
    "Start `greenlane up` as root (`docs/running.md`): it gives both users of their own and keeps no power itself."
)


def examine(settings: Settings) -> Told:
    """Look at everything. Ends with 0 when all is well or only warned about, otherwise with 1."""
    looks = list(_looks(settings))
    says = []
    for one in looks:
        says.append(f"{MARKS[one.health]}  {one.name}: {one.says}")
        if one.next_step:
            says.append(f"         Next: {one.next_step}")
    bad = sum(one.health is Health.WRONG for one in looks)
    warned = sum(one.health is Health.WARNING for one in looks)
    says.append(
        f"{bad} of {len(looks)} are wrong."
        if bad
        else f"All is well; {warned} could be better."
        if warned
        else "All is well."
    )
    document = {
        "ok": not bad,
        "looks": [
            {"name": one.name, "health": one.health, "says": one.says, "next_step": one.next_step} for one in looks
        ],
    }
    return Told(tuple(says), document, 1 if bad else 0)


def _looks(settings: Settings) -> Iterator[Look]:
    folder = settings.folder
    yield checkup.folder(folder)
    yield checkup.room(folder)
    yield checkup.private([*folder.glob("keys/*"), *folder.glob("signer/*"), *folder.glob("witness/*")])
    yield from _users(folder)
    yield checkup.sqlite()
    newest = None
    if _made(settings):
        database = Database(settings.database_url)
        try:
            yield _answers(database)
            newest = _newest(database)
            yield from _break_glass(database)
        finally:
            database.close()
    else:
        yield checkup.well("database", "It is made at the first start.")
    yield checkup.clock(datetime.now(UTC), newest)
    yield from _apps()
    yield from _npm(settings)
    yield _port(settings)
    yield _domains(settings)
    yield _mail(settings)
    yield _resolution(settings)
    if settings.certificate is not None and settings.certificate_key is not None:
        hosts = (settings.console_host, f"app.{settings.apps_domain}")
        yield from checkup.certificate(settings.certificate, settings.certificate_key, datetime.now(UTC), hosts)
    elif settings.console_host != "localhost" and settings.scheme == "http":
        yield checkup.warning(
            "certificate",
            "Visitors come in without encryption, so browsers do not keep their sign-in.",
            "Set certificate and certificate_key, or stand behind a proxy with public_scheme=https.",
        )


def _mail(settings: Settings) -> Look:
    """Whether the mail server lets us in. Nothing is sent."""
    server = MailServer.of(settings)
    if server is None:
        return checkup.well("mail", "No mail server is set: people hear of things in the console.")
    where = f"{server.host}:{server.port}"
    try:
        Smtp(server).connect().quit()
    except (OSError, SMTPException) as error:
        return checkup.wrong(
            "mail",
            f"{where} does not let us in: {error}.",
            "Look at the settings smtp_host, smtp_port, smtp_tls, smtp_user and smtp_password_file.",
        )
    if server.tls == "none" and server.host not in {"localhost", "127.0.0.1", "::1"}:
        return checkup.warning(
            "mail",
            f"{where} lets us in, without encryption: names and sentences can be read on the way.",
            "Set smtp_tls to starttls or tls.",
        )
    return checkup.well("mail", f"{where} lets us in, and mail is from {server.sender}.")


def _made(settings: Settings) -> bool:
    return not settings.database_url.startswith("sqlite") or (settings.folder / "greenlane.db").exists()


def _users(folder: Path) -> Iterator[Look]:
    """Whether signer and witness are users of their own, so that nobody else can read what they sign with."""
    ours = folder.stat().st_uid if folder.exists() else None
    for name in ("signer", "witness"):
        own = folder / name
        if not own.exists():
            continue
        if own.stat().st_uid == ours:
            yield checkup.warning(
                name, f"The {name} runs as the server's own user, so who takes over the server has its key.", SEPARATE
            )
        else:
            yield checkup.well(
                name, f"The {name} is a user of its own ({own.stat().st_uid}); the server lacks its key."
            )


def _answers(database: Database) -> Look:
    if database.answers():
        return checkup.well("database", f"It answers ({database.dialect}).")
    return checkup.wrong(
        "database",
        f"It cannot be reached at {database.engine.url.render_as_string(hide_password=True)}.",
        "Start it, or correct the setting `database`.",
    )


def _newest(database: Database) -> datetime | None:
    """When the newest receipt was written; None where there is none, or no table of them."""
    try:
        with database.read() as connection:
            found = queries.entries(connection, limit=1, newest_first=True)
    except DBAPIError:
        return None
    return parse(found[0].receipt.at) if found else None


def _break_glass(database: Database) -> Iterator[Look]:
    """Whether an owner comes in when the company's sign-in is away. Without one, or without its tables, no word of it."""
    now = datetime.now(UTC)
    try:
        with database.read() as connection:
            found = break_glass.break_glass(connection)
    except DBAPIError:
        return
    says, next_step = found.trouble(now)
    if says:
        yield checkup.warning("break-glass", says, f"{next_step} `greenlane break-glass` lists the owners.")
    elif found.company:
        yield checkup.well("break-glass", "An owner could come in without the company's sign-in, and has tried it.")


def _apps() -> Iterator[Look]:
    """Whether code can run here, each app apart from all others. Files are served whatever this says."""
    jailer = Jailer(None)
    if refused := jailer.available():
        yield checkup.warning(
            "apps", "Apps that run code cannot run on this machine; files are served as ever.", refused
        )
        return
    own = "each as a user of its own" if os.getuid() == 0 else "as this user, kept apart by a namespace"
    yield checkup.well("apps", f"They run in sandboxes, {own}.")
    if version := landlock.abi():
        yield checkup.well("landlock", f"It bounds every sandbox a second time (version {version}).")
    else:
        yield checkup.warning(
            "landlock",
            "This kernel has no landlock, so what a sandbox shows is the only wall around its files.",
            "Use Linux 5.13 or later, and name landlock in the kernel's `lsm=` option if that is set.",
        )
    if not cgroups.can_be_made():
        yield checkup.warning(
            "limits", jailer.weaker(), "Start `greenlane up` as root, or under systemd with Delegate=yes."
        )
    if installed_deno() is None:
        yield checkup.warning("functions", "Deno is not installed, so functions do not run.", "Run `make setup`.")
    if pictures.browser() is None:
        yield checkup.warning("pictures", "No browser is installed, so previews have no pictures.", pictures.INSTALL)
    else:
        yield checkup.well("pictures", "A browser in a sandbox takes pictures of previews.")


def _npm(settings: Settings) -> Iterator[Look]:
    """Where builds of front ends take Node and packages from; nobody else needs it. The registry is not asked."""
    if Jailer(None).available():
        return
    if settings.npm_registry or shutil.which("npm"):
        whence = settings.npm_registry or "the registry that npm on this machine is set up with"
        yield checkup.well("npm", f"Builds of front ends take Node and packages from {whence}.")
    else:
        yield checkup.warning(
            "npm",
            "No npm registry is known, so front ends are not built here; everything else is.",
            "If somebody builds front ends, set npm_registry, or install npm: `apt-get install npm`.",
        )


def _port(settings: Settings) -> Look:
    if settings.port == 0:
        return checkup.well("port", "A free one is taken.")
    taken = checkup.listening(settings.listen, settings.port)
    if not taken:
        return checkup.well("port", f"{settings.port} is free on {', '.join(settings.listen)}.")
    if settings.certificate is None and _is_ours(taken[0], settings):
        return checkup.well("port", f"A Greenlane answers on {settings.port}.")
    return checkup.warning(
        "port",
        f"{settings.port} cannot be had on {', '.join(taken)}.",
        "If it is not your Greenlane that has it, choose another with --port; an address that this machine lacks "
        "goes out of --listen.",
    )


def _is_ours(address: str, settings: Settings) -> bool:
    asking = HTTPConnection(address, settings.port, timeout=2)
    try:
        asking.request("GET", "/v1/trust", headers={"Host": f"{settings.console_host}:{settings.port}"})
        return f'"{settings.console_host}"' in asking.getresponse().read(65536).decode("utf-8", "replace")
    except (OSError, HTTPException):
        return False
    finally:
        asking.close()


def _domains(settings: Settings) -> Look:
    """Whether browsers take an app for the console's own site, as under one registrable domain."""
    console, apps = settings.console_host, settings.apps_domain
    if console == apps == "localhost":
        return checkup.well("domains", "Apps and console are on localhost, which is right on one's own machine.")
    if public_suffix.same_site(console, f"app.{apps}"):
        return checkup.warning(
            "domains",
            f"{console} and {apps} are under one registrable domain, so browsers take apps for the console's own site.",
            "Give apps a domain of their own, registered beside the company's: apps_domain.",
        )
    return checkup.well("domains", f"Apps are under {apps}, and browsers keep them apart from {console}.")


def _resolution(settings: Settings) -> Look:
    host = f"greenlane-doctor.{settings.apps_domain}"
    if checkup.resolves(host):
        return checkup.well("names", f"*.{settings.apps_domain} leads somewhere.")
    if settings.apps_domain.endswith("localhost"):
        return checkup.well("names", "Browsers find *.localhost by themselves; `greenlane` and `curl` do as well.")
    return checkup.warning("names", f"{host} leads nowhere.", f"Add a DNS record for *.{settings.apps_domain}.")
