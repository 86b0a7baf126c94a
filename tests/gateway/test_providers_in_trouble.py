"""Providers refuse, fail, fall silent and lie; a call is answered by another one, or says in words what happened."""

from __future__ import annotations

import asyncio
import gzip
import time
from typing import Any

import orjson
import pytest
from tests.gateway.stub import Asked, Line, chat, chunks, message
from tests.gateway.world import World, budget

from greenlane.gateway.upstream.pool import Patience

DOLLAR = 10**12
ASKED = {"model": "fast", "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]}


def failing(status: int, **fields: str):
    async def answers(asked: Asked, line: Line) -> None:
        await line.answer({"error": {"message": f"no {status}", "type": "x", "code": "y"}}, status, **fields)

    return answers


async def resetting(asked: Asked, line: Line) -> None:
    line.reset()


def route(*providers: str) -> dict[str, object]:
    first, *others = providers
    return {
        "fast": {
            "targets": [{"provider": first, "model": "gpt-4o-mini", "weight": 1}],
            "otherwise": [{"provider": one, "model": "gpt-4o-mini"} for one in others],
        }
    }


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 529])
def test_another_provider_takes_over_before_the_first_byte(world: World, status: int) -> None:
    world.serve("first", failing(status))
    world.serve("second")
    world.change({"routes": route("first", "second")})
    answer = world.ask(body=ASKED)
    assert answer.status == 200
    (end,) = world.records("end")
    assert [one["status"] for one in end["tries"]] == [status, 200]
    assert end["pico"] == 10 * 150_000 + 5 * 600_000


def test_another_provider_takes_over_where_the_first_cannot_be_reached(world: World) -> None:
    world.serve("first")
    world.do(world.stubs["first"].stop())
    world.serve("second")
    world.change({"routes": route("first", "second")})
    assert world.ask(body=ASKED).status == 200
    world.serve("third", resetting)
    world.change({"routes": route("third", "second")})
    assert world.ask(body=ASKED).status == 200


@pytest.mark.parametrize("status", [400, 404, 413, 422])
def test_what_the_caller_did_wrong_is_not_tried_elsewhere(world: World, status: int) -> None:
    world.serve("first", failing(status))
    second = world.serve("second")
    world.change({"routes": route("first", "second"), "budgets": {"b_1": budget(DOLLAR)}})
    answer = world.ask(body=ASKED)
    assert (answer.status, answer.says) == (status, f"no {status}")
    assert second.asked == []
    (end,) = world.records("end")
    assert (end["outcome"], end["pico"], end["status"]) == ("failed", 0, status)


def test_the_only_provider_is_asked_once_more(world: World) -> None:
    asked_before: list[Asked] = []

    async def stumbling(asked: Asked, line: Line) -> None:
        asked_before.append(asked)
        await (failing(503)(asked, line) if len(asked_before) == 1 else line.answer(chat()))

    world.serve("only", stumbling)
    assert world.ask().status == 200
    (end,) = world.records("end")
    assert [one["status"] for one in end["tries"]] == [503, 200]


def test_too_many_is_said_with_the_time_to_wait_and_the_provider_rests(world: World) -> None:
    first = world.serve("first", failing(429, retry_after="30"))
    world.serve("second")
    world.change({"routes": route("first", "second")})
    for _ in range(5):
        assert world.ask(body=ASKED).status == 200
    assert len(first.asked) == 1
    (notice,) = [one for one in world.control.notices if one["notice"] == "provider-rests"]
    assert notice["about"] == "first"
    alone = world.ask(body={**ASKED, "model": "gpt-4o-mini"})
    assert (alone.status, alone.headers["retry-after"]) == (429, "30")


def test_a_credential_that_is_refused_costs_no_call(world: World) -> None:
    seen: list[str] = []

    async def rotating(asked: Asked, line: Line) -> None:
        seen.append(asked.headers["authorization"])
        await (line.answer(chat()) if seen[-1] == "Bearer sk-old" else failing(401)(asked, line))

    credentials = [{"id": "mc_new", "secret": "sk-new"}, {"id": "mc_old", "secret": "sk-old"}]
    world.serve("openai", rotating, credentials=credentials)
    for _ in range(4):
        assert world.ask().status == 200
    assert seen == ["Bearer sk-new", *["Bearer sk-old"] * 4], "what was refused is left alone for a while"
    (notice,) = world.control.notices
    assert (notice["notice"], notice["about"], notice["provider"]) == ("credential-refused", "mc_new", "openai")
    assert {one["credential"] for one in world.records("end")} == {"mc_old"}


def test_a_credential_that_nobody_believes_is_our_fault_and_is_not_shown(world: World) -> None:
    world.serve("openai", failing(401))
    answer = world.ask()
    assert answer.status == 502
    assert "refused the platform's own key" in answer.says
    assert "sk-openai" not in answer.body.decode()


