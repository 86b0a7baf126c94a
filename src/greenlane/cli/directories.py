"""The company's directory: connecting it, its tokens and its requests; groups and the rules about them."""

from __future__ import annotations

from typing import Annotated

import typer

from greenlane.cli import saying
from greenlane.cli.command import ARGUMENT, Ask, Command, Typed, act
from greenlane.cli.output import Output
from greenlane.cli.talk import Document, Talk

DAYS = Typed(("--days",))
WHO = Typed(says="Somebody, by id, mail address or name.")


def directories(talk: Talk) -> Document:
    """Which directories bring people, their address for SCIM and their tokens."""
    return {"items": talk.everything("/v1/directories")}


def requests(
    talk: Talk,
    directory: Annotated[str, typer.Argument(help="The directory's name.")],
    limit: Annotated[int, typer.Option("--limit", help="How many, the newest first.")] = 20,
) -> Document:
    """What a directory sent lately, and what was done, in words."""
    return talk.client.get(f"/v1/directories/{directory}/requests", limit=limit)


def groups(talk: Talk) -> Document:
    """Which groups there are, and how many rules each has."""
    return {"items": talk.everything("/v1/groups")}


def rules(talk: Talk) -> Document:
    """The rules that make roles of groups."""
    return {"items": talk.everything("/v1/groups/rules")}


def tried(
    talk: Talk,
    group: Annotated[str, typer.Argument(help="The group, by name or id.")],
    role: Annotated[str, typer.Argument(help="A role, or member for membership of a team alone.")],
    scope: Annotated[str, typer.Option("--scope", help="Where: organisation, team:sales or app:offsite.")] = (
        "organisation"
    ),
) -> Document:
    """Who would gain what by a rule. Changes nothing."""
    return talk.client.get("/v1/groups/try", group=group, role=role, scope=scope)


def _connected(out: Output, document: Document) -> None:
    saying.once(out, document)
    out.next("put this token into your directory, with the address that `greenlane directory` shows.")


def _directory_table(out: Output, document: Document) -> None:
    for one in document["items"]:
        out.say(f"{one['name']}: {one['people']} people, {one['inactive']} of them switched off.")
        out.say(f"Its address for SCIM: {one['address']}")
        for each in one["joined"]:
            whether = "taken over" if each["taken"] else f"not taken over until {one['name']} adds them"
            how = f" by their own sign-in with {each['proven_by']}" if each["proven_by"] else ""
            out.say(f"{each['name']} is {each['known_as']} there{how}, {whether}.")
        live = [token for token in one["tokens"] if token["revoked"] is None]
        out.table(
            ("token", "begins", "until", "last used"),
            [(token["id"], token["shown"], token["expires"][:10], token["last_used"]) for token in live],
        )
    if not document["items"]:
        out.say("No directory is connected yet.")
        out.next("greenlane directory connect okta")


def _request_table(out: Output, document: Document) -> None:
    for one in reversed(document["items"]):
        out.say(f"{one['at'][:19].replace('T', ' ')}  {one['says']}")
        for each in one["did"]:
            out.say(f"    {each['verb']} {each['subject']}: {each['state']}")
    if not document["items"]:
        out.say("It has sent nothing yet.")


def _group_table(out: Output, document: Document) -> None:
    rows = [
        (one["id"], one["name"], one["where"] or "a sign-in", one["members"], one["rules"] or "none: it gives nothing")
        for one in document["items"]
    ]
    out.table(("id", "name", "from", "members", "rules"), rows)


def _rule_table(out: Output, document: Document) -> None:
    rows = [
        (one["id"], one["group_name"], one["role"] or "member", one["scope"], one["made_by"], one["since"][:10])
        for one in document["items"]
    ]
    out.table(("id", "group", "gives", "of", "made by", "on"), rows)


def _tried(out: Output, document: Document) -> None:
    out.say(f"{len(document['gain'])} people would become {document['role']} of {document['scope']}.")
    for one in document["gain"]:
        out.say(f"+ {one['name']}{', who is shut out now' if one['off'] else ''}")
    if document["have"]:
        out.say(f"{len(document['have'])} have it already: {', '.join(one['name'] for one in document['have'])}.")


COMMANDS: tuple[Command, ...] = (
    Ask("directory", "query /v1/directories", directories, "greenlane directory", _directory_table),
    Ask("directory list", "query /v1/directories", directories, "greenlane directory list", _directory_table),
    act(
        "directory connect",
        "connect-directory",
        "greenlane directory connect okta",
        saying.answer(_connected),
        name=ARGUMENT,
        days=DAYS,
    ),
    act("directory disconnect", "disconnect-directory", "greenlane directory disconnect okta", directory=ARGUMENT),
    act(
        "directory join",
        "join-directory",
        "greenlane directory join okta ada@corp.example ada@example.com",
        directory=ARGUMENT,
        known_as=ARGUMENT,
        person=WHO,
    ),
    act("directory leave", "leave-directory", "greenlane directory leave ada@example.com", person=WHO),
    act("directory token", "create-directory-token", "greenlane directory token okta", directory=ARGUMENT, days=DAYS),
    act("directory revoke", "revoke-directory-token", "greenlane directory revoke dtk_01h2…", token=ARGUMENT),
    Ask(
        "directory requests",
        "query /v1/directories/{directory}/requests",
        requests,
        "greenlane directory requests okta",
        _request_table,
    ),
    Ask("groups", "query /v1/groups", groups, "greenlane groups", _group_table),
    Ask("groups list", "query /v1/groups", groups, "greenlane groups list", _group_table),
    Ask("groups rules", "query /v1/groups/rules", rules, "greenlane groups rules", _rule_table),
    Ask("groups try", "query /v1/groups/try", tried, "greenlane groups try Sales builder --scope team:sales", _tried),
    act(
        "groups rule add",
        "add-group-rule",
        "greenlane groups rule add Sales builder --scope team:sales",
        group=ARGUMENT,
        role=ARGUMENT,
        scope=Typed(("--scope",)),
    ),
    act("groups rule remove", "remove-group-rule", "greenlane groups rule remove rul_01h2…", rule=ARGUMENT),
)
"""The company's directory and its groups."""
