"""Trying a prompt is a real call: with a key that is made through the door, an answer that comes piece by piece, and a record."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from html import unescape

import pytest
from starlette.testclient import TestClient
from tests.gateway import setting_up
from tests.house import Doorway
from tests.web.conftest import Visitor

from greenlane.gateway import queries as gateway
from greenlane.gateway.asking import Asking, Begun, NotAnsweredByModel, Words
from greenlane.web import trying

PROMPT = {"model": "fast", "prompt": "Say hello"}


class FakeAsking(Asking):
    """Answers with what a test puts in; ``go`` lets the next piece through."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.pieces: list[str | NotAnsweredByModel] = ["Hel", "lo\n", "<b>you</b>"]
        self.go = threading.Semaphore(0)

    def ask(self, key: str, model: str, prompt: str) -> Iterator[Begun | Words]:
        self.asked.append((key, model, prompt))
        yield Begun("call_1")
        for piece in self.pieces:
            assert self.go.acquire(timeout=20)
            if isinstance(piece, NotAnsweredByModel):
                raise piece
            yield Words(piece)


@pytest.fixture
def asking(doorway: Doorway) -> FakeAsking:
    doorway.control.asking = FakeAsking()

    def rows(connection):
        setting_up.provider(connection, "openai")
        setting_up.route(connection, "fast", {"openai/gpt-5-mini": 1})

    doorway.control.ledger.write(rows)
    return doorway.control.asking


def send(browser: TestClient, **changed: str) -> str:
    answer = browser.post("/models/try", data=PROMPT | changed)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def let(asking: FakeAsking, pieces: int = 3) -> None:
    for _ in range(pieces):
        asking.go.release()


def test_an_answer_is_read_piece_by_piece_and_then_whole(
    doorway: Doorway, asking: FakeAsking, console: Visitor
) -> None:
    browser = console.as_(doorway.owner)
    assert 'value="fast"' in browser.get("/models/try").text
    at = send(browser)
    coming = browser.get(at).text
    assert "It is coming." in coming
    assert f'data-stream="{at}/stream"' in coming
    let(asking)
    stream = browser.get(f"{at}/stream").text
    said = [json.loads(line[6:]) for line in stream.splitlines() if line.startswith("data: ") and len(line) > 6]
    assert "".join(said) == "Hello\n<b>you</b>"
    assert stream.endswith("event: done\ndata: \n\n")
    page = browser.get(f"{at}?wait=yes").text
    assert "Hello\n&lt;b&gt;you&lt;/b&gt;" in page, "words stay words"
    assert 'href="/calls/call_1"' in page
    assert "Say hello" in page


def test_the_key_is_made_once_through_the_door_and_never_shown(
    doorway: Doorway, asking: FakeAsking, console: Visitor
) -> None:
    browser = console.as_(doorway.owner)
    let(asking, 6)
    pages = [browser.get(f"{send(browser)}?wait=yes").text for _ in range(2)]
    keys = {key for key, _, _ in asking.asked}
    assert len(keys) == 1
    assert all(key not in page for key in keys for page in pages)
    (made,) = [one for one in doorway.receipts("make-gateway-key") if one.half == "settled"]
    assert made.actor[0]["id"] == doorway.owner.id


def test_an_old_key_is_ended_and_another_one_made(
    doorway: Doorway, asking: FakeAsking, console: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trying, "KEY_LASTS", -1.0)
    browser = console.as_(doorway.owner)
    let(asking, 6)
    for _ in range(2):
        browser.get(f"{send(browser)}?wait=yes")
    assert len({key for key, _, _ in asking.asked}) == 2
    with doorway.control.database.read() as connection:
        (left,) = gateway.keys(connection, person=doorway.owner.id)
    (ended,) = [one for one in doorway.receipts("revoke-gateway-key") if one.half == "settled"]
    assert ended.action["inputs"]["key"] != left.id


def test_why_there_is_no_answer_is_said(doorway: Doorway, asking: FakeAsking, console: Visitor) -> None:
    asking.pieces = ["Hel", NotAnsweredByModel("The budget of Olga is spent.", next_step="Ask for more.")]
    let(asking)
    browser = console.as_(doorway.owner)
    page = unescape(browser.get(f"{send(browser)}?wait=yes").text)
    assert "It ended early." in page
    assert "The budget of Olga is spent." in page
    assert "Hel" in page


def test_nobody_reads_somebody_elses_answer(doorway: Doorway, asking: FakeAsking, console: Visitor) -> None:
    let(asking)
    at = send(console.as_(doorway.owner))
    bea = doorway.hire("Bea Builder", "builder")
    assert console.as_(bea).get(at).status_code == 404
    assert console.as_(bea).get(f"{at}/stream").status_code == 404


def test_what_is_typed_wrongly_comes_back_with_what_was_typed(
    doorway: Doorway, asking: FakeAsking, console: Visitor
) -> None:
    browser = console.as_(doorway.owner)
    answer = browser.post("/models/try", data=PROMPT | {"prompt": "  "})
    assert answer.status_code == 400
    assert "There is no prompt." in answer.text
    assert 'value="fast"' in answer.text
    assert not asking.asked


def test_two_answers_at_once_are_enough(doorway: Doorway, asking: FakeAsking, console: Visitor) -> None:
    browser = console.as_(doorway.owner)
    ways = [send(browser), send(browser)]
    assert "Two answers are still coming." in browser.post("/models/try", data=PROMPT).text
    let(asking, 6)
    for one in ways:
        assert "It is complete." in browser.get(f"{one}?wait=yes").text
    let(asking)
    send(browser)


def test_without_a_provider_there_is_nothing_to_try(doorway: Doorway, console: Visitor) -> None:
    assert "No provider is set up yet" in console.as_(doorway.owner).get("/models/try").text
