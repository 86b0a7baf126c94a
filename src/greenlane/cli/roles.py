"""Roles: which there are, and those of the organisation's own."""

from __future__ import annotations

from typing import Annotated

import typer

from greenlane.cli.command import ARGUMENT, Ask, Command, Typed, act
from greenlane.cli.output import Output
from greenlane.cli.talk import Document, Talk

RIGHTS = Typed(("--right",), says="A right, such as publish or publish:production; may be repeated.")
SAYS = Typed(("--says",))


def listed(talk: Talk) -> Document:
    """Which roles there are, and what those that were made here allow."""
    return {"items": talk.everything("/v1/roles")}


def tried(
    talk: Talk,
    role: Annotated[str, typer.Argument(help="A role that was made here.")],
    right: Annotated[
        list[str] | None, typer.Option("--right", help="All that it would allow; none: what deleting it would do.")
    ] = None,
) -> Document:
    """Who would gain and lose what if a role were changed so, or deleted. Changes nothing."""
    return talk.client.get("/v1/roles/try", role=role, rights=right or [])


def _table(out: Output, document: Document) -> None:
    rows = [
        (
            one["role"],
            "made here" if one["own"] else "",
            ", ".join(one["rights"]) if one["own"] else f"{len(one['rights'])} rights",
            one["says"],
        )
        for one in document["items"]
    ]
    out.table(("role", "", "allows", "for"), rows)


def _tried(out: Output, document: Document) -> None:
    for words, rights in (("gain", document["gains"]), ("lose", document["loses"])):
        if rights:
            out.say(f"{document['role']} would {words}: {', '.join(rights)}.")
    for one in document["touched"]:
        out.say(f"{one['name']} ({one['scope']})")
        for sign, rights in (("+", one["gains"]), ("-", one["loses"])):
            if rights:
                out.say(f"  {sign} {', '.join(rights)}")
    if not document["touched"]:
        out.say("Nobody gains or loses anything now.")
    if document["rules"]:
        out.say(f"{document['rules']} rules about groups give it.")


COMMANDS: tuple[Command, ...] = (
    Ask("roles", "query /v1/roles", listed, "greenlane roles", _table),
    Ask("roles list", "query /v1/roles", listed, "greenlane roles list", _table),
    Ask("roles try", "query /v1/roles/try", tried, "greenlane roles try release-manager --right publish", _tried),
    act(
        "roles create",
        "create-role",
        "greenlane roles create release-manager --right publish --right rollback:production",
        name=ARGUMENT,
        rights=RIGHTS,
        says=SAYS,
    ),
    act(
        "roles change",
        "change-role",
        "greenlane roles change release-manager --right publish --right lock",
        role=ARGUMENT,
        rights=RIGHTS,
        says=SAYS,
    ),
    act("roles delete", "delete-role", "greenlane roles delete release-manager", role=ARGUMENT),
)
"""Roles."""
