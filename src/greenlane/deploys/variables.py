"""Reading `.env`: names and values that are offered as an app's variables, and nothing more clever.

No value is looked up, joined or run: `${NAME}` and `$(command)` stay as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_LINE = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*
        (?: "(?P<double>(?:\\.|[^"\\])*)" | '(?P<single>[^']*)' | (?P<bare>[^\r\n]*) )""",
    re.MULTILINE | re.VERBOSE,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$"}
_EXAMPLES = frozenset([".env.example", ".env.sample", ".env.template", ".env.dist", ".env.defaults"])


def holds_variables(path: str) -> bool:
    """Whether a file at the top of an upload offers variables: `.env`, `.env.local`; an example file does not."""
    name = path.casefold()
    return (name == ".env" or name.startswith(".env.")) and name not in _EXAMPLES


def parse(text: str) -> dict[str, str]:
    """Names and values of a `.env` file, the last one of a name. Lines that are none are passed over."""
    found: dict[str, str] = {}
    for line in _LINE.finditer(text.removeprefix("\ufeff")):
        if line["double"] is not None:
            value = re.sub(r"\\(.)", lambda one: _ESCAPES.get(one[1], one[0]), line["double"], flags=re.DOTALL)
        elif line["single"] is not None:
            value = line["single"]
        else:
            value = re.split(r"(?:^|[ \t])#", line["bare"], maxsplit=1)[0].strip()
        found[line["name"]] = value
    return found


def merge(files: Mapping[str, str]) -> dict[str, str]:
    """The variables of several files by path: the plain `.env` first, more particular ones over it."""
    merged: dict[str, str] = {}
    for path in sorted(files):
        merged |= parse(files[path])
    return merged
