"""Pictures of previews: taken by the platform, on the record, one after the other, however often it is restarted."""

from __future__ import annotations

import pytest
from tests.house import DAY, Doorway

from greenlane.deploys import pictures, picturing
from greenlane.deploys.actions import TakePicture
from greenlane.govern.actor import Actor


def seen(doorway: Doorway, deploy: str) -> pictures.Picture | None:
    with doorway.control.database.read() as connection:
        return pictures.of(connection, [deploy]).get(deploy)


@pytest.fixture
def ben(doorway: Doorway) -> Actor:
    return doorway.hire("Ben Builder", "builder")


def deployed(doorway: Doorway, ben: Actor) -> str:
    return str(doorway.deploys(ben).answer["deploy"])


def test_each_deploy_gets_one_picture_of_its_own_preview(doorway: Doorway, ben: Actor) -> None:
    first = deployed(doorway, ben)
    second = deployed(doorway, ben)
    camera = doorway.control.camera
    assert doorway.control.pictures.round()
    assert camera.visited == [(f"{second}--vendor-board.localhost:4180", f"token for {second}")]
    assert doorway.control.pictures.round()
    assert not doorway.control.pictures.round()
    for deploy in (first, second):
        found = seen(doorway, deploy)
        assert found is not None
        assert found.blob is not None
        assert doorway.control.blobs.get(found.blob).startswith(b"\x89PNG")


def test_what_was_not_taken_before_a_restart_is_taken_after_it(doorway: Doorway, ben: Actor) -> None:
    deploy = deployed(doorway, ben)
    control = doorway.control
    anew = picturing.Pictures(doorway.door, control.database, control.camera, control.clock)
    assert anew.round()
    assert seen(doorway, deploy) is not None


def test_a_preview_that_cannot_be_pictured_is_tried_again_and_then_left(doorway: Doorway, ben: Actor) -> None:
    doorway.control.camera.fails = "The preview answered with the status 500."
    deploy = deployed(doorway, ben)
    for _ in range(pictures.MOST_TRIES):
        assert doorway.control.pictures.round()
        assert not doorway.control.pictures.round(), "not again at once"
        doorway.clock.forward(pictures.AGAIN_AFTER.total_seconds() + 1)
    assert not doorway.control.pictures.round()
    found = seen(doorway, deploy)
    assert found is not None
    assert (found.blob, found.why) == (None, "The preview answered with the status 500.")


def test_without_a_browser_nothing_is_tried_and_nothing_is_recorded(doorway: Doorway, ben: Actor) -> None:
    doorway.control.camera.cannot = "Install Chromium."
    deploy = deployed(doorway, ben)
    assert not doorway.control.pictures.round()
    assert seen(doorway, deploy) is None
    assert doorway.receipts("take-picture") == []


def test_old_deploys_are_left_alone(doorway: Doorway, ben: Actor) -> None:
    deployed(doorway, ben)
    doorway.clock.forward(8 * DAY)
    assert not doorway.control.pictures.round()


def test_each_picture_is_on_the_record_as_the_platforms(doorway: Doorway, ben: Actor) -> None:
    deploy = deployed(doorway, ben)
    doorway.control.pictures.round()
    [receipt] = doorway.receipts("take-picture")
    assert receipt.actor[0]["kind"] == "platform"
    assert receipt.happened["outcome"] == "taken"
    assert receipt.happened["deploy"] == deploy


def test_nobody_but_the_platform_takes_pictures(doorway: Doorway, ben: Actor) -> None:
    deploy = deployed(doorway, ben)
    answer = doorway.does(doorway.owner, TakePicture("vendor-board", deploy))
    assert answer.state == "refused"
    assert doorway.control.camera.visited == []
