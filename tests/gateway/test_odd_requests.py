"""Requests that are nearly right are read, refused in words, or carried: nothing else ever happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gateway.features import FEATURES

from greenlane.gateway.wires.reading import NotUnderstood, asked
from greenlane.gateway.wires.rewriting import rewritten
from greenlane.gateway.wires.translating import TRANSLATED, Untranslatable, translate_request

ODD = st.sampled_from(
    [None, True, 0, -1, 7, 1e300, "", "x", [], [3], [[]], ["x"], {}, {"type": []}, {"a": {"b": 1}}, [{}]]
)
CASES = [(feature, wire) for feature, by_wire in FEATURES.items() for wire in by_wire]


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value within a value."""
    if way:
        yield way
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from places(member, (*way, name))


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_one_odd_value_anywhere_is_read_or_refused_in_words(data: st.DataObject) -> None:
    feature, wire = data.draw(st.sampled_from(CASES))
    body = json.loads(json.dumps(FEATURES[feature][wire]))
    way = data.draw(st.sampled_from(list(places(body))))
    inner = body
    for name in way[:-1]:
        inner = inner[name]
    inner[way[-1]] = data.draw(ODD)
    text = json.dumps(body).encode()
    with suppress(NotUnderstood):
        found = asked(wire, text, "m" if wire == "gemini-generate" else "")
        assert found.text_bytes >= 0
        json.loads(rewritten(wire, text, model="other", most=5, include_usage=True).body)
    for upstream in TRANSLATED:
        with suppress(NotUnderstood, Untranslatable):
            json.loads(translate_request(wire, upstream, text, "m"))