def test_a_provider_that_falls_silent_is_given_up_and_charged_as_reserved(tmp_path, lists) -> None:
    async def silent(asked: Asked, line: Line) -> None:
        await asyncio.sleep(60)

    with World(tmp_path, lists, patience=Patience(answer=0.3, silence=0.3)).living() as world:
        world.serve("openai", silent)
        world.change({"budgets": {"b_1": budget(DOLLAR)}})
        answer = world.ask(body={**ASKED, "model": "gpt-4o-mini"})
        assert answer.status == 504
        (end,) = world.records("end")
        (begin,) = world.records("begin")
        assert (end["estimated"], end["pico"]) == (True, begin["reserved"])


async def half(asked: Asked, line: Line) -> None:
    await line.head()
    for one in chunks(["Hel"])[:1]:
        await line.event(one)
    line.reset()


def test_a_stream_that_breaks_off_says_so_and_is_charged_as_bounded(world: World) -> None:
    world.serve("openai", half)
    world.change({"budgets": {"b_1": budget(DOLLAR)}})
    answer = world.ask(body={**ASKED, "model": "gpt-4o-mini", "stream": True})
    events = answer.body.decode().split("\n\n")
    assert "Hel" in events[0]
    assert "broke off" in events[1]
    (end,) = world.records("end")
    (begin,) = world.records("begin")
    assert (end["outcome"], end["estimated"], end["pico"]) == ("cut", True, begin["reserved"])


