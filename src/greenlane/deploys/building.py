"""How builds are asked for, followed and kept. Imported by ``main`` alone, like every effect.

A build is two governed actions: somebody asks for it, and the platform keeps what came of it. In between the builder
works, which has no key and no database: what it answers is checked like any upload, and the statement of how the files
were made is written here, outside of the build.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy import Connection, insert, update

from greenlane.deploys import queries
from greenlane.deploys.actions import Build, FinishBuild, StopBuild
from greenlane.deploys.bundle import Bundle
from greenlane.deploys.inspection.bill_of_materials import bill_of_materials
from greenlane.deploys.tables import BUILD
from greenlane.deploys.upload import Built, Uploads
from greenlane.govern.actor import PLATFORM, Actor
from greenlane.govern.door import Door
from greenlane.govern.effect import Context, Edge, GatherFacts, Handling, Outcome
from greenlane.govern.errors import Conflict, Refused, WrongInput
from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import Clock, parse, stamp
from greenlane.kit.database import Database, carries_out
from greenlane.kit.errors import GreenlaneError, Unavailable
from greenlane.ledger.append import Ledger
from greenlane.runtime.building.job import Job, Made
from greenlane.runtime.building.plan import Plan

log = structlog.get_logger()

LOOK_EVERY = 0.25
"""Seconds between two looks at builds that are under way."""

LOG_KEPT = 512 * 1024
"""Bytes of a log that are kept for good; longer ones lose their middle before."""

_AWAY_FOR = timedelta(minutes=30)
"""A build that nobody began for so long was left behind."""


class Building(Protocol):
    """Whoever carries builds out, as control sees them: ``runtime.building.builder.BuilderLine``, or its fake."""

    def cannot(self) -> str:
        """Why nothing can be built here; nothing when it can."""
        ...

    def begin(self, job: Job) -> None:
        """Have a job carried out; twice is once."""
        ...

    def stop(self, build: str) -> bool:
        """End a build; whether it was under way."""
        ...

    def state(self, build: str) -> str:
        """``building``, ``ended`` or ``unknown``."""
        ...

    def result(self, build: str) -> Made | None:
        """What came of a build, once it ended."""
        ...

    def log(self, build: str, start: int = 0) -> tuple[str, int]:
        """What a log holds from a byte on, and the byte after it."""
        ...


@dataclass(frozen=True, slots=True)
class Works:
    """What the effects work with. ``values`` gives what the app's settings hold for its builds, and which
    of these texts are secret. ``models`` gives a build of an app, beside what it has of its own, the variables with which
    it calls models, and their secret text.
    """

    database: Database
    blobs: Blobs
    uploads: Callable[[], Uploads]
    builder: Building
    values: Callable[[Connection, str], tuple[Mapping[str, str], frozenset[str]]]
    models: Callable[[str, str, Mapping[str, str]], tuple[Mapping[str, str], frozenset[str]]]
    cooldown: int
    app_facts: GatherFacts


def handlings(works: Works) -> dict[str, Handling]:
    """The effects by verb, with who knows their facts."""
    return {
        "build": Handling(_Asking(works).run, (works.app_facts, build_facts)),
        "stop-build": Handling(_Stopping(works).run, (works.app_facts,)),
        "finish-build": Handling(_Finishing(works).run, (works.app_facts,)),
    }


def build_id(action_id: str) -> str:
    """The build that an action asks for: the same for the same action."""
    return f"bld_{action_id.removeprefix('act_')}"


def build_facts(connection: Connection, actor: Actor, action: Build) -> dict[str, Any]:
    """What risk should know of a source tree before anything of it is executed."""
    plan = _plan_of(queries.upload(connection, action.upload))
    return {"environment": "preview", "executable": True, **plan.facts}


def _plan_of(upload: queries.UploadView) -> Plan:
    sheet = (upload.inspection or {}).get("plan")
    if sheet is None:
        raise WrongInput(
            "There is nothing to build in this upload.", next_step="Deploy it as it is: `greenlane deploy PATH`."
        )
    return Plan.from_dict(sheet)


@dataclass(frozen=True, slots=True)
class _Asking:
    works: Works

    def run(self, action: Build, context: Context) -> Outcome:
        """Write the build down. It begins once this is covered by a checkpoint."""
        with self.works.database.read() as connection:
            upload = queries.upload(connection, action.upload)
        if upload.person != context.actor.person:
            raise WrongInput("The upload is not yours.", next_step="Deploy again.")
        plan = _plan_of(upload)
        if why := self.works.builder.cannot():
            raise Refused("Nothing can be built on this machine.", next_step=f"{why} Finished pages deploy as ever.")
        one = build_id(context.action_id)

        def rows(connection: Connection) -> None:
            connection.execute(
                insert(BUILD).values(
                    id=one,
                    app=action.app,
                    upload=action.upload,
                    person=context.actor.person,
                    process=context.process,
                    action=context.action_id,
                    plan=plan.as_dict(),
                    state="asked",
                    created_at=stamp(context.now),
                )
            )

        return Outcome(
            rows=rows,
            happened={"build": one, "plan": plan.digest, "framework": plan.framework},
            used=(Edge("upload", upload.id),),
            made=(Edge("build", one),),
            answer={"app": action.app, "build": one, "says": plan.says, "notes": list(plan.notes)},
        )


@dataclass(frozen=True, slots=True)
class _Stopping:
    works: Works

    def run(self, action: StopBuild, context: Context) -> Outcome:
        """Tell the builder; the build then ends as stopped, like any other."""
        with self.works.database.read() as connection:
            one = queries.build(connection, action.app, action.build)
        if not one.under_way:
            raise Conflict(f"This build has ended already: it is {one.state}.", next_step="There is nothing to stop.")
        self.works.builder.stop(one.id)
        return Outcome(happened={"build": one.id}, answer={"app": action.app, "build": one.id})


@dataclass(frozen=True, slots=True)
class _Finishing:
    works: Works

    def run(self, action: FinishBuild, context: Context) -> Outcome:
        """Take what was made over as an upload, and write down how it was made."""
        works = self.works
        with works.database.read() as connection:
            one = queries.build(connection, action.app, action.build)
            source = queries.upload(connection, one.upload)
        if not one.under_way:
            raise Conflict("This build is finished already.", next_step="Nothing is to be done.")
        made = works.builder.result(one.id) or interrupted(one.id)
        text, _size = works.builder.log(one.id)
        kept_log = works.blobs.put(text.encode()[-LOG_KEPT:])
        upload, state, why, instead = None, made.state, made.why, made.instead
        size = 0
        if made.state == "done":
            try:
                upload, kept = works.uploads().take_over(
                    one.person, made.files, _built(works.blobs, one, source, made, kept_log)
                )
                size = kept["bytes"]
            except Unavailable:
                raise
            except GreenlaneError as error:
                state, why, instead = "failed", error.message, error.next_step
        works.blobs.sync()
        outcome = {
            "why": why,
            "instead": instead,
            "steps": [dict(step) for step in made.steps],
            "network": dict(made.network),
            "cached": made.cached,
            "notes": list(made.notes),
            "run": {"kind": made.run.get("kind", "static")},
        }

        def rows(connection: Connection) -> None:
            connection.execute(
                update(BUILD)
                .where(BUILD.c.id == one.id)
                .values(state=state, made=upload, outcome=outcome, log=kept_log, ended_at=stamp(context.now))
            )

        return Outcome(
            rows=rows,
            happened={
                "build": one.id,
                "outcome": state,
                "files": len(made.files),
                "bytes": size,
                "reached": sorted(made.network.get("reached", {})),
                "refused": sorted(made.network.get("refused", {})),
            },
            used=(Edge("upload", one.upload), Edge("log", one.id, kept_log)),
            made=() if upload is None else (Edge("upload", upload),),
            answer={"build": one.id, "state": state, "upload": upload},
        )


def interrupted(build: str) -> Made:
    """What is said of a build whose builder ended under it."""
    return Made(build, "interrupted", "The builder was restarted while this was built.", "Deploy again.")


def _built(blobs: Blobs, one: queries.BuildView, source: queries.UploadView, made: Made, kept_log: str) -> Built:
    """How the files were made, as the platform saw it: nothing here is the build's own word about itself."""
    plan = Plan.from_dict(one.plan)
    assert source.inspection is not None, "a source was inspected before it was built"
    sent = source.inspection
    materials = [
        {"uri": f"urn:greenlane:upload:{source.id}", "name": "source", "digest": {"sha256": _bare(sent["manifest"])}},
        *made.materials,
    ]
    materials += [
        {"name": "packages", "uri": f"urn:greenlane:layer:{layer['at']}", "digest": {"sha256": _bare(layer["digest"])}}
        for layer in made.run.get("layers", ())
    ]
    return Built(
        run=made.run,
        facts={
            **plan.facts,
            "lock_out_of_step": plan.facts["lock_out_of_step"] or made.unlocked,
            "dependencies": len(made.packages) or sent["facts"].get("dependencies", 0),
        },
        sbom=blobs.put(bill_of_materials(made.packages, built=True)) if made.packages else sent["sbom"],
        how={
            "invocation": one.id,
            "started": made.began,
            "finished": made.ended,
            "parameters": {
                "source": sent["manifest"],
                "plan": plan.digest,
                "framework": plan.framework,
                "command": plan.command,
                "publish": plan.publish,
            },
            "materials": materials,
            "byproducts": [{"name": "log", "digest": {"sha256": _bare(kept_log)}}],
        },
        notes=made.notes,
    )


