"""An owner comes in when the company's own sign-in is away: everybody hears of it, and drills keep it true."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.house import DAY, HOUR, Doorway
from tests.identity.authenticator import Authenticator
from tests.identity.reviews.grouping import in_group
from tests.identity.sso.arriving import CALLER, Desk
from tests.identity.test_signing_in import GOOD, enrol

from greenlane.cli.doctor import examine
from greenlane.govern.actor import Actor
from greenlane.govern.errors import Conflict
from greenlane.identity.actions import CreateToken, GrantRole, MakeRecoveryCodes, RenamePerson, SetPassword
from greenlane.identity.break_glass import queries
from greenlane.identity.break_glass.actions import AnnounceDrill
from greenlane.identity.groups.actions import AddGroupRule
from greenlane.identity.provisioning.tables import DIRECTORY, DIRECTORY_USER
from greenlane.insights import sentences
from greenlane.kit.checkup import Health
from greenlane.kit.settings import Settings
from greenlane.notices import queries as notices
from greenlane.notices.actions import AddWebhook, ChooseMail


@pytest.fixture
def desk(doorway: Doorway) -> Desk:
    """An organisation whose people sign in with the company."""
    one = Desk(doorway)
    one.adds()
    return one


def codes(doorway: Doorway, who: Actor) -> list[str]:
    return list(doorway.does(who, MakeRecoveryCodes()).answer["codes"])


def glass(doorway: Doorway) -> queries.BreakGlass:
    with doorway.control.database.read() as connection:
        return queries.break_glass(connection)


def used(doorway: Doorway) -> dict[str, Any]:
    """What the last sign-in's receipt says of it."""
    return dict(doorway.receipts("sign-in")[-1].happened)


def heard(doorway: Doorway, who: Actor) -> list[str]:
    doorway.control.notices.catch_up()
    with doorway.control.database.read() as connection:
        return [one.kind for one in notices.notices(connection, who.id)]


def test_a_recovery_code_of_an_owner_is_marked_and_every_owner_hears_of_it(desk: Desk) -> None:
    doorway = desk.doorway
    other, ben = doorway.hire("Otto Owner", "owner", everywhere=True), doorway.hire("Ben Builder", "builder")
    code = codes(doorway, doorway.owner)[0]
    desk.control.coming_in.arrivals.by_recovery_code(code, CALLER)
    assert used(doorway)["break_glass"] == "use"
    for owner in (doorway.owner, other):
        assert heard(doorway, owner)[0] == "break-glass"
    assert "break-glass" not in heard(doorway, ben)


@pytest.mark.parametrize("way", ["passkey", "password", "link"])
def test_every_other_way_around_the_company_is_one_too(desk: Desk, way: str) -> None:
    doorway, arrivals = desk.doorway, desk.control.coming_in.arrivals
    if way == "passkey":
        device = Authenticator()
        enrol(doorway, doorway.owner, device)
        arrivals.by_passkey(device.sign_in(arrivals.ask()), CALLER)
    elif way == "password":
        doorway.does(doorway.owner, SetPassword(GOOD))
        arrivals.by_password("Olga Owner", GOOD, CALLER)
    else:
        doorway.session(doorway.owner)
    assert (used(doorway)["way"], used(doorway)["break_glass"]) == (way, "use")


def test_people_who_own_nothing_and_the_company_s_own_way_raise_no_alarm(desk: Desk) -> None:
    doorway = desk.doorway
    ben = doorway.hire("Ben Builder", "builder")
    desk.control.coming_in.arrivals.by_recovery_code(codes(doorway, ben)[0], CALLER)
    assert "break_glass" not in used(doorway)
    opened = desk.comes_in("u-1")
    doorway.does(doorway.owner, GrantRole(opened.person, "owner"))
    desk.comes_in("u-1")
    assert "break_glass" not in used(doorway)
    token = str(doorway.does(doorway.owner, CreateToken("robot")).answer["token"])
    desk.control.coming_in.arrivals.by_secret(token, CALLER)
    assert "break_glass" not in used(doorway), "the token was made by somebody who had come in"


def test_without_company_sign_in_a_passkey_is_how_one_comes_in(doorway: Doorway) -> None:
    device, arrivals = Authenticator(), doorway.control.coming_in.arrivals
    enrol(doorway, doorway.owner, device)
    arrivals.by_passkey(device.sign_in(arrivals.ask()), CALLER)
    assert "break_glass" not in used(doorway)
    assert not glass(doorway).company
    assert glass(doorway).warning(doorway.clock.now()) == ""


def test_the_alarm_reaches_who_wanted_no_mail_and_webhooks_that_are_about_something_else(desk: Desk) -> None:
    doorway = desk.doorway
    doorway.does(doorway.owner, RenamePerson(doorway.owner.id, email="olga@example.com"))
    doorway.does(doorway.owner, ChooseMail("nothing"))
    doorway.does(doorway.owner, AddWebhook("https://hooks.example.com/x", about=("unused",)))
    doorway.control.notices.catch_up()
    desk.control.coming_in.arrivals.by_recovery_code(codes(doorway, doorway.owner)[0], CALLER)
    doorway.control.notices.catch_up()
    doorway.control.postman.round()
    [(to, mail)] = doorway.control.mailer.sent
    assert to == "olga@example.com"
    said = "Alarm: Olga Owner came in by break-glass, with a recovery code. If they did not, shut them out now."
    assert mail["Subject"].startswith(said[:60])
    with doorway.control.database.read() as connection:
        [hook] = notices.webhooks(connection)
        assert notices.last_to(connection, hook.id) is not None


