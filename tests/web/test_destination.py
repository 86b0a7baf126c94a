"""Nobody is led away: only the addresses of our own apps are places to go on to."""

import pytest

from greenlane.web.destination import destination

CONSOLE = "https://console.example"
OURS = {"vendor-board.apps.example", "console.example"}


def go(wanted: str, console: str = CONSOLE):
    return destination(wanted, console_origin=console, is_ours=OURS.__contains__)


def test_an_address_of_our_app_is_kept_with_its_path_and_query():
    to = go("https://vendor-board.apps.example/a%20b/?q=1&r=%23")
    assert to is not None
    assert (to.host, to.origin, to.path) == (
        "vendor-board.apps.example",
        "https://vendor-board.apps.example",
        "/a%20b/?q=1&r=%23",
    )
    assert to.with_code("c+d") == (
        "https://vendor-board.apps.example/.greenlane/visit?code=c%2Bd&to=%2Fa%2520b%2F%3Fq%3D1%26r%3D%2523"
    )


def test_an_address_without_a_path_means_the_first_page():
    to = go("https://vendor-board.apps.example")
    assert to is not None
    assert to.path == "/"


def test_a_port_counts_and_the_default_port_is_the_same_as_none():
    assert go("https://vendor-board.apps.example:443/") is not None
    assert go("https://vendor-board.apps.example:8443/") is None
    assert go("http://vendor-board.apps.example:4180/", "http://console.example:4180") is not None
    assert go("http://vendor-board.apps.example/", "http://console.example:4180") is None


def test_two_slashes_at_the_start_of_a_path_do_not_become_a_host():
    to = go("https://vendor-board.apps.example//evil.example/x")
    assert to is not None
    assert to.path == "/evil.example/x"


def test_the_edges_own_paths_are_no_place_to_go_on_to():
    to = go("https://vendor-board.apps.example/.greenlane/visit?code=stale&to=/")
    assert to is not None
    assert to.path == "/"


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        "/",
        "/elsewhere",
        "//evil.example",
        "///evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https:/evil.example",
        "https:///evil.example",
        "https:\\\\evil.example",
        "https://evil.example",
        "https://evil.example/vendor-board.apps.example",
        "https://evil.example?vendor-board.apps.example",
        "https://evil.example#@vendor-board.apps.example/",
        "https://vendor-board.apps.example@evil.example/",
        "https://vendor-board.apps.example:443@evil.example/",
        "https://user@vendor-board.apps.example/",
        "https://user:pass@vendor-board.apps.example/",
        "https://vendor-board.apps.example%2eevil.example/",
        "https://vendor-board.apps.example%00.evil.example/",
        "https://vendor-board.apps.example\\@evil.example/",
        "https://vendor-board.apps.example\\.evil.example/",
        "https://vendor-board.apps.example.evil.example/",
        "https://vendor-board.apps.example./",
        "https://vendor-board.apps.example:/",
        "https://vendor-board.apps.example:0443/",
        "https://vendor-board.apps.example?next=1",
        "https://vendor-board.apps.example/\\evil.example",
        "https://vendor-board.apps.example/a#b",
        "https://vendor-board.apps.example/a b",
        "https://vendor-board.apps.example/\r\nset-cookie: a=b",
        "https://vendor-board.apps.example/\n",
        "https://vendor-board.apps.example\n",
        "\thttps://vendor-board.apps.example/",
        " https://vendor-board.apps.example/",
        "https://vendor-board.apps.example/\u2028",
        "https://vendor-board。apps.example/",
        "https://ⅴendor-board.apps.example/",
        "https%3A%2F%2Fvendor-board.apps.example/",
        "http://vendor-board.apps.example/",
        "HTTPS://vendor-board.apps.example/",
        "ftp://vendor-board.apps.example/",
        "javascript://vendor-board.apps.example/%0aalert(1)",
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "https://console.example/sign-out",
        "https://[::1]/",
        "https://vendor-board.apps.example/" + "a" * 5000,
    ],
)
def test_everything_else_is_nobodys_address(wanted: str):
    assert go(wanted) is None
