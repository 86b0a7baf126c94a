"""The door's promises, each with a test that fails when it breaks."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from tests.house import PAGE, Doorway

from greenlane.catalog.actions import CreateApp, SetAudience
from greenlane.deploys.actions import Publish, Rollback
from greenlane.govern import tables
from greenlane.govern.actor import Actor
from greenlane.govern.decision import Lane
from greenlane.govern.errors import Conflict, NotFound
from greenlane.govern.replay import replay_all
from greenlane.kit.errors import GreenlaneError
from greenlane.ledger import queries as ledger
from greenlane.secrets.actions import PutVariable


def halves(doorway: Doorway, verb: str) -> list[tuple[str, str]]:
    with doorway.control.database.read() as connection:
        found = ledger.entries(connection, verb=verb, limit=100)
    return [(one.receipt.half, one.receipt.happened.get("state", "")) for one in found]


def test_what_goes_through_leaves_a_decision_and_an_ending(doorway: Doorway) -> None:
    doorway.does(doorway.owner, CreateApp("vendor-board"))
    assert halves(doorway, "create-app") == [("decided", ""), ("settled", "done")]


def test_what_is_closed_changes_nothing_and_is_on_the_record(doorway: Doorway) -> None:
    visitor = doorway.hire("Vera Visitor", "visitor")
    answer = doorway.does(visitor, CreateApp("vendor-board"))
    assert (answer.state, answer.decision.lane) == ("refused", Lane.CLOSED)
    assert halves(doorway, "create-app") == [("decided", ""), ("settled", "refused")]
    with pytest.raises(NotFound):
        doorway.app()


def test_explaining_leaves_no_receipt(doorway: Doorway) -> None:
    doorway.deploys(doorway.owner)
    with doorway.control.database.read() as connection:
        before = ledger.size(connection)
    _facts, decision = doorway.door.explain(doorway.owner, Publish("vendor-board", audience="public"))
    with doorway.control.database.read() as connection:
        assert ledger.size(connection) == before
    assert decision.lane is Lane.RED


def test_the_same_key_is_the_same_action(doorway: Doorway) -> None:
    first = doorway.door.govern(doorway.owner, CreateApp("vendor-board"), key="once")
    again = doorway.door.govern(doorway.owner, CreateApp("vendor-board"), key="once")
    assert again.action_id == first.action_id
    assert again.state == "done"
    assert halves(doorway, "create-app") == [("decided", ""), ("settled", "done")]


def test_the_same_key_of_another_person_is_another_action(doorway: Doorway) -> None:
    other = doorway.hire("Bea Builder", "builder")
    first = doorway.door.govern(doorway.owner, CreateApp("vendor-board"), key="once")
    assert doorway.door.govern(other, CreateApp("offsite"), key="once").action_id != first.action_id


def test_an_effect_that_fails_is_settled_as_failed_and_told(doorway: Doorway) -> None:
    doorway.deploys(doorway.owner)
    doorway.publishes(doorway.owner)
    with pytest.raises(GreenlaneError):
        doorway.does(doorway.owner, Rollback("vendor-board"))  # nothing earlier is there
    assert halves(doorway, "rollback") == [("decided", ""), ("settled", "failed")]


def test_rows_and_receipt_stand_or_fall_together(doorway: Doorway) -> None:
    doorway.does(doorway.owner, CreateApp("vendor-board"))
    with pytest.raises(Conflict):
        doorway.does(doorway.owner, CreateApp("vendor-board"))
    assert halves(doorway, "create-app")[-1] == ("settled", "failed")
    assert doorway.app().name == "vendor-board"


def test_every_decision_on_the_record_replays_bit_for_bit(doorway: Doorway) -> None:
    doorway.deploys(doorway.owner)
    doorway.publishes(doorway.owner)
    doorway.publishes(doorway.owner, "public")
    doorway.does(doorway.hire("Vera Visitor", "visitor"), Publish("vendor-board"))
    with doorway.control.database.read() as connection:
        found = ledger.entries(connection, limit=1000)
    blocks = [one.receipt.decided for one in found if one.receipt.half == "decided"]
    replayed = replay_all(blocks, doorway.control.policies.by_digest)
    assert replayed.decisions == len(blocks) >= 8
    assert replayed.holds


def test_a_tampered_decision_does_not_replay(doorway: Doorway) -> None:
    doorway.does(doorway.owner, CreateApp("vendor-board"))
    with doorway.control.database.read() as connection:
        block = dict(ledger.entries(connection, verb="create-app")[0].receipt.decided)
    block["facts"] = {**block["facts"], "may": False}
    assert not replay_all([block], doorway.control.policies.by_digest).holds


def test_words_of_people_never_enter_the_ledger(doorway: Doorway) -> None:
    doorway.deploys(doorway.owner)
    doorway.does(doorway.owner, Publish("vendor-board", message="because Carla in Basel asked for it"))
    with doorway.control.database.read() as connection:
        every = b"".join(ledger.stored_bytes(connection, seq) or b"" for seq in range(ledger.size(connection)))
    for words in (b"Carla", b"Olga", b"Basel"):
        assert words not in every


def test_a_secret_is_kept_nowhere_that_can_be_read(doorway: Doorway) -> None:
    doorway.does(doorway.owner, CreateApp("vendor-board"))
    doorway.does(doorway.owner, PutVariable("API_KEY", "correct horse battery staple", app="vendor-board"))
    with doorway.control.database.read() as connection:
        every = b"".join(ledger.stored_bytes(connection, seq) or b"" for seq in range(ledger.size(connection)))
        stored = str(connection.execute(select(tables.action)).all())
    assert b"battery" not in every
    assert "battery" not in stored


def test_an_agent_never_has_a_right_that_its_person_lacks(doorway: Doorway) -> None:
    visitor = doorway.hire("Vera Visitor", "visitor")
    agent = Actor("agent", "codex", on_behalf_of=visitor.id)
    assert doorway.does(agent, CreateApp("vendor-board")).state == "refused"


def test_an_agent_is_named_with_its_person_on_every_receipt(doorway: Doorway) -> None:
    agent = Actor("agent", "codex", on_behalf_of=doorway.owner.id)
    doorway.does(agent, CreateApp("vendor-board"))
    with doorway.control.database.read() as connection:
        chain = ledger.entries(connection, verb="create-app")[0].receipt.actor
    assert [(link["kind"], link["id"]) for link in chain] == [("person", doorway.owner.id), ("agent", "codex")]


def test_a_publish_goes_on_with_the_process_of_its_deploy(doorway: Doorway) -> None:
    deployed = doorway.deploys(doorway.owner)
    assert doorway.publishes(doorway.owner).process == deployed.process


def test_what_a_person_does_after_a_refusal_is_noted(doorway: Doorway) -> None:
    doorway.deploys(doorway.owner)
    visitor = doorway.hire("Vera Visitor", "visitor")
    refused = doorway.does(visitor, Publish("vendor-board"))
    doorway.clock.forward(60)
    doorway.does(visitor, SetAudience("vendor-board", "public"))
    with doorway.control.database.read() as connection:
        decided = ledger.entries(connection, verb="set-audience")[0].receipt
    assert decided.happened["after_refusal"] == refused.action_id
    assert decided.happened["after_seconds"] == 61


def test_two_publishes_at_once_never_mix(doorway: Doorway) -> None:
    doorway.deploys(doorway.owner)
    doorway.publishes(doorway.owner)
    doorway.deploys(doorway.owner, files={**PAGE, "about.html": b"<h1>about</h1>"})
    real = doorway.door.house.handlings["publish"]
    action = Publish("vendor-board")
    with doorway.control.database.read() as connection:
        facts = doorway.door.gather(connection, doorway.owner, action)
    assert facts.files_changed == 1

    outcomes = []

    def meanwhile(one: Publish, context: object) -> object:
        outcome = real.effect(one, context)
        if not outcomes:
            outcomes.append(outcome)
            doorway.door.govern(doorway.owner, Publish("vendor-board", message="the other one"))
        return outcome

    handlings = doorway.door.house.handlings
    handlings["publish"] = type(real)(meanwhile, real.facts, real.probe)
    with pytest.raises(Conflict):
        doorway.does(doorway.owner, action)
    assert [state for half, state in halves(doorway, "publish") if half == "settled"] == ["done", "done", "failed"]
