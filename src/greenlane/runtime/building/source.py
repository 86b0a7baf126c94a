"""What a tree is: something to build, something that cannot be built here and why, or pages that are finished."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from greenlane.kit.text import shown
from greenlane.runtime.building import frameworks, functions, locks, node_versions, python_apps, python_versions
from greenlane.runtime.building.configured import Configured, configured
from greenlane.runtime.building.plan import PYTHON, SITE, Plan
from greenlane.runtime.building.tree import Tree


@dataclass(frozen=True, slots=True)
class Refused:
    """A source that is recognised and cannot be built here: why, and what to do instead."""

    says: str
    instead: str


def recognise(whole: Tree) -> Plan | Refused | None:
    """What to do with a tree; None for pages that are served as they are. Runs nothing.

    Raises ``WrongInput`` for a `greenlane.toml` or `netlify.toml` that cannot be followed, and for a function whose
    schedule is none.
    """
    said = configured(whole)
    found = _recognised(whole.below(said.base), said)
    if isinstance(found, Plan) and said.models:
        return replace(found, models=True, notes=(*found.notes, CALLS_MODELS))
    return found


CALLS_MODELS = "This build may call models through the platform, as greenlane.toml asks for it."


def _recognised(tree: Tree, said: Configured) -> Plan | Refused | None:
    site = _site(tree, said)
    if isinstance(site, Plan):
        return site
    return _python(tree, said) or site or _functions_alone(tree, said)


# -- front ends ----------------------------------------------------------------------------------------------------------


def _site(tree: Tree, said: Configured) -> Plan | Refused | None:
    if said.kind or not ("package.json" in tree or said.command):
        return None
    if "package.json" not in tree and not said.publish and python_apps.find_app(tree) is not None:
        return None  # the command prepares a Python app
    framework = frameworks.recognise(tree)
    scripts = tree.package.get("scripts", {})
    if framework is not None and framework.refused and not said.command:
        return Refused(framework.refused, framework.instead)
    if framework is None and not said.command and ("build" not in scripts or "index.html" in tree):
        return None
    lock = locks.node_lock(tree) if "package.json" in tree else None
    node, other_node = node_versions.answer(node_versions.wanted(tree, said.environment.get("NODE_VERSION", "")))
    found = functions.find_functions(tree, said.functions, said.schedules, said.file)
    return Plan(
        kind=SITE,
        framework=framework.name if framework else "JavaScript",
        folder=said.base,
        node=node if lock is not None else 0,
        lock=lock,
        command=said.command or _build_command(lock, scripts, framework),
        publish=said.publish or _publish(tree, framework),
        environment=dict(said.environment),
        app_kind="functions" if found else "static",
        functions=found,
        notes=tuple(note for note in (other_node, _about(lock), *functions.notes(tree, said.functions)) if note),
    )


def _build_command(lock: locks.Lock | None, scripts: dict[str, str], framework: frameworks.Framework | None) -> str:
    manager = lock.manager if lock else locks.NPM
    wanted = "generate" if framework and framework.build == "nuxt generate" and "generate" in scripts else "build"
    if wanted in scripts:
        return f"{manager} run {wanted}"
    if framework is None or not framework.build:
        return ""
    runner = {"npm": "npx --no-install", "pnpm": "pnpm exec", "yarn": "yarn run"}[manager]
    return f"{runner} {framework.build.removeprefix('npx ')}"


_OUT_DIR = re.compile(r"""\boutDir\s*:\s*["'`]([\w./-]+)["'`]""")


def _publish(tree: Tree, framework: frameworks.Framework | None) -> str:
    for start in ("vite.config.", "astro.config."):
        if found := _OUT_DIR.search(tree.text(tree.beginning(start))):
            clean = found[1].removeprefix("./").rstrip("/")
            return "" if clean.startswith((".", "/")) else clean
    return framework.output if framework else ""


def _about(lock: locks.Lock | None) -> str:
    if lock is None or lock.in_step:
        return ""
    return f"Packages are installed without a lock that fits, so a later build may get others: {lock.why}."


# -- Python --------------------------------------------------------------------------------------------------------------


def _python(tree: Tree, said: Configured) -> Plan | Refused | None:
    if not any(path.endswith(".py") for path in tree.paths) or ("index.html" in tree and not said.kind):
        return None
    app = python_apps.find_app(tree)
    if said.kind and said.entry:
        app = python_apps.PythonApp(said.kind, said.entry, app.framework if app else said.kind)
    asked = python_versions.wanted(tree)
    if refused := _another_python(tree, asked, found=app is not None):
        return refused
    if app is None:
        if not _looks_like_a_program(tree):
            return None
        return Refused(
            "This is a Python program, and nothing in it tells what answers visitors.",
            "Say it in greenlane.toml: `[run]` with `kind` (asgi, wsgi, streamlit, gradio or dash) and `entry`.",
        )
    lock = locks.python_lock(tree)
    if lock is None:
        if refused := _named_for_another(tree):
            return refused
        return Refused(
            f"{app.entry.partition(':')[0]} needs {app.framework}, and no file names the packages to install.",
            "Write them into requirements.txt or pyproject.toml, and deploy again.",
        )
    other = _older_than_asked(asked)
    if other and lock.file == "uv.lock" and lock.in_step:
        lock = replace(lock, in_step=False, why=f"uv.lock is for Python {asked}")
    return Plan(
        kind=PYTHON,
        framework=app.framework,
        folder=said.base,
        lock=lock,
        command=said.command,
        environment=dict(said.environment),
        app_kind=app.kind,
        entry=app.entry,
        notes=tuple(note for note in (other, _about(lock)) if note),
    )


def _older_than_asked(asked: str) -> str:
    """What is said where a newer Python is asked for: most such projects name the one that their author had."""
    if not python_versions.too_old(asked):
        return ""
    return f"The project asks for Python {asked}; Python {python_versions.shown()} is used, which is what runs here."


def _another_python(tree: Tree, asked: str, *, found: bool) -> Refused | None:
    """Why a project cannot run in the Python that is here. ``found``: an app was, so what cannot be read is beside it."""
    here = python_versions.shown()
    if python_versions.too_new(asked):
        return Refused(
            f"The project asks for Python {asked}, and {here} is what runs here.",
            "Widen requires-python in pyproject.toml, or run Greenlane with that Python.",
        )
    asks = _looks_like_a_program(tree) if not found else python_versions.too_old(asked)
    if asks and (place := python_versions.newer_syntax(tree)):
        return Refused(
            f"{shown(place)} cannot be read by Python {here}, which is what runs here.",
            f"Correct it, write it as Python {here} has it, or run Greenlane with a newer Python.",
        )
    return None


def _named_for_another(tree: Tree) -> Refused | None:
    """Packages that are named in a file which another manager alone reads."""
    file = next((name for name in locks.EXPORTED_BY if name in tree), "")
    if not file and "poetry" in tree.toml("pyproject.toml").get("tool", {}):
        file = "poetry.lock"
    if not file:
        return None
    return Refused(
        f"Its packages are named for {file.partition('.')[0].lower().replace('pipfile', 'pipenv')} alone, which is not used here.",
        f"Write them down with `{locks.EXPORTED_BY[file]}`, and deploy again.",
    )


def _looks_like_a_program(tree: Tree) -> bool:
    return any(
        name in tree for name in ("requirements.txt", "pyproject.toml", "manage.py", "Pipfile", "main.py", "app.py")
    )


# -- pages with functions beside them ------------------------------------------------------------------------------------


def _functions_alone(tree: Tree, said: Configured) -> Plan | None:
    """Pages that need no build, with functions that do have to be told apart from them."""
    found = functions.find_functions(tree, said.functions, said.schedules, said.file)
    if not found:
        return None
    lock = locks.node_lock(tree) if tree.packages else None
    node, _ = node_versions.answer(node_versions.wanted(tree, said.environment.get("NODE_VERSION", "")))
    return Plan(
        kind=SITE,
        framework="plain",
        folder=said.base,
        node=node if lock else 0,
        lock=lock,
        command=said.command,
        publish=said.publish,
        environment=dict(said.environment),
        app_kind="functions",
        functions=found,
        notes=tuple(note for note in (_about(lock), *functions.notes(tree, said.functions)) if note),
    )


def refused_program(tree: Tree) -> Refused | None:
    """Sources of programs that nothing here can run; None for anything else."""
    ending = next((path.rpartition(".")[2] for path in sorted(tree.paths) if path.endswith(_PROGRAMS)), "")
    if not ending or "index.html" in tree:
        return None
    return Refused(
        f"This is the source of a program ({shown(f'.{ending}')} files), which cannot be run here.",
        "Build it to plain files and deploy those.",
    )


_PROGRAMS = (".php", ".rb", ".go", ".java", ".cs", ".rs")
