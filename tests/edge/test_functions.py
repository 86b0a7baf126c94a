"""Paths of functions: what a pattern means, which of several answers, and what no pattern may be."""

from __future__ import annotations

import re
import time

import pytest

from greenlane.edge.functions import choose, compiled, entries, routes
from greenlane.govern.errors import WrongInput


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("/", ["/"], ["/x", "//"]),
        ("/hello", ["/hello", "/hello/"], ["/hello/x", "/hell", "/Hello", "/hello.txt"]),
        ("/users/:id", ["/users/7", "/users/a%20b", "/users/7/"], ["/users", "/users/", "/users/7/8"]),
        ("/users/:id/posts", ["/users/7/posts"], ["/users/posts", "/users/7/8/posts"]),
        ("/files/:name.png", ["/files/cat.png"], ["/files/.png", "/files/cat.jpg", "/files/a/b.png"]),
        ("/api/*", ["/api", "/api/", "/api/a", "/api/a/b"], ["/apis", "/ap"]),
        ("/api/:rest+", ["/api/a", "/api/a/b"], ["/api", "/api/"]),
        ("/api/:rest*", ["/api", "/api/a/b"], ["/apis"]),
        ("/posts/:id?", ["/posts", "/posts/1"], ["/posts/1/2"]),
        ("/caf\u00e9", ["/caf%C3%A9"], ["/caf\u00e9"]),
        ("/a.b+c", ["/a.b+c"], ["/axb+c"]),
        ("/*", ["/", "/a/b"], []),
    ],
)  # fmt: skip
def test_a_pattern_means_what_it_means_on_the_web(pattern: str, yes: list[str], no: list[str]) -> None:
    expression = re.compile(compiled(pattern))
    assert [path for path in yes if not expression.fullmatch(path)] == []
    assert [path for path in no if expression.fullmatch(path)] == []


@pytest.mark.parametrize(
    "pattern",
    ["", "api", "/a//b", "/*/x", "/:a*/x", "/:a?/x", "/x(.*)", "/x{a}?", "/:a:b", "/a*b", "/a b", "/a?b", "/a#b", "/\\", "/" + "x" * 600],
)  # fmt: skip
def test_what_cannot_be_matched_in_one_walk_is_refused_in_words(pattern: str) -> None:
    with pytest.raises(WrongInput) as refused:
        compiled(pattern)
    assert "/users/:id" in refused.value.next_step


def test_no_pattern_takes_long_whatever_the_path() -> None:
    expression = re.compile(compiled("/:a/:b/:c/:d/x:e.y/:rest*"))
    begun = time.perf_counter()
    for path in ("/" + "x" * 8000, "/x" * 4000, "/" * 8000, "/a/b/c/d/" + "x.y" * 2600 + "!/" * 100):
        expression.fullmatch(path)
    assert time.perf_counter() - begun < 0.5


def test_the_path_that_says_most_goes_first_and_methods_are_told_apart() -> None:
    functions = [
        {"name": "all", "path": "/api/*", "methods": []},
        {"name": "one", "path": ["/api/:id", "/api/special/:id"], "methods": ["get", "delete"]},
        {"name": "fixed", "path": "/api/me", "methods": ["POST"]},
    ]
    table = routes(entries(functions))

    def chosen(method: str, path: str) -> str:
        found = choose(table, method, path)
        return found.name if found else ""

    assert chosen("GET", "/api/7") == "one"
    assert chosen("HEAD", "/api/7") == "one"
    assert chosen("POST", "/api/me") == "fixed"
    assert chosen("GET", "/api/me") == "one"
    assert chosen("PUT", "/api/7") == "all"
    assert chosen("GET", "/api/a/b/c") == "all"
    assert chosen("GET", "/about") == ""


def test_a_method_that_nobody_takes_is_told_apart_from_a_file() -> None:
    table = routes(entries([{"name": "one", "path": "/form", "methods": ["POST"]}]))
    refused = choose(table, "PUT", "/form")
    assert refused is not None
    assert (refused.name, refused.allowed) == ("", ("POST",))
    assert choose(table, "GET", "/form") is None, "a page may stand at the same address"


def test_a_method_that_there_is_not_is_refused() -> None:
    with pytest.raises(WrongInput, match="a method"):
        entries([{"name": "one", "path": "/x", "methods": ["FETCH"]}])


def test_a_path_that_is_left_to_others_is_a_file_or_anothers() -> None:
    functions = [
        {"name": "api", "path": "/api/*", "methods": ["POST"], "excluded": ["/api/public/*"]},
        {"name": "all", "path": "/*", "methods": [], "files_first": True},
    ]
    table = routes(entries(functions))
    inside, left = choose(table, "POST", "/api/x"), choose(table, "POST", "/api/public/x")
    assert inside is not None
    assert left is not None
    assert (inside.name, inside.files_first) == ("api", False)
    assert (left.name, left.files_first) == ("all", True)
    assert choose(routes(entries(functions[:1])), "POST", "/api/public/x") is None
    with pytest.raises(WrongInput):
        entries([{"name": "one", "path": "/x", "methods": [], "excluded": ["/(a|b)"]}])
