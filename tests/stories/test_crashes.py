"""kill -9, of each process and of all of them, at any moment: what is published serves, and nothing stays half done."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.stories.conftest import Writes
from tests.stories.running import Running, until
from tests.stories.terminal import Terminal

pytestmark = pytest.mark.xdist_group("crashes")


@pytest.fixture(scope="module")
def public(greenlane: Running, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An app that everybody may open, and which has to stay open."""
    page = tmp_path_factory.mktemp("public") / "index.html"
    page.write_text("<h1>Open to everybody</h1>")
    owner = greenlane.owner
    owner.does("deploy", page, "--app", "open-house")
    request = owner.gets(4, "publish", "open-house", "--audience", "public")["request"]
    owner.does("confirm", request, "--because", "it is meant for everybody")
    return "open-house"


@contextmanager
def visitors(greenlane: Running, host: str) -> Iterator[list[str]]:
    """Somebody opens an app again and again; what they saw that was not the app is noted."""
    trouble: list[str] = []
    stop = threading.Event()

    def visit() -> None:
        while not stop.is_set():
            try:
                answer = greenlane.ask(host)
                if (answer.status, "Open to everybody" in answer.text) != (200, True):
                    trouble.append(f"{answer.status} {answer.text[:200]}")
            except OSError as error:
                trouble.append(repr(error))
            time.sleep(0.002)

    thread = threading.Thread(target=visit)
    thread.start()
    try:
        yield trouble
    finally:
        stop.set()
        thread.join()


def everything_settled(owner: Terminal) -> None:
    """Every decision has an ending, and the ledger verifies."""
    halves: dict[str, list[str]] = defaultdict(list)
    after = -1
    while True:
        document = owner.does("receipts", "--limit", "500", "--after", after)
        for one in document["receipts"]:
            halves[one["action"]].append(one["half"])
        if document["next"] is None:
            break
        after = document["next"]
    assert [action for action, found in halves.items() if "decided" in found and "settled" not in found] == []
    assert all(found.count("settled") <= 1 for found in halves.values()), "nothing is carried out twice"
    assert owner.does("ledger", "verify")["ok"] is True


@pytest.mark.parametrize("process", ["control", "signer", "witness"])
def test_while_a_process_is_away_published_apps_keep_serving_and_it_comes_back(
    greenlane: Running, owner: Terminal, public: str, name: str, version: Writes, process: str
):
    owner.does("deploy", version(1), "--app", name)
    with visitors(greenlane, public) as trouble:
        killed = greenlane.kill(process)
        until(lambda: greenlane.processes().get(process, killed) != killed, f"another {process}")
        until(greenlane.ready, "an answer from /readyz")
        owner.does("deploy", version(2), "--app", name)
        owner.does("publish", name)
    assert trouble == []
    assert "version 2" in greenlane.ask(name, token=owner.token).text
    everything_settled(owner)


def test_what_is_asked_while_control_is_away_is_done_once_it_is_back(
    greenlane: Running, owner: Terminal, name: str, version: Writes
):
    owner.does("deploy", version(1), "--app", name)
    greenlane.kill("control")
    ended = owner.types("publish", name)  # the terminal tries again by itself, under the same key
    if ended.code:
        assert ended.code == 1
        assert "Next: " in ended.err
        until(greenlane.ready, "an answer from /readyz")
        owner.does("publish", name)
    assert "version 1" in greenlane.ask(name, token=owner.token).text
    everything_settled(owner)


def test_the_edge_comes_back_and_knows_everybody_again(greenlane: Running, owner: Terminal, public: str):
    killed = greenlane.kill("edge")
    until(lambda: greenlane.processes().get("edge", killed) != killed, "another edge")
    until(greenlane.ready, "an answer from /readyz")
    assert greenlane.ask(public).status == 200
    assert greenlane.ask("no-such-app").status == 404
    assert owner.types("whoami").code == 0


def test_the_edge_serves_what_is_public_although_control_never_came(greenlane: Running, owner: Terminal, public: str):
    killed = greenlane.processes()["control"]
    os.kill(killed, signal.SIGSTOP)  # there, and deaf: worse than gone
    try:
        edge = greenlane.kill("edge")
        until(lambda: greenlane.processes().get("edge", edge) != edge, "another edge")
        answer = until(lambda: _asked(greenlane, public), "the published app")
        assert answer == 200
    finally:
        os.kill(killed, signal.SIGCONT)
    until(greenlane.ready, "an answer from /readyz")


def _asked(greenlane: Running, host: str) -> int:
    try:
        return greenlane.ask(host).status
    except OSError:
        return 0


