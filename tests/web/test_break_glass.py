"""The page about break-glass."""

from __future__ import annotations

from tests.house import Doorway
from tests.identity.sso.arriving import CALLER, Desk
from tests.web.conftest import Visitor
from tests.web.test_people import form, read, send, words

from greenlane.identity.actions import MakeRecoveryCodes


def test_it_warns_names_who_is_ready_and_when_it_was_tried(console: Visitor, doorway: Doorway) -> None:
    said = words(read(console, doorway.owner, "/break-glass"))
    assert "Nobody signs in with the company yet" in said
    assert "Olga Owner Has no passkey and no recovery code. Never tried." in said
    desk = Desk(doorway)
    desk.adds()
    for path in ("/break-glass", "/sign-in-providers"):
        assert "no owner could come in without it" in words(read(console, doorway.owner, path))
    code = doorway.does(doorway.owner, MakeRecoveryCodes()).answer["codes"][0]
    page = read(console, doorway.owner, "/break-glass")
    assert "Comes in by 10 recovery codes." in words(page)
    send(console, doorway.owner, "/do/announce-drill", **form(page, "/do/announce-drill"))
    desk.control.coming_in.arrivals.by_recovery_code(code, CALLER)
    said = words(read(console, doorway.owner, "/break-glass"))
    assert "with a recovery code, as a drill." in said
    ben = doorway.hire("Ben Builder", "builder")
    assert console.as_(ben).get("/break-glass").status_code == 404