def test_an_error_in_the_middle_of_a_stream_passes_as_it_was_said(world: World) -> None:
    start = {**message(), "content": [], "usage": {"input_tokens": 7, "output_tokens": 1}}

    async def overloaded(asked: Asked, line: Line) -> None:
        await line.head()
        await line.event({"type": "message_start", "message": start})
        await line.event({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
        await line.end()

    world.serve("anthropic", overloaded, "anthropic")
    world.change({"usual": {"anthropic": "anthropic"}})
    body = {**ASKED, "model": "claude-sonnet-4-5", "stream": True}
    answer = world.ask("/ai/anthropic/v1/messages", body)
    assert b"overloaded_error" in answer.body
    (end,) = world.records("end")
    assert (end["outcome"], end["estimated"], end["usage"]["input"]) == ("cut", True, 7)


ANTHROPIC = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
FAILURES = {
    "/ai/anthropic/v1/messages": ANTHROPIC,
    "/ai/openai/v1/chat/completions": {"error": {"message": "Too many.", "code": "rate_limit_exceeded"}},
    "/ai/openai/v1/responses": {"type": "error", "code": "server_error", "message": "No."},
    "/ai/gemini/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse": {
        "error": {"code": 503, "message": "Overloaded", "status": "UNAVAILABLE"}
    },
}


@pytest.mark.parametrize("path", FAILURES)
@pytest.mark.parametrize("begun", [False, True])
def test_a_stream_that_is_nothing_but_an_error_costs_nothing(world: World, path: str, begun: bool) -> None:
    async def failing(asked: Asked, line: Line) -> None:
        await line.head()
        if begun:
            await line.event({"type": "response.output_text.delta", "delta": "a"})
        await line.event(FAILURES[path])
        await line.end()

    kind = path.split("/")[2]
    world.serve(kind, failing, kind)
    world.change({"usual": {kind: kind}})
    body = {"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": [], "stream": True}
    answer = world.ask(path, {"contents": []} if kind == "gemini" else body)
    assert orjson.dumps(FAILURES[path]) in answer.body
    (end,) = world.ends(1)
    assert end["outcome"] == "cut"
    assert (end["pico"] > 0, end["estimated"]) == (begun, begun)


def test_a_shortened_call_whose_answer_breaks_is_charged_what_was_left(world: World) -> None:
    async def broken(asked: Asked, line: Line) -> None:
        await line.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{}")
        line.reset()

    world.serve("openai", broken)
    world.change({"budgets": {"b_1": budget(DOLLAR // 100)}})
    asked = {**ASKED, "model": "gpt-4o-mini", "max_tokens": 100_000}
    assert world.ask(body=asked).status == 502
    (begin,), (end,) = world.records("begin"), world.records("end")
    assert begin["clamped"] < 100_000
    assert (end["estimated"], end["pico"]) == (True, begin["reserved"])


def test_speech_that_breaks_off_is_charged_as_speech(world: World) -> None:
    async def broken(asked: Asked, line: Line) -> None:
        await line.head()
        spoken = {"candidatesTokenCount": 40, "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 40}]}
        counts = {"promptTokenCount": 5, **spoken}
        await line.event({"candidates": [{"content": {"parts": []}}], "usageMetadata": counts})
        line.reset()

    world.serve("gemini", broken, "gemini")
    world.change({"usual": {"gemini": "gemini"}})
    path = "/ai/gemini/v1beta/models/gemini-live-2.5-flash:streamGenerateContent?alt=sse"
    wanted = {"responseModalities": ["AUDIO"], "maxOutputTokens": 1_000}
    world.ask(path, {"contents": [{"parts": [{"text": "Hi"}]}], "generationConfig": wanted})
    (end,) = world.ends(1)
    assert (end["outcome"], end["usage"]) == ("cut", {"input": 5, "output_audio": 1_000, "estimated": True})
    assert end["pico"] == 5 * end["rates"]["input"] + 1_000 * end["rates"]["output_audio"]


LIES = {
    "shorter than it said": b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{}",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "no answer": b"SSH-2.0-OpenSSH\r\n\r\n",
    "a head without an end": b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 100_000,
    "a line end in a field": b"HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\nContent-Length: 2\r\n\r\n{}",
    "packed as nobody asked": b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n{}",
    "not packed at all": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    "a redirect": b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_provider_is_not_believed(world: World, lie: str) -> None:
    async def lying(asked: Asked, line: Line) -> None:
        await line.raw(LIES[lie])
        line.reset() if lie == "shorter than it said" else await asyncio.sleep(0.2)

    stub = world.serve("openai", lying)
    answer = world.ask()
    assert answer.status == 502
    assert answer.headers["greenlane-call"]
    assert "location" not in answer.headers
    assert len(world.records("end")) == 1
    assert all(one.target == "/v1/chat/completions" for one in stub.asked)


@pytest.mark.parametrize("counts", [{"prompt_tokens": -(10**9)}, {"prompt_tokens": "10"}])
def test_a_bill_that_cannot_be_is_charged_as_reserved(world: World, counts: dict[str, Any]) -> None:
    async def lying(asked: Asked, line: Line) -> None:
        await line.answer({**chat(), "usage": {**chat()["usage"], **counts}})

    world.serve("openai", lying)
    world.change({"budgets": {"b_1": budget(DOLLAR)}})
    assert world.ask().status == 200
    (begin,), (end,) = world.records("begin"), world.records("end")
    assert (end["outcome"], end["estimated"], end["pico"]) == ("answered", True, begin["reserved"])
    world.until(lambda: world.control.spent("b_1") == begin["reserved"])


def test_two_answers_to_one_question_never_reach_the_next_caller(world: World) -> None:
    async def twice(asked: Asked, line: Line) -> None:
        body = orjson.dumps(chat(asked.json["messages"][0]["content"]))
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        await line.raw((head + body) * 2)

    world.serve("openai", twice)
    for word in ("one", "two", "three"):
        answer = world.ask(body={"model": "gpt-4o-mini", "messages": [{"role": "user", "content": word}]})
        assert answer.json["choices"][0]["message"]["content"] == word


def test_a_packed_answer_is_unpacked(world: World) -> None:
    async def packed(asked: Asked, line: Line) -> None:
        await line.answer(gzip.compress(orjson.dumps(chat())), content_encoding="gzip")

    world.serve("openai", packed)
    answer = world.ask()
    assert answer.json == chat()
    assert "content-encoding" not in answer.headers
    assert world.records("end")[0]["usage"] == {"input": 10, "output": 5}


def test_a_kept_connection_that_was_closed_costs_no_call(world: World) -> None:
    async def closing(asked: Asked, line: Line) -> None:
        await line.answer(chat())
        line._writer.close()

    stub = world.serve("openai", closing)
    for _ in range(5):
        assert world.ask().status == 200
    assert stub.connections == 5
    assert all(len(one["tries"]) == 1 for one in world.records("end"))


def test_connections_are_kept_for_the_next_call(world: World) -> None:
    stub = world.serve("openai")
    for _ in range(5):
        assert world.ask().status == 200
    assert stub.connections == 1


def test_a_name_that_leads_inside_is_not_followed(tmp_path, lists) -> None:
    async def inside(host: str, port: int) -> list[str]:
        return ["8.8.8.8", "10.0.0.1"] if host == "mixed.example" else ["127.0.0.1"]

    with World(tmp_path, lists, look_up=inside).living() as world:
        stub = world.serve("openai", base_url="http://models.example")
        assert world.ask().status == 502
        world.change(
            {"providers": {"openai": {**world.table["providers"]["openai"], "base_url": "http://mixed.example"}}}
        )
        assert world.ask().status == 502
        allowed = {"base_url": f"http://models.example:{stub.port}", "networks": ["127.0.0.0/8"]}
        world.change({"providers": {"openai": {**world.table["providers"]["openai"], **allowed}}})
        assert world.ask().status == 200
        assert stub.asked[0].headers["host"] == f"models.example:{stub.port}"


def test_a_swap_of_providers_is_in_force_at_once_and_breaks_no_stream(world: World) -> None:
    go_on = asyncio.Event()

    async def slow(asked: Asked, line: Line) -> None:
        await line.head()
        one, *others = chunks(["old", "old"])
        await line.event(one)
        await go_on.wait()
        for each in others:
            await line.event(each)
        await line.event(b"[DONE]")
        await line.end()

    world.serve("old", slow)
    new = world.serve("new")
    streaming = world.begin({"model": "gpt-4o-mini", "stream": True, "messages": []})
    assert b"old" in streaming.read1()
    before = time.monotonic()
    world.change({"usual": {"openai": "new"}}, {"providers": ["old"]})
    assert world.ask().status == 200
    assert time.monotonic() - before < 1
    assert len(new.asked) == 1
    world.call(go_on.set)
    assert streaming.read().endswith(b"data: [DONE]\n\n")
    assert {one["outcome"] for one in world.ends(2)} == {"answered"}
