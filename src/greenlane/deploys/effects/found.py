"""What is done about something that was found in the files: moved into a variable, or called a false alarm."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from greenlane.deploys import alarms, moving, queries
from greenlane.deploys.actions import (
    MarkFalseAlarm,
    MoveCredential,
    UnmarkFalseAlarm,
)
from greenlane.deploys.effects.works import Works
from greenlane.govern.effect import Context, Edge, Outcome
from greenlane.govern.errors import NotFound, WrongInput
from greenlane.kit.clock import stamp


def kind_found(connection: Connection, action: MarkFalseAlarm) -> MarkFalseAlarm:
    """The kind that was found, so that whoever approves reads what it is about."""
    return replace(action, kind=queries.found_at(connection, action.app, action.found_in, action.mark).finding["kind"])


def kind_marked(connection: Connection, action: UnmarkFalseAlarm) -> UnmarkFalseAlarm:
    """The kind that was called a false alarm. Raises ``NotFound`` where none was."""
    for one in alarms.alarms(connection, action.app):
        if one.mark == action.mark and action.kind in {"", one.kind}:
            return replace(action, kind=one.kind)
    raise NotFound(
        f"Nothing with the mark {action.mark!r} was called a false alarm in {action.app}.",
        next_step=f"`greenlane credentials alarms {action.app}` lists what was.",
    )


@dataclass(frozen=True, slots=True)
class Found:
    """What is done about something that was found in the files."""

    works: Works

    def move(self, action: MoveCredential, context: Context) -> Outcome:
        """Read the value once more where it was found, and keep it as a variable. It is told to nobody."""
        with self.works.database.read() as connection:
            found = queries.found_at(connection, action.app, action.found_in, action.mark, context.actor.person)
        value = moving.value_of(found, self.works.blobs, self.works.key)
        kept = [self.works.put(one, context) for one in action.puts(value)]

        def rows(connection: Connection) -> None:
            for one in kept:
                if one.rows is not None:
                    one.rows(connection)

        place = {"file": found.finding["file"], "line": found.finding["line"]}
        return Outcome(
            rows=rows,
            happened={"app": action.app, "name": action.name, "environments": list(action.environments)},
            used=(Edge("manifest", action.found_in, found.manifest),),
            made=tuple(edge for one in kept for edge in one.made),
            answer={
                **place,
                "where": found.finding.get("where", ""),
                "name": action.name,
                "change": moving.what_to_change(found.finding, action.name),
            },
        )

    def mark(self, action: MarkFalseAlarm, context: Context) -> Outcome:
        """Keep who said so. A second person agreed where the decision needed one, unless nobody else is here."""
        with self.works.database.read() as connection:
            found = queries.found_at(connection, action.app, action.found_in, action.mark, context.actor.person)
        if not action.why.strip():
            raise WrongInput("A false alarm needs a reason.", next_step="Say how you know that it is no credential.")
        reviewed = context.decision.approved and context.facts.members_active > 1
        one = alarms.Alarm(
            action.app,
            action.mark,
            found.finding["kind"],
            context.action_id,
            context.actor.person,
            reviewed,
            stamp(context.now),
        )
        return Outcome(
            rows=alarms.keep(one),
            happened={"mark": one.mark, "kind": one.kind, "reviewed": reviewed},
            answer={"kind": one.kind},
        )

    def unmark(self, action: UnmarkFalseAlarm, context: Context) -> Outcome:
        """It counts again, from the next decision on."""
        return Outcome(
            rows=alarms.forget(action.app, action.mark, action.kind),
            happened={"mark": action.mark, "kind": action.kind},
        )
