"""Functions that run by themselves or in the background: when, on whose behalf, what is recorded, and what never happens."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from tests.deploys.test_builds import made
from tests.house import DAY, HOUR, Doorway

from greenlane.catalog.actions import ArchiveApp, CreateApp, SetAudience, WakeApp
from greenlane.deploys import queries as deploys
from greenlane.deploys.actions import Build, Deploy, Publish, Rollback
from greenlane.deploys.runs import queries
from greenlane.deploys.runs.actions import PauseSchedule, ResumeSchedule, RunNow
from greenlane.deploys.runs.calling import CameOf
from greenlane.deploys.runs.runner import AT_ONCE_OF_AN_APP, MOST_WAITING, TOLD_AFTER
from greenlane.govern.actor import Actor
from greenlane.govern.errors import Conflict, NotFound, Refused, TooSoon
from greenlane.identity.actions import SuspendPerson
from greenlane.insights import search, sentences, undoing
from greenlane.insights.veiling import Sight
from greenlane.notices import queries as notices

NIGHTLY = {"nightly": "0 6 * * *"}


class Board:
    """An app with functions, its builder, and the platform that follows it."""

    def __init__(self, doorway: Doorway) -> None:
        self.doorway = doorway
        self.control = doorway.control
        self.ben = doorway.hire("Ben Builder", "builder")
        doorway.does(self.ben, CreateApp("board"))

    def deployed(self, schedules: dict[str, str], background: tuple[str, ...] = ()) -> str:
        """A version whose functions run at these times."""
        functions = [
            {
                "name": name,
                "file": f"functions/{name}.mjs",
                "path": [] if schedules.get(name) else [f"/{name}"],
                "methods": ["POST"],
                "schedule": schedules.get(name, ""),
                "background": name in background,
            }
            for name in (*schedules, *background)
        ]
        source = {"package.json": b'{"scripts":{"build":"x"},"devDependencies":{"vite":"^7"}}', "index.html": b"<p>"}
        build = str(self.doorway.does(self.ben, Build("board", self.doorway.sends(self.ben, source))).answer["build"])
        self.control.builds.round()
        run = {"kind": "functions", "functions": functions}
        self.control.builder.results[build] = made(self.doorway, build, {"index.html": b"<h1>Board"}, run=run)
        self.control.builds.round()
        with self.control.database.read() as connection:
            upload = deploys.build(connection, "board", build).made
        return str(self.doorway.does(self.ben, Deploy("board", str(upload))).answer["deploy"])

    def live(self, schedules: dict[str, str], background: tuple[str, ...] = (), environment: str = "production") -> str:
        deploy = self.deployed(schedules, background)
        self.doorway.does(self.ben, Publish("board", environment=environment, deploy=deploy))
        self.control.runs.round()
        return deploy

    def after(self, seconds: float) -> None:
        """Time passes, what is due begins and ends."""
        self.doorway.clock.forward(seconds)
        self.looks()

    def looks(self) -> None:
        self.control.runs.round()
        self.control.runs.settle()

    def schedules(self) -> list[queries.Schedule]:
        with self.control.database.read() as connection:
            return queries.schedules(connection, "board")

    def runs(self, function: str = "") -> list[queries.Run]:
        with self.control.database.read() as connection:
            return queries.runs(connection, "board", function)

    def sends(self, function: str = "mail", body: bytes = b"hi", who: str = "p_visitor", deploy: str = "") -> str:
        """A visitor's request for a background function, as the edge hands it in."""
        with self.control.database.read() as connection:
            live = queries.live(connection, "board")
        return self.control.runs.take_in(
            {
                "app": "board",
                "environment": "production",
                "deploy": deploy or (live.deploy if live else ""),
                "function": function,
                "who": who,
                "method": "POST",
                "target": "/mail?x=1",
                "fields": [["Cookie", "a=b"]],
                "body": base64.b64encode(body).decode(),
            }
        )


@pytest.fixture
def board(doorway: Doorway) -> Iterator[Board]:
    one = Board(doorway)
    yield one
    one.control.host.open.set()
    one.control.runs.settle()


# -- when ----------------------------------------------------------------------------------------------------------------


