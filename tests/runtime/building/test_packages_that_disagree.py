"""Lists of packages that npm does not follow as they stand: what is done then, and what is said of it.

npm is a script here that refuses as npm does; sandbox, workshop and everything else are the real ones.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from greenlane.runtime.building.plan import Plan
from greenlane.runtime.building.toolchains import Toolbox

PACKAGE = {
    "name": "hub",
    "scripts": {"build": "vite build"},
    "dependencies": {"a": "1"},
    "devDependencies": {"vite": "7"},
}
LOCK = {
    "lockfileVersion": 3,
    "packages": {
        "": {"name": "hub", "dependencies": {"a": "1"}, "devDependencies": {"vite": "7"}},
        "node_modules/a": {"version": "1.0.0"},
        "node_modules/vite": {"version": "7.0.0"},
    },
}
GOES = (
    'mkdir -p node_modules/a dist; echo "{\\"name\\":\\"a\\",\\"version\\":\\"1.0.0\\"}" > node_modules/a/package.json'
)
BUILDS = "*build*) mkdir -p dist; echo '<h1>x</h1>' > dist/index.html;;"


@dataclass(frozen=True)
class Tools:
    """A toolbox whose Node is a script."""

    folder: Path
    real: Toolbox

    def place(self, name: str) -> Path:
        return self.folder if name.startswith("node-") else self.folder / "nothing"

    def shims(self, node: int, yarn: str = "yarn") -> Path:
        return self.real.shims(node, yarn)


@pytest.fixture
def npm(shop, tmp_path):
    """Makes npm answer to its words (a `case` of the shell, beginning with the first that fits)."""

    def becomes(*cases: str) -> None:
        node = tmp_path / "node" / "bin" / "node"
        node.parent.mkdir(parents=True)
        (tmp_path / "node" / "nothing").mkdir()
        node.write_text(f'#!/bin/sh\ncase "$*" in\n{BUILDS}\n' + "\n".join(cases) + "\nesac\n")
        node.chmod(0o755)
        shop.shop = replace(shop.shop, toolbox=Tools(tmp_path / "node", shop.shop.toolbox))

    return becomes


def source(lock: dict[str, object] | None = None) -> dict[str, str]:
    files = {"package.json": json.dumps(PACKAGE), "index.html": "<script type=module src=/main.js></script>"}
    return files | ({"package-lock.json": json.dumps(lock)} if lock else {})


DISAGREE = "echo 'npm error code ERESOLVE'; exit 1;;"


def test_packages_that_disagree_about_one_another_are_installed_and_it_is_said(shop, npm):
    npm(f"*install*--legacy-peer-deps*) {GOES};;", f"*) {DISAGREE}")
    made = shop.builds_it(source())
    assert made.state == "done", shop.log
    assert "packages disagree about one another: they are installed all the same" in shop.log
    assert made.notes[0].startswith("Packages ask for other releases of one another")
    assert made.unlocked is False


def test_a_lock_whose_packages_disagree_is_followed_all_the_same(shop, npm):
    npm(f"*ci*--legacy-peer-deps*) {GOES};;", f"*) {DISAGREE}")
    made = shop.builds_it(source(LOCK))
    assert made.state == "done", shop.log
    assert made.unlocked is False
    assert "without it" not in shop.log


def test_a_lock_that_cannot_be_followed_after_all_is_said_and_a_fact(shop, npm):
    npm("*ci*) echo 'npm error code EINTEGRITY'; exit 1;;", f"*install*) {GOES};;")
    files = source(LOCK)
    assert isinstance(shop.plan(shop.put(files)), Plan)
    assert shop.plan(shop.put(files)).facts["lock_out_of_step"] is False, "as far as can be told before"
    made = shop.builds_it(files)
    assert made.state == "done", shop.log
    assert made.unlocked is True
    assert "package-lock.json could not be followed, so packages were installed without it." in shop.log


def test_what_fails_for_another_reason_is_tried_once(shop, npm):
    npm("*) echo tried; exit 1;;")
    made = shop.builds_it(source())
    assert made.state == "failed"
    assert shop.log.count("tried") == 1
