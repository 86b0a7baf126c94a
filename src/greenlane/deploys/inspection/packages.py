"""Third-party packages that lock files name, read without running or resolving anything."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from greenlane.runtime.building.installed import Package, pypi_name

_NPM_KEY = re.compile(r"""^ {2}['"]?/?((?:@[^@/\s'"]+/)?[^@/\s'"(]+)[@/](\d[^:\s'"()_]*)[^:]*['"]?:""", re.MULTILINE)
_YARN_ENTRY = re.compile(
    r'^"?((?:@[^@/\s"]+/)?[^@\s"]+)@[^\n]*:\n(?:  [^\n]*\n)*?  "?version"?:? "?([^"\s]+)"?', re.MULTILINE
)
_BUN_ENTRY = re.compile(r'^\s+"[^"]+":\s*\["((?:@[^@/"]+/)?[^@"]+)@(\d[^"]*)"', re.MULTILINE)
_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*(?:===?\s*([^\s;#,]+))?", re.MULTILINE)
_GEM = re.compile(r"^ {4}([A-Za-z0-9._-]+) \(([^)\s]+)\)$", re.MULTILINE)


def is_lock_file(path: str) -> bool:
    """Whether a file is one that names packages, by its name."""
    return path.rpartition("/")[2].lower() in _READERS


def packages_in(path: str, text: str) -> tuple[Package, ...]:
    """The packages that a lock file names, sorted and each once; none for a file that is none or cannot be read."""
    read = _READERS.get(path.rpartition("/")[2].lower())
    if read is None:
        return ()
    try:
        return tuple(sorted({one for one in read(text) if one[1]}))
    except (ValueError, KeyError, TypeError, AttributeError):
        # A lock file that its own tool could not read names no packages. It is still served and scanned as a file.
        return ()


def _package_lock(text: str) -> Iterator[Package]:
    """Npm's package-lock.json and npm-shrinkwrap.json, versions 1 to 3."""
    lock = orjson.loads(text)
    if "packages" in lock:
        for place, one in lock["packages"].items():
            name = one.get("name") or place.rpartition("node_modules/")[2]
            if "node_modules/" in place and not one.get("link"):
                yield ("npm", name, str(one.get("version", "")))
        return
    waiting: list[dict[str, Any]] = [lock.get("dependencies", {})]
    while waiting:
        for name, one in waiting.pop().items():
            yield ("npm", name, str(one.get("version", "")))
            waiting.append(one.get("dependencies", {}))


def _pnpm(text: str) -> Iterator[Package]:
    """pnpm-lock.yaml, versions 5 to 9: the keys of its section `packages`."""
    section = re.split(r"^packages:\s*$", text, maxsplit=1, flags=re.MULTILINE)
    if len(section) == 2:
        body = re.split(r"^\S", section[1], maxsplit=1, flags=re.MULTILINE)[0]
        yield from (("npm", name, version) for name, version in _NPM_KEY.findall(body))


def _yarn(text: str) -> Iterator[Package]:
    """yarn.lock, classic and berry; what lies in the workspace itself is no third party's."""
    for name, version in _YARN_ENTRY.findall(text.replace("\r\n", "\n") + "\n"):
        if version != "0.0.0-use.local":
            yield ("npm", name, version)


def _bun(text: str) -> Iterator[Package]:
    yield from (("npm", name, version) for name, version in _BUN_ENTRY.findall(text))


def _requirements(text: str) -> Iterator[Package]:
    for name, version in _REQUIREMENT.findall(re.sub(r"^\s*(?:-|#|https?:|git\+).*$", "", text, flags=re.MULTILINE)):
        yield ("pypi", pypi_name(name), version)


def _toml_lock(text: str) -> Iterator[Package]:
    """uv.lock and poetry.lock; uv lists the project itself too, without a registry."""
    for one in tomllib.loads(text).get("package", []):
        source = one.get("source", {})
        if not ({"editable", "virtual", "directory"} & source.keys() or source.get("type") == "directory"):
            yield ("pypi", pypi_name(one["name"]), str(one.get("version", "")))


def _pipfile(text: str) -> Iterator[Package]:
    lock = orjson.loads(text)
    for section in ("default", "develop"):
        for name, one in lock.get(section, {}).items():
            yield ("pypi", pypi_name(name), str(one.get("version", "")).lstrip("="))


def _gemfile(text: str) -> Iterator[Package]:
    yield from (("gem", name, version) for name, version in _GEM.findall(text.replace("\r\n", "\n")))


_READERS: dict[str, Callable[[str], Iterator[Package]]] = {
    "package-lock.json": _package_lock,
    "npm-shrinkwrap.json": _package_lock,
    "pnpm-lock.yaml": _pnpm,
    "yarn.lock": _yarn,
    "bun.lock": _bun,
    "requirements.txt": _requirements,
    "uv.lock": _toml_lock,
    "poetry.lock": _toml_lock,
    "pipfile.lock": _pipfile,
    "gemfile.lock": _gemfile,
}
