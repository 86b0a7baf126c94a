"""An app's page: what it answers, in every state that an app can be in, and to whom."""

from __future__ import annotations

import html
import json
import re

import pytest
from tests.house import CALLS_OUT, PAGE, Doorway
from tests.identity.scim.directory import Directory
from tests.web.conftest import Visitor
from tests.web.witnessing import let_the_witness_see

from greenlane.catalog.actions import AddGuest, ArchiveApp, CreateApp, CreateShareLink, Lock, SetAudience
from greenlane.deploys.actions import Deploy, Publish, Rollback
from greenlane.govern.actions import Approve, SendBack
from greenlane.govern.actor import Actor
from greenlane.identity.actions import CreateTeam, JoinTeam, LeaveTeam
from greenlane.ledger import queries as ledger
from greenlane.secrets.actions import PutVariable

APP = "/apps/vendor-board"
BETTER = {**PAGE, "index.html": b"<!doctype html><title>Vendor board</title><h1>Vendors, by day</h1>"}


def words(page: str) -> str:
    """What somebody reads of a page, without the markup."""
    main = page[page.index("<main") : page.index("</main>")]
    text = re.sub(r"<[^>]+>", " ", re.sub("</?bdi>", "", main))
    return re.sub(r"\s+", " ", html.unescape(text)).replace(" .", ".").replace(" ,", ",")


def read(console: Visitor, actor: Actor, path: str = APP) -> str:
    answer = console.as_(actor).get(path)
    assert answer.status_code == 200, path
    return words(answer.text)


def deploys(doorway: Doorway, actor: Actor, files: dict[str, bytes], message: str = "") -> str:
    return str(doorway.does(actor, Deploy("vendor-board", doorway.sends(actor, files), message)).answer["deploy"])


@pytest.fixture
def ana(doorway: Doorway) -> Actor:
    """A builder."""
    return doorway.hire("Ana Costa", "builder")


@pytest.fixture
def live(doorway: Doorway, ana: Actor) -> str:
    """An app that Ana published to her team; its first version."""
    first = str(doorway.deploys(ana).answer["deploy"])
    assert doorway.publishes(ana, "team").state == "done"
    return first


def answers(page: str) -> dict[str, tuple[str, str]]:
    """The five questions: each answer and where its receipt is."""
    block = page[page.index('<dl class="questions">') : page.index("</dl>")]
    found = {}
    for one in block.split("<div>")[1:]:
        asks = re.search("<dt>(.*?)</dt>", one)
        says, receipt = re.search("<bdi>(.*?)</bdi>", one), re.search('href="(/ledger/[0-9]+)"', one)
        assert asks is not None
        assert says is not None
        found[asks[1]] = (html.unescape(says[1]), receipt[1] if receipt else "")
    return found


def test_the_page_opens_with_five_questions_each_with_its_answer_and_its_receipt(
    console: Visitor, ana: Actor, live: str
) -> None:
    let_the_witness_see(console.doorway)
    found = answers(console.as_(ana).get(APP).text)
    assert {asks: says for asks, (says, _) in found.items()} == {
        "Who put this live?": "Ana Costa published it on 1 January 2026.",
        "What data does it touch?": "No personal data was found in its files; it calls no address outside Greenlane.",
        "Where does it run?": (
            "In its visitors' browsers; Greenlane serves it at vendor-board.localhost:4180 and runs no code of it."
        ),
        "Can it be audited?": (
            "Yes: every step has its receipt, and its passport was verified against 4 receipts that it names."
        ),
        "Which credentials does it hold?": "None: it has no secrets, and no credential was found in its files.",
    }
    with console.doorway.control.database.read() as connection:
        for asks, (_, receipt) in found.items():
            entry = ledger.entry(connection, int(receipt.rpartition("/")[2]))
            assert entry is not None, asks
            assert entry.receipt.action["subject"] == "app:vendor-board"
            verb = "publish" if asks.startswith(("Who put", "Where", "Can")) else "deploy"
            assert (entry.receipt.action["verb"], entry.receipt.half) == (verb, "settled"), asks


