"""Ana lends an agent five dollars for model calls. It spends them, shares them with another agent, and never gets more."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from tests.gateway.provider.standin import KEY, Provider
from tests.stories.browser import Answered, ask
from tests.stories.running import Running, until
from tests.stories.terminal import Terminal
from tests.stories.test_an_agent_acts_for_a_person import agent, exchanged

PASSED_ON = "urn:ietf:params:oauth:token-type:access_token"


@pytest.fixture(scope="module")
def provider(owner: Terminal) -> Iterator[Provider]:
    with Provider() as one:
        added = owner.types(
            *("gateway", "provider", "add", "local", "--kind", "openai"),
            *("--base-url", one.openai, "--key-stdin"),
            stdin=f"{KEY}\n".encode(),
        )
        assert added.code == 0, added.err
        yield one


def calls(greenlane: Running, token: str) -> Answered:
    """A call of a model with an agent's token."""
    body = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hello"}]}
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return ask(f"{greenlane.url}/ai/openai/v1/chat/completions", "POST", headers, json.dumps(body).encode())


def for_models(greenlane: Running, agent: tuple[str, str], subject: str, **more: str) -> Answered:
    """Ask for a token that calls models."""
    name, secret = agent
    resource = f"{greenlane.url}/ai"
    return exchanged(greenlane, subject_token=subject, client_id=name, client_secret=secret, resource=resource, **more)


def told(owner: Terminal, grant: str) -> dict[str, object]:
    (found,) = [one for one in owner.does("agents", "grants")["items"] if one["id"] == grant]
    return dict(found)


def test_an_agent_spends_what_it_was_lent_and_the_grant_says_so(
    greenlane: Running, owner: Terminal, provider: Provider
) -> None:
    codex, linter = agent(owner), agent(owner)
    lent = owner.does("agents", "lend", codex[0], "--dollars", "5", "--depth", "2")
    assert lent["sentence"].startswith(
        f"Olga Owner lent the agent {codex[0]} read, deploy in preview, and 5 dollars for model calls"
    )
    grant = lent["answer"]["delegation"]
    assert told(owner, grant)["says"] == "It has spent nothing of its $5.00 for model calls so far."

    token = for_models(greenlane, codex, grant).document["access_token"]
    assert calls(greenlane, token).status == 200
    assert ask(f"{greenlane.url}/v1/me", headers={"Authorization": f"Bearer {token}"}).status == 401, "models alone"
    own = exchanged(greenlane, subject_token=grant, client_id=codex[0], client_secret=codex[1]).document["access_token"]
    passed = for_models(greenlane, linter, own, subject_token_type=PASSED_ON).document["access_token"]
    second = calls(greenlane, passed)
    assert second.status == 200

    until(lambda: [one for one in by_run(owner) if (one["name"], one["calls"]) == (grant, 2)], "both calls")
    until(lambda: told(owner, grant)["spent"] == by_run(owner)[0]["pico"] > 0, "what was spent, on the grant")
    shown = str(told(owner, grant)["says"])
    assert shown.startswith("It has spent $0.")
    assert " of $5.00 on model calls. " in shown
    assert shown in greenlane.browser(owner).open(f"{greenlane.url}/agents").text
    (record,) = [one for one in owner.does("gateway", "calls")["items"] if one["id"] == second["greenlane-call"]]
    assert [link["id"] for link in record["begun"]["actor"]][1:] == [codex[0], linter[0]]


def by_run(owner: Terminal) -> list[dict[str, object]]:
    return [one for one in owner.does("gateway", "spend", "--by", "run")["items"] if one["name"]]


def test_money_that_is_too_little_stops_the_call_and_no_other_action(
    greenlane: Running, owner: Terminal, provider: Provider
) -> None:
    codex = agent(owner)
    grant = owner.does("agents", "lend", codex[0], "--dollars", "0.0000001")["answer"]["delegation"]
    refused = calls(greenlane, for_models(greenlane, codex, grant).document["access_token"])
    assert (refused.status, refused.document["error"]["code"]) == (402, "budget-spent")
    assert "The budget of this grant has" in refused.text
    own = exchanged(greenlane, subject_token=grant, client_id=codex[0], client_secret=codex[1]).document["access_token"]
    assert ask(f"{greenlane.url}/v1/me", headers={"Authorization": f"Bearer {own}"}).status == 200


def test_without_money_an_agent_gets_no_token_for_models(greenlane: Running, owner: Terminal) -> None:
    codex = agent(owner)
    grant = owner.does("agents", "lend", codex[0])["answer"]["delegation"]
    refused = for_models(greenlane, codex, grant)
    assert (refused.status, refused.document["error"]) == (400, "invalid_target")
    assert "No money for model calls was lent." in refused.document["error_description"]
    assert told(owner, grant)["says"] == "You lent it no money, so it calls no models."


def test_taking_a_grant_back_ends_its_calls_before_the_answer_comes(
    greenlane: Running, owner: Terminal, provider: Provider
) -> None:
    codex = agent(owner)
    grant = owner.does("agents", "lend", codex[0], "--dollars", "1")["answer"]["delegation"]
    token = for_models(greenlane, codex, grant).document["access_token"]
    assert calls(greenlane, token).status == 200
    owner.does("agents", "end", grant)
    assert calls(greenlane, token).status == 401


def test_tokens_for_models_go_on_while_the_signing_key_is_changed(
    greenlane: Running, owner: Terminal, provider: Provider
) -> None:
    codex = agent(owner)
    grant = owner.does("agents", "lend", codex[0], "--dollars", "1")["answer"]["delegation"]
    before = for_models(greenlane, codex, grant).document["access_token"]
    owner.does("agents", "rotate-key")
    after = for_models(greenlane, codex, grant).document["access_token"]
    assert [calls(greenlane, one).status for one in (before, after)] == [200, 200]
    owner.does("agents", "rotate-key", "--at-once")
    assert [calls(greenlane, one).status for one in (before, after)] == [401, 401]
