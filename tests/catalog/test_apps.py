from __future__ import annotations

from datetime import timedelta

import pytest
from tests.catalog.conftest import Street

from greenlane.catalog import environments, queries
from greenlane.catalog.actions import (
    ArchiveApp,
    CreateApp,
    DeclareHost,
    Lock,
    RemoveHost,
    SetAudience,
    SetQuota,
    TransferApp,
    Unlock,
    WakeApp,
)
from greenlane.catalog.addresses import Addresses
from greenlane.govern.actor import PLATFORM, Actor
from greenlane.govern.errors import Conflict, NotFound, WrongInput
from greenlane.identity.actions import GrantRole, JoinTeam, SuspendPerson
from greenlane.kit.clock import stamp


def test_a_new_app_is_open_to_its_owner_alone(street: Street) -> None:
    app = street.app()
    assert (app.owner, app.team, app.title) == (street.ben.id, street.sales, "Vendors")
    assert (app.rung, app.state, app.everyone_before, app.public_before) == ("me", "live", False, False)
    with street.house.database.read() as connection:
        assert [one.name for one in queries.environments(connection, "vendor-board")] == ["production", "staging"]


def test_a_new_app_goes_to_the_team_that_is_named(street: Street) -> None:
    street.house.does(street.ben, CreateApp("offsite", team="home"))
    assert street.app("offsite").team == street.house.first["team"]
    assert street.app("offsite").title == "offsite"


def test_two_apps_never_share_a_name(street: Street) -> None:
    for name in ("vendor-board", "vend0r-board"):
        with pytest.raises(Conflict):
            street.house.does(street.owner, CreateApp(name))


def test_an_app_always_has_a_person_who_owns_it(street: Street) -> None:
    with pytest.raises(WrongInput, match="a person who owns it"):
        street.house.does(PLATFORM, CreateApp("ghost"))
    gone = street.house.hire(street.owner, "Gone", "builder", "sales")
    street.house.does(street.owner, SuspendPerson(gone.id))
    with pytest.raises(Conflict, match="somebody who is active"):
        street.house.does(street.owner, TransferApp("vendor-board", owner=gone.id))
    with pytest.raises(WrongInput, match="Nothing would change"):
        TransferApp("vendor-board")


def test_somebody_in_no_team_names_one(street: Street) -> None:
    alone = Actor("person", "p_alone")
    with pytest.raises(WrongInput, match="in no team"):
        street.house.does(alone, CreateApp("lonely"))


def test_an_agent_makes_apps_for_its_person(street: Street) -> None:
    street.house.does(Actor("agent", "codex", on_behalf_of=street.ben.id), CreateApp("made-by-codex"))
    assert street.app("made-by-codex").owner == street.ben.id


def test_an_app_moves_to_another_team_and_owner(street: Street) -> None:
    street.house.does(street.owner, TransferApp("vendor-board", owner=street.owner.id, team="home"))
    app = street.app()
    assert (app.owner, app.team) == (street.owner.id, street.house.first["team"])


def test_an_archived_app_wakes_as_it_was(street: Street) -> None:
    street.house.does(street.ben, ArchiveApp("vendor-board"))
    assert street.app().state == "archived"
    with pytest.raises(Conflict):
        street.house.does(street.ben, ArchiveApp("vendor-board"))
    street.house.does(street.ben, WakeApp("vendor-board"))
    assert street.app().state == "live"


def test_a_quota_is_set_within_reason(street: Street) -> None:
    street.house.does(street.owner, SetQuota("vendor-board", 5_000_000_000))
    assert street.app().quota == 5_000_000_000
    for size in (0, -1, 1 << 60):
        with pytest.raises(WrongInput):
            SetQuota("vendor-board", size)


# the audience


def test_wide_audiences_are_remembered(street: Street) -> None:
    street.house.does(street.ben, SetAudience("vendor-board", "public"))
    street.house.does(street.ben, SetAudience("vendor-board", "team"))
    app = street.app()
    assert (app.rung, app.everyone_before, app.public_before) == ("team", True, True)
    facts = street.house.facts(street.ben, SetAudience("vendor-board", "public"))
    assert (facts.audience_now, facts.audience_wanted, facts.public_before) == ("team", "public", True)


def test_named_people_and_teams_are_kept_by_id(street: Street) -> None:
    street.house.does(street.ben, SetAudience("vendor-board", "named", (street.owner.id,), ("home",)))
    app = street.app()
    assert (app.named.people, app.named.teams) == ((street.owner.id,), (street.house.first["team"],))


