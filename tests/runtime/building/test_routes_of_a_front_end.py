"""A build in the real sandbox whose site has routes of its own."""

from __future__ import annotations

import json

from greenlane.runtime.building.plan import Plan

MAKES = "mkdir -p dist && echo '<h1>x</h1>' > dist/index.html\n"
PLAN = Plan("site", "plain", command="sh build.sh", publish="dist")


def test_the_first_page_is_made_the_answer_for_each_route_and_the_notes_say_so(shop):
    listed = json.dumps({"name": "board", "dependencies": {"react-router-dom": "^7.0.0"}})
    made = shop.carries_out(PLAN, shop.put({"build.sh": MAKES, "package.json": listed}))
    assert made.files["200.html"] == made.files["index.html"]
    assert any("react-router-dom" in one for one in made.notes)


def test_a_site_without_routes_stays_as_it_was_built(shop):
    made = shop.carries_out(PLAN, shop.put({"build.sh": MAKES, "package.json": json.dumps({"name": "board"})}))
    assert list(made.files) == ["index.html"]