def test_what_cannot_be_known_is_said_as_unknown(console: Visitor, ana: Actor) -> None:
    doorway = console.doorway
    doorway.deploys(ana, files=CALLS_OUT)
    doorway.publishes(ana, "team")
    found = answers(console.as_(ana).get(APP).text)
    assert found["What data does it touch?"][0] == (
        "No personal data was found in its files; what it exchanges with api.exchangerates.example is unknown."
    )
    assert found["Can it be audited?"][0] == (
        "Unknown at this moment: its newest receipts are not confirmed yet. Look again in a moment."
    )


def test_the_answers_name_variables_and_never_their_values(console: Visitor, ana: Actor, live: str) -> None:
    console.doorway.does(ana, PutVariable("RATES_KEY", "hunter2-hunter2", app="vendor-board"))
    page = console.as_(ana).get(APP).text
    assert answers(page)["Which credentials does it hold?"][0] == ("1 secret has a value that nobody can read.")
    variables = console.as_(ana).get(f"{APP}/variables").text
    assert "RATES_KEY" in variables
    assert "hunter2" not in page + variables


def test_personal_data_is_named_by_its_kinds(console: Visitor, ana: Actor) -> None:
    table = "".join(f"<tr><td>Person {n}<td>person{n}@corp.io<td>+49 30 9018{n:04d}" for n in range(30))
    console.doorway.deploys(ana, files={**PAGE, "people.html": table.encode()})
    console.doorway.publishes(ana, "team")
    says, _ = answers(console.as_(ana).get(APP).text)["What data does it touch?"]
    assert says == (
        "Personal data of several people seems to be in its files: e-mail addresses and phone numbers; "
        "it calls no address outside Greenlane."
    )


def test_an_app_that_has_nothing_yet_asks_for_content(console: Visitor, ana: Actor) -> None:
    console.doorway.does(ana, CreateApp("vendor-board"))
    said = read(console, ana)
    assert "Nothing was uploaded yet." in said
    assert "Nobody has yet: nothing of it is published." in said
    assert "Give it content" in said
    assert read(console, ana, f"{APP}/deploys").count("Nothing was uploaded yet.") == 1


def test_a_preview_that_was_never_published_can_be_published_with_its_lane_told_before(
    console: Visitor, ana: Actor
) -> None:
    console.doorway.deploys(ana)
    said = read(console, ana)
    assert "Nothing is published yet." in said
    assert "Goes straight through It goes live for Ana Costa now. You can undo it." in said
    assert "Publish to Ana Costa alone" in said


def test_a_live_app_says_since_when_by_whom_where_why_and_how_to_undo_it(
    console: Visitor, ana: Actor, live: str
) -> None:
    doorway = console.doorway
    second = deploys(doorway, ana, BETTER, "Shows the days")
    doorway.does(ana, Publish("vendor-board", deploy=second))
    said = read(console, ana)
    assert "Live since 1 January 2026" in said
    assert "Its team home can open it: 2 people." in said
    assert "Shows the days, made by Ana Costa" in said
    assert "At vendor-board.localhost:4180 since 1 January 2026" in said
    assert "Why it was allowed: Went through Only the team can open it, and it reaches nothing new." in said
    assert "Go back to the version of 1 January 2026, 00:00 UTC by Ana Costa; undoes 1 change" in said
    assert "0.00 metered, 0.00 invoiced" in said


def test_every_earlier_version_says_how_much_going_back_to_it_undoes(console: Visitor, ana: Actor, live: str) -> None:
    doorway = console.doorway
    for number in range(3):
        doorway.clock.forward(86_400)
        one = deploys(doorway, ana, {"index.html": f"<h1>{number}</h1>".encode()})
        doorway.does(ana, Publish("vendor-board", deploy=one))
    said = read(console, ana)
    assert "Go back to the version of 3 January 2026 by Ana Costa; undoes 1 change " in said
    assert "Go back to the version of 2 January 2026 by Ana Costa; undoes 2 changes" in said
    assert "Go back to the version of 1 January 2026 by Ana Costa; undoes 3 changes" in said