def test_requests_that_run_while_processes_die_all_settle(
    greenlane: Running, owner: Terminal, public: str, name: str, version: Writes
):
    owner.does("deploy", version(1), "--app", name)
    owner.does("publish", name)
    with visitors(greenlane, public) as trouble:
        for process in ("control", "signer", "witness", "control"):
            typing = [owner.begins("publish", name), owner.begins("deploy", version(2), "--app", name)]
            greenlane.kill(process)
            codes = [one.ended().code for one in typing]
            assert set(codes) <= {0, 1}, codes
            until(greenlane.ready, "an answer from /readyz")
    assert trouble == []
    owner.does("publish", name)
    everything_settled(owner)


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.1, 0.15, 0.25, 0.4])
def test_all_of_it_killed_in_the_middle_of_a_publish(fresh_app: tuple[Running, Terminal], delay: float):
    greenlane, owner = fresh_app
    before, after = owner.does("apps", "show", "vendor-board"), owner.home / "next.html"
    after.write_text(f"<h1>after {delay}</h1>")
    deploy = owner.does("deploy", after, "--app", "vendor-board")["answer"]["deploy"]
    old = before["environments"][0]["live"]["deploy"]
    typing = owner.begins("publish", "vendor-board")
    _let_run(typing.pid, delay)
    greenlane.kill_everything()
    told = _after_death(typing)
    greenlane.start()
    shown = owner.does("apps", "show", "vendor-board")
    live = next(one for one in shown["environments"] if one["name"] == "production")["live"]["deploy"]
    assert live in (old, deploy)
    if told == 0:
        assert live == deploy, "what was answered as done is done"
    assert greenlane.ask("vendor-board", token=owner.token)["greenlane-deploy"] == live
    everything_settled(owner)
    owner.does("publish", "vendor-board")
    assert f"after {delay}" in greenlane.ask("vendor-board", token=owner.token).text


@pytest.mark.parametrize("delay", [0.05, 0.2, 0.35, 0.5])
def test_all_of_it_killed_in_the_middle_of_a_deploy(fresh_app: tuple[Running, Terminal], tmp_path: Path, delay: float):
    greenlane, owner = fresh_app
    for number in range(40):
        (tmp_path / f"{number}.html").write_text(f"<h1>{delay} {number}</h1>" * 200)
    (tmp_path / "index.html").write_text(f"<h1>whole {delay}</h1>")
    known = owner.does("apps", "show", "vendor-board")["newest"]["deploy"]
    typing = owner.begins("deploy", tmp_path, "--app", "vendor-board")
    _let_run(typing.pid, delay)
    greenlane.kill_everything()
    _after_death(typing)
    greenlane.start()
    newest = owner.does("apps", "show", "vendor-board")["newest"]["deploy"]
    if newest != known:  # then it is whole
        for path in ("/", "/0", "/39"):
            assert greenlane.ask(f"{newest}--vendor-board", path, owner.token).status == 200
    everything_settled(owner)
    deploy = owner.does("deploy", tmp_path, "--app", "vendor-board")["answer"]["deploy"]
    assert f"whole {delay}" in greenlane.ask(f"{deploy}--vendor-board", token=owner.token).text


def _let_run(pid: int, seconds: float) -> None:
    """Let a command get on with it, and then stop it where it is."""
    deadline = time.monotonic() + seconds
    until(lambda: time.monotonic() >= deadline or not Path(f"/proc/{pid}").exists(), "its time")


def _after_death(typing: object) -> int:
    """How a command ended whose server died under it. It gives up by itself, and says what to do."""
    ended = typing.ended()
    assert ended.code in (0, 1), ended.out + ended.err
    if ended.code == 1:
        assert "Next: " in ended.err
    return int(ended.code)


@pytest.fixture(scope="module")
def fresh_app(
    greenlane: Running, owner: Terminal, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Running, Terminal]:
    """An app that is live, to be interrupted again and again."""
    page = tmp_path_factory.mktemp("first") / "index.html"
    page.write_text("<h1>first</h1>")
    owner.does("deploy", page, "--app", "vendor-board")
    owner.does("publish", "vendor-board")
    return greenlane, owner


def test_a_stop_in_the_middle_of_work_waits_for_it(fresh_app: tuple[Running, Terminal]):
    greenlane, owner = fresh_app
    typing = [owner.begins("publish", "vendor-board") for _ in range(3)]
    greenlane.stop()
    assert {one.ended().code for one in typing} <= {0, 1, 3}
    greenlane.start()
    everything_settled(owner)


def test_only_the_parent_killed_leaves_nobody_in_the_way(fresh_app: tuple[Running, Terminal]):
    greenlane, owner = fresh_app
    left = greenlane.kill_the_parent()
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in left), "the end of those that it had started")
    greenlane.start()
    owner.does("publish", "vendor-board")
    everything_settled(owner)
