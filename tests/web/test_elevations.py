"""A role for some hours, on its person's page and on their account."""

from __future__ import annotations

import re

from tests.house import Doorway
from tests.web.conftest import Visitor
from tests.web.test_people import form, read, send, words

from greenlane.govern.actions import Approve


def test_it_is_asked_for_shown_with_its_end_and_ended(console: Visitor, doorway: Doorway) -> None:
    ben = doorway.hire("Ben Visitor", "visitor")
    assert "None. Where you need a right only now and then" in words(read(console, ben, "/account"))
    assert 'href="/do/ask-elevation"' in read(console, ben, f"/people/{ben.id}")
    page = read(console, ben, "/do/ask-elevation")
    fields = form(page, "/do/ask-elevation") | {"role": "developer", "scope": "team:home", "hours": "2"}
    asked = send(console, ben, "/do/ask-elevation", **fields, because="The import hangs.")
    found = re.search(r"req_\w+", asked.headers["location"])
    assert found is not None
    assert "The import hangs." in words(read(console, doorway.owner, f"/inbox/{found[0]}"))
    doorway.does(doorway.owner, Approve(found[0], "fine"))

    said = words(read(console, doorway.owner, f"/people/{ben.id}"))
    assert "Developer in home. For some hours, allowed by Olga Owner" in said
    assert "It ends by itself 1 January 2026" in said
    assert "What for: The import hangs." in said
    assert "Developer in home Since" in words(read(console, ben, "/account"))
    send(console, doorway.owner, "/do/end-elevation", **form(read(console, ben, "/account"), "/do/end-elevation"))
    assert "Developer" not in words(read(console, doorway.owner, f"/people/{ben.id}")).partition("Give a role")[0]
