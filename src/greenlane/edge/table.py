"""The compiled table: what control says may be served to whom. The edge reads it in memory and never changes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson

from greenlane.edge.functions import Route, routes
from greenlane.kit.wire.reply import Headers


@dataclass(frozen=True, slots=True)
class Audience:
    """Who may open an app: a rung of the ladder, and the people and circles that it names: teams, and the company's groups."""

    rung: str
    people: frozenset[str] = frozenset()
    circles: frozenset[str] = frozenset()

    def admits(self, person: str, circles: frozenset[str]) -> bool:
        """Whether this signed-in person, who is in these circles, belongs to it."""
        return self.rung in ("everyone", "public") or person in self.people or not self.circles.isdisjoint(circles)


@dataclass(frozen=True, slots=True)
class Run:
    """That a deploy runs code. ``functions`` answer at their paths beside files; without any, code answers everything."""

    kind: str
    functions: tuple[Route, ...] = ()

    @property
    def everything(self) -> bool:
        """Whether no request is for a file."""
        return self.kind != "functions" and not self.functions


@dataclass(frozen=True, slots=True, eq=False)
class Host:
    """One address and what stands behind it. Compared by identity: a change makes a new one."""

    name: str
    app: str
    environment: str
    deploy: str
    audience: Audience
    noindex: bool
    csp: str
    csp_report_only: bool
    passport: str
    passport_file: str
    state: str
    says: str
    marks: Headers = field(default=())
    """The fields on every answer from this address."""
    run: Run | None = None

    @property
    def public(self) -> bool:
        """Whether nobody is asked who they are."""
        return self.audience.rung == "public"


@dataclass(frozen=True, slots=True)
class Token:
    """An API token's person, what it is for, and when it ends (seconds since the epoch)."""

    person: str
    scopes: frozenset[str]
    expires: float | None


@dataclass(frozen=True, slots=True)
class Preview:
    """A preview token: the one deploy that it opens, its id for the record, and when it ends (seconds since the epoch)."""

    deploy: str
    id: str
    expires: float | None


@dataclass(frozen=True, slots=True)
class Share:
    """A share link: the app whose production it opens, its id for the record, and when it ends (seconds since the epoch)."""

    app: str
    id: str
    expires: float | None


class Hosts:
    """Every address, packed as control sent it: of most apps nobody asks anything for a long time. What was asked for is
    kept unpacked until it changes.
    """

    def __init__(self) -> None:
        self._packed: dict[str, bytes] = {}
        self._unpacked: dict[str, Host] = {}
        self._secure = False

    def get(self, name: str) -> Host | None:
        """What stands behind an address; the same object as long as nothing changes."""
        found = self._unpacked.get(name)
        if found is None and (packed := self._packed.get(name)) is not None:
            found = self._unpacked[name] = _host(name, orjson.loads(packed), self._secure)
        return found

    def put(self, packed: Mapping[str, bytes], *, secure: bool) -> None:
        """Take what ``pack`` made. What was in use is unpacked again at once."""
        self._secure = secure
        self._packed.update(packed)
        for name in packed.keys() & self._unpacked.keys():
            self._unpacked[name] = _host(name, orjson.loads(packed[name]), secure)

    def drop(self, name: str) -> None:
        """There is no such address any more."""
        self._packed.pop(name, None)
        self._unpacked.pop(name, None)

    def asked_for(self) -> Iterable[Host]:
        """Those that somebody asked for since the table was taken."""
        return self._unpacked.values()

    def as_json(self) -> dict[str, orjson.Fragment]:
        """Everything, to be written down."""
        return {name: orjson.Fragment(packed) for name, packed in self._packed.items()}

    def __len__(self) -> int:
        return len(self._packed)


def pack(entries: Mapping[str, Mapping[str, Any]], *, secure: bool) -> dict[str, bytes]:
    """Entries as ``Hosts`` keep them. KeyError, TypeError or ValueError when one is none."""
    for name, entry in entries.items():
        _host(name, entry, secure)
    # A copy, because what ``orjson`` returns keeps the whole room that it was written in.
    return {name: bytes(memoryview(orjson.dumps(entry))) for name, entry in entries.items()}


