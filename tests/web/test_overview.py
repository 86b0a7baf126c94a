"""The page of those who answer for it: each figure with its sentence and its table, and only for those who may."""

from __future__ import annotations

import re
from html import unescape

import pytest
from tests.house import CALLS_OUT, DAY, HOUR, PAGE, Doorway
from tests.web.conftest import Visitor

from greenlane.gateway.prices.money import dollars
from greenlane.govern.actions import Approve
from greenlane.govern.actor import Actor
from greenlane.web import charts

CUSTOMERS = {
    **PAGE,
    "people.html": b"<table>" + b"".join(b"<tr><td>person%d@corp.io</td></tr>" % n for n in range(9)),
}


@pytest.fixture
def busy(doorway: Doorway) -> Doorway:
    ben, rita = doorway.hire("Ben Builder", "builder"), doorway.hire("Rita Reviewer", "reviewer")
    doorway.deploys(ben)
    doorway.publishes(ben, "team")
    doorway.deploys(ben, "customers", CUSTOMERS)
    request = doorway.publishes(ben, "public", "customers").request
    assert request is not None
    doorway.clock.forward(HOUR)
    doorway.does(rita, Approve(request, "all of them are invented"))
    doorway.deploys(ben, files=CALLS_OUT)
    return doorway


def shown(console: Visitor, who: Actor, query: str = "") -> str:
    console.doorway.control.tallies.catch_up()
    answer = console.as_(who).get(f"/overview{query}")
    assert answer.status_code == 200
    return unescape(answer.text).replace("\u00a0", " ")


def test_the_first_sentence_sums_up_how_changes_went(console: Visitor, busy: Doorway):
    page = shown(console, busy.owner)
    assert (
        "In the last 30 days 7 changes to apps were decided: 5 went straight through, 1 with safeguards, "
        "1 needed a person, 0 were not possible." in page
    )
    assert "1 question was answered within 2 hours." in page
    assert "There are 2 apps." in page
    assert "Nothing waits for anybody now." in page
    assert '<a class="row" href="/apps/customers">' in page
    assert "Open to the whole internet. Holds personal data of several people." in page


def test_an_empty_organisation_has_sentences_as_well(console: Visitor, doorway: Doorway):
    page = shown(console, doorway.owner)
    assert "Nothing was decided about an app in the last 30 days." in page
    assert "No change was live in these days." in page
    assert "In no app do two things come together" in page


def test_the_range_is_in_the_address(console: Visitor, busy: Doorway):
    busy.clock.forward(20 * DAY)
    assert "Nothing was decided about an app in the last 7 days." in shown(console, busy.owner, "?days=7")
    assert "In the last 90 days 7 changes" in shown(console, busy.owner, "?days=90")
    assert "In the last 30 days" in shown(console, busy.owner, "?days=1000")


def test_every_chart_has_a_sentence_before_and_a_table_behind(console: Visitor, busy: Doorway):
    page = shown(console, busy.owner)
    figures = re.findall(r'<figure class="chart".*?</figure>', page, re.DOTALL)
    assert len(figures) >= 6
    for one in figures:
        caption = re.search(r"<figcaption>(.*?)</figcaption>", one)
        assert caption is not None
        assert caption[1].endswith(".")
        if "<svg" in one:
            assert one.index("<figcaption>") < one.index("<svg") < one.index("<table>")


def test_only_those_who_may_read_everything_see_it(console: Visitor, busy: Doorway):
    auditor = busy.hire("Alba Auditor", "auditor", everywhere=True)
    assert "How changes went" in shown(console, auditor)
    ben = busy.hire("Bea Builder", "builder")
    assert console.as_(ben).get("/overview").status_code == 404


def test_standing_bars_fill_their_height_and_say_what_they_are():
    words = {"green": "Went through", "red": "Needs a person"}
    chart = charts.stacked("lanes", "Most went.", ["Mon", "Tue"], {"green": [3, 0], "red": [1, 0]}, words)
    assert [(mark.kind, mark.y, mark.height) for mark in chart.marks] == [("green", 40.0, 120.0), ("red", 0.0, 40.0)]
    assert chart.marks[0].says == "Mon: 3 went through"
    assert chart.cells == (("Mon", "3", "1"), ("Tue", "0", "0"))
    assert chart.legend == (("green", "Went through", "3"), ("red", "Needs a person", "1"))


def test_the_table_behind_a_chart_holds_the_same_numbers():
    chart = charts.lying("teams", "Two teams.", ("Team", "Apps"), [("Sales", 4), ("Home", 1)])
    assert chart.cells == (("Sales", "4"), ("Home", "1"))
    assert [(row.label, row.said) for row in chart.rows] == [("Sales", "4\u00a0apps"), ("Home", "1\u00a0app")]
    assert [row.share for row in chart.rows] == [1.0, 0.25]
    assert charts.lying("none", "None.", ("Team", "Apps"), []).rows == ()
    line = charts.line("week", "Growing.", ("Day", "Apps"), [("Mon", 0), ("Tue", 2)])
    assert line.points == "0.0,160.0 720.0,0.0"
    assert line.cells == (("Mon", "0"), ("Tue", "2"))


def test_what_is_not_counted_one_by_one_is_said_in_its_own_words():
    chart = charts.lying("spend", "Two dollars.", ("App", "Cost"), [("board", 2 * 10**12)], say=dollars)
    assert (chart.rows[0].said, chart.cells) == ("$2.00", (("board", "$2.00"),))
    days = charts.stacked("days", "Two.", ["Mon"], {"cost": [10**12]}, {"cost": "Cost"}, say=dollars)
    assert (days.cells, days.top, days.legend) == ((("Mon", "$1.00"),), "$1.00", (("cost", "Cost", "$1.00"),))
    assert days.marks[0].says == "Mon: $1.00 cost"


def test_a_range_goes_from_where_to_where_with_its_middle():
    steps = ["1 minute", "1 hour", "1 day", "longer"]
    chart = charts.ranges("waits", "Mostly an hour.", ("Rule", "From", "Half", "To"), steps, {"public": (0, 1, 2)})
    span, middle = chart.marks
    assert (span.x, span.width) == (0.0, 540.0)
    assert middle.x == 356.0
    assert chart.cells == (("public", "1 minute", "1 hour", "1 day"),)
