"""Streams of answers behind the perimeter: masked however they are cut, byte by byte as they came where nothing is."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.exchanges import EVENTS, STREAMS, WHOLE, block, call, chunk, piece, sse
from tests.gateway.features import ANTHROPIC, CHAT, GEMINI, RESPONSES

from greenlane.gateway.perimeter.marks import marks_of
from greenlane.gateway.perimeter.masks import MASK
from greenlane.gateway.perimeter.perimeter import Perimeter, Screen

KEY = b"k" * 32
WIRES = (CHAT, RESPONSES, ANTHROPIC, GEMINI)
CLASSES = ("secret", "email", "phone", "card", "iban", "national-id", "project")
PATTERNS = {"project": {"pattern": r"Project [A-Z]\w+"}}
HELD = ("alice@example.com", "S3cr3tPw99", "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "+49 30 12345678")
SAID = (*HELD, "Project Falcon", "plain words here, ", "and 2026-11-22 ", "\n", "NASA 7 ", "x" * 300, "wörld ")


def perimeter(answers: str = "mask") -> Perimeter:
    rules = {name: {"answers": answers} for name in CLASSES}
    return Perimeter(rules, PATTERNS, marks_of("S3cr3tPw99", KEY), KEY)


def through(screen: Screen, data: bytes, cuts: list[int]) -> bytes:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return b"".join(screen.feed(data[a:b]) for a, b in pairwise(places)) + screen.close()


def pieces_of(text: str, cuts: list[int]) -> list[str]:
    places = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    return [text[a:b] for a, b in pairwise(places)]


def stream_of(wire: str, pieces: list[str]) -> bytes:
    match wire:
        case "openai-chat":
            events: list[Any] = [*(chunk({"content": one}) for one in pieces), chunk({}, "stop"), "[DONE]"]
        case "openai-responses":
            where = {"type": "response.output_text.delta", "output_index": 0, "content_index": 0}
            events = [{**where, "delta": one} for one in pieces]
            events.append({"type": "response.output_text.done", "text": "".join(pieces)})
        case "anthropic-messages":
            deltas = ({"type": "text_delta", "text": one} for one in pieces)
            events = [*block(0, {"type": "text", "text": ""}, *deltas), {"type": "message_stop"}]
        case _:
            events = [*(piece({"text": one}) for one in pieces), piece({"text": ""}, finishReason="STOP")]
    return sse(*events)


def text_of(wire: str, data: bytes) -> str:
    found = []
    for line in data.decode().splitlines():
        event = json.loads(line[6:]) if line.startswith("data: {") else {}
        match wire:
            case "openai-chat":
                found += [one["delta"].get("content") or "" for one in event.get("choices", ())]
            case "gemini-generate":
                found += [part["text"] for one in event.get("candidates", ()) for part in one["content"]["parts"]]
            case "anthropic-messages":
                found.append(event.get("delta", {}).get("text", ""))
            case _:
                found.append(event.get("delta", ""))
    return "".join(found)


@pytest.mark.parametrize("wire", WIRES)
@given(cuts=st.lists(st.integers(0, 10_000), max_size=20))
def test_a_stream_with_nothing_to_mask_leaves_as_it_came(wire: str, cuts: list[int]) -> None:
    screen = perimeter().screen(wire)
    assert through(screen, STREAMS[wire], cuts) == STREAMS[wire]
    assert screen.found == ()


@given(cuts=st.lists(st.integers(0, 10_000), max_size=20))
def test_a_stream_as_one_array_leaves_as_it_came(cuts: list[int]) -> None:
    data = json.dumps(EVENTS[GEMINI], indent=1).encode()
    assert through(perimeter().screen(GEMINI, array=True), data, cuts) == data


@pytest.mark.parametrize("wire", WIRES)
@given(
    said=st.lists(st.sampled_from(SAID), min_size=1, max_size=6),
    cuts=st.lists(st.integers(0, 10_000), max_size=30),
    chunks=st.lists(st.integers(0, 100_000), max_size=20),
)
def test_what_is_held_back_is_masked_however_it_is_cut(
    wire: str, said: list[str], cuts: list[int], chunks: list[int]
) -> None:
    text = " ".join(said)
    screen = perimeter().screen(wire)
    sent = through(screen, stream_of(wire, pieces_of(text, cuts)), chunks)
    whole = perimeter().look_at_answer(orjson.dumps({"text": text}))
    assert text_of(wire, sent) == json.loads(whole.body)["text"]
    assert not any(one.encode() in sent for one in HELD)
    assert screen.found == whole.found


def event_of(wire: str, word: str) -> bytes:
    events = stream_of(wire, [word]).split(b"\n\n")
    return events[wire == ANTHROPIC] + b"\n\n"


@pytest.mark.parametrize("wire", WIRES)
def test_a_word_waits_for_the_next_and_no_longer(wire: str) -> None:
    screen = Perimeter({"email": {"answers": "mask"}, "card": {"answers": "mask"}}, {}, (), KEY).screen(wire)
    given_ = left = ""
    for number in range(200):
        word = f" word{number}"
        given_ += word
        left += text_of(wire, screen.feed(event_of(wire, word)))
        assert len(given_) - len(left) <= len(word)


def test_a_text_without_end_is_not_held_without_bound() -> None:
    screen = perimeter().screen(CHAT)
    given_ = left = 0
    for _ in range(2_000):
        given_ += 10
        left += len(text_of(CHAT, screen.feed(sse(chunk({"content": "4111111111"})))))
        assert given_ - left <= 1024 + 10


@given(cuts=st.lists(st.integers(0, 200), max_size=12))
def test_arguments_of_calls_stay_documents(cuts: list[int]) -> None:
    text = (
        '{"to":"\\nalice@example.com","n":[4111111111111111, 5],"say":"bob \\"\\u00e4x@y.example\\" +49 30 12345678"}'
    )
    events = [chunk({"tool_calls": [{"index": 0, **call("c", "f", "")}]})]
    events += [chunk({"tool_calls": [{"index": 0, "function": {"arguments": one}}]}) for one in pieces_of(text, cuts)]
    sent = through(perimeter().screen(CHAT), sse(*events, chunk({}, "tool_calls"), "[DONE]"), [])
    arguments = ""
    for line in sent.decode().splitlines():
        for choice in json.loads(line[6:])["choices"] if line.startswith("data: {") else ():
            arguments += "".join(one["function"]["arguments"] for one in choice["delta"].get("tool_calls", ()))
    read = json.loads(arguments)
    assert MASK.fullmatch(read["to"].removeprefix("\n"))
    assert MASK.fullmatch(read["n"][0])
    assert read["n"][1] == 5
    assert "x@y" not in read["say"]
    assert "12345678" not in read["say"]


def test_answers_side_by_side_are_read_each_for_itself() -> None:
    def choice(index: int, text: str) -> dict[str, Any]:
        return {"choices": [{"index": index, "delta": {"content": text}}]}

    pairs = zip(["ali", "ce@exa", "mple.com"], ["b", "o", "b"], strict=True)
    events = [event for left, right in pairs for event in (choice(0, left), choice(1, right))]
    sent = through(perimeter().screen(CHAT), sse(*events, "[DONE]"), [])
    texts = {0: "", 1: ""}
    for line in sent.decode().splitlines():
        for one in json.loads(line[6:])["choices"] if line.startswith("data: {") else ():
            texts[one["index"]] += one["delta"]["content"]
    assert MASK.fullmatch(texts[0])
    assert texts[1] == "bob"


@pytest.mark.parametrize("wire", WIRES)
def test_a_stream_that_may_not_go_on_stops_before_it(wire: str) -> None:
    screen = perimeter("refuse").screen(wire)
    sent = through(screen, stream_of(wire, ["Hello ", "dear ", "alice@exa", "mple.com and ", "more"]), [])
    assert screen.refused == ("email",)
    assert text_of(wire, sent).startswith("Hello ")
    assert b"alice" not in sent
    assert b"more" not in sent


def test_whole_answers_are_looked_at_as_well() -> None:
    body = orjson.dumps(WHOLE[CHAT])
    assert perimeter().look_at_answer(body).body is body
    body = body.replace("Hello wörld".encode(), b"alice@example.com")
    assert perimeter().look_at_answer(body).masked == {"email": 1}
    refused = perimeter("refuse").look_at_answer(body)
    assert refused.problem is not None
    assert refused.problem.message == "The answer holds an e-mail address, which may not leave this gateway."
    assert perimeter().look_at_answer(b"not json").body == b"not json"
    assert not Perimeter({"email": {"action": "mask"}}, {}, (), KEY).answers
