"""Prompts and answers in words: kept only where somebody said so, sealed, for a time; looking is on record, erasing is for good."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import insert, select
from tests.gateway.stub import Asked, Line, chat, chunks
from tests.gateway.world import World
from tests.house import DAY, Doorway

from greenlane.gateway import tables
from greenlane.gateway.content import keeping
from greenlane.gateway.content.actions import EraseWords, LookAtWords
from greenlane.gateway.content.laying import LONGEST, MOST, Heard, lay_down
from greenlane.gateway.content.sealed import opened, seal
from greenlane.gateway.content.tables import CONTENT
from greenlane.govern.errors import NotFound, WrongInput
from greenlane.kit.errors import GreenlaneError

KEY = b"c" * 32
ASKED = {"model": "gpt-4o-mini", "max_tokens": 100, "messages": [{"role": "user", "content": "To alice@example.com"}]}


def capture(world: World, says: str = "on") -> None:
    world.change(
        {
            "settings": {"capture": {"says": says}},
            "perimeter": {"content_key": {"says": KEY.hex()}},
            "rules": {"email": {"action": "mask"}},
        }
    )


def laid(world: World) -> dict[str, dict[str, str]]:
    """The words of this world's calls; others share its lists, and the folder beside them."""
    calls = [one["call"] for one in world.records("end")]
    found = [world._options.content / call for call in calls]
    return {one.name: opened(KEY, one.name, one.read_bytes()) for one in found if one.exists()}


async def answering(asked: Asked, line: Line) -> None:
    if not asked.json.get("stream"):
        await line.answer(chat("Hello"))
        return
    await line.head()
    for one in chunks(["Hel", "lo"], usage=True):
        await line.event(one)
    await line.event(b"[DONE]")
    await line.end()


def test_nothing_is_kept_until_somebody_says_so(world: World) -> None:
    world.serve("openai", answering)
    capture(world, "off")
    world.ask(body=ASKED)
    world.ends(1)
    assert laid(world) == {}


@pytest.mark.parametrize("stream", [False, True])
def test_what_left_and_what_came_back_is_laid_down_sealed(world: World, stream: bool) -> None:
    world.serve("openai", answering)
    capture(world)
    answer = world.ask(body={**ASKED, "stream": stream})
    (end,) = world.ends(1)
    world.until(lambda: laid(world))
    ((call, said),) = laid(world).items()
    assert call == end["call"]
    assert "alice" not in said["prompt"], "what was masked is kept masked"
    assert "[email:" in said["prompt"]
    assert said["answer"].encode() == answer.body
    file = world._options.content / call
    assert b"Hello" not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0


def test_what_is_too_long_is_cut_and_too_much_is_left_out(tmp_path: Path) -> None:
    heard = Heard(keeps=True)
    for _ in range(3):
        heard.update(b"x" * (LONGEST // 2))
    assert len(heard.words) == LONGEST
    assert Heard(keeps=False).words == b""
    for number in range(MOST):
        (tmp_path / f"call_{number}").touch()
    lay_down(tmp_path, KEY, "call_more", b"", b"")
    assert not (tmp_path / "call_more").exists()


def test_words_open_for_their_own_call_alone() -> None:
    sealed = seal(KEY, "call_1", b"in", b"out")
    assert opened(KEY, "call_1", sealed) == {"prompt": "in", "answer": "out"}
    for key, call, body in ((KEY, "call_2", sealed), (b"d" * 32, "call_1", sealed), (KEY, "call_1", b"short")):
        with pytest.raises(GreenlaneError):
            opened(key, call, body)


def called(doorway: Doorway, call: str, person: str) -> None:
    """A call on record, and its words."""
    names = {column.name: "" for column in tables.CALL.columns}
    numbers = ("slot", "reserved", "pico", "micro_cents", "read", "written", "ms", "first_ms", "status")
    rest: dict[str, Any] = {"id": call, "person": person, "budgets": [], "begun": {}, "ended": {}}
    key = doorway.control.content_key
    until = "2999-01-01T00:00:00.000000Z"

    def rows(connection: Any) -> None:
        connection.execute(insert(tables.CALL).values(**names | dict.fromkeys(numbers, 0) | rest))
        connection.execute(insert(CONTENT).values(call=call, sealed=seal(key, call, b"in", b"out"), expires=until))

    doorway.control.ledger.write(rows)


def kept(doorway: Doorway) -> set[str]:
    with doorway.control.database.read() as connection:
        return set(connection.execute(select(CONTENT.c.call)).scalars())


def test_looking_is_for_those_with_the_right_and_stays_on_record(doorway: Doorway) -> None:
    builder = doorway.hire("Ben Builder", "builder")
    engineer = doorway.hire("Pia", "platform-engineer", everywhere=True)
    called(doorway, "call_1", builder.id)
    assert doorway.does(builder, LookAtWords("call_1", because="mine")).state == "refused"
    answer = doorway.does(engineer, LookAtWords("call_1", because="a complaint"))
    assert (answer.state, answer.decision.lane) == ("done", "amber")
    assert answer.answer == {"prompt": "in", "answer": "out"}
    receipt = doorway.receipts("look-at-words")[-1]
    assert receipt.happened["call"] == "call_1"
    assert b"out" not in receipt.encode()
    with pytest.raises(NotFound):
        doorway.does(engineer, LookAtWords("call_2", because="a complaint"))
    with pytest.raises(WrongInput):
        LookAtWords("call_1", because=" ")


def test_what_is_erased_is_gone_and_the_call_stays(doorway: Doorway) -> None:
    builder = doorway.hire("Ben Builder", "builder")
    for call in ("call_1", "call_2", "call_3"):
        called(doorway, call, builder.id if call != "call_3" else "p_other")
    doorway.does(doorway.owner, EraseWords(call="call_1"))
    assert kept(doorway) == {"call_2", "call_3"}
    doorway.does(doorway.owner, EraseWords(person=builder.id))
    assert kept(doorway) == {"call_3"}
    with pytest.raises(NotFound):
        doorway.does(doorway.owner, LookAtWords("call_1", because="again"))
    for meant in ({}, {"call": "call_1", "person": builder.id}):
        with pytest.raises(WrongInput):
            EraseWords(**meant)


def test_control_takes_words_in_for_their_days(doorway: Doorway, tmp_path: Path) -> None:
    now, folder = doorway.clock.now(), tmp_path / "content"
    write = doorway.control.ledger.write
    assert keeping.take_in(tmp_path / "nowhere", write, now, 30) == 0
    for call in ("call_1", "call_2"):
        lay_down(folder, KEY, call, orjson.dumps(ASKED), b"out")
    assert keeping.take_in(folder, write, now, 30) == 2
    assert list(folder.iterdir()) == []
    lay_down(folder, KEY, "call_2", b"again", b"out")
    keeping.take_in(folder, write, now, 30)
    assert kept(doorway) == {"call_1", "call_2"}
    doorway.clock.forward(31 * DAY)
    with doorway.control.database.read() as connection:
        assert keeping.over(connection, doorway.clock.now())
    write(keeping.let_go(doorway.clock.now()))
    assert kept(doorway) == set()
