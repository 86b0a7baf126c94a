"""Calls to models, from a provider's key to the last micro-cent: set up, called, priced, stopped by a budget, proven."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.gateway.provider.standin import KEY, Provider
from tests.stories.browser import Answered, ask
from tests.stories.running import Running, until
from tests.stories.terminal import Terminal


class Caller:
    """Somebody with a key, who asks the usual question."""

    def __init__(self, greenlane: Running, key: str) -> None:
        self.url, self.key = greenlane.url, key

    def asks(self, text: str = "hello", **more: Any) -> Answered:
        body = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": text}], **more}
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        return ask(f"{self.url}/ai/openai/v1/chat/completions", "POST", headers, json.dumps(body).encode())


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as one:
        yield one


@pytest.fixture(scope="module")
def caller(greenlane: Running, owner: Terminal, provider: Provider) -> Caller:
    added = owner.types(
        *("gateway", "provider", "add", "local", "--kind", "openai"),
        *("--base-url", provider.openai, "--key-stdin"),
        stdin=f"{KEY}\n".encode(),
    )
    assert added.code == 0, added.err
    assert KEY not in added.out
    return Caller(greenlane, owner.does("gateway", "key")["answer"]["token"])


def called(owner: Terminal) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = owner.does("gateway", "calls", "--limit", "500")["items"]
    return items


def known(owner: Terminal, answer: Answered) -> dict[str, Any]:
    """A call as it is known once its batch was taken."""
    call = answer["greenlane-call"]
    until(lambda: [one for one in called(owner) if one["id"] == call and one["state"] != "open"], "the call's record")
    found: dict[str, Any] = owner.does("gateway", "call", call)
    return found


def test_a_call_goes_through_and_its_price_is_told(caller: Caller, owner: Terminal, provider: Provider) -> None:
    answer = caller.asks()
    assert answer.status == 200
    assert answer.document["choices"][0]["message"]["content"] == "You said: hello"
    found = known(owner, answer)
    assert (found["asked"], found["provider"], found["outcome"]) == ("gpt-5-mini", "local", "answered")
    assert (found["begun"]["because"], found["status"]) == ("the usual provider for openai-chat", 200)
    usage = answer.document["usage"]
    assert (found["read"], found["written"]) == (usage["prompt_tokens"], usage["completion_tokens"])
    (by_model,) = owner.does("gateway", "spend", "--by", "model")["items"]
    assert by_model["pico"] == sum(one["pico"] for one in called(owner)) > 0


def test_streams_pass_and_are_counted(caller: Caller, owner: Terminal) -> None:
    answer = caller.asks("tell me", stream=True)
    assert answer["content-type"].startswith("text/event-stream")
    assert answer.body.endswith(b"data: [DONE]\n\n")
    assert known(owner, answer)["written"] > 0


def test_a_budget_stops_the_next_call_and_no_page(caller: Caller, owner: Terminal, greenlane: Running) -> None:
    owner.does("gateway", "budget", "set", "0.00001", "--period", "day")
    answer = caller.asks()
    assert answer.status == 402
    assert answer.document["error"]["code"] == "budget-spent"
    assert ask(f"{greenlane.url}/sign-in").status == 200
    owner.does("gateway", "budget", "set", "5", "--period", "day")
    assert caller.asks().status == 200
    owner.does("gateway", "budget", "end", "--period", "day")
    refused = [one for one in owner.does("gateway", "calls")["items"] if one["state"] == "refused"]
    assert {one["code"] for one in refused} <= {"budget-spent"}


def test_a_route_changes_where_the_next_call_goes(caller: Caller, owner: Terminal) -> None:
    owner.does("gateway", "route", "set", "fast", "local/gpt-4o-mini")
    body = {"model": "fast", "messages": [{"role": "user", "content": "quick"}]}
    headers = {"Authorization": f"Bearer {caller.key}", "Content-Type": "application/json"}
    answer = ask(f"{caller.url}/ai/openai/v1/chat/completions", "POST", headers, json.dumps(body).encode())
    assert answer.status == 200
    found = known(owner, answer)
    assert (found["asked"], found["model"], found["begun"]["because"]) == ("fast", "gpt-4o-mini", "fast leads here")


def test_a_soft_budget_that_is_spent_leads_to_the_cheaper_name(caller: Caller, owner: Terminal) -> None:
    owner.does("gateway", "route", "set", "quick", "local/gpt-4o-mini")
    owner.does("gateway", "route", "set", "careful", "local/gpt-4o", "--when-spent", "quick")
    owner.does("gateway", "budget", "set", "0", "--soft", "--period", "week")
    answer = caller.asks("think", model="careful")
    assert answer.status == 200
    assert answer["greenlane-instead"] == "quick instead of careful: the budget of everybody together is spent"
    found = known(owner, answer)
    assert (found["asked"], found["model"], found["begun"]["instead"]["name"]) == ("careful", "gpt-4o-mini", "quick")
    owner.does("gateway", "budget", "end", "--period", "week")


def test_the_gateway_killed_in_the_middle_loses_no_call_and_no_money(
    caller: Caller, owner: Terminal, greenlane: Running, provider: Provider
) -> None:
    before = caller.asks("before")
    greenlane.kill("gateway")
    after = caller.asks("after")
    assert (before.status, after.status) == (200, 200), "who comes while it is away waits in line"
    known(owner, after)
    answered = [one for one in called(owner) if one["state"] == "settled"]
    assert {before["greenlane-call"], after["greenlane-call"]} <= {one["id"] for one in answered}
    assert len(answered) == len(provider.account)
    assert sum(one["pico"] for one in answered) == provider.account.pico
    assert owner.types("ledger", "verify").code == 0


def test_a_run_of_an_agent_spends_its_own_budget(greenlane: Running, owner: Terminal) -> None:
    made = owner.does("gateway", "key", "--run", "nightly", "--budget", "0.001", "--hours", "2")["answer"]
    agent = Caller(greenlane, made["token"])
    answer = agent.asks("work")
    assert answer.status == 200
    assert known(owner, answer)["run"] == made["run"]
    assert ("nightly", 1) in [
        (one["shown"], one["calls"]) for one in owner.does("gateway", "spend", "--by", "run")["items"]
    ]
    assert [one["run"] for one in owner.does("gateway", "keys")["items"] if one["id"] == made["key"]] == ["nightly"]
    refused = agent.asks("work " * 4_000)
    assert refused.status == 402
    assert "The budget of this run has" in refused.document["error"]["message"]
    owner.does("gateway", "revoke", made["key"])

    def held() -> list[Any]:
        return [one for one in owner.does("gateway", "budget", "list")["items"] if "nightly" in one["whose"]]

    until(lambda: not held(), "the run's end")


def test_a_provider_that_says_nothing_is_left_for_the_next_one(caller: Caller, owner: Terminal) -> None:
    with Provider() as mute:
        mute.delay = 3_600
        added = owner.types(
            *("gateway", "provider", "add", "mute", "--kind", "openai"),
            *("--base-url", mute.openai, "--key-stdin"),
            stdin=f"{KEY}\n".encode(),
        )
        assert added.code == 0, added.err
        to = ("mute/gpt-4o-mini", "--otherwise", "local/gpt-4o-mini", "--timeout", "1")
        owner.does("gateway", "route", "set", "soon", *to)
        answer = caller.asks(model="soon")
        assert answer.status == 200
        found = known(owner, answer)
        assert (found["provider"], found["outcome"], found["begun"]["after"]["seconds"]) == ("local", "answered", 1)
        first = found["begun"]["after"]["call"]
        assert owner.does("gateway", "call", first)["state"] == "open", "who is late is still heard out"
    until(lambda: owner.does("gateway", "call", first)["state"] == "settled", "the end of who never answered")
    late = owner.does("gateway", "call", first)
    assert (late["provider"], late["outcome"], late["pico"]) == ("mute", "late", late["reserved"])
    owner.does("gateway", "route", "remove", "soon")
    owner.does("gateway", "provider", "remove", "mute")


def test_a_key_that_ended_opens_nothing(greenlane: Running, owner: Terminal, caller: Caller) -> None:
    made = owner.does("gateway", "key", "--days", "1")["answer"]
    assert Caller(greenlane, made["token"]).asks().status == 200
    owner.does("gateway", "revoke", made["key"])
    assert Caller(greenlane, made["token"]).asks().status == 401
    assert caller.asks().status == 200


def test_while_control_is_away_calls_go_on_with_what_was_leased(
    greenlane: Running, caller: Caller, owner: Terminal
) -> None:
    assert caller.asks().status == 200
    greenlane.kill("control")
    answer = caller.asks("without control")
    assert answer.status == 200
    until(lambda: ask(f"{greenlane.url}/readyz").status == 200, "control, started again")
    assert known(owner, answer)["outcome"] == "answered"


def test_a_budget_that_is_spent_is_told_once_and_dismissed(caller: Caller, owner: Terminal) -> None:
    me = owner.does("whoami")["id"]
    owner.does("gateway", "budget", "set", "0.000001", "--person", me, "--period", "total")
    try:
        assert caller.asks().status == 402

        def spent() -> list[dict[str, Any]]:
            return [one for one in owner.does("gateway", "alerts")["items"] if one["what"] == "budget-spent"]

        until(spent, "the alert")
        (alert,) = spent()
        assert alert["account"] == f"person:{me}"
        assert alert["people"] == [me]
        owner.does("gateway", "dismiss", alert["id"])
        assert spent() == []
    finally:
        owner.does("gateway", "budget", "end", "--person", me, "--period", "total")
