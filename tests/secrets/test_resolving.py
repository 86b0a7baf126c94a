from __future__ import annotations

import pytest
from tests.secrets.conftest import VALUE, Values

from greenlane.catalog.actions import CreateApp
from greenlane.deploys.actions import Publish
from greenlane.govern.errors import Conflict
from greenlane.secrets import queries, using
from greenlane.secrets.actions import RemoveVariable
from greenlane.secrets.facts import missing_facts
from greenlane.secrets.queries import Version
from greenlane.secrets.resolving import resolve

HOME = "team:t_home"


def version(name: str = "KEY", scope: str = "app:board", use: str = "run", environment: str = "production", **more):
    given = {"version": 1, "readable": False, "person": None, "action": "act_1", "created": "", "valid_until": None}
    return Version(scope, environment, use, name, **{**given, **more})


def won(*found: Version, use: str = "run", environment: str = "production", now: str = "2026-01-02"):
    return resolve(found, environment, use, now, "Sales").won


def test_the_more_specific_value_wins_and_it_is_said_why():
    app, team, all_here = (version(scope=scope) for scope in ("app:board", HOME, "organisation"))
    (one,) = won(all_here, app, team)
    assert (one.version, one.over) == (app, (team, all_here))
    assert one.why == ("It is the app's own, which counts more than the Sales team's and the organisation's.")
    (one,) = won(all_here, team)
    assert one.why == "It is the Sales team's, which counts more than the organisation's."
    (one,) = won(all_here)
    assert one.why == "It is the organisation's, and there is no other."


def test_a_value_for_this_use_alone_wins_over_one_for_both_of_the_same_place_only():
    both, build = version(use="both"), version(use="build")
    assert [one.version for one in won(both, build, use="build")] == [build]
    assert won(both, build, use="build")[0].why == "It is for builds alone, which counts more than one for both."
    assert [one.version for one in won(both, build, use="run")] == [both]
    team = version(use="build", scope=HOME)
    assert [one.version for one in won(both, team, use="build")] == [both]


def test_what_is_for_running_is_not_there_for_a_build_and_the_other_way_round():
    run, build = version("A", use="run"), version("B", use="build")
    assert [one.name for one in won(run, build, use="run")] == ["A"]
    assert [one.name for one in won(run, build, use="build")] == ["B"]


def test_a_secret_without_a_value_here_is_missing_and_never_borrowed():
    found = [
        version("A", environment="staging"),
        version("A", environment="preview", scope="organisation"),
        version("B", environment="staging", readable=True),
        version("C", environment="staging", use="build"),
        version("D"),
    ]
    resolution = resolve(found, "production", "run", "")
    assert [one.name for one in resolution.won] == ["D"]
    assert [(one.name, one.elsewhere) for one in resolution.missing] == [("A", ("staging", "preview"))]


def test_the_digest_changes_with_every_version_and_with_nothing_else():
    one = resolve([version()], "production", "run", "")
    assert one.digest == resolve([version(action="act_2")], "production", "run", "").digest
    assert one.digest != resolve([version(version=2)], "production", "run", "").digest
    assert one.digest != resolve([version(scope=HOME)], "production", "run", "").digest
    assert one.digest != resolve([version(), version("B")], "production", "run", "").digest


def test_staging_and_production_get_different_credentials_by_themselves(values: Values):
    for environment in ("staging", "production"):
        values.put("CRM_KEY", f"of {environment}", environment=environment)
    assert {place: values.gets(place).values for place in ("production", "staging", "preview", "dev")} == {
        "production": {"CRM_KEY": "of production"},
        "staging": {"CRM_KEY": "of staging"},
        "preview": {},
        "dev": {},
    }
    assert [one.name for one in values.gets("preview").resolution.missing] == ["CRM_KEY"]


def test_an_app_gets_its_own_its_teams_and_everybodys_values_and_no_other_teams(values: Values):
    for where in ({}, {"team": "home"}, {"organisation": True}, {"team": "sales"}, {"app": "crm"}):
        name = next(iter(where), "own").upper()
        values.put("WHOSE", name, environment="production", actor=values.owner, **where)
        values.put(
            f"{name}_{len(where) and next(iter(where.values()))}".upper(),
            "x",
            environment="production",
            actor=values.owner,
            **where,
        )
    assert values.gets().values == {"WHOSE": "OWN", "OWN_0": "x", "TEAM_HOME": "x", "ORGANISATION_TRUE": "x"}
    assert values.gets(app="crm").values == {
        "WHOSE": "APP",
        "APP_CRM": "x",
        "TEAM_SALES": "x",
        "ORGANISATION_TRUE": "x",
    }
    assert values.why("WHOSE").startswith("It is the app's own, which counts more than the team's")


def test_risk_knows_what_a_publish_would_miss(values: Values):
    values.put("CRM_KEY", VALUE, environment="staging")
    values.put("BUILD_KEY", VALUE, environment="staging", use="build")
    with values.household.database.read() as connection:
        for environment, missing in (("production", ("CRM_KEY",)), ("staging", ())):
            facts = missing_facts(connection, values.ben, Publish("vendor-board", environment=environment))
            assert facts == {"missing_secrets": missing}
        assert missing_facts(connection, values.ben, Publish("unknown")) == {}


def test_who_read_which_version_when_is_known_for_each_value(values: Values):
    values.put("CRM_KEY", "one", environment="production")
    values.write(using.read("vendor-board", "d_1", "run", values.gets().versions, "2026-01-01T10:00:00"))
    values.write(using.read("vendor-board", "d_1", "run", values.gets().versions, "2026-01-01T11:00:00"))
    values.put("CRM_KEY", "two", environment="production")
    values.write(using.read("vendor-board", "d_2", "run", values.gets().versions, "2026-01-01T12:00:00"))
    values.write(using.read("vendor-board", "d_2", "build", values.gets(use="build").versions, "2026-01-01T13:00:00"))
    key = values.gets().versions[0].key
    with values.household.database.read() as connection:
        found = using.reads(connection, key)
        last = using.last_read(connection, key[0])
    assert [(one.deploy, one.reader, one.version, one.first[11:13], one.last[11:13], one.times) for one in found] == [
        ("d_2", "run", 2, "12", "12", 1),
        ("d_1", "run", 1, "10", "11", 2),
    ]
    assert last[key].deploy == "d_2"


@pytest.mark.parametrize("many", [50])
def test_what_an_app_gets_is_found_quickly_among_many_apps(values: Values, many: int):
    for number in range(many):
        values.household.does(values.ben, CreateApp(f"app-{number}"))
        values.put("KEY", f"of app-{number}", app=f"app-{number}", environment="production")
    assert values.gets(app="app-7").values == {"KEY": "of app-7"}


def test_a_value_that_is_destroyed_while_it_is_read_is_said_to_be(values: Values):
    values.put("API_KEY", VALUE, environment="production")
    (found,) = values.versions()
    values.household.does(values.ben, RemoveVariable("API_KEY", app="vendor-board", environment="production"))
    with values.household.database.read() as connection, pytest.raises(Conflict, match="destroyed at this moment"):
        queries.text_of(connection, values.sealing, found)
