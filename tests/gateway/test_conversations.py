"""Whatever is said in neutral words is the same after a wire has written it and read it again."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gateway.features import CHAT, GEMINI, PIXEL, RESPONSES, SCHEMA
from tests.gateway.test_requests import READERS, meaning

from greenlane.gateway.wires.anthropic_messages import requests as anthropic_requests
from greenlane.gateway.wires.gemini_generate import requests as gemini_requests
from greenlane.gateway.wires.neutral import Attachment, Call, Choice, Conversation, Form, Part, Result, Text, Tool, Turn
from greenlane.gateway.wires.openai_chat import requests as chat_requests
from greenlane.gateway.wires.openai_responses import requests as responses_requests
from greenlane.gateway.wires.refused import Reasons
from greenlane.gateway.wires.translating import TRANSLATED

WRITERS = {
    CHAT: chat_requests.write,
    RESPONSES: responses_requests.write,
    "anthropic-messages": anthropic_requests.write,
    GEMINI: gemini_requests.write,
}
WORDS = st.text(min_size=1, max_size=8)
TEXT = st.builds(Text, WORDS)
IMAGE = st.just(Attachment("image", "image/png", PIXEL))
ARGUMENTS = st.dictionaries(WORDS, st.integers(0, 9) | WORDS, max_size=2)


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    """One side after the other; every call is answered, in order."""
    turns = [Turn("system", (draw(TEXT),))] if draw(st.booleans()) else []
    made = 0
    turns.append(Turn("user", tuple(draw(st.lists(TEXT | IMAGE, min_size=1, max_size=3)))))
    for _ in range(draw(st.integers(0, 3))):
        called: list[Part] = []
        for _ in range(draw(st.integers(0, 2))):
            made += 1
            called.append(
                Call(f"call_{made}", draw(st.sampled_from("ab")), json.dumps(draw(ARGUMENTS), separators=(",", ":")))
            )
        turns.append(Turn("assistant", (draw(TEXT), *called)))
        results = [Result(one.id, one.name, (draw(TEXT),)) for one in called if isinstance(one, Call)]
        turns.append(Turn("user", (*results, draw(TEXT))))
    tools = tuple(Tool(name, draw(WORDS), SCHEMA) for name in "ab"[: draw(st.integers(0, 2))])
    return Conversation(
        turns=tuple(turns),
        tools=tools,
        choice=draw(st.sampled_from([Choice(), Choice("any"), Choice("none"), Choice("any", ("a",))]))
        if tools
        else Choice(),
        form=draw(st.sampled_from([None, Form(SCHEMA)])),
        most=draw(st.integers(1, 9_000)),
        temperature=draw(st.sampled_from([None, 0.0, 0.5, 1.0])),
        top_p=draw(st.sampled_from([None, 0.5])),
        effort=draw(st.sampled_from([None, "low", "medium", "high"])),
    )


def unescaped(conversation: Conversation) -> Conversation:
    """A conversation whose arguments are written in one way."""
    turns = []
    for turn in conversation.turns:
        parts = [
            replace(one, arguments=json.dumps(json.loads(one.arguments))) if isinstance(one, Call) else one
            for one in turn.parts
        ]
        turns.append(Turn(turn.role, tuple(parts)))
    return replace(conversation, turns=tuple(turns))


@settings(max_examples=150, deadline=None)
@given(conversations(), st.sampled_from(TRANSLATED))
def test_a_conversation_is_the_same_after_a_wire_has_carried_it(conversation: Conversation, wire: str) -> None:
    reasons = Reasons()
    body = json.loads(json.dumps(WRITERS[wire](conversation, "gemini-3", False, reasons)))
    found = READERS[wire](body, reasons)
    reasons.check()
    wires = ("", wire)
    assert unescaped(meaning(found, "", wires)) == unescaped(meaning(conversation, "", wires))
