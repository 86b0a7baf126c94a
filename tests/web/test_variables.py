"""The pages about values: which one won and why, never a secret; put in, rotated, destroyed and revoked from there."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from tests.house import Doorway
from tests.web.conftest import Visitor
from tests.web.test_people import form, read, send, words

from greenlane.catalog.actions import CreateApp
from greenlane.gateway.actions import AddProvider
from greenlane.govern.actor import Actor
from greenlane.identity.actions import CreateTeam
from greenlane.kit.clock import stamp
from greenlane.secrets import queries, resolving, using
from greenlane.secrets.actions import PutVariable

BOARD = "vendor-board"
PAGE = f"/apps/{BOARD}/variables"
SECRET = "hunter2-hunter2"


@pytest.fixture
def dora(doorway: Doorway) -> Actor:
    """A developer of the team, with an app."""
    dora = doorway.hire("Dora Developer", "developer")
    doorway.does(dora, CreateApp(BOARD))
    return dora


@pytest.fixture
def ben(doorway: Doorway, dora: Actor) -> Actor:
    return doorway.hire("Ben Builder", "builder")


def put(doorway: Doorway, who: Actor, name: str, value: str = SECRET, **where: object) -> None:
    place = where if {"team", "organisation"} & where.keys() else {"app": BOARD, **where}
    doorway.does(who, PutVariable(name, value, **{"environment": "production", **place}))  # type: ignore[arg-type]


def test_the_page_says_which_value_won_and_why_and_shows_no_secret(console: Visitor, doorway: Doorway, dora: Actor):
    put(doorway, dora, "CRM_KEY")
    put(doorway, dora, "CRM_KEY", SECRET + "-team", team="home")
    put(doorway, doorway.owner, "LOG_LEVEL", "info", organisation=True, readable=True)
    page = read(console, dora, PAGE)
    said = words(page)
    assert "CRM_KEY Secret the app's own, over the home team's Missing Missing Missing" in said
    assert "LOG_LEVEL info the organisation's Not set Not set Not set" in said
    assert "CRM_KEY is a secret without a value for staging and previews." in said
    one = read(console, dora, f"{PAGE}/CRM_KEY")
    assert "It is the app's own, which counts more than the home team's." in words(one)
    assert 'href="/teams/home/variables/CRM_KEY"' in one
    assert 'href="/settings/variables/LOG_LEVEL"' not in read(console, dora, f"{PAGE}/LOG_LEVEL"), "not hers to look at"
    assert 'href="/settings/variables/LOG_LEVEL"' in read(console, doorway.owner, f"{PAGE}/LOG_LEVEL")
    assert "Missing. It has a value elsewhere, and none is ever borrowed." in words(one)
    assert "It is the organisation's, and there is no other." in words(read(console, dora, f"{PAGE}/LOG_LEVEL"))
    assert "hunter2" not in page + one


def test_a_value_is_put_in_rotated_ended_and_revoked_from_its_pages(console: Visitor, doorway: Doorway, dora: Actor):
    page = read(console, dora, f"{PAGE}?name=CRM_KEY&environment=production")
    assert 'value="CRM_KEY"' in page
    assert '<option value="production" selected>' in page
    fields = {**form(page, "/do/put-variable"), "name": "CRM_KEY", "value": SECRET, "use": "run"}
    assert send(console, dora, "/do/put-variable", **fields, environment="production").headers["location"] == PAGE
    assert "put the value of CRM_KEY into production of vendor-board" in words(read(console, dora, PAGE))
    one = f"{PAGE}/CRM_KEY"
    page = read(console, dora, one)
    done = send(console, dora, "/do/rotate-variable", **form(page, "/do/rotate-variable"), value="new-one", hours="2")
    assert done.headers["location"] == one
    page = read(console, dora, one)
    assert "rotated CRM_KEY in production of vendor-board" in words(page)
    assert "Dora Developer put it in just now. It works until" in words(page)
    assert "as CRM_KEY_PREVIOUS" in words(page)
    assert "Both values work until" in words(read(console, dora, PAGE))
    assert send(console, dora, "/do/revoke-variable", **form(page, "/do/revoke-variable")).status_code == 303
    assert "CRM_KEY" not in read(console, dora, PAGE).split("<main")[1].split("<footer")[0]


def test_a_name_of_the_system_comes_back_at_its_field_with_the_reason(console: Visitor, doorway: Doorway, dora: Actor):
    fields = form(read(console, dora, PAGE), "/do/put-variable")
    answer = send(console, dora, "/do/put-variable", **fields, name="LD_PRELOAD", value=SECRET)
    assert answer.status_code == 400
    assert "it decides which code a program loads before its own" in answer.text
    assert SECRET not in answer.text


def test_a_builder_sees_what_they_put_in_and_how_many_others_there_are(
    console: Visitor, doorway: Doorway, dora: Actor, ben: Actor
):
    put(doorway, dora, "CRM_KEY")
    put(doorway, dora, "REGION", "north", readable=True)
    put(doorway, ben, "MINE_KEY")
    put(doorway, ben, "MINE", "south", readable=True)
    for path in (PAGE, f"/apps/{BOARD}", f"/apps/{BOARD}/settings"):
        page = read(console, ben, path).split("<main")[1]
        assert "CRM_KEY" not in page.replace("put the value of CRM_KEY", ""), path
        assert "north" not in page, path
    said = words(read(console, ben, PAGE))
    assert "MINE_KEY Secret" in said
    assert "MINE south" in said
    assert "2 names that others put in are not shown to you." in said
    assert console.as_(ben).get(f"{PAGE}/CRM_KEY").status_code == 404
    assert console.as_(ben).get(f"{PAGE}/MINE_KEY").status_code == 200
    for path in ("/teams/home/variables", "/settings/variables"):
        assert console.as_(ben).get(path).status_code == 404
    assert 'action="/do/put-variable"' in read(console, ben, PAGE)


def test_a_key_for_models_is_offered_to_the_platform(console: Visitor, doorway: Doorway, dora: Actor):
    put(doorway, dora, "CRM_KEY")
    assert "key for models" not in words(read(console, dora, PAGE))
    put(doorway, dora, "OPENAI_API_KEY", "sk-proj-0123456789abcdef")
    assert "OPENAI_API_KEY (production) is a key for models." in words(read(console, dora, PAGE))
    assert "Whoever looks after providers can take it over" in words(read(console, dora, PAGE))
    assert "/do/move-model-key" not in read(console, dora, PAGE)
    assert "Take it over, and the app finds one of the platform." in words(read(console, doorway.owner, PAGE))
    doorway.does(doorway.owner, AddProvider("openai", "openai"))
    named = {"app": BOARD, "name": "OPENAI_API_KEY", "environment": "production", "use": "run"}
    page = read(console, doorway.owner, f"/do/move-model-key?{urlencode({**named, 'back': PAGE})}")
    assert "Take over a key for models" in words(page)
    fields = {**form(page, "/do/move-model-key"), **named, "provider": "openai"}
    assert send(console, doorway.owner, "/do/move-model-key", **fields).status_code == 303
    assert "OPENAI_API_KEY (production)" not in words(read(console, doorway.owner, PAGE))


def test_an_auditor_reads_and_is_offered_no_button(console: Visitor, doorway: Doorway, dora: Actor):
    put(doorway, dora, "CRM_KEY")
    put(doorway, dora, "TEAM_KEY", team="home")
    ada = doorway.hire("Ada", "auditor", everywhere=True)
    for path in (
        PAGE,
        f"{PAGE}/CRM_KEY",
        "/teams/home/variables",
        "/teams/home/variables/TEAM_KEY",
        "/settings/variables",
    ):
        assert 'action="/do/' not in read(console, ada, path).split("<main")[1], path


def test_a_team_and_the_organisation_have_pages_of_their_own(console: Visitor, doorway: Doorway, dora: Actor):
    put(doorway, dora, "TEAM_KEY", team="home")
    said = words(read(console, dora, "/teams/home/variables"))
    assert "1 app gets these, unless the app itself has a value of the same name." in said
    assert "TEAM_KEY Production running Secret version 1 Dora Developer just now Never" in said
    assert 'href="/teams/home/variables"' in read(console, dora, "/teams/home")
    assert console.as_(dora).get("/settings/variables").status_code == 404
    page = read(console, doorway.owner, "/settings/variables")
    fields = {**form(page, "/do/put-variable"), "name": "MAIL_KEY", "value": SECRET, "environment": "production"}
    send(console, doorway.owner, "/do/put-variable", **fields)
    assert "put the value of MAIL_KEY into production of the organisation" in words(
        read(console, doorway.owner, "/settings/variables")
    )


def test_a_secret_that_got_out_is_revoked_by_itself_from_the_organisations_page(
    console: Visitor, doorway: Doorway, dora: Actor
):
    put(doorway, dora, "CRM_KEY")
    put(doorway, dora, "SAME_KEY", team="home", environment="staging")
    page = read(console, doorway.owner, "/settings/variables")
    send(console, doorway.owner, "/do/revoke-variable", **form(page, "/do/revoke-variable"), value=SECRET)
    assert "revoked a value everywhere in the organisation" in words(
        read(console, doorway.owner, "/settings/variables")
    )
    with doorway.control.database.read() as connection:
        assert queries.versions(connection, None) == []


def test_the_key_is_changed_from_the_organisations_page(console: Visitor, doorway: Doorway, dora: Actor):
    put(doorway, dora, "CRM_KEY")
    page = read(console, doorway.owner, "/settings/variables")
    send(console, doorway.owner, "/do/rotate-key", **form(page, "/do/rotate-key"))
    said = words(read(console, doorway.owner, "/settings/variables"))
    assert "changed the key under which all values are kept" in said
    assert "Newest key fake:2 Keys under it 1 of 1" in said


def test_it_stands_there_who_read_a_value_and_when(console: Visitor, doorway: Doorway, dora: Actor):
    put(doorway, dora, "CRM_KEY")
    put(doorway, dora, "TEAM_KEY", team="home")
    deploy = str(doorway.deploys(dora).answer["deploy"])
    with doorway.control.database.read() as connection:
        found = resolving.resolved(connection, doorway.control.sealing, BOARD, "production", "run", doorway.clock.now())
    rows = using.read(BOARD, deploy, "run", found.versions, stamp(doorway.clock.now()))
    doorway.control.ledger.write(rows)
    page = read(console, dora, f"{PAGE}/CRM_KEY")
    assert f'href="/apps/{BOARD}/deploys/{deploy}"' in page
    assert "Running version 1 1 just now" in words(page)
    assert "vendor-board just now" in words(read(console, dora, "/teams/home/variables"))


def test_a_team_that_is_not_ones_own_shows_nothing(console: Visitor, doorway: Doorway, dora: Actor):
    doorway.does(doorway.owner, CreateTeam("sales"))
    put(doorway, doorway.owner, "SALES_KEY", team="sales")
    for path in ("/teams/sales/variables", "/teams/sales/variables/SALES_KEY", "/teams/nobody/variables"):
        assert console.as_(dora).get(path).status_code == 404
    assert console.as_(dora).get(f"{PAGE}?use=everything").status_code == 404
