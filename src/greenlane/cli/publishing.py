"""Moving environments: publish, roll back, lock, unlock."""

from __future__ import annotations

from greenlane.cli import saying
from greenlane.cli.command import ARGUMENT, Command, Typed, act
from greenlane.cli.moments import moment
from greenlane.cli.output import Output
from greenlane.cli.talk import Document
from greenlane.govern.facts import RUNGS

TO = Typed(("--to",), choices=("staging", "production"))
ENVIRONMENT = Typed(("--environment",), choices=("staging", "production"))


def published(out: Output, document: Document) -> None:
    """Where it can be opened now."""
    saying.once(out, document)
    app = document["subject"].partition(":")[2]
    if kept := (document.get("answer") or {}).get("snapshot"):
        out.say(f"What {app} stores there was kept first: {kept}.")
    out.next(f"`greenlane rollback {app}` takes it back; `greenlane receipts --app {app}` tells the story.")


def rolled_back(out: Output, document: Document) -> None:
    """Where it can be opened, and that no automatic publish undoes it."""
    saying.once(out, document)
    app = document["subject"].partition(":")[2]
    out.say("The environment is locked: no automatic publish undoes this.")
    if (document.get("answer") or {}).get("data_left"):
        out.say(f"Data is left as it is. `greenlane data {app}` lists snapshots of it, should it have to go back too.")
    if wider := (document.get("answer") or {}).get("narrowed_from"):
        out.say("Fewer people can open it now: nobody decided to show this version to more.")
        out.next(f"`greenlane apps audience {app} {wider}` if they may see this version, too.")
        return
    out.next(f"`greenlane publish {app} --unlock` once the newer version is right.")


PUBLISH = act(
    "publish",
    "publish",
    "greenlane publish vendor-board --audience team",
    saying.answer(published),
    app=ARGUMENT,
    deploy=Typed(("--deploy",)),
    environment=TO,
    audience=Typed(("--audience",), choices=RUNGS),
    people=Typed(("--people",), says="Somebody who may open it, with the audience named; may be repeated."),
    teams=Typed(("--teams",), says="A team that may open it, with the audience named; may be repeated."),
    groups=Typed(("--groups",), says="One of the company's groups that may open it; may be repeated."),
    unlock=Typed(("--unlock",)),
    message=Typed(("--message", "-m")),
)
COMMANDS: tuple[Command, ...] = (
    PUBLISH,
    act(
        "rollback",
        "rollback",
        "greenlane rollback vendor-board",
        saying.answer(rolled_back),
        app=ARGUMENT,
        deploy=Typed(("--to-deploy",)),
        environment=ENVIRONMENT,
    ),
    act(
        "lock",
        "lock",
        'greenlane lock vendor-board --why "audit week" --until 3d',
        app=ARGUMENT,
        environment=ENVIRONMENT,
        until=Typed(("--until",), reads=moment, says="When it opens by itself: 2h, 3d, or 2026-12-24T08:00:00Z."),
    ),
    act("unlock", "unlock", "greenlane unlock vendor-board", app=ARGUMENT, environment=ENVIRONMENT),
)