def test_naming_nobody_is_told(street: Street) -> None:
    with pytest.raises(WrongInput, match="Nobody is named"):
        street.house.does(street.ben, SetAudience("vendor-board", "named"))
    with pytest.raises(NotFound):
        street.house.facts(street.ben, SetAudience("vendor-board", "named", ("p_nobody",)))
    with pytest.raises(WrongInput, match="not an audience"):
        SetAudience("vendor-board", "friends")


def test_every_step_up_the_ladder_widens_and_every_step_down_does_not(street: Street) -> None:
    rungs = ("me", "team", "everyone", "public")
    for now in rungs:
        street.house.does(street.ben, SetAudience("vendor-board", now))
        for wanted in rungs:
            facts = street.house.facts(street.ben, SetAudience("vendor-board", wanted))
            assert facts.audience_widens == (rungs.index(wanted) > rungs.index(now))


def test_one_more_named_person_widens_and_one_less_does_not(street: Street) -> None:
    nina = street.house.hire(street.owner, "Nina", "visitor")
    street.house.does(street.ben, SetAudience("vendor-board", "named", (street.owner.id,)))
    more = street.house.facts(street.ben, SetAudience("vendor-board", "named", (street.owner.id, nina.id)))
    assert more.audience_widens
    assert more.audience_people == 3
    street.house.does(street.ben, SetAudience("vendor-board", "named", (street.owner.id, nina.id)))
    less = street.house.facts(street.ben, SetAudience("vendor-board", "named", (nina.id,)))
    assert not less.audience_widens
    assert less.audience_people == 2


def test_a_named_person_from_outside_the_team_widens_though_the_rung_is_lower(street: Street) -> None:
    street.house.does(street.ben, SetAudience("vendor-board", "team"))
    outsider = street.house.facts(street.ben, SetAudience("vendor-board", "named", (street.owner.id,)))
    assert outsider.audience_widens
    street.house.does(street.owner, JoinTeam("sales", street.owner.id))
    insider = street.house.facts(street.ben, SetAudience("vendor-board", "named", (street.owner.id,)))
    assert not insider.audience_widens


def test_everyone_counts_the_people_who_are_active(street: Street) -> None:
    assert street.house.facts(street.ben, SetAudience("vendor-board", "everyone")).audience_people == 2
    assert street.house.facts(street.ben, SetAudience("vendor-board", "me")).audience_people == 1


# outside hosts


def test_a_declared_host_is_new_once(street: Street) -> None:
    declare = DeclareHost("vendor-board", "API.Example.com.")
    assert street.house.facts(street.ben, declare).new_hosts == ("api.example.com",)
    street.house.does(street.ben, declare)
    assert street.house.facts(street.ben, declare).new_hosts == ()
    another_purpose = DeclareHost("vendor-board", "api.example.com", ("img",))
    assert street.house.facts(street.ben, another_purpose).new_hosts == ("api.example.com",)
    street.house.does(street.ben, another_purpose)
    with street.house.database.read() as connection:
        (host,) = queries.hosts(connection, "vendor-board")
    assert host.directives == ("connect", "img")
    street.house.does(street.ben, RemoveHost("vendor-board", "api.example.com"))
    with pytest.raises(NotFound):
        street.house.does(street.ben, RemoveHost("vendor-board", "api.example.com"))


def test_a_host_can_be_declared_for_one_environment_alone(street: Street) -> None:
    staging = DeclareHost("vendor-board", "api.example.com", ("connect", "server"), "staging")
    street.house.does(street.ben, staging)
    with street.house.database.read() as connection:
        assert queries.page_hosts(connection, "vendor-board", "staging") == ["api.example.com"]
        assert queries.page_hosts(connection, "vendor-board", "production") == []
        assert queries.server_hosts(connection) == {"vendor-board/staging": ["api.example.com"]}
    assert street.house.facts(street.ben, staging).new_hosts == ()
    everywhere = DeclareHost("vendor-board", "api.example.com", ("server",))
    assert street.house.facts(street.ben, everywhere).new_server_hosts == ("api.example.com",), "production could not"
    street.house.does(street.ben, everywhere)
    with street.house.database.read() as connection:
        declared = queries.hosts(connection, "vendor-board")
    assert queries.purposes_in(declared, "staging") == {"api.example.com": ("server", "connect")}
    assert queries.purposes_in(declared, "production") == {"api.example.com": ("server",)}
    street.house.does(street.ben, RemoveHost("vendor-board", "api.example.com", "staging"))
    with pytest.raises(NotFound, match="for staging"):
        street.house.does(street.ben, RemoveHost("vendor-board", "api.example.com", "staging"))
    with pytest.raises(WrongInput, match="where a host can be declared"):
        DeclareHost("vendor-board", "api.example.com", environment="moon")


