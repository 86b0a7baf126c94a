"""The pages about access reviews."""

from __future__ import annotations

import re

from tests.house import Doorway
from tests.web.conftest import Visitor
from tests.web.test_people import form, read, send, words

from greenlane.identity import queries as identity
from greenlane.identity.custom_roles.actions import CreateRole


def test_who_keeps_one_environment_starts_no_review(console: Visitor, doorway: Doorway) -> None:
    edda = doorway.hire("Edda Engineer", "platform-engineer:staging", everywhere=True)
    assert "/do/start-review" in read(console, doorway.owner, "/access-reviews")
    assert "/do/start-review" not in read(console, edda, "/access-reviews")


def test_a_role_of_ones_own_starts_reviews_and_decides_them(console: Visitor, doorway: Doorway) -> None:
    """What counts is what a role allows, whatever it is called."""
    allowed = ("read-settings", "start-review", "keep-access", "remove-access")
    doorway.does(doorway.owner, CreateRole("access-manager", allowed))
    manu = doorway.hire("Manu Manager", "access-manager", everywhere=True)
    form(read(console, manu, "/access-reviews"), "/do/start-review")
    page = read(console, doorway.owner, "/access-reviews")
    rita = doorway.hire("Rita Reviewer", "reviewer")
    fields = form(page, "/do/start-review") | {"scope": "team:home", "reviewers": rita.id, "days": "7"}
    send(console, doorway.owner, "/do/start-review", **fields)
    found = re.search(r"/access-reviews/rev_\w+", read(console, manu, "/access-reviews"))
    assert found is not None
    assert "/do/keep-access" in read(console, manu, found[0])


def test_a_review_is_started_decided_and_closed_on_its_pages(console: Visitor, doorway: Doorway) -> None:
    ada, rita = doorway.hire("Ada Builder", "builder"), doorway.hire("Rita Reviewer", "reviewer")
    page = read(console, doorway.owner, "/access-reviews")
    fields = form(page, "/do/start-review") | {"scope": "team:home", "reviewers": rita.id, "days": "7"}
    send(console, doorway.owner, "/do/start-review", **fields)
    page = read(console, rita, "/access-reviews")
    assert "Who has access in home 0 of 2 rights decided. Due 8 January 2026" in words(page)
    found = re.search(r"/access-reviews/rev_\w+", page)
    assert found is not None
    assert console.as_(ada).get(found[0]).status_code == 404, "a review is for those who decide"

    page = read(console, rita, found[0])
    assert "Ada Builder" in words(page)
    assert "builder team:home given by Olga Owner" in words(page)
    hers = re.search(r'value="(rvr_\w+)"> <bdi>Ada Builder', page)
    assert hers is not None
    given = form(page, "/do/keep-access") | {"rights": hers[1], "because": "She moved to Paris."}
    send(console, rita, "/do/remove-access", **given)
    said = words(read(console, rita, found[0]))
    assert "Taken away by Rita Reviewer: She moved to Paris." in said
    assert "Ada Builder" not in words(read(console, rita, f"{found[0]}?open=yes"))
    with doorway.control.database.read() as connection:
        assert identity.held(connection, ada.id) == ()

    send(console, doorway.owner, "/do/close-review", **form(read(console, doorway.owner, found[0]), "/do/close-review"))
    said = words(read(console, doorway.owner, found[0]))
    assert "Closed by Olga Owner" in said
    assert "Keep what I chose" not in said
    for path, kind in (("evidence", "application/json"), ("table", "text/csv")):
        taken = console.as_(doorway.owner).get(f"{found[0]}/{path}")
        assert taken.headers["content-type"].startswith(kind)
        assert "She moved to Paris." in taken.text
