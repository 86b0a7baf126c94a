"""After a crash between the two halves: done, resumed, or interrupted and looked at; never silently run twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.house import Doorway

from greenlane.catalog.actions import CreateApp
from greenlane.deploys.actions import Publish
from greenlane.govern import recovery
from greenlane.govern.actions import Approve
from greenlane.govern.door import Door
from greenlane.govern.effect import Handling
from greenlane.identity.actions import SuspendPerson
from greenlane.secrets.actions import PutVariable


class PowerCut(BaseException):
    """The process is gone: nothing after this line runs, no handler sees it."""


def cut_before_settling(doorway: Doorway, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_args: Any, **_more: Any) -> None:
        raise PowerCut

    monkeypatch.setattr(Door, "settle", gone)


def comes_back(doorway: Doorway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    doorway.clock.forward(300)
    recovery.recover(doorway.door, before=doorway.clock.now())


def states(doorway: Doorway, verb: str) -> list[str]:
    return [str(one.happened["state"]) for one in doorway.receipts(verb)]


def test_what_was_decided_and_not_done_is_resumed_once(doorway: Doorway, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_before_settling(doorway, monkeypatch)
    with pytest.raises(PowerCut):
        doorway.does(doorway.owner, CreateApp("vendor-board"))
    comes_back(doorway, monkeypatch)
    recovery.recover(doorway.door, before=doorway.clock.now())
    assert states(doorway, "create-app") == ["done"]
    assert doorway.receipts("create-app")[0].happened["recovered"] == "resumed"


def test_the_unknown_is_never_tried_again(doorway: Doorway, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    real = doorway.door.house.handlings["create-app"]

    def counted(action: CreateApp, context: Any) -> Any:
        ran.append(action.app)
        return real.effect(action, context)

    unknowable = Handling(counted, real.facts, lambda _action, _context: "unknown")
    handlings = {**doorway.door.house.handlings, "create-app": unknowable}
    doorway.door.house = replace(doorway.door.house, handlings=handlings)
    cut_before_settling(doorway, monkeypatch)
    with pytest.raises(PowerCut):
        doorway.does(doorway.owner, CreateApp("vendor-board"))
    comes_back(doorway, monkeypatch)
    assert states(doorway, "create-app") == ["interrupted"]
    assert ran == ["vendor-board"]


def test_a_secret_that_was_not_kept_interrupts(doorway: Doorway, monkeypatch: pytest.MonkeyPatch) -> None:
    doorway.does(doorway.owner, CreateApp("vendor-board"))
    cut_before_settling(doorway, monkeypatch)
    with pytest.raises(PowerCut):
        doorway.does(doorway.owner, PutVariable("API_KEY", "correct horse", app="vendor-board"))
    comes_back(doorway, monkeypatch)
    assert states(doorway, "put-variable") == ["interrupted"]


def test_a_right_that_was_lost_meanwhile_stops_the_resumption(
    doorway: Doorway, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder = doorway.hire("Bea Builder", "builder")
    cut_before_settling(doorway, monkeypatch)
    with pytest.raises(PowerCut):
        doorway.does(builder, CreateApp("vendor-board"))
    monkeypatch.undo()
    doorway.does(doorway.owner, SuspendPerson(builder.id))
    comes_back(doorway, monkeypatch)
    assert states(doorway, "create-app") == ["interrupted"]


def test_a_question_that_was_not_filed_is_filed(doorway: Doorway, monkeypatch: pytest.MonkeyPatch) -> None:
    doorway.deploys(doorway.owner)
    cut_before_settling(doorway, monkeypatch)
    with pytest.raises(PowerCut):
        doorway.publishes(doorway.owner, "public")
    comes_back(doorway, monkeypatch)
    assert states(doorway, "publish") == ["waiting"]
    assert doorway.app().rung == "me"


def test_an_approval_right_before_the_crash_is_resumed_once(doorway: Doorway, monkeypatch: pytest.MonkeyPatch) -> None:
    reviewer = doorway.hire("Rita Reviewer", "reviewer")
    doorway.deploys(doorway.owner)
    request = doorway.publishes(doorway.owner, "public").request
    assert request is not None

    def gone(*_args: Any, **_more: Any) -> None:
        raise PowerCut

    monkeypatch.setattr(Door, "resume", gone)
    with pytest.raises(PowerCut):
        doorway.does(reviewer, Approve(request, "fine"))
    comes_back(doorway, monkeypatch)
    recovery.recover(doorway.door, before=doorway.clock.now())
    assert states(doorway, "publish") == ["waiting", "done"]
    assert doorway.app().rung == "public"


def test_what_is_under_way_is_left_alone(doorway: Doorway) -> None:
    real = doorway.door.house.handlings["create-app"]
    looked: list[Callable[[], Any]] = []

    def slow(action: CreateApp, context: Any) -> Any:
        doorway.clock.forward(600)
        recovery.recover(doorway.door, before=doorway.clock.now())
        looked.append(lambda: None)
        return real.effect(action, context)

    handlings = {**doorway.door.house.handlings, "create-app": Handling(slow, real.facts)}
    doorway.door.house = replace(doorway.door.house, handlings=handlings)
    doorway.does(doorway.owner, CreateApp("vendor-board"))
    assert looked
    assert states(doorway, "create-app") == ["done"]


def test_publishing_twice_after_a_crash_moves_once(doorway: Doorway, monkeypatch: pytest.MonkeyPatch) -> None:
    doorway.deploys(doorway.owner)
    cut_before_settling(doorway, monkeypatch)
    with pytest.raises(PowerCut):
        doorway.door.govern(doorway.owner, Publish("vendor-board"), key="the same")
    comes_back(doorway, monkeypatch)
    answer = doorway.door.govern(doorway.owner, Publish("vendor-board"), key="the same")
    assert answer.state == "done"
    assert states(doorway, "publish") == ["done"]
