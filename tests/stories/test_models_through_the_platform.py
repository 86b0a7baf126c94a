"""Calls to models: apps, their builds, and people with their own programs go through the platform, and it knows each call."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.gateway import npm
from tests.gateway.agents_and_libraries import EVERYTHING, HELLO, anthropics_agent, libraries, openais_agent
from tests.gateway.provider import KEY, Provider
from tests.stories.browser import ask
from tests.stories.running import Running, until
from tests.stories.terminal import Terminal

from greenlane.gateway.deploy_keys import variables

pytestmark = pytest.mark.xdist_group("npm")

PYTHON = """
import json, os
from urllib.parse import parse_qs
import anthropic, openai
from google import genai

def said(whose, text):
    messages = [{"role": "user", "content": text}]
    if whose == "openai":
        with openai.OpenAI(max_retries=0) as client:
            return client.chat.completions.create(model="gpt-4.1-mini", messages=messages).choices[0].message.content
    if whose == "anthropic":
        with anthropic.Anthropic(max_retries=0) as client, client.messages.stream(
            model="claude-haiku-4-5", messages=messages, max_tokens=200
        ) as stream:
            return "".join(stream.text_stream)
    client = genai.Client()
    return client.models.generate_content(model="gemini-2.5-flash", contents=text).text

def app(environ, start_response):
    whose = environ["PATH_INFO"].strip("/")
    asked = parse_qs(environ["QUERY_STRING"]).get("say", ["Say hello, wörld."])[0]
    if whose == "key":
        answer = os.environ["OPENAI_API_KEY"]
    elif whose:
        try:
            answer = said(whose, asked)
        except openai.APIStatusError as error:
            answer = f"{error.status_code}: {error.message}"
    else:
        answer = "the page is here"
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]
"""

FUNCTION = """
import { everything } from "./../every.mjs";
export const config = { path: "/everything" };
export default async () => Response.json(await everything());
"""

BUILD = """
const answer = await fetch(`${process.env.OPENAI_BASE_URL}/chat/completions`, {
  method: "POST",
  headers: { "Content-Type": "application/json", Authorization: `Bearer ${process.env.OPENAI_API_KEY}` },
  body: JSON.stringify({ model: "gpt-4.1-mini", messages: [{ role: "user", content: "Say hello, wörld." }] }),
});
const said = answer.ok ? (await answer.json()).choices[0].message.content : `${answer.status} ${await answer.text()}`;
(await import("node:fs")).writeFileSync("out/index.html", `<!doctype html><title>Built</title><p>${said}`);
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as one:
        yield one


@pytest.fixture(scope="module")
def models(greenlane: Running, owner: Terminal, provider: Provider) -> Running:
    """A platform with three providers, whose keys nobody else has."""
    for kind, address in (
        ("openai", provider.openai),
        ("anthropic", provider.address),
        ("gemini", provider.address),
    ):
        owner.does(
            "gateway", "provider", "add", kind, "--kind", kind, "--base-url", address, "--key-stdin", stdin=KEY.encode()
        )
    owner.does("gateway", "route", "set", "fast", "openai/gpt-5-mini")
    return greenlane


@pytest.fixture(autouse=True)
def fresh_account(provider: Provider) -> None:
    provider.account.clear()


def deployed(owner: Terminal, folder: Path, name: str) -> str:
    """Deploy a source, wait for its build as long as it takes, and publish what came of it."""
    ended = owner.begins("deploy", folder, "--app", name).ended(600)
    assert ended.code == 0, ended.out + ended.err
    owner.does("publish", name)
    return ended.out


def spent(owner: Terminal, app: str) -> int:
    """Pico-dollars that an app has spent on models, as the platform tells it."""
    return int(owner.does("gateway", "spend", "--app", app)["pico"])


def refused(models: Running, key: str) -> str:
    """The code with which the gateway refuses a key outside of sandboxes."""
    answer = ask(f"{models.url}/ai/openai/v1/models", headers={"Authorization": f"Bearer {key}"})
    assert answer.status == 401
    return str(json.loads(answer.text)["error"]["code"])


