"""Ana lends an agent a part of her rights for an hour. It works, passes a smaller part on, and is cut off at once."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from urllib.parse import urlencode

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from tests.stories.browser import Answered, ask
from tests.stories.running import Running
from tests.stories.terminal import Terminal

pytestmark = pytest.mark.parametrize(
    "greenlane",
    [
        pytest.param("sqlite", marks=pytest.mark.xdist_group("agents-sqlite")),
        pytest.param("postgresql", marks=pytest.mark.xdist_group("agents-postgresql")),
    ],
    indirect=True,
    scope="module",
)

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
GRANT = "urn:greenlane:params:oauth:token-type:grant"


def exchanged(greenlane: Running, **asked: str) -> Answered:
    """Ask for a token."""
    kind = {"grant_type": EXCHANGE, "subject_token_type": GRANT}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return ask(f"{greenlane.url}/oauth/token", "POST", headers, urlencode({**kind, **asked}).encode())


def says(greenlane: Running, token: str, verb: str, **inputs: object) -> Answered:
    """What the door answers an agent."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return ask(f"{greenlane.url}/v1/actions/{verb}", "POST", headers, json.dumps(inputs).encode())


def reads(greenlane: Running, token: str, path: str) -> Answered:
    return ask(f"{greenlane.url}{path}", headers={"Authorization": f"Bearer {token}"})


def agent(owner: Terminal, scopes: tuple[str, ...] = ("read", "visit", "deploy")) -> tuple[str, str]:
    """A registered agent: its name and its secret."""
    name = f"codex-{time.monotonic_ns()}"[:30]
    typed = [word for one in scopes for word in ("--scopes", one)]
    return name, owner.does("agents", "register", name, *typed)["answer"]["secret"]


def test_an_agent_deploys_for_its_person_and_the_receipt_names_both(
    greenlane: Running, owner: Terminal, site: Path, name: str
):
    codex, secret = agent(owner)
    lent = owner.does("agents", "lend", codex, "--scopes", "read", "--scopes", "deploy", "--apps", name)
    grant = lent["answer"]["delegation"]
    given = exchanged(greenlane, subject_token=grant, client_id=codex, client_secret=secret)
    assert (given.status, given.document["expires_in"], given.document["token_type"]) == (200, 300, "Bearer")
    token = given.document["access_token"]

    at_work = greenlane.terminal(token=token)
    deployed = at_work.does("deploy", site, "--app", name)
    assert deployed["sentence"].startswith(f"The agent {codex} for Olga Owner deployed")
    receipt = owner.does("receipts", "--verb", "deploy", "--newest")["receipts"][0]["receipt"]
    assert [link["kind"] for link in receipt["actor"]] == ["person", "agent"]
    assert receipt["actor"][0]["credential"].startswith("tok_"), "the sign-in that it came from"
    assert receipt["actor"][1] == {"kind": "agent", "id": codex, "credential": grant}

    assert says(greenlane, token, "publish", app=name, environment="production").status == 403
    assert reads(greenlane, token, "/v1/tokens").status == 403
    assert reads(greenlane, token, f"/v1/apps/{name}").status == 200
    assert reads(greenlane, token, "/v1/apps/another").status == 403
    assert grant in {one["id"] for one in owner.does("agents", "grants")["items"]}


def test_a_sub_agent_acts_with_less_and_is_named_in_the_chain(
    greenlane: Running, owner: Terminal, site: Path, name: str
):
    codex, secret = agent(owner)
    linter, its_secret = agent(owner, ("read", "deploy"))
    grant = owner.does("agents", "lend", codex, "--depth", "2")["answer"]["delegation"]
    first = exchanged(greenlane, subject_token=grant, client_id=codex, client_secret=secret).document["access_token"]
    kind = "urn:ietf:params:oauth:token-type:access_token"
    passed = exchanged(
        greenlane,
        subject_token=first,
        subject_token_type=kind,
        client_id=linter,
        client_secret=its_secret,
        scope="deploy",
    )
    assert passed.document["scope"] == "deploy"
    done = greenlane.terminal(token=passed.document["access_token"]).does("deploy", site, "--app", name)
    assert done["sentence"].startswith(f"The agent {linter} for the agent {codex} for Olga Owner deployed")
    receipt = owner.does("receipts", "--verb", "deploy", "--newest")["receipts"][0]["receipt"]
    assert [link["id"] for link in receipt["actor"]][1:] == [codex, linter]


