"""The reference of the terminal, made from the command tree: `docs/reference/terminal.md`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from typer.models import ArgumentInfo, ParameterInfo

from greenlane.cli.command import Act, Command, Panel, parameters_of
from greenlane.cli.terminal import summary_of

HEAD = """# The terminal

<!-- made by `make docs` from the command tree; edit that, not this -->

Every command has `--json`, which prints one JSON document, for errors too, and `--help`. `GREENLANE_URL` says where the
server is (http://localhost:4180 when unset), `GREENLANE_TOKEN` who you are (or what `greenlane login` kept).

| exit code | means |
|---|---|
| 0 | done; with safeguards too, and every `explain` |
| 1 | anything else |
| 2 | wrong usage |
| 3 | refused |
| 4 | waiting for a person |
| 5 | not found |

`greenlane explain VERB` takes the same arguments as the verb's own command, and changes nothing.
"""


def reference(panels: tuple[Panel, ...]) -> str:
    """The whole reference as Markdown."""
    return "\n".join([HEAD, *(line for panel in panels for line in _panel(panel))])


def _panel(panel: Panel) -> Iterator[str]:
    yield f"## {panel.title}\n"
    for command in panel.commands:
        yield from _command(command)


def _command(command: Command) -> Iterator[str]:
    typed = parameters_of(command.wish if isinstance(command, Act) else command.run)
    yield f"### greenlane {command.path}\n"
    yield f"{summary_of(command)}\n"
    yield f"```sh\n{command.example}\n```\n"
    yield f"Stands on: {_basis(command)}.\n"
    for one in typed:
        kind, info = get_args(one.annotation)
        yield f"- {_typed(one, kind, info)}: {info.help}"
    if typed:
        yield ""


def _basis(command: Command) -> str:
    kind, _, name = command.stands_on.partition(" ")
    return {"verb": f"the verb `{name}`", "query": f"the query `{name}`"}.get(kind, "nothing but this machine")


def _typed(one: inspect.Parameter, kind: Any, info: ParameterInfo) -> str:
    must = one.default is inspect.Parameter.empty
    if isinstance(info, ArgumentInfo):
        name = (info.metavar or one.name.upper()).replace("[", "").replace("]", "")
        words = f"`{name}`"
    else:
        declared = [*([info.default] if isinstance(info.default, str) else []), *(info.param_decls or ())]
        words = ", ".join(f"`{name}`" for name in declared)
    notes = [
        *(["required"] if must else []),
        *([f"one of {', '.join(choices)}"] if (choices := _choices(kind)) else []),
    ]
    return f"{words} ({'; '.join(notes)})" if notes else words


def _choices(kind: Any) -> tuple[str, ...]:
    for one in (kind, *get_args(kind)):
        if get_origin(one) is Literal:
            return get_args(one)
    return ()
