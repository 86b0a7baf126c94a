"""What takes an action back: every verb that can be undone has it, and doing it leads back to how things were."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests.house import HOUR, PAGE, Doorway

from greenlane.catalog import queries as catalog
from greenlane.catalog.actions import (
    ArchiveApp,
    ClaimDomain,
    DeclareHost,
    Lock,
    RemoveHost,
    SetAudience,
    SetQuota,
    TransferApp,
    Unlock,
    WakeApp,
)
from greenlane.cli import terminal
from greenlane.deploys.actions import CreatePreviewToken, Publish
from greenlane.govern import tables
from greenlane.govern.action import REGISTRY
from greenlane.govern.actor import Actor
from greenlane.govern.door import Answer
from greenlane.govern.errors import Conflict
from greenlane.identity import queries as identity
from greenlane.identity import tokens
from greenlane.identity.actions import (
    CreateTeam,
    CreateToken,
    GrantRole,
    JoinTeam,
    LeaveTeam,
    RemoveRole,
    RestorePerson,
    SuspendPerson,
)
from greenlane.insights import undoing
from greenlane.insights.undo import Undo
from greenlane.kit.errors import Unavailable
from greenlane.main import local_commands
from greenlane.secrets import queries as secrets
from greenlane.secrets.actions import PutVariable, RotateVariable

BOARD = "vendor-board"


@pytest.fixture
def ben(doorway: Doorway) -> Actor:
    one = doorway.hire("Ben Builder", "builder")
    doorway.deploys(one)
    return one


def undo_of(doorway: Doorway, verb: str) -> Undo | None:
    """The undoing of the verb's last receipt."""
    receipt = doorway.receipts(verb)[-1]
    with doorway.control.database.read() as connection:
        found = select(tables.action.c.facts).where(tables.action.c.id == receipt.action["id"])
        facts = connection.execute(found).scalar_one()
    return undoing.undo(receipt, facts)


def takes_back(doorway: Doorway, who: Actor, verb: str) -> Answer:
    """Do what takes the verb's last action back, and see that the verb accepts it as it is."""
    back = undo_of(doorway, verb)
    assert back is not None
    assert back.says[0].isupper()
    return doorway.does(who, REGISTRY.named(back.verb).build(dict(back.inputs)))


def test_every_verb_that_can_be_undone_says_how_or_why_not():
    reversible = {verb.name for verb in REGISTRY if verb.undo is not None}
    assert reversible == set(undoing.UNDOINGS) | set(undoing.NOT_OFFERED)
    assert not set(undoing.UNDOINGS) & set(undoing.NOT_OFFERED)
    assert all(REGISTRY.named(verb.undo) for verb in REGISTRY if verb.undo is not None)


def test_named_people_come_back_when_an_audience_is_undone(doorway: Doorway, ben: Actor):
    ada = doorway.hire("Ada", "builder")
    doorway.does(doorway.owner, CreateTeam("sales"))
    doorway.does(ben, SetAudience(BOARD, "named", people=(ada.id,), teams=("sales",)))
    named = doorway.app()
    doorway.does(ben, SetAudience(BOARD, "team"))
    takes_back(doorway, ben, "set-audience")
    again = doorway.app()
    assert (again.rung, again.named) == ("named", named.named)
    assert again.named.people == (ada.id,)


def test_one_more_named_person_is_taken_back_alone(doorway: Doorway, ben: Actor):
    ada, eve = doorway.hire("Ada", "builder"), doorway.hire("Eve", "builder")
    doorway.does(ben, SetAudience(BOARD, "named", people=(ada.id,)))
    doorway.does(ben, SetAudience(BOARD, "named", people=(ada.id, eve.id)))
    takes_back(doorway, ben, "set-audience")
    assert doorway.app().named.people == (ada.id,)


def test_a_publish_that_opened_an_app_wider_is_undone_to_the_named_people_of_before(doorway: Doorway, ben: Actor):
    ada = doorway.hire("Ada", "builder")
    doorway.does(ben, Publish(BOARD, audience="named", people=(ada.id,)))
    doorway.does(ben, Publish(BOARD, audience="team"))
    takes_back(doorway, ben, "publish")
    assert (doorway.app().rung, doorway.app().named.people) == ("named", (ada.id,))