def test_a_function_runs_when_its_moment_comes_and_leaves_one_receipt(board: Board) -> None:
    deploy = board.live(NIGHTLY)
    board.after(HOUR)
    assert board.control.host.asked == []
    board.after(5.5 * HOUR)
    (asked,) = board.control.host.asked
    assert (asked.function, asked.key, asked.method) == ("nightly", ("board", "production", deploy), "POST")
    assert asked.body == b'{"next_run":"2026-01-02T06:00:00.000000Z"}'
    assert ("X-NF-Event", "schedule") in asked.fields
    (run,) = board.runs()
    assert (run.state, run.due_at, run.status) == ("done", "2026-01-01T06:00:00.000000Z", 200)
    (receipt,) = board.doorway.receipts("run")
    assert (receipt.half, receipt.action["subject"], receipt.process) == (
        "noted",
        "function:board/nightly",
        run.process,
    )
    assert [link["id"] for link in receipt.actor] == [board.ben.person, "board"]
    assert receipt.happened["outcome"] == "done"
    assert receipt.cause == board.doorway.receipts("publish")[0].action["id"]


def test_nothing_runs_by_itself_in_previews_and_staging(board: Board) -> None:
    board.live(NIGHTLY, environment="staging")
    board.after(2 * DAY)
    assert board.control.host.asked == []
    assert board.schedules() == []


def test_what_was_missed_is_made_up_for_once_and_says_so(board: Board) -> None:
    board.live({"tick": "*/10 * * * *"})
    board.after(HOUR)
    (run,) = board.runs()
    assert run.missed == 5
    assert board.doorway.receipts("run")[0].happened["late"] > 3000
    board.after(600)
    assert len(board.runs()) == 2


def test_a_run_does_not_begin_while_the_one_before_goes_on_and_a_receipt_says_so(board: Board) -> None:
    board.live({"tick": "* * * * *"})
    board.control.host.open.clear()
    board.doorway.clock.forward(60)
    board.control.runs.round()
    board.doorway.clock.forward(60)
    board.control.runs.round()
    assert [one.state for one in board.runs()] == ["skipped", "going"]
    assert board.doorway.receipts("run")[0].happened["outcome"] == "skipped"
    with pytest.raises(Conflict):
        board.doorway.does(board.ben, RunNow("board", "tick"))
    assert board.control.host.kept_awake, "an app that nobody opens is not put to sleep under a run"
    board.control.host.open.set()
    board.control.runs.settle()
    board.after(60)
    assert [one.state for one in board.runs()] == ["done", "skipped", "done"]


def test_schedules_follow_what_is_live(board: Board) -> None:
    board.live(NIGHTLY)
    board.live({"hourly": "@hourly", **NIGHTLY})
    assert [one.function for one in board.schedules()] == ["hourly", "nightly"]
    board.doorway.does(board.ben, Rollback("board"))
    board.control.runs.round()
    assert [one.function for one in board.schedules()] == ["nightly"]
    board.doorway.does(board.ben, ArchiveApp("board"))
    board.after(2 * DAY)
    assert board.control.host.asked == []
    board.doorway.does(board.ben, WakeApp("board"))
    board.after(0)
    assert board.control.host.asked == [], "what came while it was off the air is not made up for"
    board.after(DAY)
    assert len(board.control.host.asked) == 1


def test_an_app_that_runs_can_be_opened_to_others(board: Board) -> None:
    board.live(NIGHTLY)
    answer = board.doorway.does(board.ben, SetAudience("board", "team"))
    assert answer.facts.executable


def test_two_looks_at_the_same_moment_make_one_run(board: Board) -> None:
    board.live(NIGHTLY)
    board.doorway.clock.forward(7 * HOUR)
    now = board.doorway.clock.now()
    with board.control.database.read() as connection:
        (one,) = queries.due(connection, "2026-01-01T07:00:00.000000Z")
    board.control.runs._take(one, now)
    board.control.runs._take(one, now)
    assert len(board.runs()) == 1


def test_an_app_that_works_by_itself_is_not_unused(board: Board) -> None:
    board.live({"weekly": "@weekly"})
    for _ in range(8):
        board.after(7 * DAY)
        board.doorway.after(1)
    assert board.doorway.app("board").state == "live"


# -- holding, hurrying ---------------------------------------------------------------------------------------------------


