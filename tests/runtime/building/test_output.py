"""What of a front end is served when its build has ended: the folder that it filled, and functions beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from greenlane.runtime.building.bundling import FUNCTIONS
from greenlane.runtime.building.plan import Plan

SAYS_NOTHING = Plan("site", "plain", command="sh build.sh")


def makes(path: str) -> str:
    return f"mkdir -p $(dirname {path}); echo '<h1>x</h1>' > {path}\n"


@pytest.mark.parametrize("path", ["out/index.html", "dist/app/browser/index.html"])
def test_the_folder_that_a_builder_filled_is_found_where_nobody_names_it(shop, path):
    made = shop.carries_out(SAYS_NOTHING, shop.put({"build.sh": makes(path)}))
    assert made.state == "done", shop.log
    assert set(made.files) == {"index.html"}


def test_a_named_folder_that_holds_no_page_is_served_as_it_is(shop):
    plan = replace(SAYS_NOTHING, publish="feed")
    made = shop.carries_out(plan, shop.put({"build.sh": makes("feed/all.xml") + makes("dist/index.html")}))
    assert set(made.files) == {"all.xml"}


@pytest.mark.parametrize(("publish", "said"), [("", "dist or build or out or public or _site or www"), ("web", "web")])
def test_a_build_that_fills_no_folder_hears_which_were_looked_at(shop, publish, said):
    plan = replace(SAYS_NOTHING, publish=publish)
    made = shop.carries_out(plan, shop.put({"build.sh": makes("elsewhere/index.html")}))
    assert (made.state, made.why) == ("failed", f"The build did not fill {said}.")


def test_where_the_project_itself_is_served_the_files_that_make_it_a_project_are_not(shop):
    files = {"index.html": "x", "a/package.json": "{}", "package.json": "{}", "functions/a.js": "", ".env": "KEY=1"}
    made = shop.carries_out(Plan("site", "plain"), shop.put(files))
    assert set(made.files) == {"index.html", "a/package.json"}


def test_a_project_of_nothing_but_settings_makes_no_files(shop):
    made = shop.carries_out(Plan("site", "plain"), shop.put({"package.json": "{}"}))
    assert (made.state, made.why) == ("failed", "The build made no files.")


@dataclass(frozen=True)
class Tools:
    """A toolbox whose bundler is a script that names what it was given."""

    folder: Path

    def place(self, _name: str) -> Path:
        program = self.folder / "esbuild" / "bin" / "esbuild"
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(
            '#!/bin/sh\nfor one; do out="${one#--outfile=}"; done\n'
            'mkdir -p "$(dirname "$out")"; echo "of $1" > "$out"; grep -q fails "$1" && exit 1; exit 0\n'
        )
        program.chmod(0o755)
        return self.folder / "esbuild"


@pytest.fixture
def bundler(shop, tmp_path):
    shop.shop = replace(shop.shop, toolbox=Tools(tmp_path))


def test_each_function_becomes_one_file_that_no_page_is(shop, bundler):
    files = {"index.html": "x", "functions/hello.js": "export default () => new Response('hello');"}
    made = shop.builds_it(files)
    assert made.state == "done", shop.log
    assert set(made.files) == {"index.html", f"{FUNCTIONS}/hello.mjs"}
    assert shop.content(made, f"{FUNCTIONS}/hello.mjs") == b"of functions/hello.js\n"
    assert [(one["name"], one["file"]) for one in made.run["functions"]] == [("hello", f"{FUNCTIONS}/hello.mjs")]
    assert "esbuild" in made.materials[0]["name"], "the tool went in"


def test_a_function_that_cannot_be_bundled_is_named(shop, bundler):
    made = shop.builds_it({"index.html": "x", "functions/bad.js": "export default () => 'fails';"})
    assert (made.state, made.why) == ("failed", "The function bad failed with exit code 1.")
