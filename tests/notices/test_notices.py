"""Who hears of what, once, and without a word of it being copied."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from tests.house import CALLS_OUT, DAY, HOUR, PAGE, Doorway

from greenlane.catalog.actions import DeclareHost, SetAudience
from greenlane.govern import tables
from greenlane.govern.actions import Approve, Decline, SendBack
from greenlane.govern.actor import Actor
from greenlane.govern.recovery import recover
from greenlane.identity.actions import GrantRole
from greenlane.insights import sentences, undoing
from greenlane.ledger import queries as ledger
from greenlane.notices import queries as notices
from greenlane.notices import wording
from greenlane.notices.reading import Notices
from greenlane.notices.tables import NOTICE


@pytest.fixture
def ben(doorway: Doorway) -> Actor:
    return doorway.hire("Ben Builder", "builder")


@pytest.fixture
def rita(doorway: Doorway) -> Actor:
    return doorway.hire("Rita Reviewer", "reviewer")


def heard(doorway: Doorway, who: Actor, kind: str = "") -> list[notices.Notice]:
    doorway.control.notices.catch_up()
    assert who.person is not None
    with doorway.control.database.read() as connection:
        found = notices.notices(connection, who.person)
    return [one for one in found if kind in ("", one.kind)]


def said(doorway: Doorway, one: notices.Notice) -> tuple[str, str]:
    """What a person reads, and the command beside it."""
    with doorway.control.database.read() as connection:
        entry = ledger.entry(connection, one.seq)
        assert entry is not None
        block = entry.receipt.document()
        sentence = sentences.receipt(block, sentences.Names.of(connection, [block]))
        facts = connection.execute(
            select(tables.action.c.facts).where(tables.action.c.id == block["action"]["id"])
        ).scalar_one()
    back = undoing.undo(entry.receipt, facts)
    step = wording.next_step(one.kind, entry.receipt, "" if back is None else undoing.command(back))
    return wording.says(one.kind, sentence, entry.receipt), step


def test_the_owner_is_told_of_what_went_through_with_safeguards_and_how_to_undo_it(doorway: Doorway, ben: Actor):
    doorway.deploys(ben)
    doorway.does(doorway.owner, DeclareHost("vendor-board", "api.exchangerates.example"))
    (one,) = heard(doorway, ben, "told")
    says, step = said(doorway, one)
    assert "Olga Owner let vendor-board call api.exchangerates.example" in says
    assert step == "greenlane hosts remove vendor-board api.exchangerates.example"
    assert heard(doorway, doorway.owner, "told") == []


def test_the_undo_of_a_wider_audience_is_the_audience_from_before(doorway: Doorway, ben: Actor):
    doorway.deploys(ben)
    doorway.publishes(ben, "team")
    doorway.does(ben, SetAudience("vendor-board", "everyone"))
    (one,) = heard(doorway, ben, "told")
    assert said(doorway, one)[1] == "greenlane apps audience vendor-board team"


def test_the_undo_of_a_publish_that_widens_nothing_is_the_rollback(doorway: Doorway, ben: Actor):
    doorway.deploys(ben)
    before = doorway.publishes(ben, "team").happened["deploy"]
    doorway.deploys(ben, files=CALLS_OUT)
    doorway.publishes(ben)
    newest = heard(doorway, ben, "told")[0]
    step = f"greenlane rollback vendor-board --environment production --to-deploy {before}"
    assert said(doorway, newest)[1] == step


def test_power_that_is_handed_out_is_told_to_the_owners_of_the_organisation(doorway: Doorway, ben: Actor):
    doorway.does(doorway.owner, GrantRole(ben.id, "reviewer"))
    (one,) = heard(doorway, doorway.owner, "told")
    assert said(doorway, one)[1] == f"greenlane role remove {ben.id} reviewer --scope organisation"


def test_the_people_asked_hear_of_a_request_and_its_author_of_the_answer(doorway: Doorway, ben: Actor, rita: Actor):
    doorway.deploys(ben)
    request = doorway.publishes(ben, "public").request
    assert request is not None
    (asked,) = heard(doorway, rita, "asked")
    says, step = said(doorway, asked)
    assert says.startswith("You are asked to decide. Ben Builder wants to publish vendor-board")
    assert step == f"greenlane approvals show {request}"
    doorway.does(rita, SendBack(request, "take the phone numbers out"))
    doorway.deploys(ben, files={**PAGE, "about.html": b"<h1>About</h1>"})
    assert doorway.publishes(ben, "public").request == request
    doorway.does(rita, Approve(request, "it is fine now"))
    answers = [said(doorway, one)[0] for one in heard(doorway, ben, "answered")]
    assert [one.partition(":")[0] for one in answers] == [
        "Rita Reviewer approved the request of Ben Builder",
        "Rita Reviewer sent the request of Ben Builder back",
    ]
    assert len(heard(doorway, rita, "asked")) == 2, "the request was asked again"


def test_a_declined_request_is_told_to_its_author_alone(doorway: Doorway, ben: Actor, rita: Actor):
    doorway.deploys(ben)
    request = doorway.publishes(ben, "public").request
    assert request is not None
    doorway.does(rita, Decline(request, "not before the launch"))
    assert len(heard(doorway, ben, "answered")) == 1
    assert heard(doorway, doorway.owner, "answered") == []


def test_whoever_is_asked_later_hears_of_it_then(doorway: Doorway, ben: Actor, rita: Actor):
    doorway.deploys(ben)
    doorway.publishes(ben, "public")
    assert heard(doorway, doorway.owner, "asked") == []
    doorway.after(8 * HOUR + 1)
    assert len(heard(doorway, doorway.owner, "asked")) == 1
    assert len(heard(doorway, rita, "asked")) == 1
    doorway.after(14 * DAY)
    (ended,) = heard(doorway, ben, "answered")
    assert said(doorway, ended)[0] == "Nobody decided your request in time, so it has ended."


def test_an_owner_hears_a_week_before_an_app_sleeps_and_when_it_does(doorway: Doorway, ben: Actor):
    doorway.deploys(ben)
    doorway.publishes(ben, "everyone")
    doorway.after(HOUR + 1)
    doorway.after(24 * DAY)
    (asked,) = heard(doorway, ben, "unused")
    assert said(doorway, asked)[0].startswith(
        "Nobody has opened vendor-board for three weeks. It falls asleep on 2026-"
    )
    doorway.after(8 * DAY)
    asleep = heard(doorway, ben, "unused")[0]
    says, step = said(doorway, asleep)
    assert says.casefold().startswith("vendor-board fell asleep")
    assert step == "greenlane apps wake vendor-board"


def test_an_owner_hears_when_the_narrower_hour_is_over(doorway: Doorway, ben: Actor):
    doorway.deploys(ben)
    doorway.publishes(ben, "everyone")
    doorway.after(HOUR + 1)
    (one,) = heard(doorway, ben, "widened")
    assert said(doorway, one)[1] == "greenlane apps audience vendor-board team"


def test_platform_engineers_hear_of_what_was_interrupted(doorway: Doorway, ben: Actor):
    pat = doorway.hire("Pat Platform", "platform-engineer", everywhere=True)
    answer = doorway.deploys(ben)
    with doorway.control.database.engine.begin() as connection:  # as a crash right before its words were erased left it
        connection.execute(
            tables.action.update().where(tables.action.c.id == answer.action_id).values(state="decided", digest="x")
        )
    doorway.clock.forward(HOUR)
    recover(doorway.door, before=doorway.clock.now())
    (one,) = heard(doorway, pat, "interrupted")
    assert "somebody must look" in said(doorway, one)[0]


def test_somebody_asked_to_look_hears_of_it(doorway: Doorway, ben: Actor, rita: Actor):
    doorway.deploys(ben)
    doorway.publishes(ben, "everyone")
    doorway.after(1)
    (one,) = heard(doorway, rita, "look")
    assert said(doorway, one)[1] == "greenlane looks"


def test_each_receipt_is_told_once_whoever_reads_and_however_often(doorway: Doorway, ben: Actor):
    doorway.deploys(ben)
    doorway.publishes(ben, "everyone")
    first = heard(doorway, ben)
    control = doorway.control
    Notices(control.database, control.ledger.write, control.clock).catch_up()
    assert heard(doorway, ben) == first


def test_what_was_read_comes_last_and_only_its_own_reader_marks_it(doorway: Doorway, ben: Actor):
    doorway.deploys(ben)
    for host in ("one.example", "two.example", "three.example"):
        doorway.does(ben, DeclareHost("vendor-board", host))
    newest, middle, oldest = heard(doorway, ben, "told")
    doorway.control.notices.mark_read(doorway.owner.id, [newest.seq])
    doorway.control.notices.mark_read(ben.id, [newest.seq])
    assert [one.seq for one in heard(doorway, ben, "told")] == [middle.seq, oldest.seq, newest.seq]
    with doorway.control.database.read() as connection:
        assert notices.unread(connection, ben.id) == 2
        pages = [notices.notices(connection, ben.id, limit=2)]
        pages.append(notices.notices(connection, ben.id, limit=2, after=notices.place(pages[0][-1])))
    assert [one.seq for page in pages for one in page] == [middle.seq, oldest.seq, newest.seq]


def test_a_notice_holds_no_words(doorway: Doorway, ben: Actor, rita: Actor):
    doorway.deploys(ben)
    request = doorway.publishes(ben, "public").request
    assert request is not None
    doorway.does(rita, Decline(request, "the phone numbers of Ines"))
    doorway.control.notices.catch_up()
    with doorway.control.database.read() as connection:
        kept = [dict(row._mapping) for row in connection.execute(select(NOTICE))]
    assert kept
    assert "Ines" not in str(kept)
    assert "Ben" not in str(kept)
