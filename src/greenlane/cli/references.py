"""The references in `docs/reference`, made from the code that they describe. `make docs` writes them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, get_args, get_origin

import greenlane
from greenlane.cli.command import Panel
from greenlane.cli.local import Told
from greenlane.cli.reference import reference
from greenlane.cli.verbs import REGISTRY
from greenlane.govern.action import Input
from greenlane.govern.facts import vocabulary
from greenlane.govern.policy import SAFEGUARDS, Pack, describe
from greenlane.kit.errors import GreenlaneError
from greenlane.kit.settings import Settings

FOLDER = Path("docs") / "reference"


class NotInAClone(GreenlaneError):
    """The references are written beside the source that they are made from."""

    code = "not-in-a-clone"


def write(panels: Sequence[Panel], openapi: Mapping[str, Any]) -> Told:
    """Write every reference below the current folder, which must be a clone."""
    if not FOLDER.is_dir():
        raise NotInAClone("There is no docs/reference here.", next_step="Type `make docs` in a clone.")
    for name, text in pages(panels, openapi).items():
        (FOLDER / name).write_text(text, "utf-8")
    return Told((f"The references in {FOLDER} are up to date.",), {"folder": str(FOLDER)})


def pages(panels: Sequence[Panel], openapi: Mapping[str, Any]) -> dict[str, str]:
    """Every reference by its file's name. The same code gives the same bytes."""
    return {
        "openapi.json": json.dumps(openapi, indent=1, sort_keys=True, ensure_ascii=False) + "\n",
        "terminal.md": reference(tuple(panels)),
        "verbs.md": _page("Verbs", "the registry of actions", _verbs()),
        "settings.md": _page("Settings", "the settings' declaration", _settings()),
        "policies.md": _page("The default policies", "the default pack", _policies()),
        "facts.md": _page("Facts", "the declaration of facts", _facts()),
        "errors.md": _page("Errors", "the error classes", _errors()),
    }


def _page(title: str, source: str, lines: Iterator[str]) -> str:
    return (
        "\n".join((f"# {title}\n", f"<!-- made by `make docs` from {source}; edit that, not this -->\n", *lines)) + "\n"
    )


def _verbs() -> Iterator[str]:
    yield "Everything that can be done, whoever does it: a person, an agent, the platform. Each verb is an endpoint"
    yield "(`POST /v1/actions/VERB`), a question (`POST /v1/explain/VERB`), and a receipt.\n"
    for verb in REGISTRY:
        yield f"## {verb.name}\n"
        yield f"{verb.summary}\n"
        undo = f"undone by `{verb.undo}`" if verb.undo else "not undone by a verb"
        subject = f"happens to a {verb.subject}" if verb.subject else "happens to the organisation"
        yield f"Effect: {verb.effect}; {undo}; {subject}. People read: *{verb.says}*\n"
        if verb.inputs:
            yield "| input | kind | | |"
            yield "|---|---|---|---|"
            yield from (
                f"| `{one.name}` | {_kind(one.type)} | {_note(one)} | {_cell(one.says)} |" for one in verb.inputs
            )
            yield ""


def _note(one: Input) -> str:
    notes = ["required"] if one.required else []
    if one.default not in (None, "", (), False):
        notes.append(f"default {_shown(one.default)}")
    if one.private:
        notes.append("private: the ledger holds its digest")
    if one.secret:
        notes.append("secret: kept nowhere")
    return ", ".join(notes)


def _kind(kind: Any) -> str:
    if kind is type(None):
        return "nothing"
    if get_origin(kind) is tuple:
        return f"list of {_kind(get_args(kind)[0])}s"
    if args := get_args(kind):
        return " or ".join(_kind(one) if isinstance(one, type) else _shown(one) for one in args)
    return {"str": "text", "int": "number", "float": "number", "bool": "yes or no", "Path": "path"}[kind.__name__]


def _settings() -> Iterator[str]:
    yield "By flag of `greenlane up`, by environment, by file, in this order. The file is `settings.toml` in the data folder,"
    yield "or where `GREENLANE_SETTINGS` says. A list is JSON in the environment: `GREENLANE_LISTEN='[\"127.0.0.1\"]'`.\n"
    yield "| setting | environment | kind | default | |"
    yield "|---|---|---|---|---|"
    for name, one in Settings.model_fields.items():
        default = _shown(one.default) if one.default not in (None, "", ()) else ""
        kind = _kind(one.annotation)
        yield f"| `{name}` | `GREENLANE_{name.upper()}` | {kind} | {default} | {_cell(one.description or '')} |"


def _policies() -> Iterator[str]:
    yield "What decides as long as an organisation has no rules of its own. `docs/policy.md` tells how to read, change and"
    yield "test rules; the rules themselves are in `src/greenlane/govern/pack`.\n"
    yield "| safeguard | what the platform does |"
    yield "|---|---|"
    yield from (f"| `{name}` | {says} |" for name, says in SAFEGUARDS.items())
    pack = Pack.default(verbs=[verb.name for verb in REGISTRY])
    for one in describe(pack):
        yield f"\n## {one['id']}\n"
        yield f"**{one['lane']}** for {', '.join(one['verbs'])}. {one['owner']} answers for it (`{one['file']}`).\n"
        yield f"> {one['says']}\n"
        yield f"Instead: {one['instead']}"
        if one["safeguards"]:
            yield f"\nSafeguards: {', '.join(one['safeguards'])}."
        if one["fixed"]:
            yield f"\nFixed: {one['fixed']}"


def _facts() -> Iterator[str]:
    yield "Everything that a rule or the scorecard may look at, and nothing else. A decision is stored with its facts.\n"
    yield "| fact | kind | it says |"
    yield "|---|---|---|"
    yield from (f"| `{name}` | {kind} | {_cell(says)} |" for name, kind, says in vocabulary())


def _errors() -> Iterator[str]:
    yield "Every error says what happened and what to do next. Its code is stable: in JSON it is `code`.\n"
    yield "| code | HTTP | exit | when |"
    yield "|---|---|---|---|"
    for one in sorted(errors(), key=lambda one: (one.code, one.__name__)):
        yield f"| `{one.code}` | {one.status} | {one.exit_code} | {_cell((one.__doc__ or '').split(chr(10) * 2)[0])} |"


def errors() -> list[type[GreenlaneError]]:
    """Every error class of the program, each of its modules imported first."""
    for module in walk_packages(greenlane.__path__, "greenlane."):
        if not module.name.startswith(("greenlane.__main__", "greenlane.migrations.")):
            import_module(module.name)
    found, left = [], [GreenlaneError]
    while left:
        one = left.pop()
        left.extend(one.__subclasses__())
        if one.__module__.startswith("greenlane.") and one is not GreenlaneError:
            found.append(one)
    return found


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;").replace("``", "`")


def _shown(value: Any) -> str:
    shown = ", ".join(value) if isinstance(value, tuple) else str(value)
    return f"`{shown}`" if shown else '`""`'