def test_ending_a_grant_cuts_an_agent_off_before_the_answer_comes(greenlane: Running, owner: Terminal):
    codex, secret = agent(owner)
    grant = owner.does("agents", "lend", codex)["answer"]["delegation"]
    token = exchanged(greenlane, subject_token=grant, client_id=codex, client_secret=secret).document["access_token"]
    assert reads(greenlane, token, "/v1/me").document["actor"]["id"] == codex
    owner.does("agents", "end", grant)
    assert reads(greenlane, token, "/v1/me").status == 401
    again = exchanged(greenlane, subject_token=grant, client_id=codex, client_secret=secret)
    assert (again.status, again.document["error"]) == (400, "invalid_grant")


def test_an_agent_opens_an_app_until_it_is_taken_back(greenlane: Running, owner: Terminal, site: Path, name: str):
    owner.does("deploy", site, "--app", name)
    owner.does("publish", name, "--audience", "team")
    codex, secret = agent(owner)
    lent = owner.does("agents", "lend", codex, "--scopes", "visit", "--environments", "production")
    grant, address = lent["answer"]["delegation"], greenlane.url.replace("localhost", f"{name}.localhost")
    asked = {"subject_token": grant, "client_id": codex, "client_secret": secret, "resource": address}
    token = exchanged(greenlane, **asked).document["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert ask(address, headers=headers).status == 200
    assert reads(greenlane, token, "/v1/me").status == 401, "it is for the app alone"
    owner.does("agents", "end", grant)
    assert ask(address, headers=headers).status == 401


def test_suspending_the_person_cuts_their_agents_off(greenlane: Running, owner: Terminal):
    codex, secret = agent(owner)
    mia = greenlane.joins("Mia Member")
    grant = mia.does("agents", "lend", codex)["answer"]["delegation"]
    token = exchanged(greenlane, subject_token=grant, client_id=codex, client_secret=secret).document["access_token"]
    person = reads(greenlane, token, "/v1/me").document["id"]
    owner.does("people", "suspend", person)
    assert reads(greenlane, token, "/v1/me").status == 401
    owner.does("people", "restore", person)
    assert reads(greenlane, token, "/v1/me").status == 401


def test_a_grant_carries_out_as_many_actions_as_it_was_lent_for(
    greenlane: Running, owner: Terminal, site: Path, name: str
):
    codex, secret = agent(owner)
    grant = owner.does("agents", "lend", codex, "--budget", "1")["answer"]["delegation"]
    token = exchanged(greenlane, subject_token=grant, client_id=codex, client_secret=secret).document["access_token"]
    assert says(greenlane, token, "create-app", app=name).status == 200
    second = says(greenlane, token, "create-app", app=f"{name}-b")
    assert second.status == 403
    assert "used up" in second.text


def test_an_agent_is_offered_and_taken_back_on_a_page(greenlane: Running, owner: Terminal):
    browser = greenlane.browser(owner)
    codex, _secret = agent(owner)
    sent = {"agent": codex, "scopes": "deploy", "environments": "preview", "minutes": "60", "back": "/agents"}
    page = browser.send(f"{greenlane.url}/do/delegate", **sent)
    assert page.status == 200
    assert codex in page.text
    assert "Take back" in page.text


def test_what_the_endpoint_can_do_is_published(greenlane: Running):
    about = ask(f"{greenlane.url}/.well-known/oauth-authorization-server").document
    assert about["issuer"] == greenlane.url
    assert about["token_endpoint"] == f"{greenlane.url}/oauth/token"
    assert EXCHANGE in about["grant_types_supported"]
    resource = ask(f"{greenlane.url}/.well-known/oauth-protected-resource").document
    assert resource["authorization_servers"] == [greenlane.url]
    assert ask(about["jwks_uri"]).document["keys"][0]["alg"] == "Ed25519"
    assert exchanged(greenlane).document["error"] == "invalid_client"
    assert exchanged(greenlane, grant_type="password").document["error"] == "unsupported_grant_type"


def test_a_person_allows_an_agent_one_thing_once(greenlane: Running, owner: Terminal):
    codex, secret = agent(owner, ("read", "admin"))
    places = [word for one in ("preview", "production") for word in ("--environments", one)]
    grant = owner.does("agents", "lend", codex, "--scopes", "admin", *places)["answer"]["delegation"]
    token = exchanged(greenlane, subject_token=grant, client_id=codex, client_secret=secret).document["access_token"]
    mia = greenlane.joins("Mia Moves")
    refused = says(greenlane, token, "suspend-person", person=mia.id)
    assert (refused.status, refused.document["code"]) == (403, "insufficient_user_authentication")
    assert 'error="insufficient_user_authentication"' in refused["www-authenticate"]
    link = refused.document["link"]
    assert says(greenlane, token, "suspend-person", person=mia.id).document["link"] == link, "it is asked once"

    browser = greenlane.browser(owner)
    page = browser.open(link)
    assert f"The agent {codex} for Olga Owner wants to" in page.text
    assert "Allow this once" in page.text
    digest = re.search(r'name="digest" value="(sha256:[0-9a-f]{64})"', page.text)
    assert digest is not None
    asked = {"confirmation": link.rpartition("/")[2], "digest": digest[1], "back": f"/allow/{link.rpartition('/')[2]}"}
    assert "The agent has until" in browser.send(f"{greenlane.url}/do/allow-once", **asked).text
    assert says(greenlane, token, "suspend-person", person=mia.id).status == 200
    owner.does("people", "restore", mia.id)
    again = says(greenlane, token, "suspend-person", person=mia.id)
    assert (again.status, again.document["code"]) == (403, "insufficient_user_authentication")
    assert again.document["link"] != link


def test_a_build_elsewhere_deploys_without_a_secret_of_ours(
    greenlane: Running, owner: Terminal, site: Path, name: str, tmp_path: Path
):
    key, workload = ECKey.generate_key("P-256"), f"ci-{time.monotonic_ns()}"[:30]
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    typed = ("--issuer", "https://ci.example.com", "--claims", "repository_id=7", "--claims", "ref=refs/heads/main")
    owner.does("trust", "workload", workload, *typed, "--keys", keys, "--apps", name)

    def comes(**other: object) -> Answered:
        times = {"exp": int(time.time()) + 60, "jti": str(time.monotonic_ns())}
        said = {"iss": "https://ci.example.com", "aud": greenlane.url, "repository_id": "7", "ref": "refs/heads/main"}
        token = jwt.encode({"alg": "ES256"}, {**said, **times, **other}, key, ["ES256"])
        kind = "urn:ietf:params:oauth:token-type:id_token"
        return exchanged(greenlane, subject_token=token, subject_token_type=kind)

    assert comes(ref="refs/heads/other").document["error"] == "invalid_grant"
    given = comes()
    assert (given.status, given.document["expires_in"]) == (200, 600)
    done = greenlane.terminal(token=given.document["access_token"]).does("deploy", site, "--app", name)
    assert done["sentence"].startswith(f"The agent {workload} for Olga Owner deployed")
    assert workload in {one["name"] for one in owner.does("trust", "workloads")["items"]}
    owner.does("trust", "end", workload)
    assert reads(greenlane, given.document["access_token"], "/v1/me").status == 401
    assert comes().document["error"] == "invalid_grant"
