from __future__ import annotations

import pytest
from sqlalchemy import select
from tests.identity.household import Household

from greenlane.govern import tables as govern_tables
from greenlane.govern.action import REGISTRY
from greenlane.govern.actor import PLATFORM, Actor
from greenlane.govern.errors import Conflict, NotFound, Refused, SignInNeeded, WrongInput
from greenlane.identity import queries, tables
from greenlane.identity.actions import (
    AcceptInvitation,
    AddPerson,
    CreateSignInLink,
    CreateTeam,
    CreateToken,
    ErasePerson,
    FoundOrganisation,
    GrantRole,
    Invite,
    JoinTeam,
    LeaveTeam,
    RemoveRole,
    RenamePerson,
    RestorePerson,
    RevokeToken,
    SignIn,
    SignOut,
    SuspendPerson,
)
from greenlane.identity.last_use import note_use
from greenlane.identity.tokens import sha256

DAY = 24 * 3600


def accept(house: Household, link: str, name: str = "Nina New", email: str = "") -> dict[str, str]:
    secret = link.rpartition("/")[2]
    with house.database.read() as connection:
        invited = queries.invitee(connection, secret, house.clock.now())
    if invited is None:
        raise SignInNeeded("not a live invitation")
    return dict(house.does(invited.actor, AcceptInvitation(secret, name, email)).answer)


def test_the_first_owner_has_a_team_a_lasting_token_and_a_link(household: Household) -> None:
    owner = household.found()
    household.clock.forward(5 * DAY)
    assert household.sign_in(household.first["link"])["person"] == owner.id
    household.clock.forward(1000 * DAY)
    signed = household.who(household.first["token"])
    assert signed is not None
    assert signed.actor.person == owner.id
    assert "visit" in signed.scopes
    with household.database.read() as connection:
        assert queries.person(connection, owner.id).teams == ("home",)
        assert queries.active_owners(connection) == {owner.id}


def test_an_organisation_is_founded_once(household: Household) -> None:
    household.found()
    with pytest.raises(Conflict):
        household.does(PLATFORM, FoundOrganisation("Eve"))


def test_an_invitation_brings_one_person_in_and_no_second(household: Household) -> None:
    owner = household.found()
    household.team(owner, "sales")
    link = household.does(owner, Invite("sales", "builder")).answer["link"]
    answer = accept(household, link, "Nina New", "Nina@Example.com")
    signed = household.who(answer["session"])
    assert signed is not None
    with household.database.read() as connection:
        nina = queries.person(connection, signed.actor.id)
        held = queries.held(connection, nina.id)
        assert queries.members_active(connection) == 2
    assert (nina.name, nina.email, nina.state, nina.teams) == ("Nina New", "nina@example.com", "active", ("sales",))
    assert [one.role for one in held] == ["builder"]
    with pytest.raises(SignInNeeded):
        accept(household, link, "Second")


def test_an_invitation_that_two_people_open_at_once_counts_for_the_first(household: Household) -> None:
    owner = household.found()
    link = household.does(owner, Invite("home")).answer["link"]
    secret = link.rpartition("/")[2]
    with household.database.read() as connection:
        both = [queries.invitee(connection, secret, household.clock.now()) for _ in range(2)]
        invited = queries.invitation(connection, secret, household.clock.now())
    assert both[0] is not None
    assert both[1] is not None
    assert invited is not None
    household.does(both[0].actor, AcceptInvitation(secret, "First"))
    with pytest.raises(SignInNeeded):
        household.does(both[1].actor, AcceptInvitation(secret, "Second"))
    with household.database.read() as connection:
        assert [one.name for one in queries.people(connection)] == ["First", "Olga Owner"]


def test_an_invitation_expires(household: Household) -> None:
    owner = household.found()
    link = household.does(owner, Invite("home", days=1)).answer["link"]
    household.clock.forward(DAY)
    with pytest.raises(SignInNeeded):
        accept(household, link)


def test_somebody_who_is_here_joins_one_more_team_with_an_invitation(household: Household) -> None:
    owner = household.found()
    household.team(owner, "sales")
    ben = household.hire(owner, "Ben", "builder")
    link = household.does(owner, Invite("sales", "developer")).answer["link"]
    answer = household.does(ben, AcceptInvitation(link.rpartition("/")[2])).answer
    assert "session" not in answer
    with household.database.read() as connection:
        assert queries.person(connection, ben.id).teams == ("home", "sales")
        assert len(queries.people(connection)) == 2


