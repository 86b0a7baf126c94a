"""Signing a terminal in and out: by a browser here, by a browser anywhere, by a link, or with a token that one has."""

from __future__ import annotations

import os
import platform
import secrets
import sys
import time
import webbrowser
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from greenlane.cli import credentials, trust
from greenlane.cli.client import Client
from greenlane.cli.command import Ask, Command
from greenlane.cli.errors import FromControl
from greenlane.cli.loopback import Loopback
from greenlane.cli.output import Output
from greenlane.cli.talk import Document, Talk
from greenlane.govern.errors import Refused, SignInNeeded, WrongInput
from greenlane.identity.login.flows import CLIENT, CODE, DAYS, DEVICE, OPEN_FOR, challenge_of

Link = Annotated[str, typer.Argument(metavar="[LINK]", help="A sign-in link or an invitation, as you got it.")]
Name = Annotated[str, typer.Option("--name", help="Your name, to accept an invitation.", show_default=False)]
FromStdin = Annotated[
    str, typer.Option("--token", help="Only - is taken: the token comes in at standard input.", show_default=False)
]
InBrowser = Annotated[bool, typer.Option("--browser", help="Allow it in a browser on this machine.")]
OnDevice = Annotated[bool, typer.Option("--device", help="Allow it in a browser anywhere, with a code.")]
Scopes = Annotated[
    list[str] | None,
    typer.Option(
        "--scopes", help="What the token may do; may be repeated. Everything when left out.", show_default=False
    ),
]
Days = Annotated[int, typer.Option("--days", min=1, max=365, help="For how many days the token works.")]
Keep = Annotated[bool, typer.Option("--keep-token", help="Forget the token here, and let it go on working.")]


def login(
    talk: Talk,
    link: Link = "",
    source: FromStdin = "",
    name: Name = "",
    browser: InBrowser = False,
    device: OnDevice = False,
    scopes: Scopes = None,
    days: Days = DAYS,
) -> Document:
    """Keep a token for this server, so that you need not set GREENLANE_TOKEN.

    You allow it in your browser: on this machine, or anywhere with --device. With a sign-in link or an invitation a token
    is made from that; with --token - it comes in at standard input.
    """
    if link:
        with Client(talk.url, "") as client:
            given = str(client.come_in(link.rstrip("/").rpartition("/")[2], name)["token"])
        return _keep(talk, given)
    if source not in ("", "-"):
        raise WrongInput(
            "A token on the command line can be read by others on this machine.",
            next_step="Pipe it in: `greenlane login --token - < token.txt`.",
        )
    if source == "-" or not (browser or device or sys.stdin.isatty()):
        return _keep(talk, _typed())
    asked = {"client_id": CLIENT, "scope": " ".join(scopes or ()), "days": str(days), "machine": platform.node()[:60]}
    with Client(talk.url, "") as client:
        given = (
            _by_browser(talk, client, asked)
            if browser or not (device or _no_browser())
            else _by_code(talk, client, asked)
        )
    return _keep(talk, given)


def _typed() -> str:
    if sys.stdin.isatty():
        given = str(typer.prompt("Token", hide_input=True, err=True)).strip()
    else:
        given = sys.stdin.read().strip()
    if not given:
        raise WrongInput("No token came in.", next_step="`greenlane token create` makes one.")
    return given


def _no_browser() -> bool:
    """Whether a browser that is opened here would be seen by nobody: on a machine that one reached by SSH, or none is."""
    if os.environ.get("SSH_CONNECTION"):
        return True
    try:
        webbrowser.get()
    except webbrowser.Error:
        return True
    return False


