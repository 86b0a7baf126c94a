"""Snapshots before publishes, restores that can be taken back, and what is refused; behind the real door."""

from __future__ import annotations

import pytest
from tests.house import Doorway

from greenlane.catalog import queries as catalog
from greenlane.catalog.actions import CreateApp
from greenlane.deploys import queries as deploys
from greenlane.deploys.actions import Build, Deploy, Publish, Rollback
from greenlane.govern.actor import Actor
from greenlane.govern.errors import NotFound, WrongInput
from greenlane.insights import sentences
from greenlane.insights.stored import Storage
from greenlane.insights.undoing import undo
from greenlane.kit.errors import GreenlaneError, Unavailable
from greenlane.ledger.receipt import Receipt
from greenlane.runtime.building.job import Made
from greenlane.store import queries
from greenlane.store.actions import EraseData, RestoreData, SnapshotData
from greenlane.store.effects import DataNotKept
from greenlane.store.fake import KEEPS, QUOTA, FakeKeeper

BOARD = "vendor-board"


@pytest.fixture
def ben(doorway: Doorway) -> Actor:
    """Somebody who published an app that runs, and that people have used since."""
    ben = doorway.hire("Ben Builder", "developer")
    release(doorway, ben, "# one")
    doorway.does(ben, Publish(BOARD))
    keeper(doorway).data[BOARD, "production"] = b"one visit"
    return ben


def keeper(doorway: Doorway) -> FakeKeeper:
    found = doorway.control.keeper
    assert isinstance(found, FakeKeeper)
    return found


def release(doorway: Doorway, who: Actor, text: str) -> str:
    """A new version of the app, built by a builder that hands on what it was given."""
    code = f"from fastapi import FastAPI\napp = FastAPI()\n{text}\n".encode()
    files = {"main.py": code, "requirements.txt": b"fastapi==1\n"}
    with doorway.control.database.read() as connection:
        known = catalog.find_app(connection, BOARD) is not None
    if not known:
        doorway.does(who, CreateApp(BOARD))
    build = str(doorway.does(who, Build(BOARD, doorway.sends(who, files))).answer["build"])
    doorway.control.builds.round()
    put = doorway.control.blobs.put
    made = {path: {"sha256": put(data).removeprefix("sha256:"), "size": len(data)} for path, data in files.items()}
    run = {"kind": "asgi", "entry": "main:app"}
    began, ended = "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"
    doorway.control.builder.results[build] = Made(build, "done", files=made, run=run, began=began, ended=ended)
    doorway.control.builds.round()
    with doorway.control.database.read() as connection:
        upload = deploys.build(connection, BOARD, build).made
    assert upload is not None
    return str(doorway.does(who, Deploy(BOARD, upload)).answer["deploy"])


def there(doorway: Doorway) -> list[queries.Snapshot]:
    with doorway.control.database.read() as connection:
        return list(queries.snapshots(connection, BOARD))


def says(doorway: Doorway, one: Receipt) -> str:
    with doorway.control.database.read() as connection:
        return sentences.receipt(one.document(), sentences.Names.of(connection, [one.document()]))


def test_the_first_publish_has_nothing_to_keep(doorway: Doorway, ben: Actor) -> None:
    assert there(doorway) == []
    assert "snapshot" not in doorway.receipts("publish")[0].happened


def test_a_publish_over_data_has_a_snapshot_in_its_receipt(doorway: Doorway, ben: Actor) -> None:
    release(doorway, ben, "# two")
    answer = doorway.does(ben, Publish(BOARD))
    (one,) = there(doorway)
    receipt = doorway.receipts("publish")[-1]
    assert (receipt.happened["snapshot"], receipt.happened["snapshot_bytes"]) == (one.id, len(b"one visit"))
    assert {"as": "made", "kind": "snapshot", "id": one.id, "digest": one.digest} in receipt.used
    assert (one.verb, one.environment, one.deploy) == ("publish", "production", answer.answer["previous"])


def test_pages_of_files_ask_nobody_for_a_snapshot(doorway: Doorway) -> None:
    ben = doorway.hire("Ben Builder", "developer")
    keeper(doorway).broken = Unavailable("It cannot be reached.")
    doorway.deploys(ben, BOARD)
    assert doorway.publishes(ben).state == "done"


def test_without_its_snapshot_nothing_is_published(doorway: Doorway, ben: Actor) -> None:
    newer = release(doorway, ben, "# two")
    keeper(doorway).broken = Unavailable("There is no room on the disk.", next_step="Make room.")
    with pytest.raises(DataNotKept, match=r"Nothing was published.*There is no room on the disk\.") as refused:
        doorway.does(ben, Publish(BOARD, deploy=newer))
    assert refused.value.next_step == "Make room."
    assert doorway.receipts("publish")[-1].happened["state"] == "failed"
    keeper(doorway).broken = None
    assert doorway.does(ben, Publish(BOARD, deploy=newer)).state == "done"


def test_a_rollback_leaves_data_alone_and_says_so(doorway: Doorway, ben: Actor) -> None:
    release(doorway, ben, "# two")
    doorway.does(ben, Publish(BOARD))
    keeper(doorway).data[BOARD, "production"] = b"two visits"
    doorway.does(ben, Rollback(BOARD))
    receipt = doorway.receipts("rollback")[-1]
    assert receipt.happened["data_left"] is True
    assert says(doorway, receipt).endswith("went through; what it stores is left as it is.")
    assert keeper(doorway).data[BOARD, "production"] == b"two visits"


