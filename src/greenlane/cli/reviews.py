"""Access reviews: who has which right and why, kept or taken away, with evidence that verifies alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import orjson
import typer

from greenlane.cli import saying, trust
from greenlane.cli.command import ARGUMENT, Ask, Command, Typed, act
from greenlane.cli.errors import DONE, ELSE, FileTrouble
from greenlane.cli.output import Output
from greenlane.cli.talk import Document, Talk
from greenlane.govern.errors import WrongInput
from greenlane.identity.reviews import evidence

Review = Annotated[str, typer.Argument(metavar="REVIEW", help="The review's id, rev_….")]
Open = Annotated[bool, typer.Option("--open", help="Only what nobody decided yet.")]
Table = Annotated[bool, typer.Option("--csv", help="As a table for a spreadsheet, without proofs.")]
To = Annotated[Path | None, typer.Option("--to", help="Write to this file.", show_default=False)]
Evidence = Annotated[Path, typer.Argument(metavar="FILE", help="The file from `greenlane reviews evidence`.")]
Root = Annotated[
    Path | None,
    typer.Option("--trust", help="The public keys to check with, from `greenlane trust export`.", show_default=False),
]
RIGHTS = Typed(says="The ids of the rights, rvr_….")


def listed(talk: Talk) -> Document:
    """Access reviews that you may see: what they are about, how far they are, when they are due."""
    return {"items": talk.everything("/v1/reviews")}


def show(talk: Talk, review: Review, only_open: Open = False) -> Document:
    """Who has which right and why, and what was decided about it."""
    path = f"/v1/reviews/{quote(review, safe='')}"
    found = talk.client.get(path)
    items = [one for one in talk.everything(f"{path}/rights") if not (only_open and one["decided"])]
    return {**found, "items": items}


def gathered(talk: Talk, review: Review, table: Table = False, to: To = None) -> Document:
    """A review with its receipts and their proofs, for an auditor to check without us."""
    path = f"/v1/reviews/{quote(review, safe='')}"
    if table and to is None and talk.out.as_json:
        raise WrongInput("A table is no JSON document.", next_step="Leave out --csv, or name a file with --to.")
    found = {} if table else talk.client.get(f"{path}/evidence")
    text = talk.client.text(f"{path}/table") if table else orjson.dumps(found, option=orjson.OPT_INDENT_2).decode()
    if to is None:
        return found or {"text": text}
    try:
        to.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise FileTrouble(
            f"{to} cannot be written.", next_step="Name a file with --to where there is room.", detail=str(error)
        ) from error
    return {"file": str(to), "csv": table}


def verify(talk: Talk, file: Evidence, root: Root = None) -> Document:
    """Check offline that a review was decided as its evidence says."""
    keys, source = trust.root(talk.url if root is None else "", root)
    try:
        found: Any = orjson.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise FileTrouble(
            f"{file} is no evidence of a review.",
            next_step="Get it with `greenlane reviews evidence REVIEW --to FILE`.",
            detail=str(error),
        ) from error
    problems = evidence.faults(found, keys) if isinstance(found, dict) else ["It cannot be read."]
    return {
        "ok": not problems,
        "problems": problems,
        "rights": 0 if problems else len(found["rights"]),
        "receipts": 0 if problems else len(found["receipts"]) - 1,
        "trust": source,
        "origin": keys.origin,
        "exit_code": ELSE if problems else DONE,
    }


def _table(out: Output, document: Document) -> None:
    rows = [
        (
            one["id"],
            one["scope"],
            one["reviewer_names"],
            f"{one['rights'] - one['undecided']} of {one['rights']}",
            "closed" if one["closed"] else "overdue" if one["overdue"] else "runs",
            one["due"],
        )
        for one in document["items"]
    ]
    out.table(("id", "about", "who decides", "decided", "state", "due"), rows, none="There is no review for you.")


def _rights(out: Output, document: Document) -> None:
    rows = [
        (
            one["id"],
            one["name"] or one["person"],
            f"{one['what']} of {one['scope']}",
            one["by"],
            one["decided"] or None,
            one["trouble"] or one["because"] or None,
        )
        for one in document["items"]
    ]
    out.table(("id", "person", "has", "by", "decided", "why"), rows, none="Nothing is open.")


def _started(out: Output, document: Document) -> None:
    given = document.get("answer") or {}
    if given.get("review"):
        out.raw(str(given["review"]))
        out.say(f"It is due at {given['due']}. Those who decide were told.")


def _left(out: Output, document: Document) -> None:
    """What could not be taken away here, and what to do about it."""
    for one in (document.get("answer") or {}).get("left", ()):
        out.say(f"{one['right']} is still there. {one['says']}")


def _gathered(out: Output, document: Document) -> None:
    if "file" in document:
        out.say(f"It is in {document['file']}.")
        if not document["csv"]:
            out.next(f"`greenlane reviews verify {document['file']}`")
    elif "text" in document:
        for line in document["text"].splitlines():
            out.raw(line)
    else:
        out.document(document)


def _verified(out: Output, document: Document) -> None:
    if document["ok"]:
        out.say(f"It holds: {document['rights']} rights were decided as it says, by {document['receipts']} receipts.")
    for problem in document["problems"]:
        out.say(problem, style="red")
    out.say(f"Checked with the public keys of {document['origin']} in {document['trust']}.")
    if not document["ok"]:
        out.next("do not rely on this file; ask for the evidence once more.")


COMMANDS: tuple[Command, ...] = (
    Ask("reviews", "query /v1/reviews", listed, "greenlane reviews", _table),
    Ask("reviews list", "query /v1/reviews", listed, "greenlane reviews list", _table),
    act(
        "reviews start",
        "start-review",
        "greenlane reviews start --scope team:sales --reviewers ada@example.com --days 14",
        saying.answer(_started),
        scope=Typed(("--scope",)),
        reviewers=Typed(("--reviewers",), says="Who decides, by id, mail address or name; may be repeated."),
        days=Typed(("--days",)),
    ),
    Ask("reviews show", "query /v1/reviews/{review}/rights", show, "greenlane reviews show rev_01h2…", _rights),
    act(
        "reviews keep",
        "keep-access",
        'greenlane reviews keep rev_01h2… rvr_01h2… --because "builds the price list"',
        review=ARGUMENT,
        rights=RIGHTS,
        because=Typed(("--because",)),
    ),
    act(
        "reviews remove",
        "remove-access",
        'greenlane reviews remove rev_01h2… rvr_01h2… --because "moved to Paris"',
        saying.answer(_left),
        review=ARGUMENT,
        rights=RIGHTS,
        because=Typed(("--because",)),
    ),
    act("reviews close", "close-review", "greenlane reviews close rev_01h2…", review=ARGUMENT),
    Ask(
        "reviews evidence",
        "query /v1/reviews/{review}/evidence",
        gathered,
        "greenlane reviews evidence rev_01h2… --to review.json",
        _gathered,
    ),
    Ask("reviews verify", "local", verify, "greenlane reviews verify review.json --trust trust.json", _verified),
)