def test_a_receipt_that_does_not_say_who_was_named_leads_to_the_owner_alone(doorway: Doorway, ben: Actor):
    ada = doorway.hire("Ada", "builder")
    doorway.does(ben, SetAudience(BOARD, "named", people=(ada.id,)))
    doorway.does(ben, SetAudience(BOARD, "team"))
    receipt = doorway.receipts("set-audience")[-1]
    del receipt.happened["named_before"]
    back = undoing.undo(receipt, {"audience_now": "named", "audience_widens": True})
    assert back is not None
    assert back.inputs == {"app": BOARD, "audience": "me"}


def test_an_audience_that_stayed_needs_no_undoing(doorway: Doorway, ben: Actor):
    doorway.does(ben, SetAudience(BOARD, "team"))
    doorway.does(ben, SetAudience(BOARD, "team"))
    assert undo_of(doorway, "set-audience") is None


def test_an_audience_that_opened_by_itself_is_closed_again(doorway: Doorway, ben: Actor):
    doorway.does(ben, Publish(BOARD, audience="everyone"))
    doorway.after(HOUR + 1)
    assert doorway.app().rung == "everyone"
    takes_back(doorway, ben, "widen-audience")
    assert doorway.app().rung == "team"


def live(doorway: Doorway, environment: str = "production") -> str | None:
    with doorway.control.database.read() as connection:
        return catalog.live_deploy(connection, BOARD, environment)


def test_a_publish_and_its_rollback_take_one_another_back(doorway: Doorway, ben: Actor):
    doorway.publishes(ben, "team")
    first = live(doorway)
    doorway.deploys(ben, files={**PAGE, "about.html": b"<h1>About</h1>"})
    doorway.publishes(ben)
    second = live(doorway)
    takes_back(doorway, ben, "publish")
    assert live(doorway) == first
    takes_back(doorway, ben, "rollback")
    assert live(doorway) == second


def test_the_first_publish_is_undone_by_taking_the_app_off_the_air(doorway: Doorway, ben: Actor):
    doorway.publishes(ben)
    back = undo_of(doorway, "publish")
    assert back is not None
    assert back.verb == "archive-app"


def test_the_first_publish_to_staging_and_one_that_moved_nothing_offer_nothing(doorway: Doorway, ben: Actor):
    doorway.does(ben, Publish(BOARD, environment="staging"))
    assert undo_of(doorway, "publish") is None
    doorway.does(ben, Publish(BOARD, environment="staging"))
    assert undo_of(doorway, "publish") is None


def test_what_did_not_happen_is_not_undone(doorway: Doorway, ben: Actor):
    assert doorway.publishes(ben, "public").state == "waiting"
    assert undo_of(doorway, "publish") is None


def test_a_new_app_is_taken_off_the_air_and_comes_back(doorway: Doorway, ben: Actor):
    takes_back(doorway, ben, "create-app")
    assert doorway.app().state == "archived"
    takes_back(doorway, ben, "archive-app")
    assert doorway.app().state == "live"
    doorway.does(ben, ArchiveApp(BOARD))
    doorway.does(ben, WakeApp(BOARD))
    takes_back(doorway, ben, "wake-app")
    assert doorway.app().state == "archived"


def hosts(doorway: Doorway) -> list[tuple[str, tuple[str, ...]]]:
    with doorway.control.database.read() as connection:
        return [(one.host, one.directives) for one in catalog.hosts(connection, BOARD)]


def test_hosts_come_and_go_with_their_purposes(doorway: Doorway, ben: Actor):
    doorway.does(doorway.owner, DeclareHost(BOARD, "api.example.com", ("connect", "img")))
    with_both = hosts(doorway)
    takes_back(doorway, ben, "declare-host")
    assert hosts(doorway) == []
    takes_back(doorway, doorway.owner, "remove-host")
    assert hosts(doorway) == with_both
    doorway.does(doorway.owner, DeclareHost(BOARD, "api.example.com", ("img",), "staging"))
    takes_back(doorway, ben, "declare-host")
    assert hosts(doorway) == with_both, "the one for staging alone is gone"
    takes_back(doorway, doorway.owner, "remove-host")
    assert len(hosts(doorway)) == 2
    doorway.does(doorway.owner, DeclareHost(BOARD, "api.example.com", ("font",)))
    assert undo_of(doorway, "declare-host") is None, "it would take the purposes from before with it"
    doorway.does(ben, RemoveHost(BOARD, "api.example.com"))


