"""A call goes in with a key and comes out with an answer, a price and a record, byte by byte as its provider said it."""

from __future__ import annotations

import orjson
from tests.gateway.control_for_tests import replayed
from tests.gateway.stub import Asked, Line, chat, chunks
from tests.gateway.world import DEPLOYED, KEY, PLACE, World, budget, hashed, key

ASKED = {"model": "gpt-4o-mini", "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]}
STREAMED = {**ASKED, "stream": True}
DOLLAR = 10**12


def test_a_call_is_answered_priced_and_recorded(world: World) -> None:
    stub = world.serve("openai")
    world.change({"budgets": {"b_1": budget(DOLLAR)}})
    body = orjson.dumps(ASKED)
    answer = world.ask(body=body)
    assert answer.status == 200
    assert answer.body == orjson.dumps(chat())
    (asked,) = stub.asked
    assert asked.target == "/v1/chat/completions"
    assert asked.body == body, "what need not change does not change"
    assert asked.headers["authorization"] == "Bearer sk-openai"
    assert asked.headers["accept-encoding"] == "identity"
    life, rules, begin, end = world.records()
    assert (life["k"], rules["k"]) == ("life", "rules")
    assert begin["worker"] == life["worker"]
    assert begin["call"] == end["call"] == answer.headers["greenlane-call"]
    assert (begin["key"], begin["person"], begin["provider"], begin["model"]) == (
        *("gk_1", "p_ada"),
        *("openai", "gpt-4o-mini"),
    )
    assert begin["budgets"] == [["b_1", "1970-01-01T00:00:00.000000Z"]]
    assert end["usage"] == {"input": 10, "output": 5}
    assert end["pico"] == 10 * 150_000 + 5 * 600_000
    assert end["pico"] < begin["reserved"]
    assert (end["outcome"], end["status"], end["credential"]) == ("answered", 200, "mc_openai")
    assert end["tries"] == [{"provider": "openai", "model": "gpt-4o-mini", "status": 200}]
    world.until(lambda: world.control.spent("b_1") == end["pico"])
    (replay,) = replayed(world.records()).values()
    assert list(replay.totals().values()) == [end["pico"]]
    assert replay.unfinished() == {}


async def streaming(asked: Asked, line: Line) -> None:
    await line.head()
    for one in chunks(["Hel", "lo"], usage=asked.json.get("stream_options", {}).get("include_usage", False)):
        await line.event(one)
    await line.event(b"[DONE]")
    await line.end()


def test_a_stream_passes_without_the_usage_that_nobody_asked_for(world: World) -> None:
    stub = world.serve("openai", streaming)
    answer = world.ask(body=STREAMED)
    assert answer.headers["content-type"] == "text/event-stream"
    plain = b"".join(b"data: " + orjson.dumps(one) + b"\n\n" for one in chunks(["Hel", "lo"], usage=False))
    assert answer.body == plain + b"data: [DONE]\n\n"
    assert stub.asked[0].json["stream_options"] == {"include_usage": True}
    (end,) = world.ends(1)
    assert end["usage"] == {"input": 10, "output": 2}
    assert end["outcome"] == "answered"
    assert end["first_ms"] is not None


def test_a_stream_keeps_the_usage_that_its_caller_asked_for(world: World) -> None:
    stub = world.serve("openai", streaming)
    body = orjson.dumps({**STREAMED, "stream_options": {"include_usage": True}})
    answer = world.ask(body=body)
    assert stub.asked[0].body == body
    assert b'"usage"' in answer.body


def test_an_app_s_key_opens_nothing_outside_its_sandbox(world: World) -> None:
    stub = world.serve("openai")
    assert world.in_sandbox().status == 200
    assert world.records("begin")[0]["app"] == "board"
    assert world.records("begin")[0]["sandbox"] is True
    outside = world.ask(key=DEPLOYED)
    assert outside.status == 401
    claimed = world.ask(key=DEPLOYED, **{"Greenlane-Sandbox": orjson.dumps(PLACE).decode()})
    assert claimed.status == 401
    for other in ({"deploy": "d2"}, {"environment": "staging"}, {"app": "other"}, {"use": "build"}):
        assert world.in_sandbox(place={**PLACE, **other}).status == 401
    assert world.in_sandbox(place=[]).status == 401
    assert len(stub.asked) == 1
    assert "greenlane-sandbox" not in stub.asked[0].headers


def test_a_person_s_key_is_not_used_by_an_app(world: World) -> None:
    world.serve("openai")
    refused = world.in_sandbox(key=KEY)
    assert refused.status == 403
    assert "OPENAI_API_KEY" in refused.says


def test_a_key_is_found_wherever_a_library_puts_it(world: World) -> None:
    stub = world.serve("openai")
    for headers in ({"x-api-key": KEY}, {"x-goog-api-key": KEY}, {"Authorization": f"bearer {KEY}"}):
        assert world.ask(key=None, **headers).status == 200
    assert world.ask(f"/ai/openai/v1/chat/completions?key={KEY}", key=None).status == 200
    for asked in stub.asked:
        assert KEY not in f"{asked.target} {asked.headers}"


def test_fields_of_a_caller_pass_but_for_what_is_not_theirs_to_say(world: World) -> None:
    stub = world.serve("openai")
    theirs = {"OpenAI-Beta": "assistants=v2", "X-Stainless-Lang": "python", "Idempotency-Key": "k1"}
    ours = {
        "OpenAI-Organization": "org-else",
        "OpenAI-Project": "p",
        "x-goog-user-project": "p",
        "Cookie": "a=b",
        "X-HTTP-Method-Override": "DELETE",
        "X-Original-URL": "/v1/files",
        "X-Rewrite-URL": "/v1/files",
        "X-Forwarded-For": "10.0.0.1",
        "Greenlane-Sandbox": "{}",
    }
    assert world.ask(body=ASKED, **theirs, **ours).status == 200
    (asked,) = stub.asked
    assert {name: asked.headers.get(name.lower()) for name in theirs} == theirs
    assert not {name.lower() for name in ours} & asked.headers.keys()


def test_a_query_passes_but_for_what_is_not_the_callers_to_say(world: World) -> None:
    stub = world.serve("gemini", kind="gemini")
    world.change({"usual": {"gemini": "gemini"}})
    theirs = "%24alt=json&prettyPrint=false"
    ours = f"$httpMethod=DELETE&%24key=a&%6bey={KEY}&access_token=a&oauth_token=a&%24ct=text/plain"
    path = "/ai/gemini/v1beta/models/gemini-2.5-flash:generateContent"
    world.ask(f"{path}?{ours}&{theirs}", {"contents": []})
    assert [one.target for one in stub.asked] == [f"/v1beta/models/gemini-2.5-flash:generateContent?{theirs}"]


def test_an_unknown_key_leaves_no_trace(world: World) -> None:
    world.serve("openai")
    for wrong in (None, "glk_nobody", "", "x" * 10_000):
        answer = world.ask(key=wrong)
        assert answer.status == 401
        assert answer.json["error"]["type"] == "authentication_error"
    assert [one["k"] for one in world.records()] == ["life"]


def test_a_key_that_ends_opens_nothing_any_more(world: World) -> None:
    world.serve("openai")
    assert world.ask().status == 200
    world.change(drop={"keys": [hashed(KEY)]})
    assert world.ask().status == 401
    world.change({"keys": {hashed(KEY): key(expires=1.0)}})
    assert world.ask().status == 401


def test_a_budget_that_is_spent_says_so_on_every_wire(world: World) -> None:
    stub = world.serve("openai")
    world.change({"budgets": {"b_1": budget(1_000)}})
    answer = world.ask(body=ASKED)
    assert answer.status == 402
    assert "The budget of everybody together has" in answer.says
    assert answer.headers["x-should-retry"] == "false"
    assert stub.asked == []
    (refused,) = world.records("refused")
    assert (refused["code"], refused["status"], refused["asked"]) == ("budget-spent", 402, "gpt-4o-mini")
    assert refused["call"] == answer.headers["greenlane-call"]
    message = world.ask("/ai/anthropic/v1/messages", ASKED)
    assert message.json["error"]["type"] in ("billing_error", "permission_error", "not_found_error")


def test_a_small_budget_makes_an_answer_shorter_and_says_so(world: World) -> None:
    stub = world.serve("openai")
    world.change({"budgets": {"b_1": budget(DOLLAR // 1_000)}})
    answer = world.ask(body={**ASKED, "max_tokens": 100_000})
    assert answer.status == 200
    shorter = stub.asked[0].json["max_tokens"]
    assert 16 <= shorter < 100_000
    assert f"at most {shorter} tokens" in answer.headers["greenlane-clamped"]
    assert world.records("begin")[0]["clamped"] == shorter
    assert world.records("begin")[0]["reserved"] <= DOLLAR // 1_000


def test_a_hard_budget_gives_a_limit_to_whoever_says_none(world: World) -> None:
    stub = world.serve("openai")
    body = {"model": "gpt-3.5-turbo", "messages": []}
    world.ask(body=body)
    assert "max_completion_tokens" not in stub.asked[0].json
    world.change({"budgets": {"b_1": budget(DOLLAR)}})
    world.ask(body=body)
    assert stub.asked[1].json["max_completion_tokens"] == 4_096


def test_without_control_what_is_leased_is_spent_and_nothing_more(world: World) -> None:
    world.serve("openai")
    world.change({"budgets": {"b_1": budget(DOLLAR // 100)}})
    assert world.ask(body=ASKED).status == 200
    world.do(world.control.stop())
    statuses = []
    while 503 not in statuses:
        answer = world.ask(body={**ASKED, "max_tokens": 4_000})
        statuses.append(answer.status)
    assert statuses[0] == 200, "half of the budget came with the first call"
    assert answer.json["error"]["code"] == "budget-away"
    spent = sum(one["pico"] for one in world.records("end"))
    assert spent <= DOLLAR // 100


def test_whoever_keeps_calling_on_a_spent_budget_asks_control_seldom(world: World) -> None:
    world.serve("openai")
    world.change({"budgets": {"b_1": budget(0)}})
    connection = world.kept()
    before = world.control.asks
    for _ in range(100):
        connection.request("POST", "/ai/openai/v1/chat/completions", orjson.dumps(ASKED), world.proof)
        assert connection.getresponse().read().startswith(b'{"error"')
    connection.close()
    assert world.control.asks - before < 50
    world.change({"budgets": {"b_1": budget(DOLLAR)}})
    assert world.ask(body=ASKED).status == 200
