"""Looking at what was said in a call: for few, on record before a word is shown, and gone once it is erased."""

from __future__ import annotations

from html import unescape
from typing import Any

import orjson
import pytest
from sqlalchemy import insert
from tests.gateway.recorded import written
from tests.house import Doorway
from tests.web.conftest import Visitor

from greenlane.gateway import tables
from greenlane.gateway.content.messages import Message, Piece, messages, pretty
from greenlane.gateway.content.sealed import seal
from greenlane.gateway.content.tables import CONTENT

PROMPT = {
    "model": "fast",
    "messages": [
        {"role": "system", "content": "Answer in <b>one</b> word."},
        {"role": "user", "content": "How warm is it in Bern?"},
        {
            "role": "assistant",
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Bern"}'}}
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "12 degrees"},
    ],
}
ANSWER = {
    "id": "x",
    "model": "gpt-5-mini",
    "object": "chat.completion",
    "created": 1,
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Mild."}}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}
STREAM = "".join(
    f"data: {orjson.dumps({'id': 'x', 'model': 'm', 'choices': [{'index': 0, 'delta': {'content': piece}}]}).decode()}\n\n"
    for piece in ("Mi", "ld.")
)


@pytest.fixture
def kept(doorway: Doorway) -> Doorway:
    """A call whose words are kept, and one of which nothing is."""
    control, now = doorway.control, doorway.control.clock.now()
    sealed = seal(control.content_key, "call_kept", orjson.dumps(PROMPT), orjson.dumps(ANSWER))

    def rows(connection: Any) -> None:
        written(connection, "call_kept", now)
        written(connection, "call_bare", now)
        until = "2999-01-01T00:00:00.000000Z"
        connection.execute(insert(CONTENT).values(call="call_kept", sealed=sealed, expires=until))

    control.ledger.write(rows)
    return doorway


def test_nothing_is_shown_before_it_is_recorded_that_somebody_looked(console: Visitor, kept: Doorway) -> None:
    browser = console.as_(kept.owner)
    assert "/calls/call_kept/words" in browser.get("/calls/call_kept").text
    page = unescape(browser.get("/calls/call_kept/words").text)
    assert "Looking is recorded" in page
    assert "Bern" not in page
    assert not kept.receipts("look-at-words")

    shown = browser.post("/calls/call_kept/words", data={"because": "a complaint"})
    assert shown.status_code == 200
    assert shown.headers["cache-control"] == "no-store"
    assert "<b>one</b>" not in shown.text, "what was said is text, whatever it looks like"
    page = unescape(shown.text)
    for said in (
        "Answer in <b>one</b> word.",
        "How warm is it in Bern?",
        "weather",
        '{"city": "Bern"}',
        "12 degrees",
        "Mild.",
    ):
        assert said in page
    receipt = kept.receipts("look-at-words")[-1]
    assert receipt.happened["call"] == "call_kept"
    assert "Bern" not in browser.get("/calls/call_kept/words").text, "the next look is another act"


def test_whoever_looks_says_what_for(console: Visitor, kept: Doorway) -> None:
    answer = console.as_(kept.owner).post("/calls/call_kept/words", data={"because": " "})
    assert answer.status_code == 422
    assert "Your words are missing." in unescape(answer.text)
    assert not kept.receipts("look-at-words")


def test_what_is_erased_is_gone_for_everybody(console: Visitor, kept: Doorway) -> None:
    browser = console.as_(kept.owner)
    assert "Erase for good" in browser.get("/calls/call_kept/words").text
    erased = browser.post("/do/erase-words", data={"call": "call_kept", "back": "/calls/call_kept", "key": "k"})
    assert erased.status_code == 303
    page = unescape(browser.get("/calls/call_kept/words").text)
    assert "Nothing is kept of what was said in this call." in page
    late = browser.post("/calls/call_kept/words", data={"because": "a complaint"})
    assert "Nothing is kept" in unescape(late.text)


def test_where_nothing_is_kept_the_page_says_why(console: Visitor, kept: Doorway) -> None:
    browser = console.as_(kept.owner)
    assert "that is switched off" in unescape(browser.get("/calls/call_bare/words").text)
    setting = {"name": "capture", "says": "on", "action": "a"}
    kept.control.ledger.write(lambda connection: void(connection.execute(insert(tables.SETTING).values(**setting))))
    assert "since that was switched on" in unescape(browser.get("/calls/call_bare/words").text)


def void(_: object) -> None:
    return None


def test_others_find_neither_the_page_nor_the_way_to_it(console: Visitor, kept: Doorway) -> None:
    auditor = console.as_(kept.hire("Aude Auditor", "auditor", everywhere=True))
    page = auditor.get("/calls/call_kept")
    assert page.status_code == 200
    assert "/words" not in page.text
    assert auditor.get("/calls/call_kept/words").status_code == 404
    assert auditor.post("/calls/call_kept/words", data={"because": "why not"}).status_code == 404
    builder = console.as_(kept.hire("Bea Builder", "builder"))
    assert builder.get("/calls/call_kept/words").status_code == 404


def test_a_stream_reads_as_what_it_said_and_what_is_cut_as_far_as_it_goes() -> None:
    (_, *_, said) = messages("openai-chat", orjson.dumps(PROMPT).decode(), STREAM + "data: [DONE]\n\n")
    assert said == Message("assistant", (Piece("text", "Mild."),))
    cut = messages("openai-chat", orjson.dumps(PROMPT).decode(), STREAM[:-5])
    assert cut[-1] == Message("assistant", (Piece("text", "Mi"),))


@pytest.mark.parametrize(
    ("wire", "prompt", "answer", "asked", "answered"),
    [
        (
            "anthropic-messages",
            {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hello"}]},
            {
                "id": "x",
                "type": "message",
                "role": "assistant",
                "model": "m",
                "content": [{"type": "text", "text": "Hi"}],
                "stop_reason": "end_turn",
                "usage": {"input_tokens": 1, "output_tokens": 1},
            },
            "Hello",
            "Hi",
        ),
        (
            "gemini-generate",
            {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]},
            {"candidates": [{"content": {"role": "model", "parts": [{"text": "Hi"}]}, "finishReason": "STOP"}]},
            "Hello",
            "Hi",
        ),
        ("openai-responses", {"model": "m", "input": "Hello"}, {"no": "answer"}, "Hello", None),
    ],
)
def test_each_wire_reads_as_messages(wire: str, prompt: Any, answer: Any, asked: str, answered: str | None) -> None:
    found = messages(wire, orjson.dumps(prompt).decode(), orjson.dumps(answer).decode())
    assert found[0] == Message("user", (Piece("text", asked),))
    if answered is not None:
        assert found[-1] == Message("assistant", (Piece("text", answered),))


def test_what_is_no_conversation_is_shown_as_it_went() -> None:
    assert messages("openai-embeddings", '{"input": "x"}', "") == [Message("user", (Piece("raw", '{"input": "x"}'),))]
    assert messages("openai-chat", '{"messages": [{"ro', "")[0].pieces[0].kind == "raw"
    assert messages("openai-chat", '{"messages": 7}', "")[0].pieces[0].kind == "raw"
    assert pretty('{"a":1}') == '{\n  "a": 1\n}'
    assert pretty("no json") == "no json"