def _by_browser(talk: Talk, client: Client, asked: dict[str, str]) -> str:
    """Authorization code with PKCE: the browser on this machine carries the answer to a port that listens for it."""
    about = client.open("/.well-known/oauth-authorization-server")
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    with Loopback() as waits:
        wish = {
            **asked,
            "response_type": "code",
            "redirect_uri": waits.address,
            "state": state,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        }
        address = f"{about['authorization_endpoint']}?{urlencode(wish)}"
        talk.out.ask("Allow it in your browser. If none opens, open this address yourself:", address)
        webbrowser.open(address)
        answer = waits.answer(state, OPEN_FOR.total_seconds())
    if answer.get("iss") != about["issuer"]:
        raise Refused("The answer came from somewhere else.", next_step="Type `greenlane login` once more.")
    if "code" not in answer:
        raise Refused("This was refused in the browser.", next_step="Nothing was kept.")
    told = {"grant_type": CODE, "code": answer["code"], "redirect_uri": waits.address, "code_verifier": verifier}
    got = client.oauth("/oauth/token", {**told, "client_id": CLIENT})
    return _token(got)


def _by_code(talk: Talk, client: Client, asked: dict[str, str]) -> str:
    """Device flow: the person types a code into any browser, and this terminal asks until they have answered."""
    begun = client.oauth("/oauth/device", asked)
    if "device_code" not in begun:
        _token(begun)
    talk.out.ask(
        f"Open this address in a browser anywhere, and compare the code {begun['user_code']}:",
        str(begun["verification_uri_complete"]),
    )
    every, until = float(begun["interval"]), time.monotonic() + float(begun["expires_in"])
    told = {"grant_type": DEVICE, "device_code": str(begun["device_code"]), "client_id": CLIENT}
    while time.monotonic() < until:
        time.sleep(every)  # the server says how often it may be asked (RFC 8628, section 3.5)
        got = client.oauth("/oauth/token", told)
        if got.get("error") == "slow_down":
            every += 5.0
        elif got.get("error") != "authorization_pending":
            return _token(got)
    raise Refused("Nobody answered in time.", next_step="Type `greenlane login` once more.")


def _token(got: dict[str, Any]) -> str:
    if "access_token" not in got:
        raise Refused(
            str(got.get("error_description", "The server gave no token.")),
            next_step=str(got.get("next_step", "Type `greenlane login` once more.")),
            detail=str(got.get("error", "")),
        )
    return str(got["access_token"])


def _keep(talk: Talk, given: str) -> Document:
    """Try the token, pin the server's keys, remember both."""
    with Client(talk.url, given) as client:
        shown = client.open("/v1/trust")
        if trust.pinned_path(talk.url).exists():
            trust.compare(talk.url, shown)
        else:
            trust.pin(talk.url, shown)
        me: Document = client.get("/v1/me")
    credentials.keep(talk.url, given)
    return {**me, "url": talk.url}


def logout(talk: Talk, keep_token: Keep = False) -> Document:
    """Revoke the token that `greenlane login` kept for this server, and forget it."""
    kept = credentials.kept(talk.url)
    if not kept:
        raise SignInNeeded(f"No token is kept for {talk.url}.", next_step="There is nothing to do.")
    revoked = "" if keep_token else _revoked(talk, kept)
    credentials.forget(talk.url)
    return {"url": talk.url, "revoked": revoked}


def _revoked(talk: Talk, kept: str) -> str:
    """End the token that speaks; its id, empty where it had ended before. Raises ``Refused`` where it still works."""
    with Client(talk.url, kept) as client:
        try:
            token = str(client.get("/v1/me")["actor"]["credential"])
        except FromControl as error:
            if error.problem.get("code") != SignInNeeded.code:
                raise
            return ""
        answer = client.act("revoke-token", {"token": token})
    if answer.get("state") != "done":
        raise Refused(
            f"The token {token} was not revoked, and is still kept.",
            next_step="`greenlane logout --keep-token` only forgets it.",
        )
    return token


def _says_login(out: Output, me: Document) -> None:
    out.say(f"You are {me['name']} at {me['url']}.")
    out.next("`greenlane deploy ./site`")


def _says_logout(out: Output, document: Document) -> None:
    end = (
        f"Its token {document['revoked']} is revoked." if document["revoked"] else "Its token was only forgotten here."
    )
    out.say(f"You are signed out at {document['url']}. {end}")


COMMANDS: tuple[Command, ...] = (
    Ask("login", "query /v1/me", login, "greenlane login", _says_login),
    Ask("logout", "verb revoke-token", logout, "greenlane logout", _says_logout),
)