def test_restoring_brings_back_what_was_and_its_undo_what_was_after(doorway: Doorway, ben: Actor) -> None:
    release(doorway, ben, "# two")
    doorway.does(ben, Publish(BOARD))
    keeper(doorway).data[BOARD, "production"] = b"two visits"
    done = doorway.does(ben, RestoreData(BOARD))
    assert (done.state, done.decision.lane) == ("done", "amber")
    assert keeper(doorway).data[BOARD, "production"] == b"one visit"
    receipt = doorway.receipts("restore-data")[-1]
    before = there(doorway)[0]
    assert receipt.happened["before"] == before.id
    assert {
        "as": "used",
        "kind": "snapshot",
        "id": receipt.happened["snapshot"],
        "digest": there(doorway)[1].digest,
    } in (receipt.used)
    back = undo(receipt, {})
    assert back is not None
    assert back.inputs == {"app": BOARD, "environment": "production", "snapshot": before.id}
    doorway.does(ben, RestoreData(**back.inputs))
    assert keeper(doorway).data[BOARD, "production"] == b"two visits"


def test_where_nothing_was_there_is_nothing_to_undo(doorway: Doorway, ben: Actor) -> None:
    doorway.does(ben, SnapshotData(BOARD))
    del keeper(doorway).data[BOARD, "production"]
    doorway.does(ben, RestoreData(BOARD))
    assert undo(doorway.receipts("restore-data")[-1], {}) is None


def test_data_never_crosses_environments(doorway: Doorway, ben: Actor) -> None:
    one = str(doorway.does(ben, SnapshotData(BOARD)).answer["snapshot"])
    with pytest.raises(WrongInput, match="never carried from one environment to another"):
        doorway.does(ben, RestoreData(BOARD, "staging", one))
    with pytest.raises(NotFound, match="no snapshot of what vendor-board stores in staging"):
        doorway.does(ben, RestoreData(BOARD, "staging"))
    with pytest.raises(WrongInput, match="no environment called 'moon'"):
        SnapshotData(BOARD, "moon")


def test_what_is_empty_has_no_snapshot(doorway: Doorway, ben: Actor) -> None:
    with pytest.raises(NotFound, match="stores nothing in staging yet"):
        doorway.does(ben, SnapshotData(BOARD, "staging"))


def test_older_snapshots_go_for_newer_ones_and_cannot_be_restored_any_more(doorway: Doorway, ben: Actor) -> None:
    made = [str(doorway.does(ben, SnapshotData(BOARD)).answer["snapshot"]) for _ in range(KEEPS + 1)]
    assert [one.id for one in there(doorway)] == made[:0:-1]
    with pytest.raises(NotFound, match=r"has no snapshot .* or not any more"):
        doorway.does(ben, RestoreData(BOARD, snapshot=made[0]))


def test_erasing_what_visitors_stored_waits_for_a_second_person(doorway: Doorway, ben: Actor) -> None:
    doorway.does(ben, SnapshotData(BOARD))
    waits = doorway.does(ben, EraseData(BOARD, "production"))
    assert (waits.state, waits.decision.lane) == ("waiting", "red")
    assert keeper(doorway).data
    keeper(doorway).data[BOARD, "staging"] = b"trials"
    assert doorway.does(ben, EraseData(BOARD, "staging")).decision.lane == "amber"
    assert (BOARD, "staging") not in keeper(doorway).data
    assert len(there(doorway)) == 1


def test_an_agent_asks_before_it_restores_and_never_erases(doorway: Doorway, ben: Actor) -> None:
    doorway.does(ben, SnapshotData(BOARD))
    agent = Actor("agent", "helper", on_behalf_of=ben.id)
    assert doorway.does(agent, RestoreData(BOARD)).state == "waiting"
    assert doorway.does(agent, EraseData(BOARD, "staging")).state == "refused"


def test_what_is_told_holds_what_is_there_and_what_only_the_database_knows(doorway: Doorway, ben: Actor) -> None:
    doorway.does(ben, SnapshotData(BOARD))
    keeper(doorway).data[BOARD, "production"] = b"x" * (QUOTA + 1)
    storage = Storage(keeper(doorway))
    with doorway.control.database.read() as connection:
        told = storage.of(connection, BOARD)
        assert [(one.environment, one.bytes, one.full, len(one.snapshots)) for one in told.places] == [
            ("production", QUOTA + 1, True, 1),
            ("staging", 0, False, 0),
        ]
        assert (told.quota, told.keeps, told.anything) == (QUOTA, KEEPS, True)
        keeper(doorway).broken = GreenlaneError("It is away.")
        away = storage.of(connection, BOARD)
    assert (away.away, away.quota, away.places[0].bytes, len(away.places[0].snapshots)) == (
        "It is away.",
        None,
        None,
        1,
    )


def test_every_decision_about_data_replays(doorway: Doorway, ben: Actor) -> None:
    doorway.does(ben, SnapshotData(BOARD))
    doorway.does(ben, RestoreData(BOARD))
    doorway.does(ben, EraseData(BOARD, "production"))
    assert doorway.replays()["differences"] == []
