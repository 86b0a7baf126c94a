"""What a Python project serves, read from its syntax tree: nothing of it is imported or run."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from greenlane.runtime.building.tree import Tree

ASGI, WSGI, STREAMLIT, GRADIO, DASH = "asgi", "wsgi", "streamlit", "gradio", "dash"
"""The kinds of Python apps."""

_MADE_BY = {
    # module, what is called -> the kind of app that this makes
    ("fastapi", "FastAPI"): ASGI,
    ("starlette.applications", "Starlette"): ASGI,
    ("starlette", "Starlette"): ASGI,
    ("quart", "Quart"): ASGI,
    ("litestar", "Litestar"): ASGI,
    ("sanic", "Sanic"): ASGI,
    ("flask", "Flask"): WSGI,
    ("bottle", "Bottle"): WSGI,
    ("django.core.wsgi", "get_wsgi_application"): WSGI,
    ("dash", "Dash"): DASH,
    ("gradio", "Blocks"): GRADIO,
    ("gradio", "Interface"): GRADIO,
    ("gradio", "ChatInterface"): GRADIO,
    ("gradio", "TabbedInterface"): GRADIO,
}
_NAMES = {
    "django": "Django",
    "fastapi": "FastAPI",
    "starlette": "Starlette",
    "flask": "Flask",
    "dash": "Dash",
    "gradio": "Gradio",
}
_FIRST = ("streamlit_app.py", "app.py", "main.py", "server.py", "api.py", "wsgi.py", "asgi.py", "application.py")
_FOLDERS = ("", "app/", "src/", "api/", "backend/", "server/")
_LOOKED_AT, _LARGEST = 60, 512 * 1024
_FACTORY = re.compile(r"^(?:create|make|build)_app$")


@dataclass(frozen=True, slots=True)
class PythonApp:
    """An app as it would be run. ``entry`` is `module:object` (a call where it ends in `()`), or a file for Streamlit
    and Gradio, both as seen from the project's top folder.
    """

    kind: str
    entry: str
    framework: str


def find_app(tree: Tree) -> PythonApp | None:
    """The app that a tree serves, or None. A `Procfile` that names one counts before anything that is guessed."""
    if (named := _from_procfile(tree)) is not None:
        return named
    for path in _candidates(tree):
        if (found := _in_file(path, tree.text(path))) is not None:
            return found
    return None


def _from_procfile(tree: Tree) -> PythonApp | None:
    for line in tree.text("Procfile").splitlines():
        process, _, command = line.partition(":")
        if process.strip() != "web":
            continue
        if run := re.search(r"streamlit\s+run\s+([\w./-]+\.py)", command):
            return PythonApp(STREAMLIT, run[1].removeprefix("./"), "Streamlit")
        if run := re.search(
            r"\b(uvicorn|hypercorn|daphne|gunicorn|waitress-serve)\b.*?\s([\w.]+:[\w.]+(?:\(\))?)", command
        ):
            asynchronous = run[1] in ("uvicorn", "hypercorn", "daphne") or "uvicorn" in command
            module = run[2].partition(":")[0].replace(".", "/")
            path = next((one for one in (f"{module}.py", f"{module}/__init__.py") if one in tree), "")
            found = _in_file(path, tree.text(path)) if path else None
            kind = found.kind if found and found.kind == DASH else ASGI if asynchronous else WSGI
            return PythonApp(kind, run[2], found.framework if found else kind.upper())
    return None


def _candidates(tree: Tree) -> Iterator[str]:
    """Python files that may hold the app: known names first, then whatever else lies near the top."""
    known = [f"{folder}{name}" for folder in _FOLDERS for name in _FIRST]
    others = sorted(
        (path for path in tree.paths if path.endswith(".py") and path.count("/") <= 2 and not _aside(path)),
        key=lambda path: (path.count("/"), path),
    )
    every = dict.fromkeys([*(one for one in known if one in tree), *others])
    yield from list(every)[:_LOOKED_AT]


def _aside(path: str) -> bool:
    return bool(
        re.search(
            r"(?:^|/)(?:tests?|docs|examples?|scripts|migrations|node_modules)/|(?:^|/)(?:test_|conftest|setup\.py)",
            path,
        )
    )


def _in_file(path: str, text: str) -> PythonApp | None:
    if len(text) > _LARGEST:
        return None
    try:
        with warnings.catch_warnings(action="ignore"):  # what somebody else's strings look like is no news here
            module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None  # a file that is no Python serves nothing; the next one may
    imported = dict(_imports(module))
    for node in module.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=called)):
                found = _made(called, imported)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Call(func=called)):
                found = _made(called, imported)
            case ast.With(items=[ast.withitem(context_expr=ast.Call(func=called), optional_vars=ast.Name(id=name))]):
                found = _made(called, imported)
            case _:
                continue
        if found is not None:
            kind, framework = found
            return PythonApp(kind, path if kind == GRADIO else f"{_module(path)}:{name}", framework)
    if any(origin.partition(".")[0] == "streamlit" for origin in imported.values()):
        return PythonApp(STREAMLIT, path, "Streamlit")
    if any(origin.partition(".")[0] == "gradio" for origin in imported.values()):
        return PythonApp(GRADIO, path, "Gradio")
    return _factory(path, module, imported)


def _factory(path: str, module: ast.Module, imported: dict[str, str]) -> PythonApp | None:
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and _FACTORY.match(node.name) and not _required(node.args):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Call) and (found := _made(inner.func, imported)) is not None:
                    return PythonApp(found[0], f"{_module(path)}:{node.name}()", found[1])
    return None


def _required(arguments: ast.arguments) -> bool:
    return len(arguments.args) + len(arguments.posonlyargs) > len(arguments.defaults)


def _imports(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Names in the file, and what they stand for: `np` for `numpy`, `Flask` for `flask.Flask`."""
    for node in ast.walk(module):
        match node:
            case ast.Import(names=names):
                for one in names:
                    yield (
                        one.asname or one.name.partition(".")[0],
                        one.name if one.asname else one.name.partition(".")[0],
                    )
            case ast.ImportFrom(module=origin, names=names, level=0) if origin:
                for one in names:
                    yield (one.asname or one.name, f"{origin}.{one.name}")


def _made(called: ast.expr, imported: dict[str, str]) -> tuple[str, str] | None:
    """The kind of app that a call makes, and its framework's name."""
    match called:
        case ast.Name(id=name):
            origin, _, what = imported.get(name, "").rpartition(".")
        case ast.Attribute(value=ast.Name(id=name), attr=what):
            origin = imported.get(name, "")
        case _:
            return None
    kind = _MADE_BY.get((origin, what))
    return None if kind is None else (kind, _NAMES.get(origin.partition(".")[0], what))


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
