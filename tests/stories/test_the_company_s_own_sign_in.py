"""The company's own sign-in: an administrator sets a provider up, a colleague comes in with it, and is shut out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.identity.peers import oidc_provider
from tests.identity.peers.oidc_provider import CLIENT, SECRET, Peer
from tests.identity.peers.visitor import Page, Visitor
from tests.stories.running import Running, until
from tests.stories.terminal import Terminal

pytestmark = pytest.mark.xdist_group("npm")


@pytest.fixture(scope="module")
def peer(greenlane: Running, owner: Terminal) -> Iterator[Peer]:
    """A provider that runs, and that an administrator has set up at a terminal."""
    with oidc_provider.running(greenlane.url, backchannel_logout_uri=_back(greenlane)) as one:
        added = owner.types(
            *("sso", "add", "peer", "--title", "Acme", "--issuer", one.issuer, "--client-id", CLIENT, "--creates"),
            *("--client-secret-stdin", "--network", "127.0.0.0/8", "--groups", "groups"),
            stdin=f"{SECRET}\n".encode(),
        )
        assert added.code == 0, added.err
        assert SECRET not in added.out
        yield one


def _back(greenlane: Running) -> str:
    """Where a machine reaches the console, which has no name that every machine knows."""
    return f"http://localhost:{greenlane.port}/sso/oidc/peer/logout"


def comes_in(visitor: Visitor, greenlane: Running, who: str, path: str = "/sign-in") -> Page:
    """The button on the sign-in page, the provider's form, and back."""
    page = visitor.open(greenlane.url + path)
    assert "Sign in with <bdi>Acme</bdi>" in page.text
    form = visitor.open(f"{greenlane.url}/sso/oidc/peer/begin")
    return visitor.send(form, who=who)


def test_an_administrator_looks_whether_it_works_before_anybody_needs_it(
    greenlane: Running, owner: Terminal, peer: Peer
) -> None:
    values = {one["what"]: one["value"] for one in owner.does("sso", "values", "peer")["items"]}
    assert values["Redirect address (callback)"] == f"{greenlane.url}/sso/oidc/peer/callback"
    checks = {one["what"]: one for one in owner.does("sso", "check", "peer")["items"]}
    assert checks["The provider answers"]["good"]
    assert checks["It knows this Greenlane"]["says"] == "Client id and secret are right."
    assert checks["It tells when somebody signs out there"]["good"]
    assert not checks["Mail addresses lead to it"]["good"]
    listed = owner.types("sso", "list", "--json")
    assert SECRET not in listed.out


def test_a_colleague_comes_in_is_switched_off_and_is_shut_out(greenlane: Running, owner: Terminal, peer: Peer) -> None:
    visitor = Visitor()
    home = comes_in(visitor, greenlane, "00u-ada")
    assert (home.status, home.at) == (200, f"{greenlane.url}/")
    assert "Ada Lovelace" in home.text
    ada = next(one for one in owner.does("people")["items"] if one["email"] == "ada@example.com")
    assert ada["roles"] == []
    owner.does("people", "suspend", ada["id"])
    assert visitor.open(f"{greenlane.url}/").at.startswith(f"{greenlane.url}/sign-in")
    refused = visitor.open(f"{greenlane.url}/sso/oidc/peer/begin")  # the provider knows her still, and asks nothing
    assert refused.status == 403
    assert "suspended" in refused.text
    receipts = owner.does("receipts", "--verb", "sign-in", "--newest")["receipts"]
    assert (receipts[0]["state"], receipts[0]["lane"]) == ("refused", "closed")
    told = [one["receipt"]["happened"] for one in receipts]
    came = next(one for one in told if one.get("provider") == "peer")
    assert came["message"].startswith("sha256:")
    owner.does("people", "restore", ada["id"])
    assert visitor.open(f"{greenlane.url}/sso/oidc/peer/begin").at == f"{greenlane.url}/"


def test_signing_out_at_the_company_signs_out_here(greenlane: Running, owner: Terminal, peer: Peer) -> None:
    visitor = Visitor()
    assert comes_in(visitor, greenlane, "00u-ben").status == 200
    asked = visitor.open(f"{peer.issuer}/session/end?client_id={CLIENT}")
    visitor.send(asked, logout="yes")
    until(
        lambda: "/sign-in" in visitor.open(f"{greenlane.url}/account").at, "the end of the session that it had opened"
    )
    receipts = owner.does("receipts", "--verb", "end-provider-sessions")["receipts"]
    assert receipts


def test_signing_out_here_signs_out_at_the_company_and_leads_back(greenlane: Running, peer: Peer) -> None:
    visitor = Visitor()
    assert comes_in(visitor, greenlane, "00u-ben").status == 200
    asked = visitor.send(visitor.open(f"{greenlane.url}/sign-out"), action="/sign-out")
    assert asked.at.startswith(f"{peer.issuer}/session/end?id_token_hint=")
    back = visitor.send(asked, logout="yes")
    assert back.at.startswith(f"{greenlane.url}/signed-out")
    again = visitor.open(f"{greenlane.url}/sso/oidc/peer/begin")
    assert again.at.startswith(peer.issuer), "the provider asks who is there, for nobody is signed in any more"


def test_an_answer_works_once_and_in_one_browser(greenlane: Running, peer: Peer) -> None:
    visitor, thief = Visitor(), Visitor()
    back = f"{greenlane.url}/sso/oidc/peer/callback"
    visitor.stops = lambda url: url.startswith(back)
    answer = comes_in(visitor, greenlane, "00u-ada").leads
    assert answer.startswith(back)
    visitor.stops = lambda _: False
    stolen = thief.open(answer)
    assert stolen.status == 403
    assert "was not begun in this browser" in stolen.text
    assert visitor.open(answer).at == f"{greenlane.url}/"
    again = visitor.open(answer)
    assert again.status == 403
    assert "used already" in again.text


def test_somebody_signs_in_anew_to_change_how_they_sign_in(greenlane: Running, peer: Peer) -> None:
    visitor = Visitor()
    comes_in(visitor, greenlane, "00u-ada")
    asked = visitor.open(f"{greenlane.url}/sso/oidc/peer/begin?again=yes&next=/account")
    assert asked.at.startswith(peer.issuer), "the provider asks once more, though she is signed in there"
    assert visitor.send(asked, who="00u-ada").at == f"{greenlane.url}/account"


def test_an_app_is_reached_through_the_company_in_one_go(
    greenlane: Running, owner: Terminal, peer: Peer, name: str, site: object
) -> None:
    owner.does("deploy", site, "--app", name)
    owner.does("publish", name)
    owner.types("apps", "audience", name, "everyone")
    visitor = Visitor()
    page = visitor.open(f"{greenlane.url}/sso/oidc/peer/begin?to={greenlane.address(name)}")
    came = visitor.send(page, who="00u-ben")
    assert came.at == greenlane.address(name)
    assert "Vendors, version 1" in came.text or came.status == 403


def test_nobody_keeps_the_secret_in_the_open(greenlane: Running, peer: Peer) -> None:
    everything = [one.read_bytes() for one in greenlane.data.rglob("*") if one.is_file()]
    assert not any(SECRET.encode() in content for content in everything)
    assert SECRET not in greenlane.log
    assert "eyJ" not in greenlane.log
