"""A prompt that needs a person: it waits on the record, somebody else decides, and the very same one goes through then."""

from __future__ import annotations

import pytest
from tests.house import DAY, Doorway

from greenlane.catalog.actions import CreateApp
from greenlane.gateway.perimeter.actions import SendPrompt
from greenlane.gateway.perimeter.asking import Asking
from greenlane.gateway.perimeter.entries import entry
from greenlane.gateway.perimeter.letting import standing
from greenlane.govern.actions import Approve, Decline
from greenlane.govern.errors import WrongInput
from greenlane.govern.facts import Facts
from greenlane.insights.requests import changes

PROMPT = "sha256:" + "5e" * 32
ENTRY = entry("gk_1", PROMPT)


def message(person: str | None, **more: str) -> dict[str, object]:
    chain = [] if person is None else [{"kind": "person", "id": person}]
    return {"key": "gk_1", "prompt": PROMPT, "data": ["card", "email"], "model": "fast", "actor": chain, **more}


def let_through(doorway: Doorway) -> dict[str, object]:
    with doorway.control.database.read() as connection:
        return dict(standing(connection, doorway.clock.now()))


def test_a_prompt_waits_until_somebody_else_agrees_and_goes_through_for_a_day(doorway: Doorway) -> None:
    builder, reviewer = doorway.hire("Ben Builder", "builder"), doorway.hire("Rita Reviewer", "reviewer")
    doorway.does(builder, CreateApp("vendor-board"))
    asking = Asking(doorway.door)
    first = asking.ask(message(builder.id, app="vendor-board", environment="production"))
    assert first["request"]
    assert let_through(doorway) == {}
    assert asking.ask(message(builder.id, app="vendor-board", environment="production")) == first, "it asks once"
    assert doorway.does(builder, Approve(str(first["request"]), "mine")).state == "refused"

    doorway.does(reviewer, Approve(str(first["request"]), "test data"))
    found = let_through(doorway)
    assert found.keys() == {ENTRY}
    assert found[ENTRY] == {"data": ["card", "email"], "expires": doorway.clock.now().timestamp() + DAY}
    doorway.clock.forward(DAY + 1)
    assert let_through(doorway) == {}
    again = asking.ask(message(builder.id, app="vendor-board", environment="production"))
    assert again["request"] not in (None, first["request"])


def test_who_decides_about_a_prompt_hears_nothing_of_files() -> None:
    assert changes(Facts().as_dict()) == ()
    assert changes(Facts(files=2).as_dict()) == ("No file differs.",)


def test_a_prompt_that_was_declined_asks_anew_and_never_went(doorway: Doorway) -> None:
    builder, reviewer = doorway.hire("Ben Builder", "builder"), doorway.hire("Rita Reviewer", "reviewer")
    asking = Asking(doorway.door)
    first = asking.ask(message(builder.id))
    doorway.does(reviewer if first["request"] is None else doorway.owner, Decline(str(first["request"]), "no"))
    assert let_through(doorway) == {}
    assert asking.ask(message(builder.id))["request"] != first["request"]


def test_nobody_is_asked_for_a_key_that_nobody_answers_for(doorway: Doorway) -> None:
    found = Asking(doorway.door).ask(message(None))
    assert found["request"] is None
    assert found["says"]


def test_somebody_who_left_asks_for_nothing(doorway: Doorway) -> None:
    found = Asking(doorway.door).ask(message("p_nobody"))
    assert found["request"] is None
    assert found["says"]


@pytest.mark.parametrize(("prompt", "data"), [("x", ("card",)), (PROMPT, ())])
def test_what_names_no_prompt_or_no_data_is_no_action(prompt: str, data: tuple[str, ...]) -> None:
    with pytest.raises(WrongInput):
        SendPrompt(key="gk_1", prompt=prompt, data=data, model="fast")