def test_locks_close_and_open(doorway: Doorway, ben: Actor):
    until = "2036-01-01T00:00:00Z"
    doorway.does(ben, Lock(BOARD, until=until))
    takes_back(doorway, ben, "lock")
    doorway.does(ben, Lock(BOARD, until=until))
    doorway.does(ben, Unlock(BOARD))
    takes_back(doorway, ben, "unlock")
    with doorway.control.database.read() as connection:
        environment = catalog.environment(connection, BOARD, "production")
    assert environment is not None
    assert (environment.lock_until or "")[:10] == "2036-01-01"


def test_an_app_goes_back_to_its_owner_and_its_quota_to_its_size(doorway: Doorway, ben: Actor):
    ada, before = doorway.hire("Ada", "builder"), doorway.app()
    doorway.does(doorway.owner, CreateTeam("sales"))
    doorway.does(doorway.owner, TransferApp(BOARD, owner=ada.id))
    assert undo_of(doorway, "transfer-app") == Undo(
        "transfer-app", {"app": BOARD, "owner": ben.id}, f"Hand {BOARD} back"
    )
    takes_back(doorway, doorway.owner, "transfer-app")
    doorway.does(doorway.owner, TransferApp(BOARD, team="sales"))
    takes_back(doorway, doorway.owner, "transfer-app")
    doorway.does(doorway.owner, SetQuota(BOARD, 5_000_000))
    takes_back(doorway, doorway.owner, "set-quota")
    after = doorway.app()
    assert (after.owner, after.team, after.quota) == (before.owner, before.team, before.quota)


def test_a_claim_that_was_there_before_is_not_given_up(doorway: Doorway, ben: Actor):
    doorway.does(doorway.owner, ClaimDomain(BOARD, "board.example.com"))
    doorway.does(doorway.owner, ClaimDomain(BOARD, "board.example.com"))
    assert undo_of(doorway, "claim-domain") is None
    first = doorway.receipts("claim-domain")[0]
    back = undoing.undo(first, {})
    assert back is not None
    doorway.does(doorway.owner, REGISTRY.named(back.verb).build(dict(back.inputs)))
    takes_back(doorway, doorway.owner, "release-domain")


def test_a_value_is_taken_back_to_the_one_before_and_to_none(doorway: Doorway, ben: Actor):
    def in_force() -> list[int]:
        with doorway.control.database.read() as connection:
            return [one.version for one in secrets.names(connection, BOARD)]

    doorway.does(ben, PutVariable("API_KEY", "one", app=BOARD))
    doorway.does(ben, PutVariable("API_KEY", "two", app=BOARD))
    takes_back(doorway, ben, "put-variable")
    assert in_force() == [1]
    doorway.does(ben, RotateVariable("API_KEY", "three", app=BOARD))
    takes_back(doorway, ben, "rotate-variable")
    assert in_force() == [1]
    doorway.does(ben, PutVariable("OTHER_KEY", "one", app=BOARD))
    takes_back(doorway, ben, "put-variable")
    assert in_force() == [1]


def test_what_an_earlier_release_put_in_is_destroyed_again_only_where_it_was_new(doorway: Doorway, ben: Actor):
    doorway.does(ben, PutVariable("API_KEY", "one", app=BOARD))
    (receipt,) = doorway.receipts("put-variable")
    earlier = replace(receipt, happened={"state": "done", "app": BOARD, "environment": "preview", "name": "API_KEY"})
    assert undoing.undo(earlier, {"new_secrets": []}) is None
    back = undoing.undo(earlier, {"new_secrets": ["API_KEY"]})
    assert back is not None
    assert "version" not in back.inputs


