"""Receipts name no value of others to whoever may only put values in, wherever receipts are told."""

from __future__ import annotations

import json

from tests.house import Doorway

from greenlane.deploys.actions import Publish
from greenlane.govern.actor import Actor
from greenlane.insights import search
from greenlane.insights.search import Told, Wanted
from greenlane.insights.veiling import NOBODY, Sight
from greenlane.secrets.actions import PutVariable, RemoveVariable, RevokeVariable, RotateVariable

APP = "vendor-board"


def told(doorway: Doorway, actor: Actor) -> list[Told]:
    """All receipts of the app, as somebody sees them."""
    control = doorway.control
    with control.database.read() as connection:
        sight = Sight(str(actor.person), lambda right, subject: control.may(connection, actor, right, subject))
        return search.tell(connection, search.find(connection, Wanted(app=APP), limit=500), sight)


def test_a_builder_reads_the_names_of_their_own_values_alone(doorway: Doorway) -> None:
    ben, nora = doorway.hire("Ben Builder", "builder"), doorway.hire("Nora Newcomer", "builder")
    dora = doorway.hire("Dora Developer", "developer")
    doorway.deploys(ben)
    where = {"app": APP, "environment": "production"}
    doorway.does(dora, PutVariable("STRIPE_KEY", "the value of stripe", app=APP, environment="staging"))
    doorway.does(dora, PutVariable("STRIPE_KEY", "the value of stripe", **where))
    doorway.does(dora, RotateVariable("STRIPE_KEY", "another of stripe", **where))
    doorway.does(dora, RemoveVariable("STRIPE_KEY", **where, version=1))
    doorway.does(ben, PutVariable("BENS_KEY", "the value of ben", **where))
    doorway.does(dora, RemoveVariable("STRIPE_KEY", **where))
    doorway.does(dora, Publish(APP))
    doorway.does(dora, RevokeVariable("STRIPE_KEY", app=APP))

    assert "STRIPE_KEY" in json.dumps([one.as_dict() for one in told(doorway, dora)])
    assert "STRIPE_KEY" in json.dumps([one.as_dict() for one in told(doorway, doorway.owner)])
    for_ben = json.dumps([one.as_dict() for one in told(doorway, ben)])
    assert "STRIPE_KEY" not in for_ben
    assert "BENS_KEY" in for_ben
    for_nora = [one.as_dict() for one in told(doorway, nora)]
    assert "_KEY" not in json.dumps(for_nora)
    sentences = [one["sentence"] for one in for_nora if one["half"] == "settled"]
    assert any("put the value of a secret into production of vendor-board" in one for one in sentences)
    assert any("revoked a secret everywhere in vendor-board" in one for one in sentences)
    assert len(for_nora) == len(told(doorway, dora)), "that something happened is hidden from nobody"
    assert [one["receipt"]["action"]["digest"] for one in for_nora] == [
        one.receipt["action"]["digest"] for one in told(doorway, dora)
    ]


def test_a_page_that_all_read_alike_names_nothing(doorway: Doorway) -> None:
    doorway.deploys(doorway.owner)
    doorway.does(doorway.owner, PutVariable("STRIPE_KEY", "the value of stripe", app=APP))
    with doorway.control.database.read() as connection:
        found = search.tell(connection, search.find(connection, Wanted(app=APP), limit=500), NOBODY)
    assert "STRIPE_KEY" not in json.dumps([one.as_dict() for one in found])