def test_somebody_new_says_their_name(household: Household) -> None:
    link = household.does(household.found(), Invite("home")).answer["link"]
    with pytest.raises(WrongInput, match="under a name"):
        accept(household, link, "")


def test_an_added_person_is_invited_until_they_sign_in(household: Household) -> None:
    owner = household.found()
    answer = household.does(owner, AddPerson("Ada", "home", "ada@example.com", "reviewer")).answer
    with household.database.read() as connection:
        assert queries.person(connection, answer["person"]).state == "invited"
        assert queries.members_active(connection) == 1
    household.sign_in(answer["link"])
    with household.database.read() as connection:
        assert queries.members_active(connection) == 2
        assert queries.find_person(connection, "ADA@example.com").id == answer["person"]
        assert queries.find_person(connection, "ada").id == answer["person"]


def test_two_people_do_not_share_a_mail_address(household: Household) -> None:
    owner = household.found()
    with pytest.raises(Conflict, match="mail address"):
        household.does(owner, AddPerson("Olga Two", "home", "OLGA@example.com"))


def test_a_name_that_two_people_have_is_not_enough_to_find_one(household: Household) -> None:
    owner = household.found()
    for _ in range(2):
        household.hire(owner, "Kim", "builder")
    with household.database.read() as connection, pytest.raises(WrongInput, match="several people"):
        queries.find_person(connection, "kim")


def test_a_sign_in_link_works_once_and_for_an_hour(household: Household) -> None:
    owner = household.found()
    link = household.does(owner, CreateSignInLink(owner.id)).answer["link"]
    secret = link.rpartition("/")[2]
    with household.database.read() as connection:
        signed = queries.who_signs_in(connection, secret, household.clock.now())
    assert signed is not None
    household.does(signed.actor, SignIn(secret))
    with pytest.raises(SignInNeeded):
        household.does(signed.actor, SignIn(secret))
    late = household.does(owner, CreateSignInLink(owner.id)).answer["link"]
    household.clock.forward(3600)
    with household.database.read() as connection:
        assert queries.who_signs_in(connection, late.rpartition("/")[2], household.clock.now()) is None


def test_nobody_signs_in_with_the_link_of_another(household: Household) -> None:
    owner = household.found()
    ben = household.hire(owner, "Ben", "builder")
    link = household.does(owner, CreateSignInLink(owner.id)).answer["link"]
    with pytest.raises(SignInNeeded):
        household.does(ben, SignIn(link.rpartition("/")[2]))


def test_a_session_from_a_token_has_the_tokens_scopes_and_ends_with_it(household: Household) -> None:
    owner = household.found()
    token = household.does(owner, CreateToken("robot", ("visit",))).answer
    session = household.sign_in(token["token"])["session"]
    signed = household.who(session)
    assert signed is not None
    assert signed.scopes == ("visit",)
    household.does(owner, RevokeToken(token["id"]))
    assert household.who(session) is None
    assert household.who(token["token"]) is None


def test_an_agents_token_opens_no_browser_and_speaks_for_its_person(household: Household) -> None:
    owner = household.found()
    token = household.does(owner, CreateToken("for codex", ("deploy",), agent="codex")).answer["token"]
    signed = household.who(token)
    assert signed is not None
    assert (signed.actor.kind, signed.actor.id, signed.actor.person) == ("agent", "codex", owner.id)
    with household.database.read() as connection:
        assert queries.who_signs_in(connection, token, household.clock.now()) is None


def test_signing_out_ends_this_session_or_all(household: Household) -> None:
    owner = household.found()
    first, second, third = (
        household.sign_in(household.does(owner, CreateSignInLink(owner.id)).answer["link"])["session"] for _ in range(3)
    )
    here = household.who(first)
    assert here is not None
    household.does(here.actor, SignOut())
    assert household.who(first) is None
    assert household.who(second) is not None
    household.does(owner, SignOut(everywhere=True))
    assert household.who(second) is None
    assert household.who(third) is None


def test_a_token_ends_when_its_days_are_over(household: Household) -> None:
    owner = household.found()
    token = household.does(owner, CreateToken("short", days=1)).answer["token"]
    assert household.who(token) is not None
    household.clock.forward(DAY)
    assert household.who(token) is None


