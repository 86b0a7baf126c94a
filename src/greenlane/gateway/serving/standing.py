"""What the gateway knows: the table that control compiled, as the nouns that a call asks for.

Keys are many and change one by one, so each is read when it is first used; everything else is small and read anew with
every change. A table that makes no sense raises KeyError, TypeError or ValueError, and what was known before stays.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from operator import is_not
from typing import Any

from greenlane.gateway import routes
from greenlane.gateway.budgets.account import Account, Accounts, Budget, Kind
from greenlane.gateway.budgets.period import Period
from greenlane.gateway.perimeter.entries import entry
from greenlane.gateway.perimeter.perimeter import Perimeter
from greenlane.gateway.prices.table import Override, Table
from greenlane.gateway.serving import agents
from greenlane.gateway.upstream import driver
from greenlane.gateway.upstream.driver import Origin
from greenlane.gateway.upstream.kinds import KINDS, spoken
from greenlane.kit.digest import of as digest_of

SECTIONS = (
    "keys",
    "providers",
    "routes",
    "usual",
    "allowed",
    "rules",
    "patterns",
    "budgets",
    "accounts",
    "limits",
    "prices",
    "bounds",
    "settings",
    "marks",
    "let_through",
    "perimeter",
    "grants",
    "agents",
    "lending",
)
"""The parts of the table, each of which changes entry by entry."""

_BEHIND = ("rules", "patterns", "marks", "perimeter")
"""The parts that the perimeter is made of."""
_DECIDES = ("allowed", "bounds", "budgets", "limits", "patterns", "prices", "routes", "rules", "settings", "usual")
"""The parts that say how a call is decided, beside what is known of providers."""
REMEMBERED = 4_096
"""Sets of spenders whose means are kept in memory, and tokens of agents: both come and go."""


@dataclass(frozen=True, slots=True)
class Key:
    """Whose key it is, and what a record of its calls says of them.

    ``deploy`` is set where the key belongs to a running deploy and opens nothing elsewhere. ``spenders`` are the accounts
    that its calls are made for; ``chain`` those and every account above them. ``expires`` is in seconds since 1970.
    """

    id: str
    kind: str
    app: str | None
    environment: str | None
    deploy: str | None
    use: str
    spenders: tuple[str, ...]
    chain: tuple[str, ...]
    expires: float | None
    who: Mapping[str, Any] = field(repr=False)

    @property
    def whose(self) -> str:
        """The key's id; for running deploys, whose keys change with each, their app's environment."""
        return f"{self.app}/{self.environment}" if self.deploy is not None else self.id


@dataclass(frozen=True, slots=True)
class Credential:
    """One of a provider's secrets, which no log and no error may show."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider that calls may go to. ``prices`` is its name in the price list, its own where it has none there.

    ``wires`` is what it speaks itself: what its kind does, and what an administrator says beside that.
    """

    name: str
    kind: driver.Kind
    origin: Origin
    networks: tuple[str, ...]
    credentials: tuple[Credential, ...]
    prices: str
    wires: frozenset[str]


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests and tokens a minute; None for any number."""

    requests: int | None
    tokens: int | None


@dataclass(frozen=True, slots=True)
class Means:
    """What a key's calls are paid from. ``hard``: one of the budgets stops calls; ``soft`` are those that do not.

    ``beyond`` is what a call may cost that cannot be seen through, in pico-dollars: the nearest account's word; None where
    such a call is refused.
    """

    budgets: tuple[Budget, ...]
    hard: bool
    soft: tuple[Budget, ...]
    beyond: int | None


