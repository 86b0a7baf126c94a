"""Which requests go to an app's functions: paths in the style of the web's URL patterns, compiled into the table.

    /hello            this path alone
    /users/:id        one part of a path, whatever it is
    /files/:name.png  a part with something fixed beside it
    /api/*            everything below; ``:rest*`` and ``:rest+`` at the end are the same with a name
    /posts/:id?       the last part may be missing

What a pattern may say is what can be matched in one walk along the path: no expressions of one's own, no star in the
middle. Every slash at the end of an address is as good as none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from greenlane.govern.errors import WrongInput

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""What a function can answer to."""

_LONGEST = 512
_NAMED = re.compile(r":([A-Za-z_][A-Za-z0-9_]*)([?*+]?)")
_FORBIDDEN = re.compile(r"[(){}\\?#\s\x00-\x1f\x7f]")
_SAFE = "!$&'()+,;=@-._~%"


@dataclass(frozen=True, slots=True)
class Route:
    """The requests that one function answers. No methods means all. ``excluded`` are paths that it leaves to others, and
    ``files_first`` says that a file at the same address is answered.
    """

    name: str
    path: re.Pattern[str]
    methods: frozenset[str]
    background: bool = False
    excluded: tuple[re.Pattern[str], ...] = ()
    files_first: bool = False

    def meets(self, path: str) -> bool:
        """Whether it answers at a path."""
        return self.path.fullmatch(path) is not None and not any(one.fullmatch(path) for one in self.excluded)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The function for a request; without a name, only other methods are answered at its path: ``allowed``.

    ``background``: nobody waits for what it answers. ``files_first``: a file at the same address is answered instead.
    """

    name: str
    allowed: tuple[str, ...] = ()
    background: bool = False
    files_first: bool = False


def compiled(path: str) -> str:
    """A pattern as a regular expression that takes time in proportion to the path. Raises ``WrongInput``."""
    if not path.startswith("/") or len(path) > _LONGEST:
        raise _wrong(path, "It begins with a slash and has at most 512 letters.")
    parts = path.strip("/").split("/")
    if parts == [""]:
        return r"/"
    made = ""
    for index, part in enumerate(parts):
        made += _part(path, part, last=index == len(parts) - 1)
    return made + "/*"


def _part(path: str, part: str, *, last: bool) -> str:
    """One part of a path with the slash in front of it."""
    if not part:
        raise _wrong(path, "Two slashes stand side by side.")
    found = _NAMED.fullmatch(part)
    if part == "*" or (found and found[2] == "*"):
        return _only_last(path, last, "(?:/.*)?")
    if found and found[2] == "+":
        return _only_last(path, last, "/.+")
    if found and found[2] == "?":
        return _only_last(path, last, "(?:/[^/]+)?")
    before, name, after = part, "", ""
    if (inside := _NAMED.search(part)) is not None:
        before, name, after = part[: inside.start()], inside[1], part[inside.end() :]
        if inside[2]:
            raise _wrong(path, "What may be missing or repeated is a whole part at the end.")
    if any(_FORBIDDEN.search(one) or ":" in one or "*" in one for one in (before, after)):
        raise _wrong(path, "It may hold names such as :id, and a * at its end.")
    return f"/{_fixed(before)}{'[^/]+' if name else ''}{_fixed(after)}"


def _only_last(path: str, last: bool, made: str) -> str:
    if not last:
        raise _wrong(path, "A * stands at the end.")
    return made


def _fixed(text: str) -> str:
    """What is said letter by letter, as browsers send it."""
    return re.escape(quote(text, safe=_SAFE))


def _wrong(path: str, why: str) -> WrongInput:
    return WrongInput(
        f"{path[:80]!r} is not a path that a function can have. {why}",
        next_step="Write it like /api/* or /users/:id.",
    )


def entries(functions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The table's entries for an app's functions, those with the most to say about their path first. Raises ``WrongInput``."""
    made: list[dict[str, Any]] = []
    for one in functions:
        paths = one.get("path") or ()
        methods = [str(method).upper() for method in one.get("methods") or ()]
        if not set(methods) <= set(METHODS):
            raise WrongInput(
                f"The function {one['name']} wants a method that there is not.",
                next_step=f"Choose from: {', '.join(METHODS)}.",
            )
        seldom: dict[str, Any] = {"files_first": True} if one.get("files_first") else {}
        if excluded := one.get("excluded"):
            seldom["excluded"] = [compiled(path) for path in excluded]
        made += [
            {
                "name": str(one["name"]),
                "path": compiled(path),
                "methods": methods,
                "says": path,
                "background": bool(one.get("background")),
                **seldom,
            }
            for path in ((paths,) if isinstance(paths, str) else paths)
        ]
    return sorted(made, key=lambda entry: order(entry["says"]))


def order(path: str) -> tuple[Any, ...]:
    """What is fixed goes before what has a name, and that before what takes everything."""
    weights = [
        2 if "*" in part or part.endswith("+") else 1 if ":" in part else 0 for part in path.strip("/").split("/")
    ]
    return max(weights), -len(weights), weights, path


def routes(entries: Sequence[Mapping[str, Any]]) -> tuple[Route, ...]:
    """The table's entries, ready to be asked."""
    return tuple(
        Route(
            str(one["name"]),
            re.compile(one["path"]),
            frozenset(one.get("methods") or ()),
            bool(one.get("background")),
            tuple(re.compile(path) for path in one.get("excluded") or ()),
            bool(one.get("files_first")),
        )
        for one in entries
    )


def choose(of: Sequence[Route], method: str, path: str) -> Chosen | None:
    """The function that answers; None when what is asked for is a file."""
    allowed: list[str] = []
    for route in of:
        if route.meets(path):
            if not route.methods or method in route.methods or (method == "HEAD" and "GET" in route.methods):
                return Chosen(route.name, background=route.background, files_first=route.files_first)
            allowed += sorted(route.methods - set(allowed))
    if allowed and method not in ("GET", "HEAD"):
        return Chosen("", tuple(allowed))
    return None
