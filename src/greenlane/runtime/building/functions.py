"""Functions of a site: JavaScript and TypeScript files with a default export `(Request, Context) => Response`.

What a function says about itself in `export const config = {...}` is read as a literal and never run: a value that is
no literal counts as not said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from greenlane.runtime import cron
from greenlane.runtime.building.tree import Tree

FOLDERS = ("netlify/functions", "functions")
"""Where functions lie when the project says nothing."""

ENDINGS = (".ts", ".mts", ".js", ".mjs")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_CONFIG = re.compile(r"\bexport\s+const\s+config\s*(?::[^=]+)?=\s*")
_DEFAULT = re.compile(r"\bexport\s+default\b|\bexport\s*\{[^}]*\bas\s+default\b")
_OLDER = re.compile(
    r"\bexports\.handler\s*=|\bexport\s+(?:const|let|var|(?:async\s+)?function)\s+handler\b|\bexport\s*\{[^}]*\bhandler\b"
)
"""How functions were written before the signature of the web: `handler(event, context)`."""
_SCHEDULE = re.compile(r"\bschedule\s*:")
_SHOWN = 5
_ANY = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Function:
    """One function: its file, the path patterns it answers, its methods, when it runs by itself, and whether a caller
    waits for it (`background`: it does not). What runs by itself answers at no path unless it names one. ``excluded``
    are path patterns below its own that it leaves to others; ``files_first``: a file at the same address is answered.
    """

    name: str
    file: str
    path: tuple[str, ...]
    methods: tuple[str, ...] = _ANY
    schedule: str = ""
    background: bool = False
    excluded: tuple[str, ...] = ()
    files_first: bool = False

    def as_dict(self) -> dict[str, Any]:
        """As the run block of a deploy has it. What is seldom said is left out where it is not, and changes no digest."""
        seldom = {"excluded": list(self.excluded)} if self.excluded else {}
        return {
            "name": self.name,
            "file": self.file,
            "path": list(self.path),
            "methods": list(self.methods),
            "schedule": self.schedule,
            "background": self.background,
            **seldom,
            **({"files_first": True} if self.files_first else {}),
        }


def find_functions(
    tree: Tree, folder: str = "", scheduled: Mapping[str, str] | None = None, said_by: str = ""
) -> tuple[Function, ...]:
    """The functions of a tree, by name: each file of the folder, or `index` of a folder in it, or the file named like it.

    ``scheduled`` is what the project's own file, ``said_by``, says of when they run. Raises ``cron.NoSchedule`` for a
    schedule that is none, or that cannot be read without running the file.
    """
    schedules = dict(scheduled or {})
    places = (folder,) if folder else FOLDERS
    found: dict[str, Function] = {}
    for place in places:
        for name, file in _files(tree, place):
            text = tree.text(file)
            if name not in found and _DEFAULT.search(text):
                found[name] = _function(name, file, _config(file, text), schedules.pop(name, ""), said_by)
    if schedules:
        raise cron.NoSchedule(
            f"{said_by} says when the function {next(iter(schedules))!r} runs, and there is none of that name.",
            next_step=f"Name one of the files in {folder or FOLDERS[0]}, without its ending.",
        )
    return tuple(found[name] for name in sorted(found))


def notes(tree: Tree, folder: str = "") -> tuple[str, ...]:
    """What is said of files in the folders of functions that do not do what their author may think."""
    every = [(file, tree.text(file)) for place in ((folder,) if folder else FOLDERS) for _, file in _files(tree, place)]
    older = [file for file, text in every if not _DEFAULT.search(text) and _OLDER.search(text)]
    unread = [
        file
        for file, text in every
        if _DEFAULT.search(text) and _CONFIG.search(text) and not isinstance(literal_after(text, _CONFIG), dict)
    ]
    said = []
    if older:
        said.append(
            f"Left out, because a `handler(event, context)` is not run here: {_listed(older)}. "
            "Write a default export that takes a Request."
        )
    if unread:
        said.append(f"The config of {_listed(unread)} is more than plain values, so it counts as not said.")
    return tuple(said)


def _listed(files: Sequence[str]) -> str:
    return f"{', '.join(files[:_SHOWN])}{' and more' if len(files) > _SHOWN else ''}"


def _files(tree: Tree, place: str) -> Iterator[tuple[str, str]]:
    for path in sorted(tree.paths):
        if not path.startswith(f"{place}/") or not path.endswith(ENDINGS) or path.endswith(".d.ts"):
            continue
        parts = path.removeprefix(f"{place}/").split("/")
        stem = re.sub(r"\.m?[jt]s$", "", parts[-1])
        if len(parts) == 1 and _NAME.fullmatch(stem):
            yield stem, path
        elif len(parts) == 2 and stem in ("index", parts[0]) and _NAME.fullmatch(parts[0]):
            yield parts[0], path


def _config(file: str, text: str) -> dict[str, Any]:
    said = literal_after(text, _CONFIG)
    if said is None and (start := _CONFIG.search(text)) and _SCHEDULE.search(text, start.end()):
        raise cron.NoSchedule(
            f"{file} says a schedule in a way that cannot be read without running it.",
            next_step="Write `export const config = {...}` with plain values: texts, numbers, lists, true and false.",
        )
    return said if isinstance(said, dict) else {}


def _function(name: str, file: str, config: Mapping[str, Any], scheduled: str, said_by: str) -> Function:
    schedule = config.get("schedule")
    if schedule is not None and not isinstance(schedule, str):
        raise cron.NoSchedule(f"{file} says a schedule that is no text.", next_step=cron.GOOD)
    told = (schedule, file) if schedule is not None else (scheduled, said_by)
    kept = cron.read(*told).expression if schedule is not None or scheduled else ""
    path = _texts(config.get("path")) or (() if kept else (f"/.netlify/functions/{name}", f"/functions/{name}"))
    methods = tuple(one.upper() for one in _texts(config.get("method"))) or _ANY
    return Function(
        name=name,
        file=file,
        path=_rooted(path),
        methods=methods,
        schedule=kept,
        background=config.get("background") is True or name.endswith("-background"),
        excluded=_rooted(_texts(config.get("excludedPath"))),
        files_first=config.get("preferStatic") is True,
    )


def _rooted(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(one if one.startswith("/") else f"/{one}" for one in paths)


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


# -- a literal of JavaScript, read ---------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"""\s*(?:(?://[^\n]*|/\*.*?\*/)\s*)*"""
    r"""(?:(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\$]|\\.)*`)|(?P<word>[A-Za-z_$][\w$]*)"""
    r"""|(?P<number>-?\d+(?:\.\d+)?)|(?P<mark>[{}\[\],:]))""",
    re.DOTALL,
)
_WORDS = {"true": True, "false": False, "null": None, "undefined": None}
_DEEPEST = 8


class _NoLiteralError(ValueError):
    """What stands there is more than a literal."""


def literal_after(text: str, start: re.Pattern[str]) -> Any:
    """The literal that stands after a pattern: objects, lists, strings, numbers, true, false; None for anything else."""
    found = start.search(text)
    if found is None:
        return None
    try:
        return _value(text, found.end(), 0)[0]
    except _NoLiteralError:
        return None


def _next(text: str, at: int) -> re.Match[str]:
    found = _TOKEN.match(text, at)
    if found is None:
        raise _NoLiteralError
    return found


def _value(text: str, at: int, depth: int) -> tuple[Any, int]:
    token = _next(text, at)
    if depth > _DEEPEST:
        raise _NoLiteralError
    if token["text"] is not None:
        return _unquoted(token["text"]), token.end()
    if token["number"] is not None:
        return float(token["number"]), token.end()
    if token["word"] is not None and token["word"] in _WORDS:
        return _WORDS[token["word"]], token.end()
    if token["mark"] == "[":
        return _list(text, token.end(), depth)
    if token["mark"] == "{":
        return _object(text, token.end(), depth)
    raise _NoLiteralError


def _list(text: str, at: int, depth: int) -> tuple[list[Any], int]:
    values: list[Any] = []
    while True:
        token = _next(text, at)
        if token["mark"] == "]":
            return values, token.end()
        if token["mark"] == ",":
            at = token.end()
            continue
        value, at = _value(text, at, depth + 1)
        values.append(value)


def _object(text: str, at: int, depth: int) -> tuple[dict[str, Any], int]:
    values: dict[str, Any] = {}
    while True:
        token = _next(text, at)
        if token["mark"] == "}":
            return values, token.end()
        if token["mark"] == ",":
            at = token.end()
            continue
        key = _unquoted(token["text"]) if token["text"] else token["word"]
        colon = _next(text, token.end())
        if not key or colon["mark"] != ":":
            raise _NoLiteralError
        values[key], at = _value(text, colon.end(), depth + 1)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", lambda one: {"n": "\n", "t": "\t"}.get(one[1], one[1]), text[1:-1])
