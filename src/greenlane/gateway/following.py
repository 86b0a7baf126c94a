"""Control's side of the gateway: hear of what was done, compile what that changes, and have the gateway serve it.

A caller of the door gets its answer after the gateway serves what it did.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, update
from sqlalchemy.exc import DBAPIError

from greenlane.catalog import queries as catalog
from greenlane.gateway import accounts, defaults, queries, runs, tables
from greenlane.gateway.budgets.account import EVERYBODYS, Account, Budget, Kind
from greenlane.gateway.budgets.books import read_budgets
from greenlane.gateway.budgets.setting import end_budget, put_accounts, put_budget
from greenlane.gateway.compile import Compiler
from greenlane.gateway.owning import Owning
from greenlane.govern.effect import Rows
from greenlane.identity.concerning import one_person
from greenlane.identity.delegation.visiting import agents_of
from greenlane.kit.clock import Clock, stamp
from greenlane.kit.database import Database
from greenlane.kit.errors import GreenlaneError
from greenlane.kit.feed.authority import Authority, Follower
from greenlane.ledger.receipt import Receipt

log = structlog.get_logger()

BY_ITSELF = "everybody's"
"""What stands where the action does that set a budget, for those that nobody set."""

ENDS_KEYS = frozenset({"suspend-person", "erase-person"})
"""Verbs after which a person's keys open nothing any more, also when the person comes back."""

TRY_AGAIN_EVERY = 0.5
"""Seconds between two attempts to follow a receipt while the database is away."""


Sections = dict[str, dict[str, Any]]

Within = Callable[[str, Mapping[str, Any]], bool]
"""Whether an entry, by its id and what it says, is one of those that are replaced."""


class ModelFollowing:
    """Keeps the gateway's table right. ``later`` runs a task in the background, ``write`` rows without a receipt; ``ask``
    has a person asked for a prompt, and says which request waits.
    """

    def __init__(
        self,
        *,
        database: Database,
        write: Callable[[Rows], None],
        compiler: Compiler,
        socket: Path,
        later: Callable[[Callable[[], None]], None],
        clock: Clock,
        ask: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    ) -> None:
        self._database = database
        self._write = write
        self._compiler = compiler
        self._later = later
        self._clock = clock
        self._ask = ask
        self._in_order = threading.Lock()
        self._asking = ThreadPoolExecutor(1, "asking for prompts")
        self._give_everybody(None)
        with database.read() as connection:
            table = compiler.whole(connection)
        self.owning = Owning(database, write, clock)
        self.authority = Authority(socket, table, self._heard, self.owning.left)

    def hear(self, receipt: Receipt) -> None:
        """After a settled action: bring what it may have changed to the gateway, and wait until it serves it."""
        if receipt.happened.get("state") != "done":
            return
        try:
            self._follow(receipt)
        except DBAPIError as error:
            log.warning("the gateway follows once the database is back", error=repr(error.orig))
            self._later(lambda: self._follow_later(receipt))

    def end_runs(self) -> None:
        """To be called now and then: runs whose time is over or whose budget is spent call no model any more."""
        with self._database.read() as connection:
            over = runs.over(connection, self._clock.now())
        if over:
            self._write(runs.ended(over, self._clock.now()))
            self._refresh_rest()

    def _heard(self, follower: Follower, message: Mapping[str, Any]) -> None:
        if message["type"] == "permit":
            self._asking.submit(self._permit, follower, message)
        else:
            self.owning.hear(follower, message)

    def _permit(self, follower: Follower, message: Mapping[str, Any]) -> None:
        try:
            answer = self._ask(message)
        except (GreenlaneError, DBAPIError) as error:
            log.warning("nobody could be asked for a prompt", error=repr(error))
            answer = {"request": None, "says": "Nobody can be asked just now: try again in a moment."}
        follower.tell({"type": "permitted", "number": message["number"], **answer})

    def _follow_later(self, receipt: Receipt) -> None:
        try:
            self._follow(receipt)
        except DBAPIError:
            time.sleep(TRY_AGAIN_EVERY)  # in the background, where everything else waits for the database too
            self._later(lambda: self._follow_later(receipt))

    def _follow(self, receipt: Receipt) -> None:
        verb, (kind, _, name) = str(receipt.action["verb"]), str(receipt.action["subject"]).partition(":")
        if verb in ENDS_KEYS:
            self._end_keys(name)
        if kind == "app":
            self._refresh_app(name)
        if person := one_person(receipt):
            self._refresh_person(person)
        elif verb in CONCERN_EVERYBODY or kind in ("person", "team"):
            self._refresh_rest()
        elif verb in CONCERN_PROMPTS:
            self._refresh_looking()
        elif verb in CONCERN_LENT or kind in ("agent", "delegation", "session", "token"):
            self.refresh_lent()

    def _refresh_app(self, name: str) -> None:
        """The keys of one app's deploys and its accounts anew."""
        with self._database.read() as connection:
            app = catalog.app(connection, name)
        own = accounts.of_apps([app])
        given = self._give_everybody(own)
        theirs = {one.id for one in own}
        self._replace(
            lambda connection: self._compiler.of_app(connection, catalog.app(connection, name)),
            {"keys": lambda _key, one: _is_of(one, name), "accounts": lambda account, _one: account in theirs},
        )
        if given:
            self._refresh_rest()

    def _refresh_person(self, person: str) -> None:
        """One person's keys and accounts anew."""
        own = Account(accounts.of_person(person), Kind.PERSON, accounts.ORGANISATION)
        with self._database.read() as connection:
            agents = agents_of(connection, person)
        given = self._give_everybody([own], person)
        self._replace(
            lambda connection: self._compiler.of_person(connection, person),
            {
                "keys": lambda _key, one: bool(one["person"] == person),
                "accounts": lambda account, one: own.id in (account, one["parent"]),
                "grants": lambda _grant, one: one["person"] == person or one["agent"] in agents,
                "agents": lambda name, _one: name in agents,
            },
        )
        if given:
            self._refresh_rest()

    def _refresh_rest(self) -> None:
        """All that concerns no single app anew."""
        self._give_everybody(None)
        self.owning.change()
        self._replace(
            self._compiler.rest,
            {
                "keys": lambda _key, one: bool(one["kind"] == "person"),
                "accounts": lambda _account, one: one["kind"] in SHARED,
            },
        )

    def refresh_lent(self) -> None:
        """Which agents may call models for whom anew, and which keys their tokens are believed by."""
        self._replace(self._compiler.lent, {})

    def _refresh_looking(self) -> None:
        """What prompts are searched for anew, and which of them were let through."""
        self._replace(self._compiler.looking, {})

    def _replace(self, compiled: Callable[[Connection], Sections], within: Mapping[str, Within]) -> None:
        """Put sections in the place of those entries that ``within`` holds for (all, where it says nothing), and wait until
        the gateway serves them. What was read is said before anything else is read, so that nothing older ever replaces
        what is newer: no key that was ended comes back.
        """
        with self._in_order:
            with self._database.read() as connection:
                sections = compiled(connection)
            before = {
                name: {
                    id
                    for id, one in self.authority.entries(name).items()
                    if name not in within or within[name](id, one)
                }
                for name in sections
            }
            said = self.authority.say(sections, {name: old.__contains__ for name, old in before.items()})
        self.authority.served(said)

    def _give_everybody(self, of: Iterable[Account] | None, person: str | None = None) -> bool:
        """Set, change or end the small budgets that these accounts get (None: all of them), which are those of apps or of
        one ``person``; whether anything changed.

        While there is no provider nobody needs one.
        """
        with self._database.read() as connection:
            if not queries.providers(connection):
                return False
            if of is None:
                apps = accounts.of_apps(catalog.all_apps(connection))
                meant, known = [*apps, *accounts.of_people(connection)], read_budgets(connection)
            else:
                meant = list(of)
                known = read_budgets(connection, [one.id for one in meant])
            keyed = _callers(connection, person) if of is None or person else ()
            wanted = defaults.wanted(defaults.accounts_with_one(meant, keyed), known, queries.settings(connection))
            fresh = [one for id, one in wanted.items() if known.get(id) != one]
            towards = {one.account: accounts.towards(connection, one.account) for one in fresh}
        over = [id for id in known if id.startswith(EVERYBODYS) and id not in wanted]
        if fresh or over:
            self._write(_small(fresh, over, towards, self._clock))
        return bool(fresh or over)

    def _end_keys(self, person: str) -> None:
        c = tables.KEY.c
        ended = update(tables.KEY).where(c.person == person, c.ended.is_(None))
        self._write(lambda connection: _run(connection, ended.values(ended=stamp(self._clock.now()))))


