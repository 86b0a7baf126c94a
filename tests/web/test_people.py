"""The pages about people: who is here, what each may do and why, who comes in, and how somebody goes."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from sqlalchemy import insert
from tests.house import Doorway
from tests.web.conftest import Visitor

from greenlane.catalog import queries as catalog
from greenlane.govern.actor import Actor
from greenlane.govern.decision import Lane
from greenlane.govern.errors import Refused
from greenlane.identity import actions, roles
from greenlane.identity import queries as identity
from greenlane.identity.actions import (
    AcceptInvitation,
    CreateTeam,
    ErasePerson,
    GrantRole,
    Invite,
    RemoveRole,
    SuspendPerson,
)
from greenlane.identity.custom_roles.actions import CreateRole
from greenlane.identity.tables import PERSON
from greenlane.insights import standing


@pytest.fixture
def ben(doorway: Doorway) -> Actor:
    return doorway.hire("Ben Builder", "builder")


@pytest.fixture
def vic(doorway: Doorway) -> Actor:
    """Somebody without any right to read people."""
    return doorway.hire("Vic Visitor", "visitor")


def words(page: str) -> str:
    """What a page says, without its markup."""
    bare = re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL)
    bare = re.sub(r"</?(a|b|bdi|code|span|strong|time)\b[^>]*>", "", bare)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", bare)).split())


def read(console: Visitor, who: Actor, path: str) -> str:
    answer = console.as_(who).get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def form(page: str, action: str) -> dict[str, Any]:
    """The hidden fields of the form with that action."""
    found = re.search(rf'<form method="post" action="{re.escape(action)}".*?</form>', page, re.DOTALL)
    assert found is not None, action
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', found[0]))


def send(console: Visitor, who: Actor, action: str, **fields: Any) -> Any:
    return console.as_(who).post(action, data=fields)


# the list


def test_everybody_stands_in_the_list_with_teams_roles_and_state(console: Visitor, doorway: Doorway, ben: Actor):
    doorway.does(doorway.owner, SuspendPerson(ben.id))
    said = words(read(console, doorway.owner, "/people"))
    assert "Ben Builder home Builder in home Shut out" in said
    assert "Olga Owner home Owner everywhere Active" in said
    assert "2 people are here." in said


def test_whoever_is_alone_is_told_what_comes_next(console: Visitor, doorway: Doorway):
    said = words(read(console, doorway.owner, "/people"))
    assert "You are the only one here." in said
    assert "Find somebody" not in said
    assert "Make the invitation link" in said


def test_people_are_found_by_a_part_of_their_name_whatever_they_typed(console: Visitor, doorway: Doorway, ben: Actor):
    assert "Ben Builder" in words(read(console, doorway.owner, "/people?q=buil"))
    assert "Ben Builder" not in words(read(console, doorway.owner, "/people?q=Olga"))
    for strange in ("%", "_", "100%", "\\", "<script>"):
        page = read(console, doorway.owner, f"/people?{'q=' + strange.replace('%', '%25')}")
        assert "Nobody here has" in page
        assert "<script>x" not in page


def test_a_thousand_people_stand_on_pages_and_none_is_missing(console: Visitor, doorway: Doorway):
    with doorway.control.database.engine.begin() as connection:
        rows = [
            {"id": f"p_{n:04}", "name": f"Person {n % 400:03}", "state": "active", "source": "local", "created": "2026"}
            for n in range(1000)
        ]
        connection.execute(insert(PERSON), rows)
    path, seen = "/people", []
    while path:
        page = read(console, doorway.owner, path)
        seen += re.findall(r'<a class="row" href="/people/(p_\w+)">', page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        path = html.unescape(following[1]) if following else ""
    assert len(seen) == len(set(seen)) == 1001
    assert "1,001 people are here." in words(read(console, doorway.owner, "/people"))


def test_somebody_without_the_right_sees_themselves_and_is_told_why(
    console: Visitor, doorway: Doorway, vic: Actor, ben: Actor
):
    said = words(read(console, vic, "/people"))
    assert "You see yourself here" in said
    assert "Ben Builder" not in said
    assert console.as_(vic).get(f"/people/{ben.id}").status_code == 404
    assert "You have no role" not in words(read(console, vic, f"/people/{vic.id}"))
    assert "What you may do, and why" in words(read(console, vic, f"/people/{vic.id}"))


def test_a_builder_sees_people_and_no_button_that_is_not_for_them(console: Visitor, doorway: Doorway, ben: Actor):
    said = words(read(console, ben, "/people")) + words(read(console, ben, f"/people/{doorway.owner.id}"))
    for label in ("Make the invitation link", "Take back", "Shut them out", "Erase this person", "Create the team"):
        assert label not in said
    assert "Mail address" not in said


# coming in


def test_an_invitation_is_made_shown_once_listed_and_withdrawn(console: Visitor, doorway: Doorway):
    page = read(console, doorway.owner, "/people")
    made = send(console, doorway.owner, "/do/invite", **form(page, "/do/invite"), team="home", role="builder", days="3")
    link = re.search(r"/invitation/gli_\w+", made.text)
    assert link is not None
    assert console.nobody.get(link[0]).status_code == 200
    page = read(console, doorway.owner, "/people")
    assert "Builder in home, made by Olga Owner." in words(page)
    assert link[0] not in page
    gone = send(console, doorway.owner, "/do/withdraw-invitation", **form(page, "/do/withdraw-invitation"))
    assert gone.headers["location"] == "/people#invited"
    assert "None. An invitation stands here" in words(read(console, doorway.owner, "/people"))
    with doorway.control.database.read() as connection:
        assert identity.invitation(connection, link[0].rpartition("/")[2], doorway.clock.now()) is None


def test_whoever_made_an_invitation_may_withdraw_it_and_others_need_the_right(doorway: Doorway, ben: Actor):
    pat = doorway.hire("Pat", "platform-engineer")
    doorway.does(doorway.owner, CreateTeam("sales"))
    here = doorway.does(pat, Invite("home")).answer["invitation"]
    there = doorway.does(doorway.owner, Invite("sales")).answer["invitation"]
    assert doorway.does(ben, withdraw(here)).state == "refused"
    assert doorway.does(pat, withdraw(there)).state == "refused", "sales is not their team"
    doorway.does(doorway.owner, RemoveRole(pat.id, "platform-engineer", "team:home"))
    assert doorway.does(pat, withdraw(here)).state == "done", "it is their own"


def withdraw(invitation: Any) -> Any:
    return actions.WithdrawInvitation(str(invitation))


# one person


def test_each_role_says_where_it_counts_who_gave_it_and_where_that_is_proven(
    console: Visitor, doorway: Doorway, ben: Actor
):
    given = doorway.does(doorway.owner, GrantRole(ben.id, "reviewer", "team:home"))
    page = read(console, doorway.owner, f"/people/{ben.id}")
    assert "Reviewer in home. Given by Olga Owner, 1 January 2026" in words(page)
    assert f'<a href="/ledger/{given.receipt}">Receipt' in page
    assert "Owner everywhere. By founding this Greenlane" in words(read(console, ben, f"/people/{doorway.owner.id}"))


def test_a_role_that_came_with_an_invitation_names_whoever_made_it(console: Visitor, doorway: Doorway):
    secret = str(doorway.does(doorway.owner, Invite("home")).answer["link"]).rpartition("/")[2]
    with doorway.control.database.read() as connection:
        signed = identity.invitee(connection, secret, doorway.clock.now())
    assert signed is not None
    doorway.does(signed.actor, AcceptInvitation(secret, "Ida Invited"))
    said = words(read(console, doorway.owner, f"/people/{signed.actor.id}"))
    assert "Builder in home. By an invitation that Olga Owner made" in said


def test_a_role_is_given_and_taken_back_on_the_page(console: Visitor, doorway: Doorway, ben: Actor):
    page = read(console, doorway.owner, f"/people/{ben.id}")
    fields = form(page, "/do/grant-role")
    given = send(console, doorway.owner, "/do/grant-role", **fields, role="auditor", scope="organisation")
    assert given.headers["location"] == f"/people/{ben.id}"
    page = read(console, doorway.owner, f"/people/{ben.id}")
    assert "Auditor everywhere. Given by Olga Owner" in words(page)
    assert "made Ben Builder auditor of organisation" in words(page), "the toast tells of it"
    first = re.findall(r'<form method="post" action="/do/remove-role".*?</form>', page, re.DOTALL)[-1]
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', first))
    assert fields["role"] == "auditor"
    send(console, doorway.owner, "/do/remove-role", **fields)
    with doorway.control.database.read() as connection:
        assert [one.role for one in identity.held(connection, ben.id)] == ["builder"]


def test_a_role_is_given_in_one_environment_and_taken_back(console: Visitor, doorway: Doorway, ben: Actor):
    page = read(console, doorway.owner, f"/people/{ben.id}")
    group = page[page.index('<optgroup label="In one environment alone">') : page.index("</optgroup>")]
    assert '<option value="publisher:staging">Publisher in staging</option>' in group
    assert '<option value="developer:preview">Developer for previews</option>' in group
    for never in ("owner:", "auditor:", "publisher:preview"):
        assert never not in group
    fields = form(page, "/do/grant-role")
    send(console, doorway.owner, "/do/grant-role", **fields, role="publisher:staging", scope="team:home")
    page = read(console, doorway.owner, f"/people/{ben.id}")
    assert "Publisher in staging in home. Given by Olga Owner" in words(page)
    assert "Publisher in staging in home" in words(read(console, doorway.owner, "/people"))
    said = words(read(console, ben, "/"))
    assert "Publisher in staging" in said
    assert "You may do there what the role publisher allows there, and read what it reads." in said
    taken = re.search(r'<input type="hidden" name="role" value="publisher:staging">', page)
    assert taken is not None
    send(
        console, doorway.owner, "/do/remove-role", person=ben.id, role="publisher:staging", scope="team:home", key="k9"
    )
    assert "Publisher in staging in" not in words(read(console, doorway.owner, f"/people/{ben.id}"))


def test_a_form_keeps_the_environment_that_was_chosen(console: Visitor, doorway: Doorway, ben: Actor):
    doorway.does(doorway.owner, CreateRole("stager", ("publish:staging",)))
    path = f"/do/grant-role?person={ben.id}&scope=team:home&look=yes&role="
    page = read(console, doorway.owner, f"{path}stager:staging")
    assert '<option value="stager:staging" selected>stager in staging</option>' in page
    assert "stager:production" not in page, "it does nothing there"
    assert "Goes straight through" in words(page)
    refused = console.as_(doorway.owner).get(f"{path}auditor:staging")
    assert refused.status_code == 400
    assert "The role auditor allows nothing that is done in staging." in words(refused.text)
    assert "stager:staging" not in read(console, doorway.owner, "/do/delete-role")


def test_whoever_a_role_was_given_to_may_read_that_receipt_and_a_stranger_sees_no_link(
    console: Visitor, doorway: Doorway, ben: Actor
):
    given = doorway.does(doorway.owner, GrantRole(ben.id, "auditor", "team:home"))
    link = f'href="/ledger/{given.receipt}"'
    assert link in read(console, ben, f"/people/{ben.id}")
    assert console.as_(ben).get(f"/ledger/{given.receipt}").status_code == 200
    ada = doorway.hire("Ada", "builder")
    assert link not in read(console, ada, f"/people/{ben.id}")
    assert console.as_(ada).get(f"/ledger/{given.receipt}").status_code != 200


def test_somebody_is_taken_out_of_a_team_and_comes_back(console: Visitor, doorway: Doorway, ben: Actor):
    page = read(console, doorway.owner, f"/people/{ben.id}")
    send(console, doorway.owner, "/do/leave-team", **form(page, "/do/leave-team"))
    page = read(console, doorway.owner, f"/people/{ben.id}")
    assert "They have no role" in words(page)
    undo = form(page, "/do/join-team")
    assert undo["team"] == "home", "the toast offers it"
    send(console, doorway.owner, "/do/join-team", **undo)
    with doorway.control.database.read() as connection:
        assert identity.person(connection, ben.id).teams == ("home",)


def test_shutting_out_and_letting_in_say_their_lane_beforehand(console: Visitor, doorway: Doorway, ben: Actor):
    page = read(console, doorway.owner, f"/people/{ben.id}")
    assert "Goes straight through" in words(page)
    send(console, doorway.owner, "/do/suspend-person", **form(page, "/do/suspend-person"))
    page = read(console, doorway.owner, f"/people/{ben.id}")
    assert "Nothing now, because they are shut out." in words(page)
    send(console, doorway.owner, "/do/restore-person", **form(page, "/do/restore-person"))
    assert "State Active" in words(read(console, doorway.owner, f"/people/{ben.id}"))


def test_nobody_manages_themselves_here(console: Visitor, doorway: Doorway):
    said = words(read(console, doorway.owner, f"/people/{doorway.owner.id}"))
    assert "This is you." in said
    assert "Shut them out" not in said
    assert "Erase this person" not in said


def test_everybody_chooses_on_their_own_page_what_comes_by_mail(console: Visitor, doorway: Doorway, vic: Actor):
    page = read(console, vic, f"/people/{vic.id}")
    assert 'value="waiting" checked' in page
    assert "What comes to you by mail" not in words(read(console, doorway.owner, f"/people/{vic.id}"))
    send(console, vic, "/do/choose-mail", **form(page, "/do/choose-mail"), what="nothing")
    page = read(console, vic, f"/people/{vic.id}")
    assert 'value="nothing" checked' in page
    undo = form(page, "/do/choose-mail")
    assert undo["what"] == "waiting", "the toast takes it back"


# going


def test_somebody_is_erased_by_typing_their_name(console: Visitor, doorway: Doorway, ben: Actor):
    page = read(console, doorway.owner, f"/people/{ben.id}")
    fields = form(page, f"/people/{ben.id}/erase")
    wrong = send(console, doorway.owner, f"/people/{ben.id}/erase", **fields, name="Ben")
    assert wrong.status_code == 400
    assert 'aria-invalid="true"' in wrong.text
    assert "This is not their name." in wrong.text
    done = send(console, doorway.owner, f"/people/{ben.id}/erase", **fields, name=" Ben  Builder ")
    assert done.headers["location"] == "/people"
    assert "Somebody who was erased" in words(read(console, doorway.owner, f"/people/{ben.id}"))
    assert "Ben" not in words(read(console, doorway.owner, "/people"))


def test_an_owner_of_apps_hands_them_over_first(console: Visitor, doorway: Doorway, ben: Actor):
    ada = doorway.hire("Ada", "builder")
    doorway.deploys(ben)
    page = read(console, doorway.owner, f"/people/{ben.id}")
    assert "They own 1 app, and an app is never left without an owner." in words(page)
    assert f"/people/{ben.id}/erase" not in page
    refused = doorway.does(doorway.owner, ErasePerson(ben.id))
    assert (refused.state, refused.decision.lane) == ("refused", Lane.CLOSED)
    assert [one.policy for one in refused.decision.reasons] == ["owns-apps"]
    fields = form(page, "/do/transfer-app")
    assert (
        "Ada" in page,
        f'value="{ben.id}"' in page.partition("owner-vendor-board")[2].partition("</select>")[0],
    ) == (
        True,
        False,
    )
    send(console, doorway.owner, "/do/transfer-app", **fields, owner=ada.id)
    assert doorway.app().owner == ada.id
    assert doorway.does(doorway.owner, ErasePerson(ben.id)).state == "done"


def test_an_app_that_came_in_between_stops_the_erasing(doorway: Doorway, ben: Actor):
    """The facts said that they own nothing; what counts is the moment when the rows are written."""
    handling = doorway.control.door.house.handlings["erase-person"]
    doorway.deploys(ben)
    with doorway.control.database.read() as connection:
        assert catalog.owned_by(connection, ben.id) == ["vendor-board"]
    outcome = handling.effect(ErasePerson(ben.id), context(doorway))
    assert outcome.rows is not None
    with doorway.control.database.engine.begin() as connection, pytest.raises(Refused):
        outcome.rows(connection)


def test_a_shut_out_persons_page_can_be_read_and_one_that_is_nobodys_not(console: Visitor, doorway: Doorway):
    assert console.as_(doorway.owner).get("/people/p_nobody").status_code == 404
    assert console.nobody.get("/people").status_code in {303, 302, 401}


# teams


def test_a_team_shows_members_and_apps_and_invites_into_itself(console: Visitor, doorway: Doorway, ben: Actor):
    doorway.deploys(ben)
    page = read(console, doorway.owner, "/teams/home")
    said = words(page)
    assert "2 people, 1 app." in said
    assert "Ben Builder Builder in home Active" in said
    assert "vendor-board Only its owner" in said
    made = send(console, doorway.owner, "/do/invite", **form(page, "/do/invite"), role="builder")
    assert "/invitation/gli_" in made.text


def test_an_empty_team_says_what_will_stand_there(console: Visitor, doorway: Doorway):
    page = read(console, doorway.owner, "/people")
    made = send(console, doorway.owner, "/do/create-team", **form(page, "/do/create-team"), name="sales")
    assert made.headers["location"] == "/people#teams"
    said = words(read(console, doorway.owner, "/teams/sales"))
    assert "Nobody yet." in said
    assert "None yet." in said


def test_a_member_sees_their_team_and_a_stranger_does_not(console: Visitor, doorway: Doorway, vic: Actor):
    doorway.does(doorway.owner, CreateTeam("sales"))
    assert "Olga Owner" in words(read(console, vic, "/teams/home"))
    assert console.as_(vic).get("/teams/sales").status_code == 404
    assert console.as_(doorway.owner).get("/teams/nothing").status_code == 404


# roles


def test_every_right_of_every_role_is_said_in_words(console: Visitor, doorway: Doorway):
    said = words(read(console, doorway.owner, "/roles"))
    for line in roles.TABLE:
        title, says = standing.words_of(line.verb)
        assert title in said
        assert says in said
        assert says.endswith(".")


def test_who_may_publish_an_app_is_answered_with_the_role_and_where_it_is_held(
    console: Visitor, doorway: Doorway, ben: Actor
):
    doorway.hire("Rita", "reviewer")
    doorway.does(doorway.owner, CreateTeam("sales"))
    sam = doorway.hire("Sam", "visitor")
    doorway.does(doorway.owner, GrantRole(sam.id, "builder", "team:sales"))
    doorway.deploys(ben)
    said = words(read(console, doorway.owner, "/roles?verb=publish&app=vendor-board&environment=production"))
    answer = said.partition("Show who may")[2].partition("Owner You may")[0]
    assert "Publish vendor-board in production: 2 people may by a role." in answer
    assert "Ben Builder: Builder in home" in answer
    assert "Olga Owner: Owner everywhere" in answer
    assert "Rita" not in answer
    assert "Sam" not in answer
    unknown = words(read(console, doorway.owner, "/roles?verb=publish&app=nothing"))
    assert "There is no app called “nothing”." in unknown


def test_roles_can_be_read_by_everybody_and_who_holds_them_only_with_the_right(
    console: Visitor, doorway: Doorway, vic: Actor
):
    said = words(read(console, vic, "/roles?verb=publish"))
    assert "You build apps and publish them to your team." in said
    assert "Who may do it?" not in said
    assert "Olga" not in said


def context(doorway: Doorway) -> Any:
    """What an effect is told, in as far as erasing asks for it."""

    class Told:
        now = doorway.clock.now()
        actor = doorway.owner

    return Told()