def test_after_a_rollback_publishing_says_that_it_undoes_it(console: Visitor, ana: Actor, live: str) -> None:
    doorway, mine = console.doorway, console.as_(ana)
    second = deploys(doorway, ana, BETTER)
    doorway.does(ana, Publish("vendor-board", deploy=second))
    answer = mine.post("/do/rollback", data={"app": "vendor-board", "deploy": live, "back": APP})
    assert (answer.status_code, answer.headers["location"]) == (303, APP)
    said = read(console, ana)
    assert "Production is locked by Ana Costa until somebody unlocks it: rolled back." in said
    assert "Publish to home (2 people); undoes the rollback of 1 January 2026 by Ana Costa" in said
    page = mine.get(APP).text
    form = page[page.index('action="/do/publish"') :]
    inputs = dict(re.findall('name="([a-z]+)" value="([^"]*)"', form[: form.index("</form>")]))
    assert inputs["unlock"] == "yes"
    assert mine.post("/do/publish", data=inputs).status_code == 303
    assert "Production is locked by" not in read(console, ana)


def test_a_lock_says_who_why_and_until_when(console: Visitor, ana: Actor, live: str) -> None:
    console.doorway.does(ana, Lock("vendor-board", why="Year-end closing", until="2026-01-31T08:00:00Z"))
    said = read(console, ana)
    assert "Production is locked by Ana Costa until 31 January 2026, 08:00 UTC: Year-end closing." in said
    assert "Unlock production, so that it can change again" in said


def test_an_archived_app_says_so_and_can_be_woken(console: Visitor, ana: Actor, live: str) -> None:
    console.doorway.does(ana, ArchiveApp("vendor-board"))
    said = read(console, ana)
    assert "It is archived" in said
    assert "Nowhere at the moment: it is archived." in said
    assert "Wake vendor-board and put it back on the air" in said
    assert 'action="/do/publish"' not in console.as_(ana).get(APP).text


def test_a_request_that_waits_stands_on_the_page_with_whom_it_waits_for(
    console: Visitor, ana: Actor, live: str
) -> None:
    doorway = console.doorway
    ben = doorway.hire("Ben Okafor", "reviewer")
    answer = doorway.does(ana, SetAudience("vendor-board", "public"))
    assert answer.state == "waiting"
    page = console.as_(ana).get(APP).text
    assert f'<a href="/inbox/{answer.request}">Ana Costa wants to open vendor-board to public</a>' in page
    assert "it waits for Ben Okafor" in words(page)
    assert doorway.does(ben, SendBack(str(answer.request), note="Say first who it is for.")).state == "done"
    assert "sent back with the words “Say first who it is for.”" in read(console, ana)


def test_an_approved_publish_names_who_approved_it(console: Visitor, ana: Actor, live: str) -> None:
    doorway = console.doorway
    ben = doorway.hire("Ben Okafor", "reviewer")
    second = deploys(doorway, ana, BETTER)
    asked = doorway.does(ana, Publish("vendor-board", deploy=second, audience="public"))
    with doorway.control.database.read() as connection:
        seen = connection.exec_driver_sql("select digest from request").scalar_one()
    doorway.does(ben, Approve(str(asked.request), because="Read it, fine.", seen=str(seen)))
    found = answers(console.as_(ana).get(APP).text)
    assert found["Who put this live?"][0] == "Ana Costa published it on 1 January 2026, after Ben Okafor approved it."
    assert "Ben Okafor approved it." in read(console, ana)


def test_whoever_may_not_read_an_app_gets_the_page_for_a_missing_one(console: Visitor, ana: Actor, live: str) -> None:
    eve = console.doorway.hire("Eve", "visitor")
    for path in ("", "/deploys", "/story", "/audience", "/settings", "/passport", f"/deploys/{live}"):
        hidden = console.as_(eve).get(APP + path)
        missing = console.as_(eve).get(f"/apps/nothing-here{path}")
        assert hidden.status_code == missing.status_code == 404, path
        assert words(hidden.text) == words(missing.text), path


def test_somebody_who_only_reads_is_offered_no_button(console: Visitor, ana: Actor, live: str) -> None:
    deploys(console.doorway, ana, BETTER)
    reader = console.doorway.hire("Rita", "auditor", everywhere=True)
    for path in ("", "/settings", "/audience", f"/deploys/{live}"):
        page = console.as_(reader).get(APP + path).text
        main = page[page.index("<main") :]
        assert 'action="/do/' not in main, path