def test_tokens_end(doorway: Doorway, ben: Actor):
    doorway.does(ben, CreatePreviewToken(BOARD))
    takes_back(doorway, ben, "create-preview-token")
    doorway.does(ben, CreateToken("for the robot"))
    takes_back(doorway, ben, "create-token")
    with doorway.control.database.read() as connection:
        assert [one.revoked is not None for one in identity.tokens_of(connection, ben.id)] == [True]


def test_people_go_and_come_back(doorway: Doorway, ben: Actor):
    ada = doorway.hire("Ada", "builder")
    takes_back(doorway, doorway.owner, "add-person")
    takes_back(doorway, doorway.owner, "suspend-person")
    takes_back(doorway, doorway.owner, "restore-person")
    with doorway.control.database.read() as connection:
        assert identity.state_of(connection, ada.id) == "suspended"
    doorway.does(doorway.owner, RestorePerson(ada.id))
    with pytest.raises(Conflict):
        doorway.does(doorway.owner, RestorePerson(ada.id))
    assert undo_of(doorway, "restore-person") is None, "it failed"
    doorway.does(doorway.owner, SuspendPerson(ada.id))


def test_memberships_and_roles_come_and_go_but_never_what_was_there_before(doorway: Doorway, ben: Actor):
    doorway.does(doorway.owner, CreateTeam("sales"))
    doorway.does(doorway.owner, JoinTeam("sales", ben.id))
    takes_back(doorway, doorway.owner, "join-team")
    takes_back(doorway, doorway.owner, "leave-team")
    doorway.does(doorway.owner, JoinTeam("sales", ben.id))
    assert undo_of(doorway, "join-team") is None
    doorway.does(doorway.owner, GrantRole(ben.id, "reviewer", "team:sales"))
    takes_back(doorway, doorway.owner, "grant-role")
    takes_back(doorway, doorway.owner, "remove-role")
    doorway.does(doorway.owner, GrantRole(ben.id, "reviewer", "team:sales"))
    assert undo_of(doorway, "grant-role") is None
    doorway.does(doorway.owner, RemoveRole(ben.id, "reviewer", "team:sales"))
    doorway.does(doorway.owner, LeaveTeam("sales", ben.id))


COMMANDS: list[tuple[str, dict[str, Any], str]] = [
    (
        "set-audience",
        {"app": "a-b", "audience": "named", "people": ["p_1"], "teams": ["t_1"]},
        "greenlane apps audience a-b named --people p_1 --teams t_1",
    ),
    (
        "rollback",
        {"app": "a-b", "environment": "production", "deploy": "dabc"},
        "greenlane rollback a-b --environment production --to-deploy dabc",
    ),
    ("remove-role", {"person": "p_1", "role": "builder", "scope": "organisation"}, ""),
    ("archive-app", {"app": "a-b"}, ""),
    ("wake-app", {"app": "a-b"}, ""),
    ("remove-host", {"app": "a-b", "host": "*.example.com"}, "greenlane hosts remove a-b '*.example.com'"),
    ("release-domain", {"app": "a-b", "domain": "b.example.com"}, ""),
    ("suspend-person", {"person": "p_1"}, ""),
    ("restore-person", {"person": "p_1"}, ""),
    ("revoke-token", {"token": "tok_1"}, ""),
    (
        "lock",
        {"app": "a-b", "environment": "staging", "why": "locked as before", "until": ""},
        "greenlane do lock app=a-b environment=staging 'why=locked as before'",
    ),
    ("set-quota", {"app": "a-b", "size": 5}, "greenlane do set-quota app=a-b size=5"),
]


@pytest.mark.parametrize(("verb", "inputs", "line"), COMMANDS, ids=[one[0] for one in COMMANDS])
def test_the_command_for_it_is_one_that_the_terminal_has(
    verb: str, inputs: dict[str, Any], line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    told = undoing.command(Undo(verb, inputs, ""))
    assert line in ("", told)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("GREENLANE_URL", "http://127.0.0.1:1")  # nobody answers there, so whoever asks was understood
    monkeypatch.setenv("GREENLANE_TOKEN", tokens.mint(tokens.Kind.API).secret)
    assert terminal.app(local_commands(), shlex.split(told)[1:]) == Unavailable.exit_code
