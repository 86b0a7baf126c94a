"""Who is here, what they may do, and the ways in."""

from __future__ import annotations

from typing import Annotated

import typer

from greenlane.cli import saying
from greenlane.cli.command import ARGUMENT, Ask, Command, Typed, act
from greenlane.cli.output import Output
from greenlane.cli.talk import Document, Talk

ROLE = Typed(("--role",))
WHO = Typed(says="Somebody, by id, mail address or name.")
WHERE = Typed(("--scope",))
DAYS = Typed(("--days",))


def everybody(talk: Talk) -> Document:
    """Who is here, in which teams and roles."""
    return {"items": talk.everything("/v1/people")}


def teams(talk: Talk) -> Document:
    """Which teams there are."""
    return {"items": talk.everything("/v1/teams")}


def tokens(talk: Talk) -> Document:
    """Your API tokens, without their secrets."""
    return {"items": talk.everything("/v1/tokens")}


def sessions(
    talk: Talk,
    person: Annotated[
        str, typer.Option("--person", help="Somebody else, by id, mail address or name.", show_default=False)
    ] = "",
) -> Document:
    """Where you are signed in: each browser and its place, since when, what opened it, and until when."""
    return {"items": talk.everything(f"/v1/people/{talk.person(person)}/sessions" if person else "/v1/sessions")}


def why(
    talk: Talk,
    person: Annotated[str, typer.Argument(help="Somebody, by id, mail address or name.")],
    right: Annotated[str, typer.Argument(help="A right, such as publish; without one, every role.")] = "",
    scope: Annotated[str, typer.Option("--scope", help="Where: organisation, team:sales or app:offsite.")] = (
        "organisation"
    ),
) -> Document:
    """Why somebody has a right: group, rule, role, with who made the rule and when."""
    found = talk.person(person)
    return talk.client.get(f"/v1/people/{found}/why", right=right, subject=scope)


def _why_said(out: Output, document: Document) -> None:
    out.say(str(document["says"]))
    for one in document["ways"]:
        out.say(f"- {one['says']}")
    for says in document["withheld"]:
        out.say(f"! {says}")
    if document["without_rule"]:
        out.say(f"These groups give nothing, because no rule is about them: {', '.join(document['without_rule'])}.")


def _people_table(out: Output, document: Document) -> None:
    rows = [
        (
            one["id"],
            one["name"],
            one.get("email"),
            one.get("teams"),
            [saying.held(role) for role in one.get("roles", ())],
            _state(one),
        )
        for one in document["items"]
    ]
    out.table(("id", "name", "mail", "teams", "roles", "state"), rows)


def _state(person: Document) -> str:
    return str(person.get("state") or ("suspended" if person.get("active") is False else "active"))


def _team_table(out: Output, document: Document) -> None:
    out.table(("name", "people"), [(one["name"], one.get("people") or one.get("members")) for one in document["items"]])


def _token_table(out: Output, document: Document) -> None:
    rows = [
        (one["id"], one.get("scopes"), one.get("agent"), one.get("expires_at") or one.get("expires"), one.get("name"))
        for one in document["items"]
    ]
    out.table(("id", "scopes", "agent", "until", "for"), rows)


def _session_table(out: Output, document: Document) -> None:
    rows = [
        (
            one["id"],
            one.get("device"),
            one.get("place"),
            one.get("opened_with"),
            one["created"],
            one.get("last_seen"),
            one["expires"],
        )
        for one in document["items"]
    ]
    out.table(("id", "browser", "place", "opened with", "since", "last seen", "until"), rows)


COMMANDS: tuple[Command, ...] = (
    act(
        "invite",
        "invite",
        "greenlane invite --team sales --role builder",
        team=Typed(("--team",)),
        role=ROLE,
        days=DAYS,
    ),
    act("people uninvite", "withdraw-invitation", "greenlane people uninvite inv_01h2…", invitation=ARGUMENT),
    Ask("people", "query /v1/people", everybody, "greenlane people", _people_table),
    Ask("people list", "query /v1/people", everybody, "greenlane people list", _people_table),
    act(
        "people add",
        "add-person",
        'greenlane people add "Ada Lovelace" --team sales --role builder --email ada@example.com',
        name=ARGUMENT,
        team=Typed(("--team",)),
        role=ROLE,
        email=Typed(("--email",)),
    ),
    Ask(
        "people why",
        "query /v1/people/{person}/why",
        why,
        "greenlane people why ada@example.com publish --scope app:vendor-board",
        _why_said,
    ),
    act("people suspend", "suspend-person", "greenlane people suspend ada@example.com", person=WHO),
    act("people restore", "restore-person", "greenlane people restore ada@example.com", person=WHO),
    act("people link", "create-sign-in-link", "greenlane people link ada@example.com", person=WHO),
    act(
        "people rename",
        "rename-person",
        'greenlane people rename ada@example.com "Ada King"',
        person=WHO,
        name=ARGUMENT,
    ),
    act("people erase", "erase-person", "greenlane people erase p_01h2…", person=WHO),
    Ask("team", "query /v1/teams", teams, "greenlane team", _team_table),
    Ask("team list", "query /v1/teams", teams, "greenlane team list", _team_table),
    act("team create", "create-team", "greenlane team create sales", name=ARGUMENT),
    act("team join", "join-team", "greenlane team join sales ada@example.com", team=ARGUMENT, person=WHO),
    act("team leave", "leave-team", "greenlane team leave sales ada@example.com", team=ARGUMENT, person=WHO),
    act(
        "role grant",
        "grant-role",
        "greenlane role grant ada@example.com reviewer --scope team:sales",
        person=WHO,
        role=ARGUMENT,
        scope=WHERE,
    ),
    act(
        "role remove",
        "remove-role",
        "greenlane role remove ada@example.com reviewer --scope team:sales",
        person=WHO,
        role=ARGUMENT,
        scope=WHERE,
    ),
    act(
        "token create",
        "create-token",
        'greenlane token create "nightly build" --scopes deploy --scopes publish --days 30',
        name=ARGUMENT,
        scopes=Typed(("--scopes",), says="What it may do: visit, read, deploy, publish, admin; may be repeated."),
        days=DAYS,
    ),
    act("token revoke", "revoke-token", "greenlane token revoke tok_01h2…", token=ARGUMENT),
    Ask("token list", "query /v1/tokens", tokens, "greenlane token list", _token_table),
    Ask("sessions", "query /v1/sessions", sessions, "greenlane sessions", _session_table),
    Ask("sessions list", "query /v1/sessions", sessions, "greenlane sessions list", _session_table),
    act("sessions end", "end-session", "greenlane sessions end ses_01h2…", session=ARGUMENT),
    act("people no-password", "remove-password", "greenlane people no-password ada@example.com", person=WHO),
    act("people no-passkey", "remove-passkey", "greenlane people no-passkey pky_01h2…", passkey=ARGUMENT),
    act(
        "preview-token create",
        "create-preview-token",
        "greenlane preview-token create vendor-board --hours 8",
        app=ARGUMENT,
        deploy=Typed(("--deploy",)),
        hours=Typed(("--hours",)),
    ),
    act(
        "preview-token revoke",
        "revoke-preview-token",
        "greenlane preview-token revoke vendor-board pvt_01h2…",
        app=ARGUMENT,
        token=ARGUMENT,
    ),
)