def test_what_builders_write_stays_text(console: Visitor, ana: Actor) -> None:
    doorway = console.doorway
    evil = '<script>alert(1)</script><img src=x onerror="alert(2)">\u202egnp.exe'
    doorway.does(ana, CreateApp("vendor-board", title=evil))
    one = deploys(doorway, ana, {"<b>x.html": b"<h1>hi</h1>", "index.html": evil.encode()}, evil)
    for path in (APP, f"{APP}/deploys", f"{APP}/deploys/{one}", f"{APP}/story", f"{APP}/settings", f"{APP}/audience"):
        page = console.as_(ana).get(path).text
        assert "<script>alert" not in page, path
        assert "<img src=x" not in page, path
        assert "<b>x.html" not in page, path


def test_a_passport_that_does_not_hold_is_red_and_says_why(console: Visitor, ana: Actor, live: str) -> None:
    let_the_witness_see(console.doorway)
    assert "Verified" in read(console, ana)
    control = console.doorway.control
    honest = control.vouching._passport

    def forged(connection, app, deploy):
        found = honest(connection, app, deploy)
        bundle = found["bundles"]["decision"]["dsseEnvelope"]
        bundle["signatures"][0]["sig"] = bundle["signatures"][0]["sig"][::-1]
        return found

    control.vouching._passport = forged
    control.vouching._kept.clear()
    said = read(console, ana)
    assert "No: its passport does not hold." in said
    assert "It does not hold" in said
    assert 'class="shape red"' in console.as_(ana).get(APP).text


def test_a_verdict_is_kept_only_until_something_happens_to_the_app(console: Visitor, ana: Actor, live: str) -> None:
    let_the_witness_see(console.doorway)
    vouching = console.doorway.control.vouching
    built = []
    honest = vouching._passport
    vouching._passport = lambda connection, app, deploy: built.append(deploy) or honest(connection, app, deploy)
    read(console, ana)
    read(console, ana)
    assert len(built) == 1
    console.doorway.clock.forward(601)
    read(console, ana)
    assert len(built) == 2
    console.doorway.does(ana, Lock("vendor-board"))
    let_the_witness_see(console.doorway)
    read(console, ana)
    assert len(built) == 3


def test_the_passport_is_a_file_to_take_along(console: Visitor, ana: Actor, live: str) -> None:
    let_the_witness_see(console.doorway)
    answer = console.as_(ana).get(f"{APP}/passport")
    assert answer.headers["content-disposition"] == f'attachment; filename="vendor-board-{live}.passport.json"'
    assert json.loads(answer.content)["greenlane"] == "passport/1"


@pytest.mark.parametrize("number", [0, 3, 60])
def test_versions_and_story_come_a_page_at_a_time(console: Visitor, ana: Actor, number: int) -> None:
    doorway = console.doorway
    doorway.does(ana, CreateApp("vendor-board"))
    upload = {"index.html": b"<h1>one</h1>"}
    for _ in range(number):
        deploys(doorway, ana, upload)
    page = console.as_(ana).get(f"{APP}/deploys").text
    assert page.count('class="row"') == min(number, 50)
    assert console.as_(ana).get(APP).text.count('class="row"') == min(number, 5)
    if number > 50:
        more = re.search(r'href="(/apps/vendor-board/deploys\?before=[^"]+)" rel="next"', page)
        assert more is not None
        rest = console.as_(ana).get(more[1]).text
        assert rest.count('class="row"') == number - 50
        assert 'rel="next"' not in rest
        story = console.as_(ana).get(f"{APP}/story").text
        older = re.search(r'href="(/apps/vendor-board/story\?before=[^"]+)" rel="next"', story)
        assert older is not None
        assert "created vendor-board" in console.as_(ana).get(older[1]).text


def test_the_ladder_tells_each_rung_with_its_lane_before_anybody_presses(
    console: Visitor, ana: Actor, live: str
) -> None:
    said = read(console, ana, f"{APP}/audience")
    assert "Its team as it is now Its team home can open it: 2 people." in said
    assert "Goes straight through The others cannot open it any more, at once. You can undo it." in said
    assert "Open it to everyone here (2 people)" in said
    assert "A person decides first It stays as it is until somebody has decided." in said
    assert "Ask to open it to the whole internet" in said
    assert "--audience" not in said


