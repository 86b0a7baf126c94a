"""Every receipt has its sentence, also the ones that nobody decided."""

from __future__ import annotations

from tests.house import DAY, Doorway

from greenlane.insights import sentences
from greenlane.ledger import queries as ledger
from greenlane.ledger.receipt import Receipt

DORA = "p_01h2"


def told(one: Receipt) -> str:
    return sentences.receipt(one.document(), sentences.Names({DORA: "Dora Developer"}))


def noted(verb: str, happened: dict[str, object], actor: list[dict[str, object]]) -> Receipt:
    return Receipt(
        id="rcp_1",
        half="noted",
        action={"id": "x_1", "verb": verb, "subject": "organisation", "effect": "read"},
        process="prc_1",
        cause=None,
        actor=actor,
        at="2026-01-01T00:00:00.000000Z",
        happened=happened,
    )


def test_sealed_page_views_are_told():
    platform = [{"kind": "platform", "id": "platform", "credential": None}]
    assert (
        told(noted("journal.seal", {"batch": 3, "records": 12}, platform)) == "12 page views were counted and sealed."
    )


def test_an_upload_that_was_left_is_told():
    dora = [{"kind": "person", "id": DORA, "credential": None}]
    assert told(noted("upload", {"files": 4}, dora)) == "Dora Developer began an upload of 4 files and left it."


def test_every_receipt_of_a_busy_day_has_a_sentence(doorway: Doorway):
    ben = doorway.hire("Ben Builder", "builder")
    doorway.deploys(ben)
    doorway.publishes(ben, "public")
    doorway.sends(ben)
    doorway.after(2 * DAY)
    with doorway.control.database.read() as connection:
        from_the_ledger = [one.receipt for one in ledger.entries(connection, limit=1000)]
        names = sentences.Names.of(connection, [one.document() for one in from_the_ledger])
    assert all(sentences.receipt(one.document(), names).endswith(".") for one in from_the_ledger)
    assert any(one.half == "noted" for one in from_the_ledger)