class Standing:
    """The table. ``replace`` and ``change`` take what the feed brings; everything else only looks."""

    def __init__(self, prices: Table) -> None:
        self._list = prices
        self._raw: dict[str, Any] = {"version": 0, **{section: {} for section in SECTIONS}}
        self._keys: dict[str, Key] = {}
        self._lent: dict[str, tuple[Key, float]] = {}
        self._overrides: list[Override] = []
        self._own_prices: set[tuple[str, str]] = set()
        self.prices = prices
        self._behind: tuple[Any, ...] = ()
        self._in_force: tuple[str, dict[str, Any]] | None = None
        self.known = False
        """Whether control ever told a table."""
        self._read()

    @property
    def version(self) -> int:
        """The table's number."""
        return int(self._raw["version"])

    def replace(self, raw: Mapping[str, Any]) -> None:
        """Take up a whole table."""
        self._take({"version": int(raw["version"]), **{section: dict(raw.get(section) or {}) for section in SECTIONS}})
        self._keys.clear()
        self._lent.clear()
        self.known = True

    def change(self, version: int, put: Mapping[str, Mapping[str, Any]], drop: Mapping[str, Iterable[str]]) -> None:
        """Take up entries that changed and let go of those that are gone."""
        sections = {*put, *drop}
        if unknown := sections - set(SECTIONS):
            raise ValueError(f"nobody knows the sections {sorted(unknown)}")
        fresh = {**self._raw, "version": version}
        for section in sections:
            gone = set(drop.get(section, ()))
            kept = {name: entry for name, entry in self._raw[section].items() if name not in gone} if gone else None
            fresh[section] = {**(self._raw[section] if kept is None else kept), **put.get(section, {})}
        if sections == {"keys"}:
            self._raw = fresh
        else:
            self._take(fresh)
            self._keys.clear()
            self._lent.clear()
        for name in (*put.get("keys", ()), *drop.get("keys", ())):
            self._keys.pop(name, None)

    def key(self, name: str) -> Key | None:
        """Whose key a secret is, by its SHA-256 (hexadecimal): one look-up, the same for every secret. None for nobody's."""
        found = self._keys.get(name)
        if found is None:
            entry = self._raw["keys"].get(name)
            if entry is None:
                return None
            found = self._keys[name] = self._key(entry)
        return found

    def lent(self, name: str, token: str, at: float) -> Key | None:
        """As whose key an agent's token counts at a moment (seconds since 1970); ``name`` is its SHA-256. It is verified once
        after each change of the table. None for what lends nothing.
        """
        found = self._lent.get(name)
        if found is None:
            entry = agents.entry(self._raw, token, at)
            if entry is None:
                return None
            if len(self._lent) >= REMEMBERED:
                self._lent.clear()
            found = self._lent[name] = self._key(entry), entry["until"]
        lent, until = found
        return lent if at < until else None

    def priced_as(self, provider: str, model: str) -> str:
        """The name under which a model's price is found: an administrator's own price for this provider comes first."""
        if (provider, model.lower()) in self._own_prices:
            return provider
        return self.providers[provider].prices

    def means(self, key: Key) -> Means:
        """What its calls are paid from, worked out once for all keys of the same spenders."""
        found = self._means.get(key.spenders)
        if found is None:
            budgets = self.accounts.concerned(*key.spenders)
            hard = any(one.hard for one in budgets)
            said = next((self.bounds[one] for one in key.chain if one in self.bounds), None if hard else 0)
            if len(self._means) >= REMEMBERED:
                self._means.clear()
            soft = tuple(one for one in budgets if not one.hard)
            found = self._means[key.spenders] = Means(budgets, hard, soft, said)
        return found

    def let_through(self, key: Key, prompt: str, now: float) -> frozenset[str]:
        """The classes of data for which a person let a request through, by the digest of its bytes. ``now`` is in seconds
        since 1970.
        """
        found = self._raw["let_through"].get(entry(key.whose, prompt))
        return frozenset() if found is None or found["expires"] < now else frozenset(found["data"])

    def says(self, setting: str, otherwise: str) -> str:
        """A setting's word."""
        return str((self._raw["settings"].get(setting) or {}).get("says", otherwise))

    def in_force(self) -> tuple[str, dict[str, Any]]:
        """The rules by which calls are decided, without any secret, and the digest of their canonical JSON."""
        if self._in_force is None:
            raw = self._raw
            providers = {
                name: {part: value for part, value in one.items() if part != "credentials"}
                for name, one in raw["providers"].items()
            }
            rules = {"providers": providers, **{section: raw[section] for section in _DECIDES}}
            self._in_force = digest_of(rules), rules
        return self._in_force

    def section(self, name: str) -> Mapping[str, Any]:
        """A section as it was told."""
        found: Mapping[str, Any] = self._raw[name]
        return found

    def _key(self, entry: Mapping[str, Any]) -> Key:
        spenders = tuple(entry["spenders"])
        named = ("process", "app", "environment", "deploy", "team", "person")
        return Key(
            id=entry["id"],
            kind=entry["kind"],
            app=entry.get("app"),
            environment=entry.get("environment"),
            deploy=entry.get("deploy"),
            use=entry.get("use") or "run",
            spenders=spenders,
            chain=self.accounts.chain(*spenders),
            expires=entry.get("expires"),
            who={
                "key": entry["id"],
                "use": entry.get("use") or "run",
                "actor": entry["actor"],
                **{name: entry.get(name) for name in named},
                **({"run": run} if (run := entry.get("run")) else {}),
            },
        )

    def _take(self, fresh: dict[str, Any]) -> None:
        before, self._raw = self._raw, fresh
        try:
            self._read()
        except BaseException:
            self._raw = before
            self._read()
            raise

    def _read(self) -> None:
        self._in_force = None
        raw = self._raw
        providers = raw["providers"]
        self.routing = routes.Table(
            providers={
                name: routes.Provider(
                    name, one["region"], bool(one["keeps_nothing"]), bool(one["on"]), float(one.get("timeout") or 0)
                )
                for name, one in providers.items()
            },
            routes={
                alias.lower(): routes.Route(
                    tuple(_target(one) for one in route["targets"]),
                    tuple(_target(one) for one in route.get("otherwise") or ()),
                    route.get("when_spent") or "",
                    float(route.get("timeout") or 0),
                )
                for alias, route in raw["routes"].items()
            },
            usual=raw["usual"],
            allowed={account: tuple(patterns) for account, patterns in raw["allowed"].items()},
            rules={
                data: routes.DataRule(
                    None if rule.get("regions") is None else frozenset(rule["regions"]), bool(rule.get("keeps_nothing"))
                )
                for data, rule in raw["rules"].items()
            },
        )
        self.providers = {name: _provider(name, one) for name, one in providers.items()}
        self.content_key = _content_key(raw)
        behind = tuple(raw[section] for section in _BEHIND)
        if not self._behind or any(map(is_not, behind, self._behind)):
            self.perimeter = _perimeter(raw)
            self._behind = behind
        self.budgets = {name: _budget(name, one) for name, one in raw["budgets"].items()}
        self.accounts = Accounts(
            [Account(name, Kind(one["kind"]), one.get("parent")) for name, one in raw["accounts"].items()],
            self.budgets.values(),
        )
        self._means: dict[tuple[str, ...], Means] = {}
        self.limits = {account: Limit(one.get("requests"), one.get("tokens")) for account, one in raw["limits"].items()}
        self.bounds = {account: int(pico) for account, pico in raw["bounds"].items()}
        overrides = [_override(one) for one in raw["prices"].values()]
        if overrides != self._overrides:
            self.prices = self._list.overriding(overrides)
            self._overrides = overrides
            self._own_prices = {(one.provider, one.model.lower()) for one in overrides}


