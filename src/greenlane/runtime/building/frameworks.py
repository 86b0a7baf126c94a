"""Which framework made a front end, how it is built and where it writes: from a maintained list, kept in the tree.

`data/frameworks.json` is what npm's `@vercel/frameworks` (Apache 2.0) knows; ``python -m tests.laws.frameworks`` takes
over a newer one. What the list cannot know is added here: when a framework that usually needs a server of its own
writes plain files instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import orjson

from greenlane.runtime.building.tree import Tree

_ELSEWHERE = frozenset(
    [
        "container",
        "python",
        "fastapi",
        "flask",
        "fasthtml",
        "django",
        "ruby",
        "rust",
        "axum",
        "actix-web",
        "go",
        "services",
        "middleman",
        "jekyll",
        "hugo",
        "zola",
        "storybook",
        "bun",
    ]
)
"""Entries that are no front end built by Node, or stand beside one."""

_LOOKED_AT = 512 * 1024
_SETTLED = ("sveltekit-1",)
"""Names that the list has more than once, for different versions: the newest one is enough."""


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework as it was recognised. ``refused`` says why this platform does not build it; empty when it does.

    ``build`` is its own command and ``output`` the folder that it fills, both as they are without settings.
    """

    slug: str
    name: str
    build: str
    output: str
    refused: str = ""
    instead: str = ""


def recognise(tree: Tree) -> Framework | None:
    """The framework of a tree, or None. Of several the more specific one, then the one that the list has first."""
    found = [one for one in _list() if one["slug"] not in _ELSEWHERE and _matches(one, tree)]
    behind = {slug for one in found for slug in one["supersedes"]}
    first = next((one for one in found if one["slug"] not in behind), None)
    return None if first is None else _as_here(first, tree)


@cache
def _list() -> tuple[Mapping[str, Any], ...]:
    listed = orjson.loads(files("greenlane.runtime.building.data").joinpath("frameworks.json").read_bytes())
    # Vite stands under many others, so whatever else is recognised is the better answer
    return tuple(sorted(listed, key=lambda one: one["slug"] in ("vite", "parcel", "node", "nitro")))


def _matches(one: Mapping[str, Any], tree: Tree) -> bool:
    every, some = one["every"], one["some"]
    if not (every or some):
        return False
    return all(_found(rule, tree) for rule in every) and (not some or any(_found(rule, tree) for rule in some))


def _found(rule: Mapping[str, str], tree: Tree) -> bool:
    if package := rule.get("matchPackage"):
        return package in tree.packages
    path = rule.get("path", "")
    if path not in tree:
        return False
    pattern = rule.get("matchContent")
    return pattern is None or re.search(pattern, tree.text(path)[:_LOOKED_AT]) is not None


def _as_here(one: Mapping[str, Any], tree: Tree) -> Framework:
    slug, name, build, output = one["slug"], one["name"], one["build"], one["output"]
    plain = _PLAIN_FILES.get(slug)
    if plain is not None:
        answer = plain(tree)
        if answer is not None:
            return Framework(slug, name, answer[0] or build, answer[1])
        why = f"This {name} app renders its pages on a server of its own, which cannot be run here yet."
        return Framework(
            slug, name, build, output, why, _INSTEAD.get(slug, "Build it to plain files, and deploy that.")
        )
    if slug in _SERVERS or output == "N/A":
        why = f"This is a server written with {name}, which cannot be run here yet."
        return Framework(
            slug, name, build, output, why, "Write its answers as functions (docs/builds.md), or as plain files."
        )
    if slug == "astro" and (why := _astro_server(tree)):
        return Framework(slug, name, build, output, why, "Remove the adapter and `output: 'server'`, and deploy again.")
    return Framework(slug, name, build, output)


def _next(tree: Tree) -> tuple[str, str] | None:
    config = tree.text(tree.beginning("next.config."))
    return ("", "out") if re.search(r"""output\s*:\s*["'`]export["'`]""", config) else None


def _nuxt(tree: Tree) -> tuple[str, str] | None:
    config = tree.text(tree.beginning("nuxt.config."))
    static = re.search(r"""ssr\s*:\s*false|preset\s*:\s*["']static["']|target\s*:\s*["']static["']""", config)
    return ("nuxt generate", ".output/public") if static or "generate" in tree.package.get("scripts", {}) else None


def _svelte_kit(tree: Tree) -> tuple[str, str] | None:
    config = tree.text(tree.beginning("svelte.config."))
    if "@sveltejs/adapter-static" not in config and "@sveltejs/adapter-static" not in tree.packages:
        return None
    chosen = re.search(r"""pages\s*:\s*["']([^"']+)["']""", config)
    return "", chosen[1] if chosen else "build"


def _react_router(tree: Tree) -> tuple[str, str] | None:
    config = tree.text(tree.beginning("react-router.config.")) + tree.text(tree.beginning("vite.config."))
    return ("", "build/client") if re.search(r"ssr\s*:\s*false", config) else None


_PLAIN_FILES = {
    "nextjs": _next,
    "nuxtjs": _nuxt,
    "sveltekit": _svelte_kit,
    "sveltekit-1": _svelte_kit,
    "react-router": _react_router,
    "remix": _react_router,
}
"""Frameworks that need a server unless they are told to write plain files: command and folder when they are."""

_INSTEAD = {
    "nextjs": "Set `output: 'export'` in next.config, and deploy again.",
    "nuxtjs": "Set `ssr: false` in nuxt.config, or add a script `generate`, and deploy again.",
    "sveltekit": "Use `@sveltejs/adapter-static`, and deploy again.",
    "sveltekit-1": "Use `@sveltejs/adapter-static`, and deploy again.",
    "react-router": "Set `ssr: false` in react-router.config, and deploy again.",
    "remix": "Set `ssr: false` in vite.config, and deploy again.",
}
_SERVERS = frozenset(
    [
        "blitzjs",
        "redwoodjs",
        "hydrogen",
        "tanstack-start",
        "tanstack-start-lovable",
        "solidstart",
        "solidstart-1",
        "nitro",
        "ash",
        "eve",
        "factory-eve",
        "xmcp",
        "mastra",
    ]
)


def _astro_server(tree: Tree) -> str:
    config = tree.text(tree.beginning("astro.config."))
    if re.search(r"""output\s*:\s*["'`](?:server|hybrid)["'`]""", config):
        return "This Astro site renders its pages on a server of its own, which cannot be run here yet."
    return ""
