"""The ledger's pages: found by a form, told in sentences, taken along, proven, and checked while one watches."""

from __future__ import annotations

import csv
import io
import json
import re
import threading

import pytest
from tests.house import DAY, Doorway
from tests.web.conftest import Visitor

from greenlane.deploys.actions import Publish
from greenlane.govern.actor import Actor
from greenlane.identity.actions import RenamePerson
from greenlane.insights.verifying import Verifying
from greenlane.kit.clock import FakeClock
from greenlane.kit.errors import Unavailable
from greenlane.ledger import queries as ledger

A_FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def ben(doorway: Doorway) -> Actor:
    ben = doorway.hire("Ben Builder", "builder")
    doorway.deploys(ben)
    doorway.does(ben, Publish("vendor-board", audience="team", message="the new prices of Müller"))
    return ben


def sentences(page: str) -> list[str]:
    return re.findall(r'<a class="row" href="/ledger/\d+">(.*?)</a>', page)


def seqs(page: str) -> list[int]:
    return [int(one) for one in re.findall(r'<a class="row" href="/ledger/(\d+)">', page)]


def test_receipts_are_sentences_and_first_halves_are_left_out(console: Visitor, doorway: Doorway, ben: Actor):
    page = console.as_(doorway.owner).get("/ledger").text
    assert "Ben Builder published vendor-board to production: went through." in sentences(page)
    assert not any(one.startswith("Decided:") for one in sentences(page))
    assert "You see every receipt of your organisation." in page
    more = console.as_(doorway.owner).get("/ledger?decisions=yes").text
    assert any(one.startswith("Decided:") for one in sentences(more))


def test_each_filter_narrows_and_stays_in_the_form(console: Visitor, doorway: Doorway, ben: Actor):
    owner = console.as_(doorway.owner)
    page = owner.get(
        "/ledger?app=vendor-board&person=Ben+Builder&verb=publish&lane=green&from=2026-01-01&to=2026-01-01"
    )
    assert len(sentences(page.text)) == 1
    for kept in (
        'value="vendor-board"',
        'value="Ben Builder"',
        '<option value="publish" selected>',
        'value="2026-01-01"',
    ):
        assert kept in page.text
    assert "No receipt fits all of this." in owner.get("/ledger?agent=claude").text


def test_a_person_or_a_day_that_does_not_exist_is_said_beside_the_form(console: Visitor, doorway: Doorway, ben: Actor):
    owner = console.as_(doorway.owner)
    for query, said in (("person=Nobody+Here", "Nobody Here"), ("from=yesterday", "is no time")):
        answer = owner.get(f"/ledger?{query}")
        assert answer.status_code in {400, 404}
        assert said in answer.text
        assert 'id="filter-wrong"' in answer.text


