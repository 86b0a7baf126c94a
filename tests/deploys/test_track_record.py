"""What the door remembers of an author: how much they changed, and how much of it was taken back."""

from __future__ import annotations

import pytest
from sqlalchemy import event
from tests.house import PAGE, Doorway

from greenlane.deploys.actions import Publish, Rollback
from greenlane.govern.actor import Actor
from greenlane.govern.facts import Facts

NEXT = {**PAGE, "next.html": b"<p>next</p>"}


def facts_of(doorway: Doorway, author: Actor) -> Facts:
    return doorway.control.door.explain(author, Publish("vendor-board"))[0]


def test_what_somebody_takes_back_counts_for_its_author_and_for_nobody_else(doorway: Doorway) -> None:
    ana, ben = (doorway.hire(name, "developer", everywhere=True) for name in ("Ana Costa", "Ben Okafor"))
    doorway.deploys(ana)
    doorway.publishes(ana)
    doorway.deploys(ana, files=NEXT)
    doorway.publishes(ana)
    assert (facts_of(doorway, ana).author_changes, facts_of(doorway, ana).author_rollbacks) == (4, 0)
    doorway.does(doorway.owner, Rollback("vendor-board"))
    assert facts_of(doorway, ana).author_rollbacks == 1
    assert facts_of(doorway, ben).author_rollbacks == 0
    assert facts_of(doorway, doorway.owner).author_rollbacks == 0


def test_rollbacks_are_counted_by_their_index(doorway: Doorway) -> None:
    """Counting them by subject once took 240 ms for each decision about an author of 8,000 publishes."""
    database = doorway.control.database
    if database.dialect != "sqlite":
        pytest.skip("PostgreSQL chooses by statistics, which a few rows do not have")
    asked: list[tuple[str, object]] = []
    event.listen(
        database.engine, "before_cursor_execute", lambda _c, _cursor, said, given, *_: asked.append((said, given))
    )
    ana = doorway.hire("Ana Costa", "developer", everywhere=True)
    doorway.deploys(ana)
    facts_of(doorway, ana)
    said, given = next(one for one in reversed(asked) if "'rollback'" in one[0])
    with database.read() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", given).all()
    assert any("action_rolled_back" in row[3] for row in plan), plan
