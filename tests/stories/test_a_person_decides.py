"""What reaches outward waits for a person, and that person is never its author. Step 4 of the story."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.house import DAY, HOUR, Doorway
from tests.stories.browser import ask
from tests.stories.conftest import Writes
from tests.stories.running import Running
from tests.stories.terminal import Terminal

both = pytest.mark.parametrize(
    "greenlane",
    [
        pytest.param("sqlite", marks=pytest.mark.xdist_group("decides-sqlite")),
        pytest.param("postgresql", marks=pytest.mark.xdist_group("decides-postgresql")),
    ],
    indirect=True,
    scope="module",
)
alone = pytest.mark.xdist_group("decides-alone")


@dataclass(frozen=True)
class Cast:
    """Who is here: a builder, a reviewer of the same team who came by an invitation, and the owner."""

    ben: Terminal
    rita: Terminal
    olga: Terminal


@pytest.fixture(scope="module")
def cast(greenlane: Running) -> Cast:
    """Ben is added, Rita is invited and joins at her terminal."""
    olga = greenlane.owner
    ben = greenlane.joins("Ben Builder")
    link = olga.does("invite", "--team", "home", "--role", "reviewer")["answer"]["url"]
    rita = greenlane.terminal("Rita Reviewer")
    return Cast(ben, replace(rita, id=rita.does("login", link, "--name", "Rita Reviewer")["id"]), olga)


Asks = Callable[[], str]


@pytest.fixture
def asks(cast: Cast, name: str, version: Writes) -> Asks:
    """Ben deploys a next version and wants it public: the request's id."""
    numbers = iter(range(1, 100))

    def ask_for_it() -> str:
        cast.ben.does("deploy", version(next(numbers)), "--app", name)
        request: str = cast.ben.gets(4, "publish", name, "--audience", "public")["request"]
        return request

    return ask_for_it


def waiting(who: Terminal, request: str) -> dict[str, Any]:
    """A request as it is listed among those that wait."""
    found = [one for one in who.does("approvals")["items"] if one["id"] == request]
    assert found, f"{request} does not wait"
    return found[0]


@both
def test_what_waits_for_a_person_is_stored_and_nothing_has_changed(
    greenlane: Running, cast: Cast, name: str, asks: Asks, version: Writes
):
    request = asks()
    ended = cast.ben.types("publish", name, "--audience", "public")
    assert ended.code == 4
    assert request in ended.lines, "asking again is the same request, and its id stands alone on a line"
    assert greenlane.ask(name).status == 401
    assert cast.olga.does("apps", "show", name)["audience"] == "me"


@both
def test_the_list_says_what_changed_why_who_is_asked_and_by_when(cast: Cast, name: str, asks: Asks):
    request = asks()
    one = waiting(cast.rita, request)
    assert any("public" in change for change in one["changes"])
    assert [reason["policy"] for reason in one["reasons"]] == ["public-first-time"]
    assert one["asked"] == ["Rita Reviewer"]
    assert one["created"] < one["due"] < one["expires"]
    assert one["author"]["name"] == "Ben Builder"
    said = cast.rita.types("approvals").out
    assert "It would open to the whole internet for the first time, so a person looks first." in said
    assert "Asked: Rita Reviewer, by " in said
    assert one["url"] in said.splitlines(), "what it looks like is one click away"
    assert ask(one["url"], headers={"Accept": "application/json"}).status == 401


@both
def test_another_person_with_the_right_role_lets_it_go_on(greenlane: Running, cast: Cast, name: str, asks: Asks):
    request = asks()
    ended = cast.rita.types("approve", request, "--because", "the list is public anyway")
    assert ended.code == 0, ended.err
    assert "You approve:" in ended.err, "she is shown what she lets go on"
    page = greenlane.ask(name)
    assert (page.status, "version 1" in page.text) == (200, True)
    assert page["x-robots-tag"] == ""
    said = [one["sentence"] for one in cast.olga.does("receipts", "--app", name)["receipts"]]
    assert any("published" in one for one in said), said
    about = cast.olga.does("receipts", "--verb", "approve", "--newest")["receipts"]
    assert any("Rita Reviewer" in one["sentence"] for one in about)
    assert cast.rita.gets(3, "approve", request, "--because", "again")["reasons"][0]["policy"] == "answered-already"


@both
def test_what_was_looked_at_is_what_is_published(
    greenlane: Running, cast: Cast, name: str, asks: Asks, version: Writes
):
    request = asks()
    assert waiting(cast.rita, request)["changes"]
    seen = waiting(cast.rita, request)["url"]
    cast.ben.does("deploy", version(66), "--app", name)  # after the request, and nobody has looked at it
    ended = cast.rita.types("approve", request, "--because", "I looked at the preview")
    page = greenlane.ask(name)
    assert "version 66" not in page.text
    if ended.code == 0:
        assert page["greenlane-deploy"] in seen


