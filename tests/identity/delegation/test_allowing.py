"""What an agent may not do alone, its person allows once, for exactly one action."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import insert
from tests.house import Doorway
from tests.identity.delegation.lending import Lending

from greenlane.govern.action import REGISTRY
from greenlane.govern.actor import Actor
from greenlane.govern.errors import Conflict
from greenlane.identity.actions import CreateSignInLink, CreateToken, SuspendPerson
from greenlane.identity.delegation import confirming
from greenlane.identity.delegation.actions import AllowOnce
from greenlane.identity.delegation.tables import AGENT, DELEGATION
from greenlane.identity.facts import ALLOW_FIRST
from greenlane.kit.clock import stamp

EVERYWHERE = ("preview", "staging", "production")


@pytest.fixture
def codex(lending: Lending) -> Actor:
    """An owner's agent, lent everything that can be lent."""
    lending.agent(scopes=("admin",))
    return lending.who(lending.token(lending.lend(scopes=("admin",), environments=EVERYWHERE, by=lending.owner)).token)


def asks(lending: Lending, agent: Actor, action: object) -> AllowOnce:
    """The agent asks; what its person answers with."""
    verb = REGISTRY.of(action)
    now = lending.house.clock.now()
    id, rows = confirming.ask(agent, verb.name, verb.recorded(action), verb.digest_of(action), now)
    lending._write(rows)
    return AllowOnce(id, verb.digest_of(action))


def test_it_is_refused_until_the_person_allowed_just_that(lending: Lending, codex: Actor) -> None:
    wanted, other = SuspendPerson(lending.ben.id), SuspendPerson(lending.owner.id)
    facts = lending.house.facts(codex, wanted)
    assert (facts.may, facts.step_up, facts.may_why) == (False, True, ALLOW_FIRST)
    lending.house.does(lending.owner, asks(lending, codex, wanted))
    assert lending.may(codex, wanted) == ""
    assert lending.may(codex, other) == ALLOW_FIRST
    assert lending.may(replace(codex, credential="dlg_another"), wanted) != ""


def test_what_is_for_people_alone_is_no_question_at_all(lending: Lending, codex: Actor) -> None:
    facts = lending.house.facts(codex, CreateToken("more"))
    assert (facts.may, facts.step_up) == (False, False)


def test_only_the_agents_own_person_allows_and_only_freshly(lending: Lending, codex: Actor) -> None:
    allow = asks(lending, codex, SuspendPerson(lending.ben.id))
    link = lending.house.does(lending.owner, CreateSignInLink(lending.owner.id)).answer["link"]
    signed = lending.house.who(lending.house.sign_in(link)["session"])
    assert signed is not None
    assert lending.may(signed.actor, allow) == ""
    assert not lending.house.facts(signed.actor, allow).sign_in_stale
    assert lending.may(lending.ben, allow) != ""
    assert "never for an agent" in lending.may(codex, allow)
    lending.house.clock.forward(901)
    assert lending.house.facts(signed.actor, allow).sign_in_stale
    token = lending.house.does(lending.owner, CreateToken("desk", ("admin",))).answer["id"]
    assert lending.house.facts(Actor("person", lending.owner.id, credential=token), allow).sign_in_stale


def test_it_is_over_after_ten_minutes_and_never_for_another_digest(lending: Lending, codex: Actor) -> None:
    allow = asks(lending, codex, SuspendPerson(lending.ben.id))
    with pytest.raises(Conflict):
        lending.house.does(lending.owner, AllowOnce(allow.confirmation, "sha256:" + "0" * 64))
    lending.house.does(lending.owner, allow)
    with pytest.raises(Conflict):
        lending.house.does(lending.owner, allow)
    lending.house.clock.forward(601)
    assert lending.may(codex, SuspendPerson(lending.ben.id)) == ALLOW_FIRST
    late = asks(lending, codex, SuspendPerson(lending.ben.id))
    lending.house.clock.forward(601)
    with pytest.raises(Conflict):
        lending.house.does(lending.owner, late)


def test_the_door_uses_a_permission_up(doorway: Doorway) -> None:
    """Through the real door: allowed once, done once, and the next time asked anew."""
    mia = doorway.hire("Mia Member", "builder")
    now = doorway.control.clock.now()
    with doorway.control.database.engine.begin() as connection:
        given = {"scopes": ["admin"], "action": "act_x", "created": stamp(now), "person": doorway.owner.id}
        connection.execute(insert(AGENT).values(name="codex", verbs=[], shown="", epoch=1, **given))
        grant = {"apps": [], "environments": list(EVERYWHERE), "budget": 0, "used": 0, "depth": 1, "purpose": ""}
        times = {"expires": stamp(now.replace(year=now.year + 1))}
        connection.execute(insert(DELEGATION).values(id="dlg_1", agent="codex", **given, **grant, **times))
    codex = Actor("agent", "codex", on_behalf_of=doorway.owner.id, credential="dlg_1")
    wanted = SuspendPerson(mia.id)
    verb = REGISTRY.of(wanted)
    id, rows = confirming.ask(
        codex, verb.name, json.loads(json.dumps(verb.recorded(wanted))), verb.digest_of(wanted), now
    )
    doorway.control.ledger.write(rows)
    assert doorway.control.door.govern(codex, wanted).state == "refused"
    assert doorway.control.door.govern(doorway.owner, AllowOnce(id, verb.digest_of(wanted))).state == "done"
    assert doorway.control.door.govern(codex, wanted).state == "done"
    assert doorway.control.door.govern(codex, wanted).state == "refused"
    assert [link["id"] for link in doorway.receipts("suspend-person")[-1].actor][-1] == "codex"


def test_of_two_that_use_one_permission_one_is_too_late(lending: Lending, codex: Actor) -> None:
    wanted = SuspendPerson(lending.ben.id)
    lending.house.does(lending.owner, asks(lending, codex, wanted))
    digest, now = REGISTRY.of(wanted).digest_of(wanted), lending.house.clock.now()
    with lending.house.database.engine.begin() as connection:
        assert confirming.use(connection, codex, digest, now)
        assert not confirming.use(connection, codex, digest, now)
