"""Which built sites show their first page at addresses without a file."""

from __future__ import annotations

import json

import pytest

from greenlane.runtime.building.tree import Tree
from greenlane.runtime.fallback import reason

BUILT = ("index.html", "assets/index-1a2b.js")
RULE = '[[redirects]]\nfrom = "/*"\nto = "/index.html"\nstatus = 200\n'


def tree(packages: tuple[str, ...] = (), netlify: str = "") -> Tree:
    listed = json.dumps({"dependencies": dict.fromkeys(packages, "^1.0.0")})
    files = {"package.json": listed, **({"netlify.toml": netlify} if netlify else {})}
    return Tree(files, lambda path: files[path].encode())


@pytest.mark.parametrize("router", ["react-router-dom", "vue-router", "wouter", "@tanstack/react-router"])
def test_a_front_end_with_a_router_does(router: str) -> None:
    assert router in reason(tree(("react", router)), BUILT)


def test_netlify_toml_says_so_too() -> None:
    assert "netlify.toml" in reason(tree(netlify=RULE), (*BUILT, "about.html"))


@pytest.mark.parametrize(
    "netlify",
    [
        RULE.replace("200", "301"),
        RULE.replace('"/*"', '"/a"'),
        RULE.replace("status = 200\n", ""),
        "redirects = 3",
        "[[redirects",
    ],
)
def test_other_rules_do_not(netlify: str) -> None:
    assert not reason(tree(netlify=netlify), BUILT)


@pytest.mark.parametrize("more", ["about.html", "404.html", "200.html", "_redirects"])
def test_a_site_with_more_pages_or_a_word_of_its_own_is_left_as_it_is(more: str) -> None:
    assert not reason(tree(("react-router-dom",)), (*BUILT, more))


def test_without_a_first_page_there_is_nothing_to_show() -> None:
    assert not reason(tree(("react-router-dom",), RULE), ("main.html",))
