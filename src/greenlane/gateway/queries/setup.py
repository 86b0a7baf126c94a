"""What is set up: providers with their keys (never a key's text), routes, keys of people, rules, prices and settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, select

from greenlane.gateway import tables
from greenlane.gateway.kinds import KINDS, WIRES
from greenlane.gateway.prices.money import PICO
from greenlane.gateway.routes import Target
from greenlane.govern.errors import NotFound
from greenlane.govern.tables import action

USUAL = "usual-"
"""How the names of settings begin that say who is the usual provider for a wire."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A key that a provider gave. ``ending`` is its last letters, empty for a short one."""

    id: str
    ending: str
    created: str


@dataclass(frozen=True, slots=True)
class Provider:
    """Where models are. ``credentials`` are those that work, the newest first; ``prices`` is empty for none of the list.

    ``responses``: it serves OpenAI's responses itself, where those of its kind need not. ``timeout`` are
    seconds of silence after which the next one may be asked; 0 for as long as it takes.
    """

    name: str
    kind: str
    base_url: str
    region: str
    keeps_nothing: bool
    on: bool
    prices: str
    networks: tuple[str, ...]
    created: str
    credentials: tuple[Credential, ...]
    responses: bool = False
    timeout: int = 0

    @property
    def speaks(self) -> str:
        """The family of its wire: openai, anthropic or gemini."""
        return KINDS[self.kind].speaks


@dataclass(frozen=True, slots=True)
class Route:
    """What a name leads to, and which cheaper name stands in once a soft budget is spent (empty for none).

    ``timeout`` are seconds of silence after which the next one may be asked; 0 for what each provider says.
    """

    alias: str
    targets: tuple[Target, ...]
    otherwise: tuple[Target, ...]
    when_spent: str = ""
    timeout: int = 0


@dataclass(frozen=True, slots=True)
class GatewayKey:
    """A person's key. ``app`` is empty for the person's own work; ``ended`` says when it was revoked; ``run`` is the run of
    an agent that it is for, empty for none.
    """

    id: str
    hash: str = field(repr=False)
    person: str
    app: str
    created: str
    expires: str | None
    ended: str | None
    run: str = ""


@dataclass(frozen=True, slots=True)
class AccountRules:
    """What holds for an account: models (None for all), requests and tokens a minute (0 for any number), and pico-dollars
    of a call that the gateway cannot see through (0: refused).
    """

    account: str
    models: tuple[str, ...] | None = None
    requests: int = 0
    tokens: int = 0
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class DataRule:
    """What is done with a class of data, and where it may go; ``regions`` None for anywhere."""

    data: str
    action: str
    regions: tuple[str, ...] | None
    keeps_nothing: bool
    pattern: str
    answers: str = "allow"
    countries: tuple[str, ...] = ()


KEPT_IN = DataRule("secret", "mask", None, keeps_nothing=False, pattern="")
"""The rule about secrets that the platform keeps, while nobody set another."""


@dataclass(frozen=True, slots=True)
class Price:
    """An administrator's price of a model: pico-dollars a token by kind, since a day."""

    provider: str
    model: str
    prices: Mapping[str, int]
    since: str


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for all calls. The small budgets are pico-dollars a day; None for none. The sizes are those of a prompt's
    texts together, and of each attachment; None for any.
    """

    unpriced: str = "amber"
    capture: str = "off"
    previews: int | None = 1 * PICO
    staging: int | None = 5 * PICO
    people: int | None = 10 * PICO
    prompt_bytes: int | None = None
    attachment_bytes: int | None = None
    capture_days: int = 30


def sealed_place(credential: str) -> str:
    """What a provider's key is sealed for; it opens nowhere else."""
    return f"model credential {credential}"


def providers(connection: Connection) -> list[Provider]:
    """Every provider, in the order in which they were added."""
    c = tables.CREDENTIAL.c
    working: dict[str, list[Credential]] = {}
    for row in connection.execute(
        select(c.id, c.provider, c.ending, c.created).where(c.ended.is_(None)).order_by(c.created.desc(), c.id.desc())
    ):
        working.setdefault(row.provider, []).append(Credential(row.id, row.ending, row.created))
    rows = connection.execute(select(tables.PROVIDER).order_by(tables.PROVIDER.c.created, tables.PROVIDER.c.name))
    return [_provider(row, tuple(working.get(row.name, ()))) for row in rows]


def provider(connection: Connection, name: str) -> Provider:
    """One provider. Raises ``NotFound``."""
    found = next((one for one in providers(connection) if one.name == name), None)
    if found is None:
        raise NotFound(f"There is no provider {name}.", next_step="`greenlane gateway provider list` shows them all.")
    return found


def routes(connection: Connection) -> list[Route]:
    """Every route, by name."""
    return [_route(row) for row in connection.execute(select(tables.ROUTE).order_by(tables.ROUTE.c.alias))]


def route(connection: Connection, alias: str) -> Route | None:
    """One route."""
    row = connection.execute(select(tables.ROUTE).where(tables.ROUTE.c.alias == alias.lower())).one_or_none()
    return None if row is None else _route(row)


