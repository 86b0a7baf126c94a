"""Some providers that imitate OpenAI serve its responses too: an administrator says which, and nothing is translated there."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from tests.gateway.stub import Asked, Line, chat
from tests.gateway.world import World, budget

RESPONSES = "/ai/openai/v1/responses"
ASKED = {"model": "openai/gpt-4o-mini", "input": "Hi", "max_output_tokens": 100, "top_k": 7}
"""``top_k`` is no member of OpenAI's: only what passes as it came can carry it."""
WHOLE = {
    "id": "resp_1",
    "object": "response",
    "status": "completed",
    "model": "openai/gpt-4o-mini",
    "output": [
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "Hello", "annotations": []}],
        }
    ],
    "usage": {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15},
}
COST = 10 * 150_000 + 5 * 600_000


async def imitating(asked: Asked, line: Line) -> None:
    if not asked.target.endswith("/responses"):
        await line.answer(chat())
    elif not asked.json.get("stream"):
        await line.answer(WHOLE)
    else:
        await line.head()
        for kind, more in (("response.created", {}), ("response.completed", {"response": WHOLE})):
            await line.chunk(b"event: %b\ndata: %b\n\n" % (kind.encode(), orjson.dumps({"type": kind, **more})))
        await line.end()


@pytest.mark.parametrize(("kind", "path"), [("openrouter", "/api/v1/responses"), ("compatible", "/v1/responses")])
def test_what_a_provider_serves_itself_passes_as_it_came(world: World, kind: str, path: str) -> None:
    stub = world.serve("there", imitating, kind, responses=True, prices="openrouter")
    answer = world.ask(RESPONSES, orjson.dumps(ASKED))
    assert (answer.status, answer.json) == (200, WHOLE)
    (asked,) = stub.asked
    assert (asked.target, asked.body) == (path, orjson.dumps(ASKED))
    (end,) = world.records("end")
    assert (end["usage"], end["pico"]) == ({"input": 10, "output": 5}, COST)


def test_its_stream_passes_as_it_came_and_is_counted(world: World) -> None:
    stub = world.serve("there", imitating, "openrouter", responses=True)
    answer = world.ask(RESPONSES, {**ASKED, "stream": True})
    assert b"event: response.completed" in answer.body
    assert stub.asked[0].json == {**ASKED, "stream": True}
    (end,) = world.ends(1)
    assert (end["outcome"], end["pico"]) == ("answered", COST)


def test_what_a_provider_does_not_serve_is_translated(world: World) -> None:
    stub = world.serve("there", imitating, "openrouter")
    body = {name: value for name, value in ASKED.items() if name != "top_k"}
    answer = world.ask(RESPONSES, body)
    assert answer.json["output"][0]["content"][0]["text"] == "Hello"
    assert stub.asked[0].target == "/api/v1/chat/completions"


def test_it_holds_from_the_next_call_on(world: World) -> None:
    stub = world.serve("there", imitating, "openrouter")
    body = {name: value for name, value in ASKED.items() if name != "top_k"}
    assert world.ask(RESPONSES, body).status == 200
    world.change({"providers": {"there": {**world.table["providers"]["there"], "responses": True}}})
    assert world.ask(RESPONSES, body).status == 200
    assert [one.target for one in stub.asked] == ["/api/v1/chat/completions", "/api/v1/responses"]


@pytest.mark.parametrize(
    ("path", "more"),
    [
        (RESPONSES, {"plugins": [{"id": "web"}]}),
        (RESPONSES, {"models": ["openai/o1-pro"]}),
        (RESPONSES, {"previous_response_id": "resp_0"}),
        ("/ai/openai/v1/chat/completions", {"models": ["openai/o1-pro"]}),
    ],
)
def test_what_works_at_the_provider_is_refused_under_a_hard_budget(
    world: World, path: str, more: dict[str, Any]
) -> None:
    stub = world.serve("there", imitating, "openrouter", responses=True)
    world.change({"budgets": {"b_1": budget(10**12)}})
    body = ASKED if path == RESPONSES else {"model": ASKED["model"], "messages": [{"role": "user", "content": "Hi"}]}
    answer = world.ask(path, {**body, **more})
    assert answer.status == 403
    assert next(iter(more)) in answer.says
    assert stub.asked == []
