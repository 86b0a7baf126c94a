"""The perimeter where calls go through: what leaves, what a person is asked for, what comes back, and what is recorded."""

from __future__ import annotations

import subprocess
import sys
import time
from hashlib import sha256

import orjson
import pytest
from tests.gateway.stub import Asked, Line, chat, chunks
from tests.gateway.world import PLACE, World

from greenlane.gateway.perimeter.marks import marks_of

KEY = b"k" * 32
MAIL = "alice@example.com"
HOUR = 3600.0


def asking(text: str, **more: object) -> dict[str, object]:
    return {"model": "gpt-4o-mini", "max_tokens": 100, "messages": [{"role": "user", "content": text}], **more}


def rules(world: World, **by_class: dict[str, object]) -> None:
    named = {name.replace("_", "-"): rule for name, rule in by_class.items()}
    world.change({"rules": named, "perimeter": {"key": {"says": KEY.hex()}}})


async def answering(asked: Asked, line: Line) -> None:
    if not asked.json.get("stream"):
        await line.answer(chat(f"Write to {MAIL}."))
        return
    await line.head()
    for one in chunks(["Write ", "to ali", "ce@exam", "ple.com", " and go", " on"], usage=True):
        await line.event(one)
    await line.event(b"[DONE]")
    await line.end()


def test_what_a_rule_masks_never_reaches_the_provider(world: World) -> None:
    stub = world.serve("openai")
    rules(world, email={"action": "mask"})
    answer = world.ask(body=asking(f"Write to {MAIL}"))
    assert answer.status == 200
    assert MAIL.encode() not in stub.asked[0].body
    assert b"[email:" in stub.asked[0].body
    begin, end = world.records("begin")[0], world.ends(1)[0]
    assert begin["data"] == ["email"]
    assert begin["request"] == f"sha256:{sha256(orjson.dumps(asking(f'Write to {MAIL}'))).hexdigest()}"
    assert end["masked"] == {"email": 1}


def test_a_secret_of_the_platform_is_known_by_its_marks_alone(world: World) -> None:
    stub = world.serve("openai")
    rules(world, secret={"action": "mask"})
    world.change({"marks": dict.fromkeys(marks_of("Tr0ub4dor-and-3", KEY), 1)})
    world.ask(body=asking("the password is Tr0ub4dor-and-3."))
    assert b"Tr0ub4dor" not in stub.asked[0].body
    world.change(drop={"marks": list(marks_of("Tr0ub4dor-and-3", KEY))})
    world.ask(body=asking("the password is Tr0ub4dor-and-3."))
    assert b"Tr0ub4dor" in stub.asked[1].body


def test_what_a_rule_refuses_is_refused_in_words_and_on_record(world: World) -> None:
    stub = world.serve("openai")
    rules(world, card={"action": "refuse"})
    answer = world.ask(body=asking("charge 4111 1111 1111 1111"))
    assert answer.status == 403
    assert "number of a payment card" in answer.says
    assert "4111" not in answer.says
    assert stub.asked == []
    (refused,) = world.records("refused")
    assert (refused["code"], refused["status"]) == ("data-refused", 403)


def test_personal_data_goes_only_where_its_rule_lets_it(world: World) -> None:
    far, near = world.serve("far", region="us"), world.serve("near", region="eu")
    world.change({"routes": {"gpt-4o-mini": {"targets": [
        {"provider": "far", "model": "gpt-4o-mini", "weight": 1}], "otherwise": [
        {"provider": "near", "model": "gpt-4o-mini"}]}}})  # fmt: skip
    rules(world, email={"action": "allow", "regions": ["eu"]})
    world.ask(body=asking("nothing in it"))
    world.ask(body=asking(MAIL))
    assert (len(far.asked), len(near.asked)) == (1, 1)
    assert MAIL.encode() in near.asked[0].body


def test_a_prompt_that_needs_a_person_names_the_request_and_goes_once_it_is_approved(world: World) -> None:
    stub = world.serve("openai")
    rules(world, email={"action": "ask"})
    world.control.permits = lambda message: {"request": "req_1", "says": ""}
    body = orjson.dumps(asking(MAIL))
    answer = world.in_sandbox(body)
    assert answer.status == 403
    assert "req_1" in answer.says
    (permit,) = world.control.permitted
    prompt = f"sha256:{sha256(body).hexdigest()}"
    assert permit["key"] == f"{PLACE['app']}/{PLACE['environment']}"
    assert (permit["prompt"], permit["data"], permit["app"]) == (prompt, ["email"], "board")
    assert MAIL not in str(permit)
    later = time.time() + HOUR
    world.change({"let_through": {f"board/production|{prompt}": {"data": ["email"], "expires": later}}})
    assert world.in_sandbox(body).status == 200
    assert MAIL.encode() in stub.asked[0].body
    assert world.in_sandbox(asking(f"another {MAIL}")).status == 403
    assert world.ask(body=body).status == 403, "it was let through for one key"
    world.change({"let_through": {f"board/production|{prompt}": {"data": ["email"], "expires": 1.0}}})
    assert world.in_sandbox(body).status == 403


def test_a_prompt_that_nobody_can_be_asked_for_says_why(world: World) -> None:
    world.serve("openai")
    rules(world, email={"action": "ask"})
    world.control.permits = lambda message: {"request": None, "says": "Nobody answers for this key."}
    assert "Nobody answers for this key." in world.ask(body=asking(MAIL)).says


@pytest.mark.parametrize("stream", [False, True])
def test_answers_are_masked_too(world: World, stream: bool) -> None:
    world.serve("openai", answering)
    rules(world, email={"action": "allow", "answers": "mask"})
    answer = world.ask(body=asking("Hi", stream=stream))
    assert answer.status == 200
    assert b"[email:" in answer.body
    assert b"ce@exam" not in answer.body
    (end,) = world.ends(1)
    assert (end["outcome"], end["masked"]) == ("answered", {"email": 1})
    assert end["usage"]["output"] > 0


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_may_not_leave_ends_there_and_is_paid(world: World, stream: bool) -> None:
    world.serve("openai", answering)
    rules(world, email={"answers": "refuse"})
    answer = world.ask(body=asking("Hi", stream=stream))
    assert b"may not leave this gateway" in answer.body
    assert b"ce@exam" not in answer.body
    assert b" on" not in answer.body
    (end,) = world.ends(1)
    assert end["outcome"] == "refused"
    assert end["usage"]["output"] > 0
    assert end["estimated"] is False


def test_prompts_larger_than_allowed_go_nowhere(world: World) -> None:
    world.serve("openai")
    world.change({"perimeter": {"key": {"says": KEY.hex()}, "prompt_bytes": {"says": 1000}}})
    assert world.ask(body=asking("x" * 900)).status == 200
    answer = world.ask(body=asking("x" * 1001))
    assert answer.status == 413
    assert "1,000 are allowed" in answer.says


def test_the_gateway_needs_no_database_to_stand() -> None:
    program = "import sys, greenlane.gateway.serving.process; print('sqlalchemy' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert said.stdout == "False\n"
