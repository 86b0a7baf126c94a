"""The rules: read them, try changed ones here without a server, and put them in force."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import typer

from greenlane.cli import saying
from greenlane.cli.command import Act, Ask, Command
from greenlane.cli.errors import ELSE, FileTrouble
from greenlane.cli.output import Output, counted
from greenlane.cli.talk import Document, Talk
from greenlane.cli.verbs import REGISTRY
from greenlane.govern.cases import run_cases
from greenlane.govern.policy import Pack
from greenlane.learning.simulate import render, simulate

Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Cedar files with your policies.")]
NoFiles = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[FILE...]", help="Cedar files with your policies; none returns to the default pack."),
]
Cases = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[CASES...]", help="Files of cases; the default pack's own when left out."),
]
With = Annotated[
    list[Path] | None,
    typer.Option("--with", help="A Cedar file on top of the default pack; may be repeated.", show_default=False),
]
Note = Annotated[str, typer.Option("--note", help="Why, in your own words.", show_default=False)]
Changes = Annotated[int, typer.Option("--changes", min=1, help="How many changes.")]
Seed = Annotated[int, typer.Option("--seed", help="The same seed makes the same changes.")]


def show(talk: Talk) -> Document:
    """The rules in force, as sentences."""
    return talk.client.get("/v1/policy")


def put(texts: NoFiles = None, note: Note = "") -> dict[str, Any]:
    """Put your policies in force on top of the default pack. Invalid ones change nothing."""
    return {"texts": [_text(file) for file in texts or []]} | ({"note": note} if note else {})


def check(talk: Talk, policies: Files) -> Document:
    """Check policy files here, without a server: an error names file, line and reason."""
    pack = _pack(policies)
    return {"ok": True, "policies": len(pack.policies), "digest": pack.digest}


def run(talk: Talk, cases: Cases = None, with_: With = None) -> Document:
    """Run a pack's own cases here, without a server: each is a sentence about what must hold."""
    pack = _pack(with_ or [])
    texts = {file.name: _text(file) for file in cases} if cases else {"cases.toml": _default_cases()}
    results = [one for name, text in texts.items() for one in run_cases(pack, text, name)]
    wrong = [{"says": one.case.says, "wrong": one.wrong} for one in results if not one.holds]
    return {"cases": len(results), "wrong": wrong, "exit_code": ELSE if wrong else 0}


def _pack(policies: list[Path]) -> Pack:
    """The default pack with these files on top. Raises ``PackError``."""
    return Pack.default({file.name: _text(file) for file in policies}, verbs=[one.name for one in REGISTRY])


def _default_cases() -> str:
    return (files("greenlane.govern") / "pack" / "cases.toml").read_text("utf-8")


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FileTrouble(f"{file} cannot be read.", next_step="Name a text file.", detail=str(error)) from error


def _says_rules(out: Output, document: Document) -> None:
    for rule in document["items"]:
        out.lane(str(rule.get("lane", "")), str(rule.get("says", "")))
        if rule.get("instead"):
            out.say(f"  Instead: {rule['instead']}")
        out.say(f"  {rule.get('id') or rule.get('policy')}, of {rule.get('owner', '')}", style="dim")
    out.say("The digest of the pack in force:")
    out.raw(document["digest"])


def _says_check(out: Output, document: Document) -> None:
    out.say(f"The files hold: with the default pack they are {counted(document['policies'], 'rule')}.")
    out.raw(document["digest"])
    out.next("`greenlane policy test --with FILE` runs the cases, `greenlane policy set FILE` puts them in force.")


def _says_test(out: Output, document: Document) -> None:
    for one in document["wrong"]:
        out.say(f"■ {one['says']}", style="red")
        out.say(f"  {one['wrong']}")
    held = document["cases"] - len(document["wrong"])
    out.say(f"{held:,} of {counted(document['cases'], 'case')} hold.")


def simulated(talk: Talk, policies: With = None, number: Changes = 2000, seed: Seed = 1) -> Document:
    """Run mixed changes with seeded hazards through the rules: green, amber, red, missed, and people's waiting."""
    report = simulate(_pack(policies or []), number, seed)
    return {**report.as_dict(), "says": render(report)}


def _says_simulated(out: Output, document: Document) -> None:
    out.say(document["says"])


COMMANDS: tuple[Command, ...] = (
    Ask("policy show", "query /v1/policy", show, "greenlane policy show", _says_rules),
    Ask("policy check", "local", check, "greenlane policy check ours.cedar", _says_check),
    Ask("policy test", "local", run, "greenlane policy test our-cases.toml --with ours.cedar", _says_test),
    Act("policy set", "set-policy", put, 'greenlane policy set ours.cedar --note "tighter for sales"', saying.answer()),
    Ask("simulate", "local", simulated, "greenlane simulate --changes 2000 --seed 7", _says_simulated),
)