@both
def test_what_was_sent_back_goes_on_as_the_same_request(greenlane: Running, cast: Cast, name: str, asks: Asks):
    request = asks()
    cast.rita.does("send-back", request, "--note", "take the phone numbers out")
    assert [one for one in cast.rita.does("approvals")["items"] if one["id"] == request] == []
    shown = cast.ben.does("approvals", "show", request)
    assert shown["state"] == "sent-back"
    assert "take the phone numbers out" in cast.ben.types("approvals", "show", request).out
    assert cast.rita.types("approve", request, "--because", "still").code == 3 or greenlane.ask(name).status == 200
    assert asks() == request
    assert waiting(cast.rita, request)["state"] == "waiting"
    cast.rita.does("approve", request, "--because", "now it is fine")
    assert "version 2" in greenlane.ask(name).text


@both
def test_a_decline_ends_it(greenlane: Running, cast: Cast, name: str, asks: Asks):
    request = asks()
    cast.rita.does("decline", request, "--because", "not before the launch")
    assert cast.ben.does("approvals", "show", request)["state"] == "declined"
    assert "not before the launch" in cast.ben.types("approvals", "show", request).out
    assert cast.rita.types("approve", request, "--because", "I changed my mind").code == 3
    assert greenlane.ask(name).status == 401
    assert asks() != request, "asking anew is a new request"


@both
def test_an_author_cannot_approve_their_own(greenlane: Running, cast: Cast, name: str, version: Writes):
    cast.olga.does("deploy", version(1), "--app", name)
    request = cast.olga.gets(4, "publish", name, "--audience", "public")["request"]
    refused = cast.olga.gets(3, "approve", request, "--because", "it is mine")
    assert "own-work" in [reason["policy"] for reason in refused["reasons"]]
    confirmed = cast.olga.gets(3, "confirm", request, "--because", "I am the owner")
    assert "not-alone" in [reason["policy"] for reason in confirmed["reasons"]], "not alone any more"
    ended = cast.olga.types("approve", request, "--because", "it is mine")
    assert ended.code == 3
    assert "own" in ended.err
    assert "Next: " in ended.err
    assert greenlane.ask(name).status == 401


@both
def test_a_second_person_who_was_added_lets_the_owners_request_go_on(
    greenlane: Running, cast: Cast, name: str, version: Writes
):
    cast.olga.does("deploy", version(1), "--app", name)
    request = cast.olga.gets(4, "publish", name, "--audience", "public")["request"]
    ana = greenlane.joins("Ana Added", role="reviewer")
    ana.does("approve", request, "--because", "I read it")
    assert greenlane.ask(name).status == 200


@both
def test_whoever_made_a_way_in_for_somebody_else_cannot_use_it_to_approve_their_own(
    greenlane: Running, cast: Cast, name: str, version: Writes
):
    cast.olga.does("deploy", version(1), "--app", name)
    request = cast.olga.gets(4, "publish", name, "--audience", "public")["request"]
    link = cast.olga.does("people", "link", cast.rita.id)["answer"]["url"]
    posing_as_rita = greenlane.terminal()
    posing_as_rita.does("login", link)
    ended = posing_as_rita.types("approve", request, "--because", "I am Rita, honestly")
    assert ended.code == 3
    assert "that the author did not make" in ended.err


@both
def test_an_agent_cannot_approve_and_neither_can_who_has_no_right_to(
    greenlane: Running, cast: Cast, name: str, asks: Asks
):
    request = asks()
    token = cast.rita.does(
        "token", "create", "helper", "--agent", "codex", "--scopes", "admin", "--scopes", "read", "--days", "1"
    )["answer"]["token"]
    agent = greenlane.terminal(token=token)
    refused = agent.gets(3, "approve", request, "--because", "it looks fine to me")
    assert "agent" in refused["reasons"][0]["says"], "it says that agents never do this"
    bob = greenlane.joins("Bob Builder")
    refused = bob.gets(3, "approve", request, "--because", "why not")
    assert "missing-right" in [reason["policy"] for reason in refused["reasons"]]
    assert greenlane.ask(name).status == 401


