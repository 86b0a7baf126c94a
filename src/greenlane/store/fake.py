"""A keeper for tests: what an app stores is some bytes that a test puts there."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from greenlane.kit.errors import GreenlaneError
from greenlane.store.driver import Changed, Kept, Standing, Stored

QUOTA, KEEPS = 1000, 3


class FakeKeeper:
    """``data`` by app and environment. ``broken`` is what every call fails with, where something is put there."""

    def __init__(self) -> None:
        self.data: dict[tuple[str, str], bytes] = {}
        self.snapshots: dict[tuple[str, str], dict[str, bytes]] = {}
        self.broken: GreenlaneError | None = None
        self._restored: dict[str, Changed] = {}

    def standing(self, app: str) -> Standing:
        """Everything of an app's."""
        self._fail()
        there = sorted(one for one in {*self.data, *self.snapshots} if one[0] == app)
        stored = [Stored(one[1], len(self.data.get(one, b"")), self._ids(one)) for one in there]
        return Standing(QUOTA, KEEPS, stored)

    def snapshot(self, app: str, environment: str, snapshot: str, action: str) -> Changed:
        """Remember the bytes."""
        self._fail()
        return self._keep((app, environment), snapshot)

    def restore(self, app: str, environment: str, snapshot: str, digest: str, before: str, action: str) -> Changed:
        """Remember the bytes, and put earlier ones in their place."""
        self._fail()
        if action not in self._restored:
            content = self.snapshots[app, environment][snapshot]
            self._restored[action] = self._keep((app, environment), before, spared=snapshot)
            self.data[app, environment] = content
        return self._restored[action]

    def erase(self, app: str, environment: str) -> Sequence[str]:
        """Forget the bytes."""
        self._fail()
        self.data.pop((app, environment), None)
        return list(self.snapshots.pop((app, environment), {}))

    def _keep(self, where: tuple[str, str], name: str, spared: str = "") -> Changed:
        content = self.data.get(where)
        if content is None:
            return Changed(None, ())
        there = self.snapshots.setdefault(where, {})
        there.setdefault(name, content)
        dropped = [one for one in self._ids(where)[KEEPS:] if one != spared]
        for one in dropped:
            del there[one]
        return Changed(Kept(name, len(content), 1, 0, f"sha256:{sha256(there[name]).hexdigest()}"), dropped)

    def _ids(self, where: tuple[str, str]) -> list[str]:
        return list(reversed(self.snapshots.get(where, {})))

    def _fail(self) -> None:
        if self.broken is not None:
            raise self.broken
