"""The verbs about functions that run by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from greenlane.govern.action import EffectClass, verb

AppName = Annotated[str, "the app's name"]
FunctionName = Annotated[str, "the function's name, which is its file's without the ending"]


@verb(
    "pause-schedule",
    effect=EffectClass.WRITE,
    subject="app",
    undo="resume-schedule",
    says="{actor} {paused|pause} the schedule of {function} in {app}",
)
@dataclass(frozen=True, slots=True)
class PauseSchedule:
    """Keep a function from running by itself until somebody resumes it; a run under way goes on to its end."""

    app: AppName
    function: FunctionName


@verb(
    "resume-schedule",
    effect=EffectClass.WRITE,
    subject="app",
    undo="pause-schedule",
    says="{actor} {resumed|resume} the schedule of {function} in {app}",
)
@dataclass(frozen=True, slots=True)
class ResumeSchedule:
    """Let a function run by itself again, from its next moment on; what came in between is not made up for."""

    app: AppName
    function: FunctionName


@verb("run-now", effect=EffectClass.SEND, subject="app", says="{actor} {had|have} {function} of {app} run now")
@dataclass(frozen=True, slots=True)
class RunNow:
    """Run a function that has a schedule once, now. In staging this is the only way it runs."""

    app: AppName
    function: FunctionName
    environment: Annotated[str, "staging or production"] = "production"


@verb(
    "tell-of-runs",
    effect=EffectClass.SEND,
    subject="app",
    says="{actor} {told|tell} the owner of {app} how runs of {function} went",
)
@dataclass(frozen=True, slots=True)
class TellOfRuns:
    """Tell an app's owner that a function failed again and again, or that a run of it was interrupted."""

    app: AppName
    function: FunctionName
    run: Annotated[str, "the last run, run_…"]