def _bare(digest: str) -> str:
    return digest.removeprefix("sha256:")


class Builds:
    """Follows builds in a thread of its own: begins what was asked for, keeps what ended."""

    def __init__(self, door: Door, works: Works, ledger: Ledger, clock: Clock) -> None:
        self._door = door
        self._works = works
        self._ledger = ledger
        self._clock = clock
        self._wake = threading.Event()
        self._over = threading.Event()

    def start(self) -> None:
        """Begin to follow."""
        threading.Thread(target=self._follow, name="builds", daemon=True).start()

    def hurry(self) -> None:
        """Look at once: something was asked for."""
        self._wake.set()

    def stop(self) -> None:
        """Follow no longer."""
        self._over.set()
        self._wake.set()

    def log(self, one: queries.BuildView, start: int) -> tuple[str, int]:
        """The log of a build from a byte on, and the byte after it: what is written now, or what was kept."""
        text, end = self._works.builder.log(one.id, start)
        if one.log is None or end:
            return text, end
        kept = self._works.blobs.get(one.log)
        return kept[start:].decode("utf-8", "replace"), len(kept)

    def _follow(self) -> None:
        while not self._over.is_set():
            self._wake.clear()
            try:
                busy = self.round()
            except GreenlaneError as error:
                busy = True
                log.warning("builds could not be followed", error=error.message)
            self._wake.wait(LOOK_EVERY if busy else None)

    def round(self) -> bool:
        """Look once at every build under way; whether there is any."""
        with self._works.database.read() as connection:
            every = queries.builds_under_way(connection)
        for one in every:
            try:
                self._look(one)
            except Unavailable:
                if self._clock.now() - parse(one.created_at) > _AWAY_FOR:
                    self._finish(one)
            except GreenlaneError as error:
                log.warning("a build could not be begun", build=one.id, error=error.message)
                self._finish(one)
        return bool(every)

    def _look(self, one: queries.BuildView) -> None:
        if self._works.builder.result(one.id) is not None:
            self._finish(one)
        elif one.state == "asked":
            self._begin(one)
        elif self._works.builder.state(one.id) == "unknown":
            self._finish(one)

    def _begin(self, one: queries.BuildView) -> None:
        with self._works.database.read() as connection:
            source = queries.upload(connection, one.upload)
            values, secrets = self._works.values(connection, one.app)
        plan = Plan.from_dict(one.plan)
        if plan.models:
            more, key = self._works.models(one.app, one.id, {**plan.environment, **values})
            values, secrets = {**more, **values}, secrets | key
        assert source.inspection is not None, "a source was inspected before it was built"
        bundle = Bundle.from_manifest(self._works.blobs.get(source.inspection["manifest"]))
        files = {path: {"sha256": entry.sha256, "size": entry.size} for path, entry in bundle.files.items()}
        self._works.builder.begin(Job(one.id, one.app, plan, files, values, tuple(secrets), self._works.cooldown))
        begun = update(BUILD).where(BUILD.c.id == one.id, BUILD.c.state == "asked").values(state="building")
        self._ledger.write(carries_out(begun))

    def _finish(self, one: queries.BuildView) -> None:
        self._door.govern(
            PLATFORM, FinishBuild(one.app, one.id), key=f"finish:{one.id}", process=one.process, cause=one.action
        )
