"""What stands in for control: a table with one app in it, one pretended person, and an answer to what is to be run."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from greenlane.catalog.hosts import SERVER
from greenlane.cli.developing import Wish
from greenlane.dev.making import Version
from greenlane.edge import content_policy
from greenlane.edge.compile import code
from greenlane.edge.table import Host
from greenlane.edge.visits import Refusal, Visitor, Visits
from greenlane.kit.feed.authority import Authority, Follower
from greenlane.kit.wire.request import Request
from greenlane.runtime.release import Key, Release
from greenlane.runtime.releases import Teller

ENVIRONMENT = "dev"
"""What an app finds as its environment: a person's own machine."""

_SOMEBODY = "p_somebody"


class Pretended(Visits):
    """Nobody signs in here: everybody who asks is the one person of the table."""

    def admit(self, host: Host, request: Request) -> Visitor | Refusal:
        """As that person, or as the public where the app is public."""
        return super().admit(host, request) if host.public else Visitor(_SOMEBODY)


def _answered_here(run: dict[str, Any] | None) -> dict[str, Any] | None:
    """What a version runs, with nothing of it in the background: there is nobody here who would write runs down, so the
    functions' own process begins them.
    """
    if run is None:
        return None
    return {**run, "functions": [{**one, "background": False} for one in run["functions"]]}


def person(said: str) -> dict[str, Any]:
    """The pretended person as the table has people: a name, and a mail address that is theirs or nobody's."""
    name, _, domain = said.partition("@")
    shown = " ".join(part.capitalize() for part in name.replace(".", " ").split()) if domain else said
    return {
        "name": shown,
        "email": said if domain else f"{'.'.join(said.lower().split())}@example.com",
        "teams": ["dev"],
        "active": True,
    }


class StandIn:
    """One app on loopback. ``wanted`` hears of what a page was kept from calling: directive and host."""

    def __init__(self, wish: Wish, port: int, feed: Path, releases: Path, wanted: Callable[[str, str], None]) -> None:
        self._wish = wish
        self._wanted = wanted
        self._version: Version | None = None
        self._names = ("localhost", f"{wish.app}.localhost", "127.0.0.1", "[::1]")
        table = {
            "console_host": f"localhost:{port}",
            "apps_domain": "localhost",
            "scheme": "http",
            "lease": {"page": 60.0, "token": 1.0},
            "visit_key": secrets.token_hex(32),
            "hosts": {},
            "deploys": {},
            "people": {_SOMEBODY: person(wish.person)},
            "sessions": {},
            "tokens": {},
            "previews": {},
            "shares": {},
        }
        self.authority = Authority(feed, table, self._heard)
        self._teller = Teller(releases, self._release)

    def start(self) -> None:
        """Listen to the edge and to the process that runs apps."""
        self.authority.start()
        self._teller.start()

    def stop(self) -> None:
        """Listen no longer."""
        self.authority.stop()
        self._teller.stop()

    def _heard(self, _edge: Follower, message: Mapping[str, Any]) -> None:
        if message.get("type") == "wanted":
            self._wanted(str(message["directive"]), str(message["host"]))

    def show(self, version: Version) -> Key | None:
        """Serve another version from now on. Returns the key of the one before, where that ran code."""
        before, self._version = self._version, version
        self.authority.change(
            {"hosts": dict.fromkeys(self._names, self._entry(version)), "deploys": {version.deploy: version.manifest}},
            {"hosts": lambda _name: True, "deploys": lambda _name: True},
        )
        return self.key(before) if before is not None and before.run else None

    def key(self, version: Version) -> Key:
        """What the runtime process knows a version as."""
        return Key(self._wish.app, ENVIRONMENT, version.deploy)

    @property
    def server_hosts(self) -> Mapping[str, list[str]]:
        """What the app's code may call, as the way out is told."""
        return {self._wish.app: sorted(host for host, uses in self._wish.hosts.items() if SERVER in uses)}

    def _entry(self, version: Version) -> dict[str, Any]:
        """As published: what the content policy does not allow is stopped, and reported to the terminal."""
        return {
            "app": self._wish.app,
            "environment": ENVIRONMENT,
            "deploy": version.deploy,
            "noindex": True,
            "audience": {"rung": "public" if self._wish.public else "everyone"},
            "csp": content_policy.header(self._wish.hosts, report=True),
            "csp_report_only": False,
            "passport": "",
            "state": "live",
            "says": "",
            "run": _answered_here(code(version.run)),
        }

    def _release(self, key: Key) -> Release | None:
        version = self._version
        if version is None or not version.run or key != self.key(version):
            return None
        return Release(
            key=key,
            kind=version.run["kind"],
            entry=version.run.get("entry", ""),
            files=version.manifest,
            functions=version.run.get("functions") or (),
            variables=version.variables,
            layers=[layer["digest"] for layer in version.run.get("layers") or ()],
        )
