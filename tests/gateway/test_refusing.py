"""A refusal is said so that the caller's own library shows our sentence."""

from __future__ import annotations

import json

import pytest

from greenlane.gateway.wires.frames import Elements, Events
from greenlane.gateway.wires.metering import Meter
from greenlane.gateway.wires.reading import WIRES
from greenlane.gateway.wires.refusing import breaking_off, headers, refusal

SENTENCE = "The budget of Vendor board is spent."
STEP = "Ask an administrator for more."


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 429, 500, 503, 529])
def test_every_wire_says_sentence_next_step_and_code(wire: str, status: int) -> None:
    error = json.loads(refusal(wire, status, "budget-spent", SENTENCE, STEP))["error"]
    assert error["message"] == f"{SENTENCE} {STEP}"
    assert "budget-spent" in (
        error.get("code"),
        *(one["reason"].lower().replace("_", "-") for one in error.get("details", ())),
    )


def test_a_library_is_told_whether_trying_again_may_help() -> None:
    assert dict(headers())[b"x-should-retry"] == b"false"
    assert dict(headers(retry_after=7)) == {
        b"content-type": b"application/json",
        b"x-should-retry": b"true",
        b"retry-after": b"7",
    }


@pytest.mark.parametrize("wire", ["openai-chat", "openai-responses", "anthropic-messages", "gemini-generate"])
def test_a_stream_breaks_off_in_words(wire: str) -> None:
    last = breaking_off(wire, 503, "provider-away", SENTENCE, STEP)
    assert SENTENCE in Events().feed(last)[0].decode()
    meter = Meter(wire)
    meter.feed(last)
    assert meter.trouble


def test_an_array_breaks_off_as_an_array() -> None:
    for before, first in ((b"", True), (b'[{"a":1}', False)):
        text = before + breaking_off("gemini-generate", 503, "away", SENTENCE, array=True, first=first)
        assert json.loads(text)[-1]["error"]["code"] == 503
        assert len(Elements().feed(text)) == len(json.loads(text))
