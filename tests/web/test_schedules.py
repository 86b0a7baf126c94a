"""What runs by itself, as its page tells it: in words, with what can be done about it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.deploys.test_runs import NIGHTLY, Board
from tests.house import HOUR, Doorway
from tests.web.conftest import Visitor

from greenlane.deploys.runs.actions import PauseSchedule, RunNow
from greenlane.deploys.runs.calling import CameOf


@pytest.fixture
def board(doorway: Doorway) -> Iterator[Board]:
    one = Board(doorway)
    yield one
    one.control.runs.settle()


def test_an_app_without_schedules_says_how_to_have_one(console: Visitor, board: Board) -> None:
    page = console.as_(board.ben).get("/apps/board/schedules").text
    assert "Nothing of this app runs by itself." in page
    assert "export const config" in page


def test_a_schedule_is_told_in_words_with_its_next_and_its_last_run(console: Visitor, board: Board) -> None:
    board.live(NIGHTLY)
    ben = console.as_(board.ben)
    page = ben.get("/apps/board/schedules").text
    assert "at 06:00 every day, UTC" in page
    assert "1 January 2026, 06:00" in page
    assert "It has not run yet" in page
    board.control.host.comes_of["nightly"] = CameOf("failed", 500, "Error: <no> database")
    board.after(7 * HOUR)
    page = ben.get("/apps/board/schedules").text
    assert "It failed, with status 500" in page
    (run,) = board.runs()
    assert f'href="/ledger/{run.seq}"' in page
    page = ben.get(f"/apps/board/schedules/{run.id}").text
    assert "Error: &lt;no&gt; database" in page
    assert "By its schedule, in production" in page
    assert "Its log cannot be read just now." in page


def test_a_schedule_is_held_and_hurried_from_its_page(console: Visitor, board: Board) -> None:
    board.live(NIGHTLY)
    ben = console.as_(board.ben)
    page = ben.get("/apps/board/schedules").text
    assert "Pause the schedule of nightly" in page
    assert "Run nightly now" in page
    board.doorway.does(board.ben, PauseSchedule("board", "nightly"))
    page = ben.get("/apps/board/schedules").text
    assert "Paused: it does not run until somebody resumes it" in page
    assert "Resume the schedule of nightly" in page


def test_what_stands_in_staging_is_run_when_somebody_asks(console: Visitor, board: Board) -> None:
    board.live(NIGHTLY, environment="staging")
    ben = console.as_(board.ben)
    assert "Run nightly in staging" in ben.get("/apps/board/schedules").text
    board.doorway.does(board.ben, RunNow("board", "nightly", "staging"))
    board.looks()
    assert "in staging" in ben.get("/apps/board/schedules").text


def test_who_may_not_see_the_app_sees_no_schedule(console: Visitor, board: Board, doorway: Doorway) -> None:
    board.live(NIGHTLY)
    stranger = console.as_(doorway.hire("Vera Visitor", "visitor"))
    assert stranger.get("/apps/board/schedules").status_code == 404
