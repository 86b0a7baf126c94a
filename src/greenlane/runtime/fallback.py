"""The page of a front end whose pages are made in the browser: it answers at every address that no file has."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from greenlane.runtime.building.tree import Tree

FALLBACK = "200.html"
"""The file that answers there, as static hosts name it."""

REDIRECTS = "_redirects"
"""Rules for addresses, as several hosts read them. One of them counts here: everything else leads to the first page."""

RULES_AT_MOST = 64 * 1024
"""Bytes of rules that are read."""

ROUTERS = (
    "react-router",
    "react-router-dom",
    "@tanstack/react-router",
    "wouter",
    "vue-router",
    "svelte-spa-router",
    "@solidjs/router",
    "preact-router",
    "preact-iso",
    "@angular/router",
)
"""Packages that make a page for each address in the browser."""

_HOME = {"/", "/index.html"}


def leads_home(rules: bytes) -> bool:
    """Whether a ``_redirects`` file shows the first page at every other address."""
    lines = (line.partition("#")[0].split() for line in rules.decode("utf-8", "replace").splitlines())
    return any(len(line) == 3 and _is_home(line[0], line[1], line[2].rstrip("!")) for line in lines)


def reason(tree: Tree, built: Collection[str]) -> str:
    """Why the first page of a built site answers at addresses without a file, as a sentence; empty where it does not.

    A site that says so itself, by a file of its own for such addresses, is left as it is.
    """
    if "index.html" not in built or not {FALLBACK, REDIRECTS, "404.html"}.isdisjoint(built):
        return ""
    rules = tree.toml("netlify.toml").get("redirects")
    if any(_of_netlify(one) for one in (rules if isinstance(rules, list) else [])):
        return "Addresses without a file show the first page, as netlify.toml says."
    router = next((one for one in ROUTERS if one in tree.packages), "")
    if router and [path for path in built if path.endswith(".html")] == ["index.html"]:
        return f"Addresses without a file show the first page: {router} makes its pages in the browser."
    return ""


def _of_netlify(rule: Any) -> bool:
    return isinstance(rule, dict) and _is_home(rule.get("from"), rule.get("to"), str(rule.get("status", 301)))


def _is_home(wanted: object, shown: object, status: str) -> bool:
    return wanted == "/*" and shown in _HOME and status == "200"