def test_a_schedule_is_paused_and_resumed_and_each_undoes_the_other(board: Board) -> None:
    board.live(NIGHTLY)
    board.doorway.does(board.ben, PauseSchedule("board", "nightly"))
    with pytest.raises(Conflict):
        board.doorway.does(board.ben, PauseSchedule("board", "nightly"))
    board.after(2 * DAY)
    assert board.control.host.asked == []
    undo = undoing.undo(board.doorway.receipts("pause-schedule")[0], {})
    assert undo is not None
    assert (undo.verb, undoing.command(undo)) == ("resume-schedule", "greenlane schedules resume board nightly")
    board.doorway.does(board.ben, ResumeSchedule("board", "nightly"))
    board.after(0)
    assert board.control.host.asked == [], "what came in between is not made up for"
    board.after(DAY)
    assert len(board.control.host.asked) == 1


def test_a_pause_outlives_that_the_function_is_away_for_a_while(board: Board) -> None:
    board.live(NIGHTLY)
    board.doorway.does(board.ben, PauseSchedule("board", "nightly"))
    board.live({"other": "@daily"})
    board.live(NIGHTLY)
    (one,) = board.schedules()
    assert one.paused_by is not None


def test_somebody_has_it_run_now_also_in_staging(board: Board) -> None:
    board.live(NIGHTLY, environment="staging")
    answer = board.doorway.does(board.ben, RunNow("board", "nightly", "staging"))
    board.looks()
    (run,) = board.runs()
    assert (run.id, run.kind, run.environment, run.state) == (answer.answer["run"], "asked", "staging", "done")
    receipt = board.doorway.receipts("run")[0]
    assert (receipt.cause, receipt.process) == (answer.action_id, answer.process)
    with pytest.raises(NotFound):
        board.doorway.does(board.ben, RunNow("board", "nightly"))
    with pytest.raises(NotFound):
        board.doorway.does(board.ben, PauseSchedule("board", "nightly"))


def test_who_only_looks_may_not_have_it_run(board: Board) -> None:
    board.live(NIGHTLY)
    vera = board.doorway.hire("Vera Visitor", "visitor")
    for action in (RunNow("board", "nightly"), PauseSchedule("board", "nightly")):
        assert board.doorway.does(vera, action).state == "refused"


def test_the_app_acts_for_its_owner_where_its_publisher_left(board: Board) -> None:
    dora = board.doorway.hire("Dora Developer", "developer")
    board.doorway.does(dora, Publish("board", deploy=board.deployed(NIGHTLY)))
    board.looks()
    board.doorway.does(board.doorway.owner, SuspendPerson(str(dora.person)))
    board.after(7 * HOUR)
    assert board.runs()[0].person == board.ben.person


# -- how it went -----------------------------------------------------------------------------------------------------------


def test_the_owner_hears_once_of_a_schedule_that_fails_again_and_again(board: Board) -> None:
    board.live({"tick": "@hourly"})
    board.control.host.comes_of["tick"] = CameOf("failed", 500, "It threw VeraError.")
    for _ in range(2 * TOLD_AFTER):
        board.after(HOUR)
    assert board.schedules()[0].failures == 2 * TOLD_AFTER
    (told,) = board.doorway.receipts("tell-of-runs")
    assert told.happened["failures"] == TOLD_AFTER
    board.control.notices.catch_up()
    with board.control.database.read() as connection:
        heard = notices.notices(connection, str(board.ben.person))
        (seq,) = [one.seq for one in heard if one.kind == "runs"]
        told_as = board.control._tells(connection, seq, "runs")
    assert told_as.says == "tick of board did not succeed 3 times in a row."
    del board.control.host.comes_of["tick"]
    board.after(HOUR)
    assert board.schedules()[0].failures == 0
    assert all("Vera" not in receipt.encode().decode() for receipt in board.doorway.receipts("run"))


def test_a_run_that_was_going_when_control_ended_is_asked_after_and_never_begun_again(board: Board) -> None:
    board.live({"tick": "@hourly"})
    board.control.host.open.clear()
    board.doorway.clock.forward(HOUR)
    board.control.runs.round()
    board.control.runs._over.set()  # control ends: whoever followed the run writes nothing any more
    board.control.host.comes_of["tick"] = CameOf("interrupted")
    board.control.host.open.set()
    board.control.runs.settle()
    assert [one.state for one in board.runs()] == ["going"]
    board.control.runs._over.clear()
    board.looks()
    assert [one.again for one in board.control.host.asked] == [False, True]
    assert [one.state for one in board.runs()] == ["interrupted"]
    assert board.doorway.receipts("run")[0].happened["outcome"] == "interrupted"
    board.looks()
    assert len(board.control.host.asked) == 2


