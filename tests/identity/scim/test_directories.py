"""What holds for a directory whatever it sends: whom it may concern, what ends, what comes back, and what is noted."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.house import Doorway
from tests.identity.scim.directory import BULK, GROUP, PATCH, USER, Directory

from greenlane.govern.actor import Actor
from greenlane.govern.errors import Refused
from greenlane.identity import queries as identity
from greenlane.identity.actions import (
    CreateToken,
    ErasePerson,
    GrantRole,
    RemoveRole,
    RestorePerson,
    SuspendPerson,
)
from greenlane.identity.custom_roles.actions import CreateRole
from greenlane.identity.groups.actions import AddGroupRule, RemoveGroupRule
from greenlane.identity.groups.dry_run import if_added, if_removed
from greenlane.identity.provisioning import noting, queries
from greenlane.identity.provisioning.actions import (
    CreateDirectoryToken,
    DisconnectDirectory,
    ProvisionPerson,
    RevokeDirectoryToken,
)
from greenlane.insights.why import why


@pytest.fixture
def directory(doorway: Doorway) -> Directory:
    return Directory(doorway)


def _state(directory: Directory, person: str) -> str | None:
    with directory.doorway.control.database.read() as connection:
        return identity.state_of(connection, person)


def _roles(directory: Directory, person: str) -> set[tuple[str, str]]:
    with directory.doorway.control.database.read() as connection:
        return {(one.role, one.scope) for one in identity.held(connection, person)}


def _team(directory: Directory, name: str = "home") -> str:
    with directory.doorway.control.database.read() as connection:
        return identity.team(connection, name).id


def test_whom_it_switches_off_loses_everything_that_opened_and_comes_back_without_it(directory: Directory) -> None:
    ada = directory.adds().body["id"]
    session = directory.doorway.session(Actor("person", ada))
    token = directory.doorway.does(Actor("person", ada), CreateToken("mine")).answer["token"]
    database, clock = directory.doorway.control.database, directory.doorway.clock
    assert directory.switches(ada, on=False).body["active"] is False
    with database.read() as connection:
        assert identity.who_is(connection, session, clock.now()) is None
        assert identity.who_is(connection, str(token), clock.now()) is None
    assert directory.switches(ada, on=True).body["active"] is True
    assert _state(directory, ada) == "active"
    with database.read() as connection:
        assert identity.who_is(connection, session, clock.now()) is None
    verbs = [one.action["verb"] for one in directory.doorway.receipts("suspend-person")]
    assert verbs == ["suspend-person"]


def test_who_was_shut_out_here_is_not_let_in_by_the_directory(directory: Directory) -> None:
    ada = directory.adds().body["id"]
    directory.doorway.does(directory.doorway.owner, SuspendPerson(ada))
    directory.switches(ada, on=False)
    directory.switches(ada, on=True)
    assert _state(directory, ada) == "suspended"


def test_whom_the_directory_switched_off_nobody_here_lets_in(directory: Directory) -> None:
    ada = directory.adds().body["id"]
    directory.switches(ada, on=False)
    refused = directory.doorway.does(directory.doorway.owner, RestorePerson(ada))
    assert refused.state == "refused"
    assert "okta" in refused.decision.reasons[0].says
    directory.doorway.does(directory.doorway.owner, DisconnectDirectory("okta"))
    assert directory.doorway.does(directory.doorway.owner, RestorePerson(ada)).state == "done"


def test_it_cannot_remove_the_last_owner(directory: Directory) -> None:
    ada = directory.adds().body["id"]
    owner = directory.doorway.owner
    directory.doorway.does(owner, GrantRole(ada, "owner"))
    directory.doorway.does(Actor("person", ada), RemoveRole(owner.id, "owner"))
    told = directory.switches(ada, on=False)
    assert told.status == 403
    assert "without an owner" in told.body["detail"]
    assert directory.sends("DELETE", f"/Users/{ada}").status == 403
    assert _state(directory, ada) == "active"


def test_whom_it_deletes_is_shut_out_and_can_be_taken_back(directory: Directory) -> None:
    body = directory.adds(externalId="fixed").body
    assert directory.sends("DELETE", f"/Users/{body['id']}").status == 204
    assert directory.sends("GET", f"/Users/{body['id']}").status == 404
    assert _state(directory, body["id"]) == "suspended"
    again = directory.adds(body["userName"], externalId="fixed").body
    assert again["id"] == body["id"]
    assert _state(directory, body["id"]) == "active"


def test_it_sees_and_changes_what_it_brought_and_nothing_else(directory: Directory) -> None:
    entra = Directory(directory.doorway, "entra")
    ada = directory.adds().body["id"]
    olga = directory.doorway.owner.id
    for stranger in (ada, olga):
        assert entra.sends("GET", f"/Users/{stranger}").status == 404
        assert entra.switches(stranger, on=False).status == 404
    assert entra.sends("GET", "/Users").body["totalResults"] == 0
    assert [_state(directory, one) for one in (ada, olga)] == ["active", "active"]


def test_a_mail_address_links_nobody(directory: Directory) -> None:
    first = directory.adds("ada@example.com").body["id"]
    entra = Directory(directory.doorway, "entra")
    body = {"schemas": [USER], "userName": "ada@example.com", "externalId": "e-1"}
    told = entra.sends("POST", "/Users", body)
    assert (told.status, told.body["scimType"]) == (409, "uniqueness")
    assert _state(directory, first) == "active"


def test_two_tokens_live_at_once_and_an_ended_one_opens_nothing(directory: Directory) -> None:
    owner = directory.doorway.owner
    second = directory.doorway.does(owner, CreateDirectoryToken("okta")).answer
    with pytest.raises(Refused, match="two tokens"):
        directory.doorway.does(owner, CreateDirectoryToken("okta"))
    directory.doorway.does(owner, RevokeDirectoryToken(str(directory.made["id"])))
    assert directory.sends("GET", "/Users").status == 401
    directory.token = str(second["token"])
    assert directory.sends("GET", "/Users").status == 200
    directory.doorway.clock.forward(366 * 86_400)
    assert directory.sends("GET", "/Users").status == 401


def test_no_person_does_what_a_directory_does(directory: Directory) -> None:
    action = ProvisionPerson(str(directory.made["directory"]), '{"userName": "eve"}')
    assert directory.doorway.does(directory.doorway.owner, action).state == "refused"


def test_a_query_string_on_the_base_address_is_tolerated(directory: Directory) -> None:
    directory.adds()
    for path in ("?aadOptscim062020/Users", "/Users?aadOptscim062020", "/Users?aadOptscim062020=&count=1"):
        assert directory.sends("GET", path).body["totalResults"] == 1


def test_a_missing_content_type_is_tolerated(directory: Directory) -> None:
    body = {"schemas": [USER], "userName": "ada@example.com"}
    assert directory.sends("POST", "/Users", body, content_type="").status == 201


def test_several_requests_come_in_one(directory: Directory) -> None:
    told = directory.sends(
        "POST",
        "/Bulk",
        {
            "schemas": [BULK],
            "Operations": [
                {"method": "POST", "path": "/Users", "bulkId": "a", "data": {"schemas": [USER], "userName": "a"}},
                {
                    "method": "POST",
                    "path": "/Groups",
                    "bulkId": "g",
                    "data": {"schemas": [GROUP], "displayName": "G", "members": [{"value": "bulkId:a"}]},
                },
            ],
        },
    )
    assert [one["status"] for one in told.body["Operations"]] == ["201", "201"]


def test_an_old_version_overwrites_nothing(directory: Directory) -> None:
    ada = directory.adds()
    directory.patches(f"/Users/{ada.body['id']}", {"op": "replace", "path": "title", "value": "one"})
    change = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "title", "value": "two"}]}
    told = directory.sends("PATCH", f"/Users/{ada.body['id']}", change, If_Match=ada.headers["etag"])
    assert told.status == 412


def test_the_log_says_in_words_what_came_and_holds_no_values(directory: Directory) -> None:
    ada = directory.adds("ada@example.com").body["id"]
    directory.switches(ada, on=False)
    directory.sends("GET", '/Users?filter=userName eq "ada@example.com"')
    with directory.doorway.control.database.read() as connection:
        one = queries.directory(connection, "okta")
        found = queries.requests(connection, one.id)
    says = [noting.words(each) for each in found]
    assert says[0] == "It looked for people by userName."
    assert says[1] == "It changed one of people: replace active, switched off."
    assert says[2].startswith("It added one to people, with userName, externalId, active")
    assert "ada@example.com" not in repr(found)
    assert [each.did[0]["verb"] for each in found[1:]] == ["suspend-person", "provision-person"]


def test_who_is_erased_is_erased_from_what_the_directory_said(directory: Directory) -> None:
    ada = directory.adds("ada@example.com").body["id"]
    directory.doorway.does(directory.doorway.owner, ErasePerson(ada))
    assert directory.sends("GET", f"/Users/{ada}").status == 404


# groups


def test_a_group_gives_nothing_until_a_rule_says_so(directory: Directory) -> None:
    ada = directory.adds().body["id"]
    group = directory.groups("Sales", ada)
    assert _roles(directory, ada) == set()
    made = directory.doorway.does(directory.doorway.owner, AddGroupRule("Sales", "builder", "team:home"))
    assert _roles(directory, ada) == {("builder", f"team:{_team(directory)}")}
    with directory.doorway.control.database.read() as connection:
        assert identity.is_member(connection, ada, _team(directory))
        assert identity.person(connection, ada).teams == ("home",)
        assert ada in identity.members(connection, [_team(directory)])
        assert identity.visitors(connection, directory.doorway.clock.now()).people[ada]["teams"] == [_team(directory)]
    directory.patches(f"/Groups/{group}", {"op": "remove", "path": f'members[value eq "{ada}"]'})
    assert _roles(directory, ada) == set()
    directory.patches(f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": ada}]})
    directory.doorway.does(directory.doorway.owner, RemoveGroupRule(str(made.answer["rule"])))
    assert _roles(directory, ada) == set()


def test_groups_inside_groups_count_also_in_a_circle(directory: Directory) -> None:
    ada = directory.adds().body["id"]
    inner = directory.groups("Inner", ada)
    outer = directory.groups("Outer", inner)
    directory.patches(f"/Groups/{inner}", {"op": "add", "path": "members", "value": [{"value": outer}]})
    directory.doorway.does(directory.doorway.owner, AddGroupRule(outer, "auditor"))
    assert _roles(directory, ada) == {("auditor", "organisation")}
    with directory.doorway.control.database.read() as connection:
        [way] = why(connection, ada, "export-ledger").ways
    assert way.through == ("Inner", "Outer")
    assert "A rule makes everybody in Outer auditor of the organisation: made by Olga Owner" in way.says


def test_a_rule_can_count_in_one_environment_alone(directory: Directory) -> None:
    ada = directory.adds().body["id"]
    directory.groups("Sales", ada)
    owner = directory.doorway.owner
    directory.doorway.does(owner, CreateRole("stager", ("publish:staging",)))
    directory.doorway.does(owner, AddGroupRule("Sales", "stager", "team:home"))
    with directory.doorway.control.database.read() as connection:
        [held] = identity.held(connection, ada, directory.doorway.clock.now())
    assert (held.may("publish", "staging"), held.may("publish", "production")) == (True, False)


def test_a_dry_run_says_who_gains_and_who_loses(directory: Directory) -> None:
    ada, ben = directory.adds().body["id"], directory.adds().body["id"]
    directory.groups("Sales", ada, ben)
    directory.doorway.does(directory.doorway.owner, GrantRole(ben, "builder", "team:home"))
    with directory.doorway.control.database.read() as connection:
        found = if_added(connection, "Sales", "builder", "team:home")
    assert (found.gain, found.have) == ((ada,), (ben,))
    rule = str(
        directory.doorway.does(directory.doorway.owner, AddGroupRule("Sales", "builder", "team:home")).answer["rule"]
    )
    with directory.doorway.control.database.read() as connection:
        back = if_removed(connection, rule)
    assert (back.lose, back.have) == ((ada,), (ben,))


def test_a_group_of_owners_needs_a_second_person(directory: Directory) -> None:
    directory.groups("Bosses", directory.adds().body["id"])
    assert directory.doorway.does(directory.doorway.owner, AddGroupRule("Bosses", "owner")).state == "waiting"


def test_nobody_gives_a_group_what_they_lack(directory: Directory) -> None:
    directory.groups("Bosses", directory.adds().body["id"])
    engineer = directory.doorway.hire("Petra", "platform-engineer", everywhere=True)
    assert directory.doorway.does(engineer, AddGroupRule("Bosses", "owner")).state == "refused"
    builder = directory.doorway.hire("Ben", "builder")
    assert directory.doorway.does(builder, AddGroupRule("Bosses", "visitor", "team:home")).state == "refused"


def test_why_names_what_was_given_and_what_gives_nothing(directory: Directory, tmp_path: Path) -> None:
    ada = directory.adds("ada@example.com").body["id"]
    directory.groups("Choir", ada)
    directory.doorway.does(directory.doorway.owner, GrantRole(ada, "builder", "team:home"))
    with directory.doorway.control.database.read() as connection:
        found = why(connection, ada, "create-app", "team:home")
        none = why(connection, ada, "approve", "team:home")
    assert found.has
    assert found.ways[0].says.startswith("Ada is builder of team:home: given by Olga Owner")
    assert found.without_rule == ("Choir",)
    assert not none.has
    assert none.says == "No role of Ada gives approve on team:home."