# locks


def test_a_lock_holds_until_it_is_released(street: Street) -> None:
    street.house.does(street.ben, Lock("vendor-board", why="the fair is on"))
    lock = street.environment()
    assert (lock.lock_who, lock.lock_why) == (street.ben.id, "the fair is on")
    assert street.house.facts(street.ben, Unlock("vendor-board")).locked
    assert not street.house.facts(street.ben, Unlock("vendor-board", "staging")).locked
    with pytest.raises(Conflict, match="locked already"):
        street.house.does(street.owner, Lock("vendor-board", why="another"))
    street.house.does(street.ben, Unlock("vendor-board"))
    assert not street.house.facts(street.ben, Unlock("vendor-board")).locked
    with pytest.raises(Conflict, match="not locked"):
        street.house.does(street.ben, Unlock("vendor-board"))


def test_a_lock_ends_by_itself_when_its_time_is_over(street: Street) -> None:
    until = stamp(street.house.clock.now() + timedelta(hours=1))
    street.house.does(street.ben, Lock("vendor-board", until=until))
    assert street.house.facts(street.ben, Unlock("vendor-board")).locked
    street.house.clock.forward(3600)
    assert not street.house.facts(street.ben, Unlock("vendor-board")).locked
    with pytest.raises(WrongInput, match="is over"):
        street.house.does(street.ben, Lock("vendor-board", until=until))


@pytest.mark.parametrize("until", ["tomorrow", "2026-12-24", "2026-12-24T08:00:00"])
def test_the_end_of_a_lock_is_a_moment_with_its_zone(until: str) -> None:
    with pytest.raises(WrongInput, match="is not a moment"):
        Lock("vendor-board", until=until)


def test_the_reason_of_a_lock_stays_out_of_what_is_recorded(street: Street) -> None:
    outcome = street.house.does(street.ben, Lock("vendor-board", why="Ada broke it"))
    assert "Ada" not in repr(outcome.happened)


def test_a_preview_cannot_be_locked() -> None:
    with pytest.raises(WrongInput):
        Lock("vendor-board", "preview")


# environments


def test_of_two_moves_from_the_same_state_the_second_is_told(street: Street) -> None:
    def move(to: str, expected: str | None) -> None:
        with street.house.database.engine.begin() as connection:
            environments.move(
                connection, "vendor-board", "production", to=to, expected=expected, action="act_1", now="now"
            )

    assert street.house.facts(street.ben, Lock("vendor-board")).first_publish
    move("d1", None)
    with pytest.raises(Conflict):
        move("d2", None)
    move("d2", "d1")
    with pytest.raises(Conflict):
        move("d3", "d1")
    now = street.environment()
    assert (now.live_deploy, now.previous) == ("d2", "d1")
    assert not street.house.facts(street.ben, Lock("vendor-board")).first_publish


# whose apps


def test_people_see_the_apps_that_they_work_on(street: Street) -> None:
    street.house.does(street.owner, CreateApp("offsite"))
    nina = street.house.hire(street.owner, "Nina", "visitor")

    def seen(person: str) -> list[str]:
        with street.house.database.read() as connection:
            return [one.name for one in queries.apps_for(connection, person, street.house.clock.now())]

    assert seen(street.owner.id) == ["offsite", "vendor-board"]
    assert seen(street.ben.id) == ["vendor-board"]
    assert seen(nina.id) == []
    street.house.does(street.owner, GrantRole(nina.id, "reviewer", "app:offsite"))
    assert seen(nina.id) == ["offsite"]


def test_a_host_of_an_app_is_known_and_another_is_not(street: Street) -> None:
    addresses = Addresses(apps_domain="apps.example")
    with street.house.database.read() as connection:
        for host in ("vendor-board.apps.example", "d123--vendor-board.apps.example"):
            assert queries.knows_host(connection, addresses, host)
        for host in ("other.apps.example", "vendor-board.evil.example", "a.vendor-board.apps.example"):
            assert not queries.knows_host(connection, addresses, host)