def test_a_receipt_of_a_run_is_read_by_those_who_may_read_about_the_app(board: Board) -> None:
    board.live(NIGHTLY)
    board.after(7 * HOUR)
    seq = board.runs()[0].seq
    assert seq is not None
    with board.control.database.read() as connection:

        def may(who: Actor) -> Any:
            return lambda right, subject: board.control.may(connection, who, right, subject)

        sight = Sight(str(board.ben.person), may(board.ben))
        told = search.tell(connection, [search.readable(connection, seq, sight.person, sight.may)], sight)[0]
        assert told.sentence == "The function nightly of board ran."
        stranger = Actor("person", "p_stranger")
        with pytest.raises(Refused):
            search.readable(connection, seq, "p_stranger", may(stranger))
    assert sentences.receipt(told.receipt, sentences.Names({})) == told.sentence


# -- in the background -----------------------------------------------------------------------------------------------------


def test_a_background_request_is_kept_before_it_begins_and_forgotten_when_it_is_over(board: Board) -> None:
    board.live({}, background=("mail",))
    run = board.sends(body=b"a letter")
    (waiting,) = board.runs()
    assert (waiting.id, waiting.state, waiting.kind, waiting.person) == (run, "waiting", "background", "p_visitor")
    board.looks()
    (asked,) = board.control.host.asked
    assert (asked.method, asked.target, asked.body) == ("POST", "/mail?x=1", b"a letter")
    assert ("Cookie", "a=b") in asked.fields
    assert asked.seconds == 900
    (over,) = board.runs()
    assert (over.state, over.request) == ("done", None)
    with board.control.database.read() as connection:
        assert board.control.payloads.open(connection, str(waiting.request)) is None
    assert board.doorway.receipts("run")[0].happened["kind"] == "background"


def test_what_failed_in_the_background_is_tried_twice_more_and_leaves_one_receipt(board: Board) -> None:
    board.live({}, background=("mail",))
    board.control.host.comes_of["mail"] = CameOf("failed", 500)
    board.sends()
    board.looks()
    board.after(30)
    assert [one.attempt for one in board.control.host.asked] == [1]
    board.after(31)
    board.after(60)
    assert [one.attempt for one in board.control.host.asked] == [1, 2]
    board.after(61)
    assert [one.attempt for one in board.control.host.asked] == [1, 2, 3]
    (receipt,) = board.doorway.receipts("run")
    assert (receipt.happened["outcome"], receipt.happened["attempts"]) == ("failed", 3)
    assert len(board.doorway.receipts("tell-of-runs")) == 1
    board.after(DAY)
    assert len(board.control.host.asked) == 3


@pytest.mark.parametrize("state", ["late", "interrupted"])
def test_what_may_have_been_done_is_never_tried_again_by_itself(board: Board, state: str) -> None:
    board.live({}, background=("mail",))
    board.control.host.comes_of["mail"] = CameOf(state)
    board.sends()
    board.looks()
    board.after(DAY)
    assert len(board.control.host.asked) == 1
    assert board.runs()[0].state == state


def test_one_app_has_so_many_runs_at_once_and_so_many_waiting(board: Board) -> None:
    board.live({}, background=("mail",))
    board.control.host.open.clear()
    for _ in range(MOST_WAITING):
        board.sends()
    with pytest.raises(TooSoon):
        board.sends()
    board.control.runs.round()
    assert sum(one.state == "waiting" for one in _every(board)) >= MOST_WAITING - AT_ONCE_OF_AN_APP
    board.control.host.open.set()


def test_nobody_has_a_function_run_that_is_none_in_the_background(board: Board) -> None:
    deploy = board.live(NIGHTLY, background=("mail",))
    for function in ("nightly", "nothing"):
        with pytest.raises(NotFound):
            board.sends(function, deploy=deploy)
    with pytest.raises(NotFound):
        board.sends(deploy="nothing")


def _every(board: Board) -> list[queries.Run]:
    with board.control.database.read() as connection:
        return queries.runs(connection, "board", limit=MOST_WAITING + 10)


def test_runs_that_were_over_long_ago_are_listed_no_more(board: Board) -> None:
    board.live(NIGHTLY)
    board.after(7 * HOUR)
    board.doorway.does(board.ben, PauseSchedule("board", "nightly"))
    board.control.runs._tidied = 0.0
    board.after(31 * DAY)
    assert board.runs() == []
    assert len(board.doorway.receipts("run")) == 1