def test_secrets_are_stored_as_digests_and_shown_once(household: Household) -> None:
    owner = household.found()
    secrets = [
        household.does(owner, CreateToken("one")).answer["token"],
        household.does(owner, Invite("home")).answer["link"].rpartition("/")[2],
        household.does(owner, CreateSignInLink(owner.id)).answer["link"].rpartition("/")[2],
        household.sign_in(household.first["link"])["session"],
    ]
    with household.database.read() as connection:
        kept = [
            repr(tuple(row))
            for table in (tables.TOKEN, tables.INVITATION, tables.SIGN_IN_LINK, tables.SESSION, govern_tables.action)
            for row in connection.execute(select(table))
        ]
    for secret in secrets:
        assert not any(secret in row for row in kept)


def test_a_suspended_person_is_out_at_once(household: Household) -> None:
    owner = household.found()
    ben = household.hire(owner, "Ben", "platform-engineer")
    token = household.does(ben, CreateToken("ci", ("visit", "deploy"))).answer["token"]
    session = household.sign_in(household.does(ben, CreateSignInLink(ben.id)).answer["link"])["session"]
    waiting = household.does(ben, CreateSignInLink(ben.id)).answer["link"].rpartition("/")[2]
    way_back = household.does(ben, Invite("home", "builder")).answer["link"].rpartition("/")[2]
    with household.database.read() as connection:
        before = queries.visitors(connection, household.clock.now())
    assert before.people[ben.id]["active"]
    assert ben.id in before.sessions.values()
    assert ben.id in {one["person"] for one in before.tokens.values()}

    household.does(owner, SuspendPerson(ben.id))

    assert household.who(token) is None
    assert household.who(session) is None
    with household.database.read() as connection:
        after = queries.visitors(connection, household.clock.now())
        assert not after.people[ben.id]["active"]
        assert ben.id not in after.sessions.values()
        assert ben.id not in {one["person"] for one in after.tokens.values()}
        assert queries.who_signs_in(connection, waiting, household.clock.now()) is None
        assert queries.invitation(connection, way_back, household.clock.now()) is None
        assert queries.members_active(connection) == 1

    household.does(owner, RestorePerson(ben.id))
    assert household.who(token) is None
    assert household.who(session) is None
    with household.database.read() as connection:
        assert queries.members_active(connection) == 2
    with pytest.raises(Conflict, match="is active"):
        household.does(owner, RestorePerson(ben.id))


def test_two_owners_who_remove_one_another_leave_one(household: Household) -> None:
    owner = household.found()
    other = household.hire(owner, "Otto", "owner", everywhere=True)
    household.does(owner, SuspendPerson(other.id))
    with pytest.raises(Refused, match="without an owner"):
        household.does(other, SuspendPerson(owner.id))
    with pytest.raises(Refused, match="without an owner"):
        household.does(other, RemoveRole(owner.id, "owner"))
    with household.database.read() as connection:
        assert queries.active_owners(connection) == {owner.id}


def test_an_erased_person_keeps_an_id_and_nothing_else(household: Household) -> None:
    owner = household.found()
    link = household.does(owner, Invite("home")).answer["link"]
    nina = accept(household, link, "Nina New", "nina@example.com")["person"]
    household.does(owner, RenamePerson(nina, "Nina Newer"))
    household.does(Actor("person", nina), CreateToken("the token of Nina"))
    outcome = household.does(owner, ErasePerson(nina))
    assert outcome.happened == {"person": nina, "payloads": 2}
    with household.database.read() as connection:
        person = queries.person(connection, nina)
        assert (person.name, person.email, person.state, person.teams) == ("", None, "erased", ())
        assert queries.names(connection, [nina, owner.id]) == {owner.id: "Olga Owner"}
        assert queries.held(connection, nina) == ()
        kept = [
            repr(tuple(row)) for table in (tables.PERSON, tables.TOKEN) for row in connection.execute(select(table))
        ]
        named = connection.execute(
            select(govern_tables.action.c.payload).where(
                govern_tables.action.c.verb.in_(("accept-invitation", "rename-person"))
            )
        ).scalars()
        assert [household.payloads.open(connection, one) for one in named] == [None, None]
    assert not any("Nina" in row or "nina" in row for row in kept)


def test_no_name_and_no_address_is_recorded_in_an_action(household: Household) -> None:
    for action in (
        FoundOrganisation("Olga", "olga@example.com"),
        AddPerson("Ada", "home", "ada@example.com"),
        AcceptInvitation("gli_x", "Ada", "ada@example.com"),
        RenamePerson("p_1", "Ada", "ada@example.com"),
        CreateToken("Ada's laptop"),
    ):
        verb = REGISTRY.of(action)
        recorded = repr(verb.recorded(action))
        for word in ("Olga", "Ada", "example.com", "gli_x"):
            assert word not in recorded
        assert "gli_x" not in repr(verb.private(action)) + repr(verb.plain(action)) + repr(action)


