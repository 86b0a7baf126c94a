"""A build from beginning to end: a room of its own in a sandbox, the steps of its plan in their order, and what came of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from greenlane.govern.errors import WrongInput
from greenlane.kit.clock import stamp
from greenlane.kit.errors import GreenlaneError
from greenlane.runtime.building import (
    bundling,
    environment,
    gathering,
    installed,
    node_packages,
    output,
    python_packages,
    python_versions,
)
from greenlane.runtime.building.build import Build
from greenlane.runtime.building.job import Job, Made
from greenlane.runtime.building.log import BuildLog, Masks
from greenlane.runtime.building.plan import PYTHON
from greenlane.runtime.building.room import OUT, Room, Stopped
from greenlane.runtime.building.way_out import Record
from greenlane.runtime.building.workshop import Workshop


def carry_out(
    shop: Workshop, job: Job, log_file: Path, user: int | None, stopping: threading.Event | None = None
) -> Made:
    """Carry a build out. Whatever goes wrong is told in the answer; nothing of the build is left behind."""
    began = datetime.now(UTC)
    log = BuildLog(log_file, Masks(job.secrets))
    folder = shop.place(job.id)
    room = Room(job.id, folder, user, shop.jailer, shop.limits, log, stopping=stopping or threading.Event())
    network: Record | None = None
    try:
        log.say(job.plan.says)
        for note in job.plan.notes:
            log.say(note)
        room.prepare()
        with _way(shop, job, room) as network:
            made = _steps(Build(shop, job, room))
    except Stopped as error:
        made = Made(job.id, "stopped", error.message, error.next_step)
    except GreenlaneError as error:
        made = Made(job.id, "failed", error.message, error.next_step)
    except OSError as error:
        made = Made(job.id, "failed", "The machine could not go on with this build.", f"Try again. ({error.strerror})")
    finally:
        shop.throw_away(folder)
    log.say("done" if made.state == "done" else made.why)
    log.close()
    return replace(
        made,
        steps=tuple(room.steps),
        network={} if network is None else network.as_dict(),
        began=stamp(began),
        ended=stamp(datetime.now(UTC)),
    )


@contextmanager
def _way(shop: Workshop, job: Job, room: Room) -> Iterator[Record]:
    """The way out, where anything is installed or executed at all."""
    if job.plan.lock is None and not job.plan.command:
        yield Record()
        return
    with shop.way_out.opened(job.id, job.app, shop.registries.places, models=job.plan.models) as way:
        room.egress = way.socket
        yield way.record


def _steps(build: Build) -> Made:
    """From the source to what is kept."""
    build.lay_out()
    environment.equip(build)
    return _python(build) if build.plan.kind == PYTHON else _site(build)


def _site(build: Build) -> Made:
    plan = build.plan
    if plan.lock is not None:
        node_packages.install(build, plan.lock)
        build.packages = installed.lying_in(build.room.project)  # before any code of theirs runs
    build.room.hand_over()
    if plan.lock is not None:
        node_packages.run_scripts(build, plan.lock)
    if plan.command:
        _run_command(build, build.variables)
    bundling.bundle(build)
    files = output.pages(build)
    run: dict[str, Any] = {"kind": plan.app_kind}
    if plan.functions:
        bundles, run["functions"] = bundling.bundled(build)
        files |= bundles
    if not files:
        raise WrongInput("The build made no files.", next_step="Look at the log, and say `publish` in greenlane.toml.")
    return build.made(files, run)


def _python(build: Build) -> Made:
    plan = build.plan
    assert plan.lock is not None, "a Python plan knows its packages"
    layer = python_packages.install(build, plan.lock)
    if plan.command:
        build.room.hand_over()
        _run_command(build, {**build.variables, "PYTHONPATH": f"{OUT}/{python_packages.FOLDER}"})
    files, _aside = gathering.gather(build.here, build.shop.blobs, build.job.bounds, within=build.room.project)
    run = {"kind": plan.app_kind, "entry": plan.entry, "python": python_versions.shown(), "layers": [layer]}
    return build.made(files, run)


def _run_command(build: Build, told: Mapping[str, str]) -> None:
    build.room.log.say(f"building: {build.plan.command}")
    build.room.run("The build", ("sh", "-c", build.plan.command), environment=told, folder=build.inside)