def test_who_can_open_it_names_guests_and_links_where_it_is_asked_first(
    console: Visitor, ana: Actor, live: str
) -> None:
    jonas = console.doorway.hire("Jonas Weber", "visitor")
    console.doorway.does(console.doorway.owner, CreateTeam("elsewhere"))
    console.doorway.does(console.doorway.owner, JoinTeam("elsewhere", str(jonas.person)))
    console.doorway.does(console.doorway.owner, LeaveTeam("home", str(jonas.person)))
    assert console.doorway.does(ana, AddGuest("vendor-board", str(jonas.person))).state == "done"
    assert console.doorway.does(ana, CreateShareLink("vendor-board", "the buyers at Acme")).state == "done"
    for address in ("", "/audience"):
        said = read(console, ana, f"{APP}{address}")
        assert "1 of them is a guest. So can anybody who has the share link." in said


def test_people_are_found_by_name_and_ticked(console: Visitor, ana: Actor, live: str) -> None:
    ben = console.doorway.hire("Ben Okafor", "visitor")
    mine = console.as_(ana)
    page = mine.get(f"{APP}/audience?who=oka").text
    assert f'name="people" value="{ben.id}"' in page
    mine.post("/do/set-audience", data={"app": "vendor-board", "audience": "named", "people": ben.id, "back": APP})
    assert "Only people by name can open it: 2 people." in read(console, ana)
    assert f'name="people" value="{ben.id}" checked' in mine.get(f"{APP}/audience").text
    assert "Groups of the company" not in mine.get(f"{APP}/audience").text, (
        "nothing to choose where there is no directory"
    )


def test_groups_of_the_directory_can_be_ticked(console: Visitor, ana: Actor, live: str) -> None:
    mine, directory = console.as_(ana), Directory(console.doorway)
    ada = directory.adds().body["id"]
    directory.groups("Buyers", ada)
    twin = directory.groups("Twins", ada)
    directory.groups("Twins")
    mine.post("/do/set-audience", data={"app": "vendor-board", "audience": "named", "groups": "Buyers", "back": APP})
    page = mine.get(f"{APP}/audience").text
    assert 'name="groups" value="Buyers" checked' in page
    assert f'name="groups" value="{twin}">' in page, "of two groups with one name each goes by its id"
    assert "Only people by name can open it: 2 people." in read(console, ana)


def test_a_host_that_the_preview_wants_is_allowed_in_one_step(console: Visitor, ana: Actor) -> None:
    console.doorway.deploys(ana, files=CALLS_OUT)
    mine = console.as_(ana)
    page = mine.get(f"{APP}/settings").text
    form = page[page.index('action="/do/declare-host"') :]
    inputs = dict(re.findall('name="([a-z]+)" value="([^"]*)"', form[: form.index("</form>")]))
    assert inputs["host"] == "api.exchangerates.example"
    assert mine.post("/do/declare-host", data=inputs).headers["location"] == f"{APP}/settings"
    assert "Its newest version also wants" not in read(console, ana, f"{APP}/settings")


def test_the_ten_questions_are_answered_on_the_page_or_one_click_away(console: Visitor, ana: Actor, live: str) -> None:
    """The five that the page opens with, and five more: why allowed, who, what cost, what changed, how to undo."""
    doorway = console.doorway
    second = deploys(doorway, ana, BETTER)
    doorway.does(ana, Publish("vendor-board", deploy=second))
    let_the_witness_see(doorway)
    page = console.as_(ana).get(APP).text
    said = words(page)
    for asks in (
        "Who put this live?",
        "What data does it touch?",
        "Where does it run?",
        "Can it be audited?",
        "Which credentials does it hold?",
    ):
        assert answers(page)[asks][0].endswith("."), asks
    for heading in (
        "Why it was allowed:",
        "Who can open it",
        "Cost in 30 days",
        "What changed with it",
        "How to undo it",
    ):
        assert heading in said, heading
    changed = re.search(r'<a href="([^"]+)#changed">What changed with it</a>', page)
    assert changed is not None
    assert "It changes 1 file. It reaches nothing new." in read(console, ana, changed[1])
    doorway.does(ana, Rollback("vendor-board"))
    assert "Ana Costa went back to this version on 1 January 2026." in read(console, ana)
