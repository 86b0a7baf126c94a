"""Agents that act for people: which there are, and what they are lent."""

from __future__ import annotations

from pathlib import Path

from greenlane.cli import saying
from greenlane.cli.command import ARGUMENT, Ask, Command, Typed, act
from greenlane.cli.output import Output
from greenlane.cli.talk import Document, Talk
from greenlane.govern.errors import WrongInput

SCOPES = Typed(("--scopes",), says="What it may do: visit, read, deploy, publish, admin; may be repeated.")


def agents(talk: Talk) -> Document:
    """Which agents there are, who answers for each, and what it can be lent at most."""
    return {"items": talk.everything("/v1/agents")}


def grants(talk: Talk) -> Document:
    """What you lend agents at this moment, and what their model calls have cost."""
    return {"items": talk.everything("/v1/grants")}


def workloads(talk: Talk) -> Document:
    """Which workloads elsewhere are trusted, and what their tokens must say."""
    return {"items": talk.everything("/v1/workloads")}


def _workload_table(out: Output, document: Document) -> None:
    rows = [
        (
            one["name"],
            one["person_name"],
            one["issuer"],
            [f"{name}={value}" for name, value in one["claims"].items()],
            one["scopes"],
            one["apps"] or "all of theirs",
            one["environments"],
        )
        for one in document["items"]
    ]
    out.table(("name", "acts for", "issuer", "must say", "may", "apps", "in"), rows)


def _agent_table(out: Output, document: Document) -> None:
    rows = [
        (
            one["name"],
            one["person_name"] or "nobody",
            one["scopes"],
            one["proves"],
            one["source"] or "here",
            one["idle"] or "may be lent something",
            one["created"],
        )
        for one in document["items"]
    ]
    out.table(("name", "answers for it", "at most", "shows", "comes from", "now", "since"), rows)


def _grant_table(out: Output, document: Document) -> None:
    rows = [
        (
            one["id"],
            one["agent"],
            one["scopes"],
            one["apps"] or "all of yours",
            one["environments"],
            f"{one['used']} of {one['budget']}" if one["budget"] else one["used"],
            one["spent_of"],
            one["expires"],
            one["purpose"],
        )
        for one in document["items"]
    ]
    out.table(("id", "agent", "may", "apps", "in", "actions", "model calls", "until", "for"), rows)


def _key(said: str) -> str:
    """The public key in a file. Raises ``WrongInput`` for a file that cannot be read."""
    try:
        return Path(said).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongInput(f"{said} cannot be read.", next_step="Name the file with the public key (a JWK).") from error


KEY = Typed(("--public-key",), reads=_key, says="The file with the public key that it signs with (a JWK).")


def _given(out: Output, document: Document) -> None:
    """A secret or a grant's id, alone on its line: the next command needs it."""
    given = document.get("answer") or {}
    for name in ("secret", "delegation"):
        if given.get(name):
            out.raw(str(given[name]))
    if given.get("expires"):
        out.say(f"It works until {given['expires']}.")


COMMANDS: tuple[Command, ...] = (
    Ask("agents", "query /v1/agents", agents, "greenlane agents", _agent_table),
    Ask("agents list", "query /v1/agents", agents, "greenlane agents list", _agent_table),
    act(
        "agents register",
        "register-agent",
        "greenlane agents register codex --scopes read --scopes deploy",
        saying.answer(_given),
        agent=ARGUMENT,
        scopes=SCOPES,
        public_key=KEY,
    ),
    act(
        "agents rekey",
        "replace-agent-key",
        "greenlane agents rekey codex",
        saying.answer(_given),
        agent=ARGUMENT,
        public_key=KEY,
    ),
    act("agents retire", "retire-agent", "greenlane agents retire codex", agent=ARGUMENT),
    act(
        "agents lend",
        "delegate",
        'greenlane agents lend codex --scopes deploy --apps vendor-board --minutes 60 --purpose "the new price list"',
        saying.answer(_given),
        agent=ARGUMENT,
        scopes=SCOPES,
        apps=Typed(("--apps",)),
        environments=Typed(("--environments",)),
        minutes=Typed(("--minutes",)),
        budget=Typed(("--budget",)),
        dollars=Typed(("--dollars",)),
        depth=Typed(("--depth",)),
        purpose=Typed(("--purpose",)),
    ),
    Ask("trust workloads", "query /v1/workloads", workloads, "greenlane trust workloads", _workload_table),
    act(
        "trust workload",
        "trust-workload",
        "greenlane trust workload ci-board --issuer https://token.actions.githubusercontent.com"
        " --claims repository_id=123456 --claims ref=refs/heads/main --apps vendor-board",
        workload=ARGUMENT,
        issuer=Typed(("--issuer",)),
        claims=Typed(("--claims",)),
        audience=Typed(("--audience",)),
        scopes=SCOPES,
        apps=Typed(("--apps",)),
        environments=Typed(("--environments",)),
        keys=Typed(("--keys",), reads=_key, says="A file with the issuer's public keys (a JWK set)."),
    ),
    act("trust end", "end-trust", "greenlane trust end ci-board", workload=ARGUMENT),
    act("agents end", "end-delegation", "greenlane agents end dlg_01h2…", delegation=ARGUMENT),
    act("agents rotate-key", "rotate-token-key", "greenlane agents rotate-key", at_once=Typed(("--at-once",))),
    Ask("agents grants", "query /v1/grants", grants, "greenlane agents grants", _grant_table),
)
