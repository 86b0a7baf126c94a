"""Break-glass: who comes in when the company's own sign-in is away, and trying it."""

from __future__ import annotations

from greenlane.cli.command import Ask, Command, Typed, act
from greenlane.cli.output import Output
from greenlane.cli.talk import Document, Talk


def owners(talk: Talk) -> Document:
    """Which owners come in without the company's sign-in, and when that was last tried."""
    return dict(talk.client.get("/v1/break-glass"))


def _table(out: Output, document: Document) -> None:
    rows = [
        (
            one["name"],
            one["passkeys"],
            one["codes"],
            "ready" if one["ready"] else one["depends"] or "has no passkey and no recovery code",
            f"{one['tried']}, {'a drill, ' if one['drill'] else ''}with a {one['way']}" if one["tried"] else "never",
        )
        for one in document["items"]
    ]
    out.table(("owner", "passkeys", "codes", "comes in", "last tried"), rows)
    if document["warning"]:
        out.say(document["warning"], style="red")


COMMANDS: tuple[Command, ...] = (
    Ask("break-glass", "query /v1/break-glass", owners, "greenlane break-glass", _table),
    Ask("break-glass list", "query /v1/break-glass", owners, "greenlane break-glass list", _table),
    act(
        "break-glass drill",
        "announce-drill",
        "greenlane break-glass drill ada@example.com",
        person=Typed(says="The owner who tries it, by id, mail address or name."),
    ),
)