def test_the_ledger_says_it_in_words(desk: Desk) -> None:
    doorway = desk.doorway
    desk.control.coming_in.arrivals.by_recovery_code(codes(doorway, doorway.owner)[0], CALLER)
    block = doorway.receipts("sign-in")[-1].document()
    with doorway.control.database.read() as connection:
        said = sentences.receipt(block, sentences.Names.of(connection, [block]))
    assert said == "Olga Owner signed in: went through, by break-glass with a recovery code."


def test_a_drill_is_announced_held_once_and_raises_the_same_alarm(desk: Desk) -> None:
    doorway, arrivals = desk.doorway, desk.control.coming_in.arrivals
    first, second = codes(doorway, doorway.owner)[:2]
    announced = doorway.does(doorway.owner, AnnounceDrill(doorway.owner.id))
    assert announced.decision.lane == "amber"
    arrivals.by_recovery_code(first, CALLER)
    assert (used(doorway)["break_glass"], used(doorway)["announced_by"]) == ("drill", doorway.owner.id)
    assert heard(doorway, doorway.owner)[0] == "break-glass"
    [one] = glass(doorway).keyholders
    assert (one.way, one.drill, one.codes) == ("recovery code", True, 9)
    arrivals.by_recovery_code(second, CALLER)
    assert used(doorway)["break_glass"] == "use", "one drill is one sign-in"


def test_a_drill_is_over_after_an_hour(desk: Desk) -> None:
    doorway = desk.doorway
    code = codes(doorway, doorway.owner)[0]
    doorway.does(doorway.owner, AnnounceDrill(doorway.owner.id))
    doorway.clock.forward(HOUR)
    desk.control.coming_in.arrivals.by_recovery_code(code, CALLER)
    assert used(doorway)["break_glass"] == "use"


def test_only_keepers_announce_and_only_for_owners(desk: Desk) -> None:
    doorway = desk.doorway
    ben = doorway.hire("Ben Builder", "builder")
    assert doorway.does(ben, AnnounceDrill(doorway.owner.id)).state == "refused"
    with pytest.raises(Conflict, match="no owner"):
        doorway.does(doorway.owner, AnnounceDrill(ben.id))


def test_nobody_ready_is_warned_of_and_so_is_a_way_in_that_nobody_tried(desk: Desk) -> None:
    doorway = desk.doorway
    now = doorway.clock.now
    assert "no owner could come in without it" in glass(doorway).warning(now())
    code = codes(doorway, doorway.owner)[0]
    assert "90 days" in glass(doorway).warning(now())
    desk.control.coming_in.arrivals.by_recovery_code(code, CALLER)
    assert glass(doorway).warning(now()) == ""
    doorway.clock.forward(91 * DAY)
    assert "90 days" in glass(doorway).warning(now())


def test_the_doctor_says_that_nobody_could_come_in(desk: Desk, lasting: Path) -> None:
    doorway = desk.doorway
    settings = Settings(data=lasting, port=0, database=desk.control.database.url)
    doorway.clock.forward((datetime.now(UTC) - doorway.clock.now()).total_seconds())

    def look() -> tuple[str, str, str]:
        [found] = [one for one in examine(settings).document["looks"] if one["name"] == "break-glass"]
        return found["health"], found["says"], found["next_step"]

    health, says, next_step = look()
    assert (health, "no owner could come in without it" in says) == (Health.WARNING, True)
    assert "passkey or recovery codes" in next_step
    code = codes(doorway, doorway.owner)[0]
    assert look()[2].startswith("Announce a drill.")
    desk.control.coming_in.arrivals.by_recovery_code(code, CALLER)
    assert look()[0] is Health.WELL


def test_the_doctor_has_no_word_of_it_where_nobody_signs_in_with_the_company(doorway: Doorway, lasting: Path) -> None:
    settings = Settings(data=lasting, port=0, database=doorway.control.database.url)
    assert "break-glass" not in {one["name"] for one in examine(settings).document["looks"]}


def test_an_owner_whom_the_company_could_shut_out_is_not_ready(desk: Desk) -> None:
    doorway = desk.doorway
    ruled = doorway.hire("Gerd Group", "visitor")
    doorway.does(doorway.owner, AddGroupRule(in_group(doorway, "Bosses", ruled), "owner"))
    brought = doorway.hire("Dora Directory", "owner", everywhere=True)
    with desk.control.database.engine.begin() as connection:
        directory = {"id": "dir_1", "name": "okta", "made_by": brought.id, "action": "act_1", "since": "now"}
        connection.execute(DIRECTORY.insert().values(**directory))
        described = {"resource": {}, "active": True, "version": 1, "created": "now", "changed": "now"}
        known = {"person": brought.id, "directory": "dir_1", "user_name": "dora", "external_id": "00u1"}
        connection.execute(DIRECTORY_USER.insert().values(**known, **described))
    for who in (doorway.owner, brought):
        codes(doorway, who)
    found = {one.name: (one.ready, one.depends) for one in glass(doorway).keyholders}
    assert found["Olga Owner"] == (True, "")
    assert found["Dora Directory"] == (False, "The directory brought them, and can switch them off.")
    assert found.get("Gerd Group", (False, ""))[0] is False