def _content_key(raw: Mapping[str, Any]) -> bytes | None:
    """What the words of calls are sealed with; None where they are not kept."""
    on = (raw["settings"].get("capture") or {}).get("says") == "on"
    key = (raw["perimeter"].get("content_key") or {}).get("says")
    return bytes.fromhex(key) if on and key else None


def _perimeter(raw: Mapping[str, Any]) -> Perimeter:
    said = {name: one["says"] for name, one in raw["perimeter"].items()}
    return Perimeter(
        raw["rules"],
        raw["patterns"],
        raw["marks"],
        bytes.fromhex(said["key"]) if "key" in said else secrets.token_bytes(32),
        largest=said.get("prompt_bytes"),
        largest_attachment=said.get("attachment_bytes"),
    )


def _target(one: Mapping[str, Any]) -> routes.Target:
    return routes.Target(one["provider"], one["model"], int(one.get("weight", 1)))


def _provider(name: str, one: Mapping[str, Any]) -> Provider:
    kind = KINDS[one["kind"]]
    return Provider(
        name=name,
        kind=kind,
        origin=Origin.of(one["base_url"]),
        networks=tuple(one.get("networks") or ()),
        credentials=tuple(Credential(each["id"], each["secret"]) for each in one["credentials"]),
        prices=one.get("prices") or name,
        wires=spoken(kind, responses=bool(one.get("responses"))),
    )


def _budget(name: str, one: Mapping[str, Any]) -> Budget:
    period, instead = Period(one["period"]), one.get("instead") or ""
    return Budget(name, one["account"], int(one["amount"]), period, one["zone"], bool(one["hard"]), instead)


def _override(one: Mapping[str, Any]) -> Override:
    return Override(one["provider"], one["model"], dict(one["prices"]), date.fromisoformat(one["since"]))