def test_pages_follow_one_another(console: Visitor, doorway: Doorway, ben: Actor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("greenlane.web.ledger.AT_ONCE", 3)
    owner = console.as_(doorway.owner)
    seen: list[int] = []
    address = "/ledger?decisions=yes"
    while address:
        page = owner.get(address).text
        seen += seqs(page)
        found = re.search(r'href="([^"]+)" rel="next">Older receipts', page)
        address = found[1].replace("&amp;", "&") if found else ""
    assert seen == sorted(seen, reverse=True)
    with doorway.control.database.read() as connection:
        assert len(seen) == ledger.size(connection)


def test_a_running_page_gets_the_results_alone(console: Visitor, doorway: Doorway, ben: Actor):
    part = console.as_(doorway.owner).get("/ledger?verb=publish", headers={"HX-Request-Type": "partial"})
    assert "<html" not in part.text
    assert len(sentences(part.text)) == 1


def test_without_the_right_to_everything_one_sees_ones_own(console: Visitor, doorway: Doorway, ben: Actor):
    page = console.as_(ben).get("/ledger").text
    assert "You see what you did yourself." in page
    assert all(one.startswith("Ben Builder") for one in sentences(page))
    assert console.as_(ben).get("/ledger?app=vendor-board").status_code == 200
    vera = doorway.hire("Vera Visitor", "visitor")
    assert console.as_(vera).get("/ledger?app=vendor-board").status_code == 403


def test_what_is_taken_along_is_what_the_filter_shows(console: Visitor, doorway: Doorway, ben: Actor):
    owner = console.as_(doorway.owner)
    query = "app=vendor-board&lane=green"
    shown = seqs(owner.get(f"/ledger?{query}").text)
    table = owner.get(f"/ledger/export/csv?{query}")
    assert table.headers["content-disposition"] == 'attachment; filename="receipts-2026-01-01.csv"'
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [int(row["seq"]) for row in rows] == shown
    assert rows[0]["sentence"] == "Ben Builder published vendor-board to production: went through."
    lines = [json.loads(line) for line in owner.get(f"/ledger/export/jsonl?{query}").text.splitlines()]
    assert [one["seq"] for one in lines] == shown
    assert lines[0]["receipt"]["action"]["verb"] == "publish"
    assert owner.get("/ledger/export/csv?from=yesterday").status_code == 400


def test_no_name_becomes_a_formula_in_a_spreadsheet(console: Visitor, doorway: Doorway, ben: Actor):
    doorway.does(ben, RenamePerson(ben.id, "=HYPERLINK(1)"))
    table = console.as_(ben).get("/ledger/export/csv").text
    names = {row["name"] for row in csv.DictReader(io.StringIO(table))}
    assert names == {"'=HYPERLINK(1)"}
    assert "&lt;" not in table


def test_a_receipt_has_its_four_blocks_in_one_order_and_its_proof(console: Visitor, doorway: Doorway, ben: Actor):
    owner = console.as_(doorway.owner)
    for seq in seqs(owner.get("/ledger?decisions=yes").text):
        page = owner.get(f"/ledger/{seq}").text
        places = [page.index(f'<h2 id="{block}">') for block in ("happened", "used", "decided", "cost", "proof")]
        assert places == sorted(places)
        assert "This receipt is in the ledger" in page
        assert "tlog-proof@v1" in page
        assert f"/ledger/{seq}</dd>" in page


def test_words_that_somebody_typed_are_shown_until_they_are_erased(console: Visitor, doorway: Doorway, ben: Actor):
    owner = console.as_(doorway.owner)
    (seq,) = seqs(owner.get("/ledger?verb=publish").text)
    assert "the new prices of Müller" in owner.get(f"/ledger/{seq}").text
    with doorway.control.database.read() as connection:
        receipts = [one.receipt for one in ledger.entries(connection, verb="publish")]
    payload = next(one.payload for one in receipts if one.payload)
    doorway.control.ledger.write(doorway.control.payloads.forget(payload))
    page = owner.get(f"/ledger/{seq}").text
    assert "the new prices" not in page
    assert "They were erased." in page


def test_a_receipt_is_hidden_from_whom_it_does_not_concern(console: Visitor, doorway: Doorway, ben: Actor):
    vera = doorway.hire("Vera Visitor", "visitor")
    (seq,) = seqs(console.as_(ben).get("/ledger?verb=publish").text)
    assert console.as_(ben).get(f"/ledger/{seq}").status_code == 200
    refused = console.as_(vera).get(f"/ledger/{seq}")
    assert refused.status_code == 403
    assert "vendor-board" not in refused.text
    assert console.as_(doorway.owner).get("/ledger/999999").status_code == 404
    assert console.nobody.get(f"/ledger/{seq}").headers["location"].startswith("/sign-in")


def test_names_of_builders_are_text(console: Visitor, doorway: Doorway, ben: Actor):
    doorway.does(ben, RenamePerson(ben.id, "<img src=x onerror=alert(1)>"))
    page = console.as_(doorway.owner).get("/ledger").text
    assert "<img" not in page
    assert "&lt;img src=x" in page


class Slow:
    """A check that goes on when it is told to."""

    def __init__(self) -> None:
        self.go = {step: threading.Event() for step in ("bytes", "tree")}

    def __call__(self, at_step):
        at_step("bytes")
        self.go["bytes"].wait(5)
        at_step("tree")
        self.go["tree"].wait(5)
        return {"ok": True, "words": ["All 3 receipts hold."]}


def test_a_check_tells_each_step_and_only_one_runs_at_a_time():
    slow = Slow()
    verifying = Verifying(slow, FakeClock())
    assert verifying.progress is None
    verifying.begin()
    first = verifying.wait(1, 5)
    assert first is not None
    assert (first.step, first.running) == ("bytes", True)
    verifying.begin()
    assert verifying.progress == first
    slow.go["bytes"].set()
    second = verifying.wait(first.turn, 5)
    assert second is not None
    assert second.step == "tree"
    slow.go["tree"].set()
    last = verifying.wait(second.turn, 5)
    assert last is not None
    assert (last.running, last.found) == (False, {"ok": True, "words": ["All 3 receipts hold."]})


def test_a_check_that_finds_the_database_away_says_so():
    def away(_at_step):
        raise Unavailable("The database is away.")

    verifying = Verifying(away, FakeClock())
    verifying.begin()
    progress = verifying.wait(1, 5)
    assert progress is not None
    assert (progress.trouble, progress.running) == ("The database is away.", False)


def test_checking_everything_without_a_script(console: Visitor, doorway: Doorway, ben: Actor):
    owner = console.as_(doorway.owner)
    assert "Nobody has asked for a check" in owner.get("/ledger/verify").text
    sent = owner.post("/ledger/verify", headers=A_FORM)
    assert (sent.status_code, sent.headers["location"]) == (303, "/ledger/verify")
    stream = owner.get("/ledger/verify/stream").text  # ends with the check
    assert stream.endswith("event: done\ndata: \n\n")
    page = owner.get("/ledger/verify").text
    assert "Everything holds." in page
    assert 'http-equiv="refresh"' not in page
    vera = doorway.hire("Vera Visitor", "visitor")
    assert console.as_(vera).post("/ledger/verify", headers=A_FORM).status_code == 404


def test_the_past_stays_readable_after_a_long_time(console: Visitor, doorway: Doorway, ben: Actor):
    doorway.clock.forward(400 * DAY)
    page = console.as_(doorway.owner).get("/ledger?to=2026-12-31").text
    assert "400 days ago" not in page or sentences(page)
    assert len(sentences(page)) > 3


def test_a_receipt_names_the_people_who_were_asked(console: Visitor, doorway: Doorway, ben: Actor):
    rita = doorway.hire("Rita Reviewer", "reviewer")
    asking = doorway.does(ben, Publish("vendor-board", audience="public"))
    assert asking.state == "waiting"
    page = console.as_(doorway.owner).get(f"/ledger/{asking.receipt}").text
    assert re.search(r"<dt>Asked</dt><dd>[^<]*(<[^>]+>)*Rita Reviewer", page)
    assert f"<dt>Asked</dt><dd>{rita.id}" not in page