def leads_somewhere(connection: Connection, name: str) -> None:
    """Raise ``NotFound`` for a name without a route that is no provider's model either."""
    if route(connection, name) is None and not ("/" in name and _known(connection, name.partition("/")[0])):
        raise NotFound(
            f"{name} leads nowhere.", next_step=f"Set a route for it first: `greenlane gateway route set {name} …`."
        )


def _known(connection: Connection, name: str) -> bool:
    return any(one.name == name for one in providers(connection))


def usual(connection: Connection) -> dict[str, str]:
    """Who serves models without a route, by the caller's wire: whom somebody chose, or else the first that speaks the wire,
    or else the first of all.
    """
    there = providers(connection)
    said = _settings(connection)
    found: dict[str, str] = {}
    for wire in WIRES:
        chosen = said.get(USUAL + wire, "")
        working = [one for one in there if one.on]
        native = [one for one in working if one.speaks == wire]
        if any(one.name == chosen for one in there):
            found[wire] = chosen
        elif working:
            found[wire] = (native or working)[0].name
    return found


def keys(connection: Connection, *, person: str | None = None, app: str | None = None) -> list[GatewayKey]:
    """Keys of people that were not revoked, the newest first: all, one person's, or those for an app."""
    c = tables.KEY.c
    wanted = select(tables.KEY).where(c.ended.is_(None)).order_by(c.created.desc(), c.id)
    if person is not None:
        wanted = wanted.where(c.person == person)
    if app is not None:
        wanted = wanted.where(c.app == app)
    return [_key(row) for row in connection.execute(wanted)]


def processes_of_keys(connection: Connection, person: str | None = None) -> dict[str, str]:
    """In which process each key that was not revoked was made, by its id: of all, or of one person's."""
    c, made = tables.KEY.c, action.c
    wanted = select(c.id, made.process).join(action, made.id == c.action).where(c.ended.is_(None))
    if person is not None:
        wanted = wanted.where(c.person == person)
    return {row.id: row.process for row in connection.execute(wanted)}


def key(connection: Connection, id: str) -> GatewayKey:
    """One key, also one that was revoked. Raises ``NotFound``."""
    row = connection.execute(select(tables.KEY).where(tables.KEY.c.id == id)).one_or_none()
    if row is None:
        raise NotFound(f"There is no key {id}.", next_step="`greenlane gateway keys` lists yours.")
    return _key(row)


def account_rules(connection: Connection) -> dict[str, AccountRules]:
    """What holds for which account."""
    found: dict[str, dict[str, Any]] = {}
    for row in connection.execute(select(tables.ACCOUNT_RULE).order_by(tables.ACCOUNT_RULE.c.account)):
        said = found.setdefault(row.account, {"account": row.account})
        match row.kind:
            case "models":
                said["models"] = tuple(row.says)
            case "rate":
                said |= {"requests": row.says["requests"], "tokens": row.says["tokens"]}
            case "hidden":
                said["hidden"] = row.says
    return {account: AccountRules(**said) for account, said in found.items()}


def data_rules(connection: Connection) -> list[DataRule]:
    """The rules about data in prompts, by class; secrets that the platform keeps have one from the beginning."""
    found = [
        DataRule(
            row.data,
            row.action_taken,
            None if row.regions is None else tuple(row.regions),
            row.keeps_nothing,
            row.pattern,
            row.answers or "allow",
            tuple(row.countries or ()),
        )
        for row in connection.execute(select(tables.DATA_RULE))
    ]
    if all(one.data != KEPT_IN.data for one in found):
        found.append(KEPT_IN)
    return sorted(found, key=lambda one: one.data)


def prices(connection: Connection) -> list[Price]:
    """Prices that administrators set."""
    c = tables.PRICE.c
    rows = connection.execute(select(tables.PRICE).order_by(c.provider, c.model))
    return [Price(row.provider, row.model, row.prices, row.since) for row in rows]


def settings(connection: Connection) -> Settings:
    """What holds for all calls."""
    said: dict[str, Any] = {}
    for name, text in _settings(connection).items():
        if name in ("unpriced", "capture"):
            said[name] = text
        elif name in ("previews", "staging", "people", "prompt_bytes", "attachment_bytes", "capture_days"):
            said[name] = None if text == "none" else int(text)
    return Settings(**said)


def _settings(connection: Connection) -> dict[str, str]:
    return {row.name: row.says for row in connection.execute(select(tables.SETTING))}


def _provider(row: Row[Any], credentials: tuple[Credential, ...]) -> Provider:
    return Provider(
        name=row.name,
        kind=row.kind,
        base_url=row.base_url,
        region=row.region,
        keeps_nothing=row.keeps_nothing,
        on=row.running,
        prices=row.prices,
        networks=tuple(row.networks),
        created=row.created,
        credentials=credentials,
        responses=row.responses,
        timeout=row.timeout,
    )


def _route(row: Row[Any]) -> Route:
    targets, otherwise = (tuple(Target(**one) for one in each) for each in (row.targets, row.otherwise))
    return Route(row.alias, targets, otherwise, row.when_spent or "", row.timeout)


def _key(row: Row[Any]) -> GatewayKey:
    return GatewayKey(row.id, row.hash, row.person, row.app, row.created, row.expires, row.ended, row.run or "")
