"""Every address of the API, called by nobody and by somebody who has no business there."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from tests.laws.doors import OPEN, UNTESTED, Route, routes
from tests.stories.browser import Answered, ask
from tests.stories.running import Running

from greenlane.govern.action import REGISTRY
from greenlane.identity.roles import VERBS

OWN = frozenset(verb for verb, line in VERBS.items() if line.own)
"""What everybody may do with what is their own. What a stranger may not do with others' is tried in `tests/identity`."""
HOST = "tracker.example.net"
KEPT = (HOST, "kept-message")
"""What only those who may see the app should read: what its pages call, and what its author wrote."""
CLOSED = [one for one in routes() if one.name not in OPEN and one.name not in UNTESTED]


@dataclass(frozen=True)
class Place:
    """A server with something in it, and a visitor of another team who belongs to none of it."""

    running: Running
    stranger: str
    known: Mapping[str, Any]

    def call(self, route: Route, token: str = "") -> Answered:
        """Call a route with what is really there in its address and a body that makes sense."""
        path = re.sub(r"{(\w+)}", lambda found: str(self.known[found[1]]), route.path)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        body = json.dumps(self.body(route)).encode() if route.method == "POST" else b""
        if route.method == "PUT":
            body = b"x"
        if body:
            headers["Content-Type"] = "application/json"
        return ask(self.running.url + path, route.method, body=body or None, headers=headers)

    def body(self, route: Route) -> dict[str, Any]:
        """The inputs that a verb needs, all of them about what is there."""
        if route.verb is None:
            return {"files": {}}
        return {one.name: self.known[one.name] for one in REGISTRY.named(route.verb).inputs if one.required}


@pytest.fixture(scope="module")
def place(greenlane: Running, tmp_path_factory: pytest.TempPathFactory) -> Place:
    site = tmp_path_factory.mktemp("site")
    (site / "index.html").write_text(
        f"<!doctype html><title>Board</title>kept-to-ourselves<script src='https://{HOST}/x.js'></script>"
    )
    owner = greenlane.owner
    deployed = owner.does("deploy", site, "--app", "kept-board", "-m", "kept-message")
    owner.does("publish", "kept-board")
    waiting = owner.gets(4, "publish", "kept-board", "--audience", "public")
    token = owner.does("preview-token", "create", "kept-board")["answer"]
    upload = ask(
        f"{greenlane.url}/v1/uploads",
        "POST",
        body=json.dumps({"files": {"a.html": {"sha256": "2d" * 32, "size": 1}}}).encode(),
        headers={"Authorization": f"Bearer {owner.token}", "Content-Type": "application/json"},
    )
    owner.does("team", "create", "elsewhere")
    stranger = greenlane.joins("Vera Visitor", role="visitor", team="elsewhere")
    known = {
        "app": "kept-board",
        "deploy": deployed["answer"]["deploy"],
        "request": waiting["request"],
        "upload": upload.document["upload"],
        "sha256": "2d" * 32,
        "seq": 1,
        "team": "home",
        "person": owner.does("whoami")["id"],
        "token": token["id"],
        "name": "KEY",
        "value": "v",
        "because": "b",
        "note": "n",
        "about": deployed["answer"]["deploy"],
        "verdict": "fine",
        "domain": "board.example.com",
        "host": "api.example.com",
        "digest": "sha256:" + "0" * 64,
        "role": "owner",
        "audience": "public",
        "texts": {"own.cedar": ""},
        "size": 1,
        "secret": "x",
        "answer": "{}",
        "url": "https://hooks.example.com/x",
        "what": "all",
        "meant_for": "the suppliers",
        "session": "ses_nothing",
        "passkey": "pk_nothing",
        "webhook": "whk_nothing",
        "link": "shl_nothing",
        "password": "seven-otters-in-a-row",
        "way": "password",
        "row": 1,
        "message": "sha256:" + "0" * 64,
        "build": "bld_nothing",
        "function": "nightly",
        "run": "run_nothing",
        "mark": "m" * 24,
        "found_in": deployed["answer"]["deploy"],
        "why": "w",
        "invitation": "inv_nothing",
        "environment": "staging",
        "provider": "nobody",
        "kind": "openai",
        "credential": "mc_nothing",
        "key": "gk_nothing",
        "alias": "fast",
        "targets": ["nobody/gpt-5-mini"],
        "wire": "openai",
        "models": ["claude-*"],
        "data": "email",
        "dollars": "1",
        "model": "gpt-5-mini",
        "input": "1",
        "output": "2",
        "prompt": "sha256:" + "0" * 64,
        "call": "call_nothing",
        "agent": "nobody",
        "delegation": "dlg_nothing",
        "elevation": "elv_nothing",
        "login": "lgn_nothing",
        "review": "rev_nothing",
        "workload": "nobody-there",
        "issuer": "https://issuer.example.com",
        "claims": ["repository_id=1"],
        "metadata": "https://issuer.example.com/metadata",
        "certificates": ["MIIB"],
        "confirmation": "cnf_nothing",
        "routes": ["fast openai/gpt-5-mini"],
        "since": "2026-11-01",
        "until": "2026-11-02",
        "alert": "alert_nothing",
        "period": "2026-11-22",
        "says": "s",
        "directory": "okta",
        "described": "{}",
        "known_as": "ada@corp.example",
        "group": "grp_nothing",
        "rule": "rul_nothing",
        "rights": ["publish"],
        "pair": "apt_nothing",
        "one": "publish",
        "other": "approve",
        "path": "Users",
    }
    [kept] = json.loads((stranger.home / ".config" / "greenlane" / "credentials.json").read_text()).values()
    return Place(greenlane, kept["token"], known)


@pytest.mark.parametrize("route", CLOSED, ids=lambda one: one.name)
def test_nobody_gets_in_without_a_token(place: Place, route: Route) -> None:
    answered = place.call(route)
    assert answered.status == 401
    assert answered.document["code"] == "sign-in-needed"


@pytest.mark.parametrize("route", CLOSED, ids=lambda one: one.name)
def test_a_stranger_is_refused_or_learns_nothing(place: Place, route: Route) -> None:
    answered = place.call(route, place.stranger)
    if route.method == "POST" and route.path.startswith("/v1/actions/") and route.verb not in OWN:
        assert answered.status in (400, 401, 403, 404)
    assert answered.status in (200, 202, 400, 401, 403, 404)
    assert not [one for one in KEPT if one in answered.text]


def test_who_belongs_there_does_learn_it(place: Place) -> None:
    """Otherwise the test above would hold for an API that says nothing to anybody."""
    owner = place.running.owner.token
    said = "".join(place.call(route, owner).text for route in CLOSED if route.method == "GET")
    assert all(one in said for one in KEPT)
