"""Installing packages, in the words of each package manager, and what is said of it. Pure: it touches nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from greenlane.kit import digest
from greenlane.runtime.building.locks import PNPM, YARN, Lock
from greenlane.runtime.building.room import StepFailed
from greenlane.runtime.building.tree import Tree

PEERS_DISAGREE = "ERESOLVE"
"""What npm prints when packages ask for other releases of one another (npm 7 and later)."""

_QUIET = ("--no-audit", "--no-fund", "--no-update-notifier")


@dataclass(frozen=True, slots=True)
class Installing:
    """How a front end's packages come in: exactly as locked, or as close as can be; then the packages' own scripts.

    ``in_spite`` are words for both where packages disagree about one another; empty where the manager does not mind.
    """

    exact: tuple[str, ...]
    anew: tuple[str, ...]
    scripts: tuple[str, ...]
    in_spite: tuple[str, ...] = ()


def node(lock: Lock, *, berry: bool = False) -> Installing:
    """The commands of a package manager. Nothing but ``scripts`` runs code of a package."""
    if lock.manager == PNPM:
        return Installing(
            ("pnpm", "install", "--frozen-lockfile", "--ignore-scripts", "--ignore-pnpmfile", "--reporter=append-only"),
            ("pnpm", "install", "--no-frozen-lockfile", "--ignore-scripts", "--reporter=append-only"),
            ("pnpm", "rebuild"),
        )
    if lock.manager == YARN and berry:
        return Installing(
            ("yarn", "install", "--immutable", "--mode=skip-build"),
            ("yarn", "install", "--no-immutable", "--mode=skip-build"),
            ("yarn", "rebuild"),
        )
    if lock.manager == YARN:
        quiet = ("--non-interactive", "--no-progress")
        return Installing(
            ("yarn", "install", "--frozen-lockfile", "--ignore-scripts", *quiet),
            ("yarn", "install", "--ignore-scripts", *quiet),
            ("npm", "rebuild", *_QUIET),
        )
    return Installing(
        ("npm", "ci", "--ignore-scripts", *_QUIET),
        ("npm", "install", "--no-package-lock", "--ignore-scripts", *_QUIET),
        ("npm", "rebuild", *_QUIET, *lock.scripts),
        ("--legacy-peer-deps",),
    )


def own_scripts(lock: Lock, scripts: Mapping[str, str]) -> list[tuple[str, ...]]:
    """The project's own scripts that belong to an installation, in the order in which managers run them."""
    return [(lock.manager, "run", one) for one in ("preinstall", "install", "postinstall", "prepare") if one in scripts]


def packages_run_scripts(lock: Lock, tree: Tree) -> bool:
    """Whether packages run scripts: npm's lock tells, yarn's does not, and pnpm runs those alone that the project names."""
    if lock.manager == PNPM:
        return "pnpm" in tree.package or "pnpm-workspace.yaml" in tree
    return bool(lock.scripts) or lock.manager == YARN or not lock.file


def can_be_kept(tree: Tree, lock: Lock) -> bool:
    """Whether the lock and the list of packages are all that installing needs, so that it can be done without the rest."""
    if not lock.in_step or lock.outside or "workspaces" in tree.package or "pnpm-workspace.yaml" in tree:
        return False
    if any(
        one in tree.package for one in ("pnpm", "overrides", "resolutions", "patchedDependencies", "bundleDependencies")
    ):
        return False  # these may name files of the project
    return not any(
        wanted.startswith(("file:", "link:", "portal:", "workspace:", "patch:")) for wanted in tree.packages.values()
    )


def no_younger_than(days: int, now: datetime) -> dict[str, str]:
    """What tools read of the environment so that they take no release younger than that, each in its own words."""
    if days <= 0:
        return {}
    before = (now.astimezone(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT00:00:00Z")
    minutes = str(days * 24 * 60)
    return {
        "npm_config_before": before,
        "npm_config_minimum_release_age": minutes,  # pnpm
        "YARN_NPM_MINIMAL_AGE_GATE": minutes,
        "UV_EXCLUDE_NEWER": before,
    }


def about_young_releases(lock: Lock, days: int, *, berry: bool = False) -> str:
    """What is said of releases that are too young to be taken; nothing where all may be."""
    if days <= 0:
        return ""
    if lock.manager == YARN and not berry:
        return "yarn 1 does not know how old a release is, so the newest are taken"
    return f"releases younger than {days} days are not taken"


def failure(lock: Lock, cooldown: int, *, freely: bool) -> StepFailed:
    """Why packages could not be installed, as far as it is known. ``freely``: no lock decided which; ``cooldown``: days
    that a release must be old to be taken then.
    """
    if lock.outside:
        return StepFailed(
            f"Installing failed. {lock.outside[0]} does not come from a package registry, and a build reaches nothing else.",
            next_step="Take it from a registry, or have an owner name its host in registry_hosts.",
        )
    if freely and cooldown:
        return StepFailed(
            "Installing failed. The log's end says why.",
            next_step=f"Releases younger than {cooldown} days are not taken where no lock file that fits "
            "decides: send one, ask for older releases, or have an owner lower release_age_days.",
        )
    return StepFailed("Installing failed.", next_step="The log's end says why.")


_AUTHORS_REGISTRY = re.compile(r'(?<=resolved ")https://registry\.(?:yarnpkg\.com|npmjs\.org)(?=/)')


def at_registry(lock: str, registry: str) -> str:
    """The text of a `yarn.lock` of yarn 1, which names whole addresses, with this registry in place of its author's."""
    return _AUTHORS_REGISTRY.sub(registry, lock)


def key(kind: str, parts: Mapping[str, object]) -> str:
    """The key of what was installed: the same lock, tools, registries and machine make the same."""
    return f"{kind}-{digest.bare(digest.of({'kind': kind, **parts}))}"


def python(
    uv: str, lock: Lock, project: str, target: str, interpreter: str, *, wheels_alone: bool
) -> list[list[tuple[str, ...]]]:
    """Ways to install a Python project's packages into a folder, the first one that goes through counts; each is some
    commands. ``wheels_alone``: nothing is built from source. A uv.lock that is out of step gives the releases that it
    names, as far as they fit, and is left alone after that.
    """
    only = ("--only-binary", ":all:") if wheels_alone else ()
    install = (uv, "pip", "install", "--target", target, "--python", interpreter, "--link-mode", "copy", *only)
    if lock.file == "uv.lock":
        named = f"{target}.txt"
        export = (uv, "export", "--frozen", "--no-dev", "--no-emit-project", "--python", interpreter, "--quiet")
        if lock.in_step:
            return [[(*export, "-o", named), (*install, "-r", named)]]
        anew = (*install, "-r", str(Path(project) / "pyproject.toml"))
        return [[(*export, "--no-hashes", "-o", named), (*anew, "-c", named)], [anew]]
    return [[(*install, "-r", str(Path(project) / (lock.file or "pyproject.toml")))]]