@dataclass(slots=True)
class Table:
    """The whole of it. ``replace`` and ``change`` are the only ways in; both are atomic for everybody on the event loop."""

    version: int = 0
    hosts: Hosts = field(default_factory=Hosts)
    _raw: dict[str, Any] = field(default_factory=dict)

    def replace(self, raw: dict[str, Any]) -> None:
        """Take a whole table. KeyError, TypeError or ValueError when it is not one; then nothing changes."""
        secure = raw.get("scheme") == "https"
        packed = pack(raw["hosts"], secure=secure)
        hosts = Hosts()
        hosts.put(packed, secure=secure)
        for one in self.hosts.asked_for():
            hosts.get(one.name)
        rest = {section: values for section, values in raw.items() if section != "hosts"}
        self.version, self.hosts, self._raw = int(raw["version"]), hosts, rest

    def change(self, version: int, put: Mapping[str, Any], drop: Mapping[str, Any]) -> None:
        """Take a change. Raises like ``replace``; then nothing changes."""
        secure = put.get("scheme", self.scheme) == "https"
        packed = pack(put.get("hosts", {}), secure=secure)
        for section, values in put.items():
            if section == "hosts":
                continue
            if isinstance(values, dict):
                self._raw.setdefault(section, {}).update(values)
            else:
                self._raw[section] = values
        self.hosts.put(packed, secure=secure)
        for section, names in drop.items():
            for name in names:
                if section == "hosts":
                    self.hosts.drop(name)
                else:
                    self._raw.get(section, {}).pop(name, None)
        self._raw["version"] = self.version = version

    @property
    def raw(self) -> dict[str, Any]:
        """The table as control sent it, with its changes, but for the addresses."""
        return self._raw

    def as_json(self) -> dict[str, Any]:
        """All of it, as ``orjson`` writes it down."""
        return {**self._raw, "hosts": self.hosts.as_json()}

    @property
    def known(self) -> bool:
        """Whether there is a table at all."""
        return bool(self._raw)

    @property
    def console_host(self) -> str:
        """The console's authority, with its port where it has one."""
        return str(self._raw.get("console_host", ""))

    @property
    def console_name(self) -> str:
        """The console's host name alone."""
        return self.console_host.rpartition(":")[0] or self.console_host

    @property
    def scheme(self) -> str:
        """``http`` or ``https``, as visitors see it."""
        return str(self._raw.get("scheme", "http"))

    @property
    def console_marks(self) -> Headers:
        """The fields on every answer for the console's host."""
        return strictness(self.console_name) if self.scheme == "https" else ()

    @property
    def visit_key(self) -> bytes:
        """The key under which visits are signed."""
        return bytes.fromhex(self._raw["visit_key"])

    @property
    def page_lease(self) -> float:
        """Seconds since control's last beat in which a visitor's page is served."""
        return float(self._raw.get("lease", {}).get("page", 60.0))

    @property
    def token_lease(self) -> float:
        """Seconds since control's last beat in which a token is taken."""
        return float(self._raw.get("lease", {}).get("token", 1.0))

    def manifest_of(self, deploy: str) -> str | None:
        """The digest of a deploy's manifest."""
        found: str | None = self._raw.get("deploys", {}).get(deploy)
        return found

    def person_of(self, session: str) -> str | None:
        """Whose session it is, by the hash of its secret."""
        found: str | None = self._raw.get("sessions", {}).get(session)
        return found

    def circles_of(self, person: str) -> frozenset[str] | None:
        """An active person's teams, and the groups that an audience names; None for anybody else."""
        entry = self._raw.get("people", {}).get(person)
        return frozenset((*entry["teams"], *entry.get("groups", ()))) if entry and entry["active"] else None

    def introduced(self, person: str) -> dict[str, Any]:
        """What an app hears of a person beside the id: name, mail address, teams. Nothing of anybody else."""
        entry = self._raw.get("people", {}).get(person) or {}
        return {key: entry[key] for key in ("name", "email", "teams") if entry.get(key)}

    def token(self, hashed: str) -> Token | None:
        """A token by the hash of its secret."""
        entry = self._raw.get("tokens", {}).get(hashed)
        return entry and Token(entry["person"], frozenset(entry["scopes"]), entry["expires"])

    def preview(self, hashed: str) -> Preview | None:
        """A preview token by the hash of its secret."""
        entry = self._raw.get("previews", {}).get(hashed)
        return entry and Preview(entry["deploy"], entry["id"], entry["expires"])

    def share(self, hashed: str) -> Share | None:
        """A share link by the hash of its secret."""
        entry = self._raw.get("shares", {}).get(hashed)
        return entry and Share(entry["app"], entry["id"], entry["expires"])


def _host(name: str, entry: Mapping[str, Any], secure: bool) -> Host:
    audience = entry["audience"]
    deploy, passport = entry.get("deploy") or "", entry.get("passport") or ""
    marks = [(b"Greenlane-Deploy", deploy.encode("ascii")), (b"Greenlane-Passport", passport.encode("ascii"))]
    if entry.get("noindex"):
        marks.append((b"X-Robots-Tag", b"noindex"))
    csp = entry.get("csp") or ""
    run = entry.get("run") or None
    if any(ord(letter) < 32 or ord(letter) > 126 for letter in deploy + passport + csp):
        raise ValueError(f"The entry of {name} holds characters that may not stand in a header.")
    return Host(
        name=name,
        app=entry["app"],
        environment=entry["environment"],
        deploy=deploy,
        audience=_audience(
            audience["rung"],
            tuple(audience.get("people", ())),
            (*audience.get("teams", ()), *audience.get("groups", ())),
        ),
        noindex=bool(entry.get("noindex")),
        csp=csp,
        csp_report_only=bool(entry.get("csp_report_only")),
        passport=passport,
        passport_file=entry.get("passport_file") or "",
        state=entry.get("state", "live"),
        says=entry.get("says") or "",
        marks=(*(mark for mark in marks if mark[1]), *(strictness(name) if secure else ())),
        run=run and Run(str(run["kind"]), routes(run.get("functions") or ())),
    )


@lru_cache(maxsize=1024)
def _audience(rung: str, people: tuple[str, ...], circles: tuple[str, ...]) -> Audience:
    """One for all apps that are for the same people."""
    return Audience(rung, frozenset(people), frozenset(circles))


def strictness(name: str) -> Headers:
    """Strict-Transport-Security (RFC 6797) of a host that is reached over https alone.

    For this very host: what lies below somebody's own domain is theirs to decide. Never for ``localhost``, which every
    program on a machine shares.
    """
    if name == "localhost" or name.endswith(".localhost"):
        return ()
    return ((b"Strict-Transport-Security", b"max-age=31536000"),)