def test_a_member_who_leaves_a_team_loses_the_roles_held_there(household: Household) -> None:
    owner = household.found()
    sales = household.team(owner, "sales")
    ben = household.hire(owner, "Ben", "builder", "sales")
    household.does(owner, GrantRole(ben.id, "auditor"))
    household.does(owner, LeaveTeam("sales", ben.id))
    with household.database.read() as connection:
        assert [(one.role, one.scope) for one in queries.held(connection, ben.id)] == [("auditor", "organisation")]
        assert queries.members(connection, [sales]) == frozenset()
    with pytest.raises(NotFound, match="not in this team"):
        household.does(owner, LeaveTeam("sales", ben.id))


def test_roles_are_given_and_taken_with_their_scope(household: Household) -> None:
    owner = household.found()
    ben = household.hire(owner, "Ben", "builder")
    household.team(owner, "sales")
    household.does(owner, GrantRole(ben.id, "reviewer", "team:sales"))
    household.does(owner, GrantRole(ben.id, "reviewer", "team:sales"))
    with pytest.raises(NotFound, match="does not have this role"):
        household.does(owner, RemoveRole(ben.id, "reviewer"))
    household.does(owner, RemoveRole(ben.id, "reviewer", "team:sales"))
    with household.database.read() as connection:
        assert [one.role for one in queries.held(connection, ben.id)] == ["builder"]


def test_teams_have_names_of_their_own(household: Household) -> None:
    owner = household.found()
    household.team(owner, "sales")
    household.does(owner, JoinTeam("sales", owner.id))
    with pytest.raises(Conflict, match="called sales"):
        household.does(owner, CreateTeam("sales"))
    with household.database.read() as connection:
        sizes = queries.team_sizes(connection)
        assert [(one.name, sizes[one.id]) for one in queries.teams(connection)] == [("home", 1), ("sales", 1)]
        first = queries.first_team(connection, owner.id)
        assert first is not None
        assert first.name == "home"
        with pytest.raises(NotFound, match="no team called 'nowhere'"):
            queries.team(connection, "nowhere")


@pytest.mark.parametrize("name", ["", "Sales", "a b", "-a", "a" * 41, "t_01", "s\u0430les"])
def test_a_teams_name_fits_into_a_command(name: str) -> None:
    with pytest.raises(WrongInput):
        CreateTeam(name)


@pytest.mark.parametrize("name", ["", "  ", "a" * 101, "Ann\u202eEve", "Ann\x07"])
def test_a_persons_name_shows_what_it_is(name: str) -> None:
    with pytest.raises(WrongInput):
        AddPerson(name, "home")
    assert AddPerson("Zoë Müller-O'Neill 李", "home")


@pytest.mark.parametrize("address", ["nobody", "a@b", "a b@c.de", "@c.de", "a@c.de\n"])
def test_a_mail_address_looks_like_one(address: str) -> None:
    with pytest.raises(WrongInput):
        AddPerson("Ann", "home", address)


def test_a_busy_token_is_noted_once_a_minute(household: Household) -> None:
    owner = household.found()
    token = household.does(owner, CreateToken("ci")).answer["id"]
    seen = []
    for seconds in (0, 30, 31):
        household.clock.forward(seconds)
        with household.database.engine.begin() as connection:
            note_use(token, household.clock.now())(connection)
        with household.database.read() as connection:
            seen.append(queries.token(connection, token).last_used)
    assert seen[0] == seen[1] != seen[2]


def test_the_edge_learns_who_is_in_which_team_and_what_each_token_is_for(household: Household) -> None:
    owner = household.found()
    sales = household.team(owner, "sales")
    household.does(owner, JoinTeam("sales", owner.id))
    narrow = household.does(owner, CreateToken("no visits", ("deploy",))).answer["token"]
    with household.database.read() as connection:
        seen = queries.visitors(connection, household.clock.now())
    assert set(seen.people[owner.id]["teams"]) == {sales, household.first["team"]}
    kept = seen.tokens.pop(sha256(narrow))
    assert (kept["person"], kept["scopes"]) == (owner.id, ["deploy"]), (
        "it is told that it is too narrow, not that it is unknown"
    )
    (token,) = seen.tokens.values()
    assert (token["person"], token["expires"]) == (owner.id, None)