@both
def test_what_an_agent_made_its_person_cannot_approve_either(
    greenlane: Running, cast: Cast, name: str, version: Writes
):
    token = cast.olga.does(
        "token", "create", "coder", "--agent", "codex", "--scopes", "deploy", "--scopes", "publish", "--scopes", "read"
    )["answer"]["token"]
    agent = greenlane.terminal(token=token)
    agent.does("deploy", version(1), "--app", name)
    request = agent.gets(4, "publish", name, "--audience", "public")["request"]
    shown = cast.rita.does("approvals", "show", request)
    assert shown["made_by_agent"] is True
    assert "own-work" in [
        reason["policy"] for reason in cast.olga.gets(3, "approve", request, "--because", "my agent made it")["reasons"]
    ]
    cast.rita.does("approve", request, "--because", "I read it")
    assert greenlane.ask(name).status == 200


@both
def test_an_approval_of_what_changed_since_is_refused(greenlane: Running, cast: Cast, name: str, asks: Asks):
    request = asks()
    seen = cast.rita.does("approvals", "show", request)["digest"]
    cast.ben.does("publish", name, "--audience", "team")
    asks()  # the next version, the same request
    cast.ben.gets(4, "publish", name, "--audience", "public", "-m", "now with a message")
    now = cast.rita.does("approvals", "show", request)["digest"]
    assert now != seen
    refused = cast.rita.gets(3, "approve", request, "--because", "as I saw it", "--seen", seen)
    assert "outdated" in [reason["policy"] for reason in refused["reasons"]]
    assert refused["reasons"][0]["instead"]
    assert greenlane.ask(name).status == 401


@both
def test_the_facts_are_gathered_anew_before_it_goes_on(greenlane: Running, cast: Cast, name: str, asks: Asks):
    request = asks()
    cast.olga.does("lock", name, "--why", "audit week")
    ended = cast.rita.types("approve", request, "--because", "fine")
    assert greenlane.ask(name).status == 401, "what was locked in the meantime stays as it is"
    assert "locked" in ended.out + ended.err


@both
def test_a_request_can_be_withdrawn_by_its_author_alone(cast: Cast, name: str, asks: Asks):
    request = asks()
    assert cast.rita.types("withdraw", request).code == 3
    cast.ben.does("withdraw", request)
    assert cast.ben.does("approvals", "show", request)["state"] == "withdrawn"


@alone
def test_the_owner_of_one_confirms_with_a_reason_and_it_stays_unreviewed(fresh: Running, site: Path):
    olga = fresh.owner
    olga.does("deploy", site, "--app", "vendor-board")
    request = olga.gets(4, "publish", "vendor-board", "--audience", "public")["request"]
    assert "greenlane confirm" in olga.types("approvals").out
    assert olga.types("confirm", request).code == 2, "a reason is needed"
    assert olga.types("confirm", request, "--because", "").code == 2
    ended = olga.types("confirm", request, "--because", "I looked at every page")
    assert ended.code == 0, ended.err
    assert fresh.ask("vendor-board").status == 200
    assert olga.does("approvals", "show", request)["unreviewed"] is True
    told = olga.does("receipts", "--app", "vendor-board")["receipts"]
    assert "unreviewed" in told[-1]["sentence"], told[-1]["sentence"]
    passport = olga.home / "p.json"
    passport.write_text(olga.types("passport", "get", "vendor-board", "--environment", "production").out)
    said = olga.types("passport", "verify", site, "--passport", passport).out
    assert "nobody else" in said or "unreviewed" in said or "not reviewed" in said, said

    # the second member ends it, whatever their role is
    vera = fresh.joins("Vera Visitor", role="visitor")
    (site / "index.html").write_text("<script src='https://cdn.example.net/x.js'></script>")
    olga.does("deploy", site, "--app", "vendor-board")
    again = olga.gets(4, "publish", "vendor-board")["request"]
    refused = olga.gets(3, "confirm", again, "--because", "as before")
    assert "not-alone" in [reason["policy"] for reason in refused["reasons"]]
    assert vera.types("approve", again, "--because", "why not").code == 5, "a visitor does not even see it"


@alone
def test_nobody_answering_passes_it_on_by_rule_and_nothing_dies_unseen(doorway: Doorway):
    ben, rita = doorway.hire("Ben Builder", "builder"), doorway.hire("Rita Reviewer", "reviewer")
    dora = doorway.hire("Dora Deputy", "reviewer", everywhere=True)
    doorway.deploys(ben)
    answer = doorway.publishes(ben, "public")
    assert answer.happened["asked"] == [rita.id]
    doorway.after(9 * HOUR)
    doorway.after(9 * HOUR)
    (deputy, owner) = doorway.receipts("escalate")
    assert deputy.happened["newly"] == [dora.id]
    assert owner.happened["newly"] == [doorway.owner.id]
    doorway.after(15 * DAY)
    (ended,) = doorway.receipts("expire-request")
    assert ended.happened["request"] == answer.request
