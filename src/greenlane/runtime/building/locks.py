"""Lock files: which one counts, whether it is in step with what the project asks for, and what it takes from elsewhere.

Everything is read as text. A lock that is out of step is not an error: the build installs without it and says so, and
that is a fact for risk.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import orjson

from greenlane.runtime.building.tree import DEPENDENCIES, Tree

NPM, PNPM, YARN, UV, PIP = "npm", "pnpm", "yarn", "uv", "pip"
"""Those who install packages."""

_NODE_LOCKS = (
    # file, who installs from it; where several are there and all are in step, the first one counts
    ("pnpm-lock.yaml", PNPM),
    ("yarn.lock", YARN),
    ("package-lock.json", NPM),
    ("npm-shrinkwrap.json", NPM),
)
_REGISTRY = re.compile(r"^(?:npm:|workspace:|catalog:|file:|link:|portal:|[\^~<>=*\dvxX ]|$|[a-z]+$)")
_OUTSIDE = re.compile(r"""^(?:git[+:]|git@|github:|gitlab:|bitbucket:|gist:|https?:|ssh:)|^[\w.-]+/[\w.-]+(?:#|$)""")
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Lock:
    """How packages are installed. ``file`` is the lock's path, empty without one; ``why`` tells what is out of step.

    ``outside`` are packages that come from git or from an address instead of a registry, as `name: where`.
    ``scripts`` are packages that run a script of their own while they are installed, as far as the lock tells.
    """

    manager: str
    file: str = ""
    in_step: bool = False
    why: str = ""
    outside: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    version: str = ""
    """The version of the manager that the project names, such as `9.12.0`; empty when it names none."""


def node_lock(tree: Tree) -> Lock:
    """How the packages of a `package.json` are installed."""
    named = re.match(r"(npm|pnpm|yarn)@(\d+[\w.+-]*)", str(tree.package.get("packageManager", "")))
    version = named[2].partition("+")[0] if named else ""
    outside = outside_of(tree.packages)
    found = [
        _read(tree, file, manager, outside)
        for file, manager in _NODE_LOCKS
        if file in tree and (named is None or named[1] == manager)
    ]
    if not found:
        other = next((name for name in ("bun.lock", "bun.lockb") if name in tree), "")
        why = f"{other} is not read here" if other else "there is no lock file"
        return Lock(named[1] if named else NPM, why=why, outside=outside, version=version)
    best = next((one for one in found if one.in_step), found[0])
    same = named is not None and named[1] == best.manager
    return Lock(best.manager, best.file, best.in_step, best.why, best.outside, best.scripts, version if same else "")


def _read(tree: Tree, file: str, manager: str, outside: tuple[str, ...]) -> Lock:
    try:
        why, locked, scripts = _READERS[manager](tree, file)
    except (ValueError, KeyError, TypeError, AttributeError):
        # a lock that its own tool could not read is one that is out of step; nothing else depends on it
        return Lock(manager, file, False, f"{file} cannot be read", outside)
    every = tuple(sorted({*outside, *locked}))
    return Lock(manager, file, not why, why, every, scripts)


def outside_of(packages: Mapping[str, str]) -> tuple[str, ...]:
    """Packages that `package.json` takes from git or from an address, as `name: where`, without what may be a password."""
    return tuple(
        sorted(
            f"{name}: {without_password(wanted)}"
            for name, wanted in packages.items()
            if not _REGISTRY.match(wanted) or _OUTSIDE.match(wanted)
            if _OUTSIDE.match(wanted)
        )
    )


def without_password(address: str) -> str:
    """An address without what stands before its `@`, which may be a credential."""
    return re.sub(r"(?<=//)[^/@\s]+@", "", address)[:200]


_Read = tuple[str, tuple[str, ...], tuple[str, ...]]
"""What is out of step (empty when nothing is), what comes from outside of registries, and who runs scripts."""


def _npm(tree: Tree, file: str) -> _Read:
    lock = orjson.loads(tree.text(file))
    if "packages" not in lock:
        have = dict.fromkeys(lock.get("dependencies", {}), "")
        missing = [name for name in tree.packages if name not in have and not _optional(tree, name)]
        return _differs(missing), (), ()
    root = lock["packages"].get("", {})
    differs = [
        name
        for section in DEPENDENCIES
        for name in {*tree.package.get(section, {}), *root.get(section, {})}
        if tree.package.get(section, {}).get(name) != root.get(section, {}).get(name)
    ]
    differs += [
        name for name in tree.packages if f"node_modules/{name}" not in lock["packages"] and not _optional(tree, name)
    ]
    outside, scripts = set(), set()
    for place, one in lock["packages"].items():
        name = place.rpartition("node_modules/")[2]
        resolved = str(one.get("resolved", ""))
        if name and not one.get("link") and resolved and not re.match(r"https?://[^/]+/.+\.tgz", resolved):
            outside.add(f"{name}: {without_password(resolved)}")
        if name and one.get("hasInstallScript"):
            scripts.add(name)
    return _differs(differs), tuple(sorted(outside)), tuple(sorted(scripts))


def _optional(tree: Tree, name: str) -> bool:
    """Packages that need not be installed: optional ones, and peers that another package brings."""
    return name in tree.package.get("optionalDependencies", {}) or name in tree.package.get("peerDependencies", {})


_YARN_HEAD = re.compile(r'^(?:"[^"\n]+"|[^\s#"][^\n]*):$', re.MULTILINE)
_YARN_OUTSIDE = re.compile(
    r'^  "?(?:resolved|resolution)"?:? "((?:git|ssh|https?)[^"]+\.git[^"]*|[^"]*codeload[^"]*)"', re.MULTILINE
)


def _yarn(tree: Tree, file: str) -> _Read:
    text = tree.text(file).replace("\r\n", "\n")
    heads = {
        one.strip().strip('"') for head in _YARN_HEAD.findall(text) for one in head.rstrip(":").strip('"').split(", ")
    }
    berry = "__metadata:" in text
    missing = []
    for name, wanted in tree.packages.items():
        if name in tree.package.get("peerDependencies", {}):
            continue
        spelled = (f"{name}@{wanted}", f"{name}@npm:{wanted}") if berry else (f"{name}@{wanted}",)
        if not any(one in heads for one in spelled) and not wanted.startswith(
            ("workspace:", "file:", "link:", "portal:")
        ):
            missing.append(name)
    outside = tuple(sorted({without_password(one) for one in _YARN_OUTSIDE.findall(text)}))
    return _differs(missing), outside, ()


_PNPM_ENTRY = re.compile(r"^ {6}'?([^\s':]+)'?:\n {8}specifier: '?([^\n]*?)'?\n", re.MULTILINE)
_PNPM_OLD = re.compile(r"^ {2}'?([^\s':]+)'?: '?([^\n]*?)'?$", re.MULTILINE)


def _pnpm(tree: Tree, file: str) -> _Read:
    text = tree.text(file).replace("\r\n", "\n")
    importer = re.search(
        r"^importers:\n(?:\n)? {2}['\"]?\.['\"]?:\n(.*?)(?=^ {2}\S|^\S|\Z)", text, re.MULTILINE | re.DOTALL
    )
    if importer:
        have = dict(_PNPM_ENTRY.findall(importer[1]))
    else:
        section = re.search(r"^specifiers:\n(.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
        flat = dict(re.findall(r"^ {2}'?([^\s':]+)'?:\n {4}specifier: '?([^\n]*?)'?\n", text, re.MULTILINE))
        have = dict(_PNPM_OLD.findall(section[1])) if section else flat
    wanted = {n: v for n, v in tree.packages.items() if n not in tree.package.get("peerDependencies", {}) or n in have}
    differs = [name for name in {*wanted, *have} if wanted.get(name) != have.get(name)]
    outside = {
        without_password(one)
        for one in re.findall(r"\{?tarball: ([^\s,}]+)", text)
        if "codeload" in one or ".git" in one
    }
    outside |= {without_password(one) for one in re.findall(r"repo: ([^\s,}]+)", text)}
    scripts = re.findall(
        r"^ {2}'?/?((?:@[^@/\s]+/)?[^@/\s'(]+)[@/][^\n]*:\n(?: {4}[^\n]*\n)*? {4}requiresBuild: true",
        text,
        re.MULTILINE,
    )
    return _differs(differs), tuple(sorted(outside)), tuple(sorted(set(scripts)))


_READERS: Mapping[str, Callable[[Tree, str], _Read]] = {NPM: _npm, PNPM: _pnpm, YARN: _yarn}


def _differs(names: list[str]) -> str:
    """What is out of step, in words; empty when nothing is."""
    if not names:
        return ""
    every = sorted(set(names))
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return f"package.json and the lock file disagree about {', '.join(every[:_SHOWN])}{more}"


# -- Python ------------------------------------------------------------------------------------------------------------

_NAME = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(.*?)\s*(?:;.*)?$")


def python_lock(tree: Tree) -> Lock | None:
    """How the packages of a Python project are installed; None where it names none."""
    project = tree.toml("pyproject.toml").get("project", {})
    asked = [str(one) for one in project.get("dependencies", [])] if isinstance(project, dict) else []
    if "uv.lock" in tree and "pyproject.toml" in tree:
        return _uv_lock(tree, asked)
    if "requirements.txt" in tree:
        return _requirements(tree.text("requirements.txt"))
    if asked:
        outside = tuple(sorted(without_password(one) for one in asked if re.search(r"@\s*(?:git\+|https?:)", one)))
        unread = next((f"{name} is not read here" for name in EXPORTED_BY if name in tree), "")
        return Lock(UV, "", False, unread or "there is no lock file beside pyproject.toml", outside)
    return None


EXPORTED_BY = {
    "poetry.lock": "poetry export -o requirements.txt",
    "pdm.lock": "pdm export -o requirements.txt",
    "Pipfile.lock": "pipenv requirements > requirements.txt",
    "Pipfile": "pipenv requirements > requirements.txt",
}
"""Files of other managers that are not read here, and the command by which each writes one that is."""


def _uv_lock(tree: Tree, asked: list[str]) -> Lock:
    try:
        packages = tomllib.loads(tree.text("uv.lock")).get("package", [])
    except tomllib.TOMLDecodeError:
        return Lock(UV, "uv.lock", False, "uv.lock cannot be read")
    outside = set()
    own: Mapping[str, object] = {}
    for one in packages:
        source = one.get("source", {})
        if where := source.get("git") or source.get("url"):
            outside.add(f"{one['name']}: {without_password(str(where))}")
        if {"virtual", "editable"} & source.keys() and source.get("virtual", source.get("editable")) == ".":
            own = one
    metadata = own.get("metadata", {})
    locked = metadata.get("requires-dist", []) if isinstance(metadata, dict) else []
    have = {_plain(str(one["name"])): str(one.get("specifier", "")).replace(" ", "") for one in locked}
    wanted = {}
    for one in asked:
        if found := _NAME.match(one):
            wanted[_plain(found[1])] = found[2].replace(" ", "")
    differs = [name for name, wants in wanted.items() if name not in have or not _same(have[name], wants)]
    why = f"pyproject.toml and uv.lock disagree about {', '.join(sorted(differs)[:_SHOWN])}" if differs else ""
    return Lock(UV, "uv.lock", not why, why, tuple(sorted(outside)))


def _same(one: str, other: str) -> bool:
    return "@" in other or sorted(one.split(",")) == sorted(other.strip("()").split(","))


def _requirements(text: str) -> Lock:
    loose, outside = [], []
    for line in text.replace("\\\n", " ").splitlines():
        wanted = line.partition(" #")[0].strip()
        if not wanted or wanted.startswith("#"):
            continue
        if re.match(r"(?:-e\s+|--editable[ =]\s*)?(?:git\+|https?:|ssh:)", wanted) or re.search(
            r"@\s*(?:git\+|https?:)", wanted
        ):
            outside.append(without_password(re.sub(r"^(?:-e|--editable)[ =]\s*", "", wanted).split(" --")[0]))
        elif not wanted.startswith("-") and "==" not in wanted:
            loose.append(_NAME.sub(r"\1", wanted)[:80])
    why = f"requirements.txt does not pin {', '.join(sorted(loose)[:_SHOWN])}" if loose else ""
    return Lock(PIP, "requirements.txt", not loose, why, tuple(sorted(outside)))


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