CONCERN_PROMPTS = frozenset(
    {"put-variable", "rotate-variable", "remove-variable", "revoke-variable", "move-credential", "send-prompt"}
)
"""Verbs after which prompts are searched for other secrets than before, or a prompt goes through that did not."""

CONCERN_LENT = frozenset({"end-provider-sessions", "provision-agent", "rotate-token-key", "sign-out"})
"""Verbs after which other agents may call models than before, beside those about agents, grants, sessions and tokens."""

SHARED = frozenset({"organisation", "team", "person", "run"})
"""Kinds of accounts that are no app's."""

CONCERN_EVERYBODY = frozenset(
    {
        "add-provider",
        "change-provider",
        "remove-provider",
        "add-provider-key",
        "move-model-key",
        "end-provider-key",
        "set-route",
        "set-routes",
        "remove-route",
        "set-usual-provider",
        "allow-models",
        "delegate",
        "make-gateway-key",
        "revoke-gateway-key",
        "set-data-rule",
        "remove-data-rule",
        "set-budget",
        "end-budget",
        "set-rate-limit",
        "set-hidden-bound",
        "set-price",
        "remove-price",
        "set-model-settings",
        "add-person",
        "create-team",
        "accept-invitation",
        "sign-in",
        "found-organisation",
        "transfer-app",
    }
)
"""Verbs that change what concerns no single app."""


def _callers(connection: Connection, person: str | None) -> set[str]:
    """People who have a key, and those who lent an agent money: all, or this one."""
    lent = {str(one.parent).removeprefix("person:") for one in runs.of_grants(connection, person)}
    return lent | {one.person for one in queries.keys(connection, person=person)}


def _is_of(key: Mapping[str, Any], app: str) -> bool:
    return bool(key["kind"] == "app" and key["app"] == app)


def _small(fresh: list[Budget], over: list[str], towards: Mapping[str, list[Account]], clock: Clock) -> Rows:
    def rows(connection: Connection) -> None:
        now = clock.now()
        for one in fresh:
            put_accounts(connection, towards[one.account], now)
            put_budget(connection, one, BY_ITSELF, now)
        for budget in over:
            end_budget(connection, budget, BY_ITSELF, now)

    return rows


def _run(connection: Connection, statement: Any) -> None:
    connection.execute(statement)
