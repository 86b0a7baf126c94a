"""What each sandbox may reach. Kept on the disk, so that a process that was killed goes on as it was."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import orjson

from greenlane.catalog.hosts import USUAL_PORTS, clean, covers
from greenlane.govern.errors import WrongInput
from greenlane.kit import digest as digests
from greenlane.kit.places import write_private

Use = Literal["run", "build"]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")


class Refused(Exception):
    """Why something is not reached: a code for the record, a sentence for whoever asked, and what to do."""

    def __init__(self, code: str, says: str, next_step: str = "", *, status: int = 403) -> None:
        super().__init__(says)
        self.code = code
        self.says = says
        self.next_step = next_step
        self.status = status


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Whose way out it is. A build brings the places (``host:port``) that it may reach, those of the installation's own
    registries, wherever they lie; what an app may reach was declared for it. ``models``: the model gateway listens to it.
    """

    name: str
    app: str
    environment: str
    deploy: str
    use: Use = "run"
    places: tuple[str, ...] = ()
    models: bool = False

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError("a sandbox's name has letters, digits, dots and dashes")


@dataclass(slots=True)
class Policies:
    """Everything that was told, in ``file``. For one event loop."""

    file: Path
    sandboxes: dict[str, Sandbox] = field(default_factory=dict)
    _hosts: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def at(cls, file: Path) -> Policies:
        """What was kept; nothing where nothing was, or where it makes no sense."""
        policies = cls(file)
        try:
            kept = orjson.loads(file.read_bytes())
            policies.sandboxes = {one["name"]: sandbox(one) for one in kept["sandboxes"]}
            policies._hosts = {app: tuple(hosts) for app, hosts in kept["hosts"].items()}
        except (OSError, KeyError, TypeError, ValueError):
            policies.sandboxes, policies._hosts = {}, {}
        return policies

    @property
    def digest(self) -> str:
        """Of the hosts that were told."""
        return digest_of(self._hosts)

    def tell(self, hosts: Mapping[str, Iterable[str]]) -> None:
        """Take all hosts of all apps: under `app` those for everywhere, under `app/environment` those for there alone."""
        self._hosts = {app: tuple(sorted(declared)) for app, declared in hosts.items()}
        self._keep()

    def open(self, one: Sandbox) -> None:
        """Another sandbox, or the same anew."""
        self.sandboxes[one.name] = one
        self._keep()

    def close(self, name: str) -> None:
        """That sandbox is over."""
        if self.sandboxes.pop(name, None) is not None:
            self._keep()

    def begin(self, use: Use) -> list[str]:
        """Whoever owns the sandboxes of a use begins anew: none of those before is there. Returns their names."""
        over = [one.name for one in self.sandboxes.values() if one.use == use]
        for name in over:
            del self.sandboxes[name]
        if over:
            self._keep()
        return over

    def judge(self, one: Sandbox, host: str, port: int) -> None:
        """Whether that sandbox may ask for this host (as ``host_of`` writes it). Raises ``Refused``."""
        if one.use == "build":
            if f"{host}:{port}" not in one.places:
                raise Refused(
                    "not-a-registry",
                    f"A build reaches package registries alone, and {host}:{port} is none of them.",
                    "Keep what the build needs beside its source.",
                )
            return
        declared = (*self._hosts.get(one.app, ()), *self._hosts.get(f"{one.app}/{one.environment}", ()))
        if any(covers(entry, host, port) for entry in declared):
            return
        if port not in USUAL_PORTS and any(covers(entry, host, 443) for entry in declared):
            raise Refused(
                "port",
                f"{one.app} may call {host}, but not at port {port}.",
                f"Declare it with its port: greenlane hosts add {one.app} {host}:{port} --for server",
            )
        elsewhere = [name.partition("/")[2] for name in self._hosts if name.startswith(f"{one.app}/")]
        others = [
            place
            for place in elsewhere
            if any(covers(entry, host, port) for entry in self._hosts[f"{one.app}/{place}"])
        ]
        if others:
            raise Refused(
                "undeclared",
                f"{one.app} may call {host} in {' and '.join(others)}, and not in {one.environment}.",
                f"Declare it: greenlane hosts add {one.app} {host} --for server --environment {one.environment}",
            )
        raise Refused(
            "undeclared",
            f"{one.app} may not call {host}.",
            f"Declare it: greenlane hosts add {one.app} {host} --for server",
        )

    def _keep(self) -> None:
        kept = {"hosts": self._hosts, "sandboxes": [asdict(one) for one in self.sandboxes.values()]}
        write_private(self.file, orjson.dumps(kept).decode())


def digest_of(hosts: Mapping[str, Sequence[str]]) -> str:
    """Of all hosts of all apps."""
    return digests.of({app: sorted(declared) for app, declared in hosts.items() if declared})


def sandbox(told: Mapping[str, Any]) -> Sandbox:
    """A sandbox as it was told. Raises KeyError, TypeError or ValueError."""
    use: Use = "build" if told.get("use") == "build" else "run"
    return Sandbox(
        str(told["name"]),
        str(told["app"]),
        str(told["environment"]),
        str(told["deploy"]),
        use,
        tuple(map(str, told.get("places") or ())),
        told.get("models") is True,
    )


def host_of(asked: str, use: Use) -> str:
    """The host that was asked for, in the one form in which hosts are declared. Raises ``Refused``.

    An address in numbers, however it is written, is nobody's declared host. A registry is whatever the settings name.
    """
    if use == "build":
        return asked.lower()
    try:
        host = clean(asked)
    except WrongInput:
        host = ""
    if not host or "*" in host or ":" in host:
        raise Refused(
            "not-a-name",
            "What was asked for is not the name of a host.",
            "Call it by its name, such as api.example.com: addresses in numbers cannot be declared.",
        )
    return host
