from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenlane.catalog import hosts
from greenlane.govern.errors import WrongInput


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("API.Example.COM", "api.example.com"),
        (" api.example.com. ", "api.example.com"),
        ("*.tiles.example.org", "*.tiles.example.org"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("api.example.com:8443", "api.example.com:8443"),
    ],
)
def test_a_host_is_kept_in_one_form(given: str, kept: str) -> None:
    assert hosts.clean(given) == kept


@pytest.mark.parametrize(
    "given",
    [
        "",
        "localhost",
        "*",
        "*.com",
        "https://api.example.com",
        "api.example.com/path",
        "api.example.com; script-src *",
        "api.example.com 'unsafe-eval'",
        "api..example.com",
        "-a.example.com",
        "a" * 64 + ".example.com",
        ".".join(["a" * 60] * 5),
        "10.0.0.1",
        "[::1]",
        "api.example.com:0",
        "api.example.com:99999",
        "a.*.example.com",
        "user@api.example.com",
    ],
)
def test_what_is_no_host_name_never_reaches_a_header(given: str) -> None:
    with pytest.raises(WrongInput):
        hosts.clean(given)


@given(st.text(max_size=80))
def test_whatever_is_kept_can_stand_in_a_header(text: str) -> None:
    try:
        kept = hosts.clean(text)
    except WrongInput:
        return
    assert set(kept) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.:*")
    assert hosts.clean(kept) == kept


def test_a_domain_is_one_name() -> None:
    assert hosts.clean_domain("Board.Example.com") == "board.example.com"
    for several in ("*.example.com", "example.com:80"):
        with pytest.raises(WrongInput):
            hosts.clean_domain(several)


def test_within_means_the_domain_or_below_it() -> None:
    assert hosts.within("a.example.com", "example.com")
    assert hosts.within("example.com", "example.com")
    assert not hosts.within("notexample.com", "example.com")