def test_an_app_in_python_calls_three_makers_with_no_key_of_its_own(
    models: Running, owner: Terminal, provider: Provider, name: str, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(PYTHON)
    (tmp_path / "requirements.txt").write_text("openai\nanthropic\ngoogle-genai\n")
    (tmp_path / "greenlane.toml").write_text('[run]\nkind = "wsgi"\nentry = "app:app"\n')
    deployed(owner, tmp_path, name)

    def says(path: str) -> str:
        answer = models.ask(name, path, owner.token)
        assert answer.status == 200, answer.text
        return str(json.loads(answer.text))

    assert [says(f"/{whose}") for whose in ("openai", "anthropic", "google")] == [HELLO] * 3
    assert {entry.key for entry in provider.account} == {KEY}
    until(lambda: spent(owner, name) == provider.account.pico, "the whole sum")
    calls = owner.does("gateway", "calls", "--app", name)["items"]
    assert {(one["environment"], one["use"]) for one in calls} == {("production", "run")}
    live = [one["live"]["deploy"] for one in owner.does("apps", "show", name)["environments"] if one["live"]]
    assert {one["deploy"] for one in calls} == set(live)
    assert owner.does("gateway", "call", calls[0]["id"])["id"] == calls[0]["id"]

    key = says("/key")
    assert refused(models, key) == "key-elsewhere", "copied out of its sandbox it opens nothing"

    owner.does("gateway", "budget", "set", "0.000001", "--app", name, "--period", "total")
    assert says("/openai").startswith("402: ")
    assert says("/") == "the page is here"
    owner.does("gateway", "budget", "set", "5", "--app", name, "--period", "total")
    assert says("/openai") == HELLO

    owner.does("gateway", "route", "set", "gpt-4.1-mini", "anthropic/claude-haiku-4-5")
    assert says("/openai") == HELLO
    assert provider.account.last.model == "claude-haiku-4-5", "swapped for everybody, and the app as it was"
    owner.does("gateway", "route", "remove", "gpt-4.1-mini")


def settled(owner: Terminal, app: str) -> list[dict[str, Any]]:
    """The calls of an app that are settled."""
    return [
        one
        for one in owner.does("gateway", "calls", "--app", app, "--limit", "100")["items"]
        if one["state"] == "settled"
    ]


def test_a_function_calls_them_with_the_libraries_for_javascript(
    models: Running, owner: Terminal, provider: Provider, name: str, tmp_path: Path
) -> None:
    for file in ("package.json", "package-lock.json", "every.mjs"):
        shutil.copyfile(npm.HERE / "libraries" / file, tmp_path / file)
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "all.mjs").write_text(FUNCTION)
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "index.html").write_text("<!doctype html><title>Here</title>")
    (tmp_path / "greenlane.toml").write_text('[build]\npublish = "public"\nfunctions = "functions"\n')
    deployed(owner, tmp_path, name)
    answer = models.ask(name, "/everything", owner.token)
    assert answer.status == 200, owner.types("logs", name).out
    assert json.loads(answer.text) == EVERYTHING
    served = [entry for entry in provider.account if entry.outcome == "answered" and entry.wire != "models"]
    until(lambda: len(settled(owner, name)) == len(served), "every call")
    # Google's embeddings tell no usage: there the platform counts an upper bound
    told = sum(entry.pico for entry in served if entry.wire != "gemini-embed")
    assert sum(one["pico"] for one in settled(owner, name) if not one["ended"]["estimated"]) == told


def test_a_build_calls_models_where_its_app_asks_for_it(
    models: Running, owner: Terminal, provider: Provider, name: str, tmp_path: Path
) -> None:
    package = {"name": "pages", "private": True, "type": "module", "scripts": {"build": "mkdir -p out && node make.js"}}
    (tmp_path / "package.json").write_text(json.dumps(package))
    (tmp_path / "make.js").write_text(BUILD)
    (tmp_path / "greenlane.toml").write_text('[build]\npublish = "out"\nmodels = true\n')
    assert "This build may call models" in deployed(owner, tmp_path, name)
    assert HELLO in models.ask(name, "/", owner.token).text
    until(lambda: spent(owner, name) == provider.account.pico, "the whole sum")
    (one,) = owner.does("gateway", "calls", "--app", name)["items"]
    assert (one["environment"], one["use"]) == ("preview", "build")
    (tmp_path / "greenlane.toml").write_text('[build]\npublish = "out"\n')
    ended = owner.begins("deploy", tmp_path, "--app", name).ended(600)
    assert len(provider.account) == 1, ended.out


def test_people_work_with_their_own_programs_and_a_key_of_their_own(
    models: Running, owner: Terminal, provider: Provider, tmp_path: Path
) -> None:
    ada = models.joins("Ada Analyst")
    key = ada.does("gateway", "key")["answer"]["token"]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "TERM": "dumb",
        **variables(key, models.url, {}),
    }
    assert libraries(environment) == EVERYTHING
    work = tmp_path / "work"
    work.mkdir()
    for program in (anthropics_agent, openais_agent):
        said = program(work, environment, tmp_path)
        assert "Done." in said
        assert (work / "hello.txt").read_text() == "hello from a model"
        (work / "hello.txt").unlink()
    until(lambda: len(owner.does("gateway", "calls", "--person", ada.id, "--limit", "100")["items"]) > 15, "every call")
    assert key not in str([entry.headers for entry in provider.account])
    ada.does("gateway", "revoke", ada.does("gateway", "keys")["items"][0]["id"])
    assert refused(models, key) == "key-needed"
