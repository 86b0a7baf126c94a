"""What a project says about its own build: `greenlane.toml`, or the `netlify.toml` that many already have.

[build]
base = "web"                 # the folder that is built, when it is not the top
command = "npm run build"
publish = "dist"
functions = "functions"
models = true                # greenlane.toml alone: the build may call models through the platform
[build.environment]
NODE_VERSION = "22"
[functions."nightly"]        # beside what the function's own file says
schedule = "0 2 * * *"
[run]                        # greenlane.toml alone
kind = "asgi"                # asgi, wsgi, streamlit, gradio, dash
entry = "main:app"
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from greenlane.govern.errors import WrongInput
from greenlane.kit.text import shown
from greenlane.runtime.building.tree import Tree

FILES = ("greenlane.toml", "netlify.toml")
"""Where a project may say how it is built; the first one counts."""

KINDS = ("asgi", "wsgi", "streamlit", "gradio", "dash")
"""What `[run]` may call an app."""

_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Configured:
    """What the project says. Whatever it leaves out is empty. Folders are relative to ``base``, ``base`` to the top."""

    file: str = ""
    base: str = ""
    command: str = ""
    publish: str = ""
    functions: str = ""
    schedules: Mapping[str, str] = field(default_factory=dict)
    """When functions run by themselves, by their names."""
    environment: Mapping[str, str] = field(default_factory=dict)
    kind: str = ""
    entry: str = ""
    models: bool = False


def configured(tree: Tree) -> Configured:
    """Read the project's own word. Raises ``WrongInput`` for a folder outside of it, or a kind that there is not."""
    file = next((name for name in FILES if name in tree), "")
    if not file:
        return Configured()
    sheet = tree.toml(file)
    if not sheet and tree.text(file).strip():
        raise WrongInput(f"{file} is not TOML that can be read.", next_step=f"Correct {file}, and deploy again.")
    build = _table(sheet, "build")
    context = _table(_table(sheet, "context"), "production")
    run = _table(sheet, "run") if file == "greenlane.toml" else {}
    functions = _text(build, "functions") or _text(_table(sheet, "functions"), "directory")
    base = folder(_text(build, "base"), file)
    kind = _text(run, "kind")
    if kind and kind not in KINDS:
        raise WrongInput(f"{file} says kind {shown(kind)}.", next_step=f"Say one of {', '.join(KINDS)}.")
    environment = _table(build, "environment")
    return Configured(
        file=file,
        base=base,
        command=_text(context, "command") or _text(build, "command"),
        publish=folder(_within(_text(context, "publish") or _text(build, "publish"), base), file),
        functions=folder(_within(functions, base), file),
        schedules=_schedules(_table(sheet, "functions")),
        environment={str(name): str(value)[:_LONGEST] for name, value in environment.items()},
        kind=kind,
        entry=_text(run, "entry"),
        models=file == "greenlane.toml" and build.get("models") is True,
    )


def _schedules(sheet: Mapping[str, Any]) -> dict[str, str]:
    named = {name: one["schedule"] for name, one in sheet.items() if isinstance(one, dict) and "schedule" in one}
    return {name: str(schedule) for name, schedule in named.items()}


def folder(path: str, file: str) -> str:
    """A folder inside the project, without `./`; empty for the project itself. Raises ``WrongInput``."""
    clean = posixpath.normpath(path.strip().strip("/") or ".")
    if clean.startswith("..") or "\0" in clean:
        raise WrongInput(
            f"{file} names the folder {shown(path)}, which lies outside of the project.",
            next_step="Name a folder inside the project.",
        )
    return "" if clean == "." else clean


def _within(path: str, base: str) -> str:
    """Seen from the base: netlify.toml names these folders from the base, and some projects from the top."""
    clean = path.strip().strip("/")
    return clean.removeprefix(f"{base}/") if base else clean


def _table(sheet: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = sheet.get(name)
    return found if isinstance(found, dict) else {}


def _text(sheet: Mapping[str, Any], name: str) -> str:
    found = sheet.get(name)
    return found.strip()[:_LONGEST] if isinstance(found, str) else ""
