"""Under which domain a host was registered. The cases are of publicsuffix.org's own test data."""

from __future__ import annotations

import gzip

import pytest
from tests.laws.suffixes import KEPT

from greenlane.kit.public_suffix import registrable, same_site


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("com", None),
        ("example.com", "example.com"),
        ("a.b.example.com", "example.com"),
        ("WwW.Example.COM", "example.com"),
        ("b.example.uk.com", "example.uk.com"),
        ("co.uk", None),
        ("a.b.example.co.uk", "example.co.uk"),
        ("c.kobe.jp", None),
        ("a.b.c.kobe.jp", "b.c.kobe.jp"),
        ("city.kobe.jp", "city.kobe.jp"),
        ("www.city.kobe.jp", "city.kobe.jp"),
        ("ck", None),
        ("b.test.ck", "b.test.ck"),
        ("www.www.ck", "www.ck"),
        ("xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn"),
        ("local", None),
        ("a.example.local", "example.local"),
        ("app.localhost", "app.localhost"),
    ],
)
def test_the_longest_rule_wins(host: str, domain: str | None) -> None:
    assert registrable(host) == domain


def test_two_hosts_are_one_site_under_one_registered_domain_alone() -> None:
    assert same_site("console.firm.com", "app.apps.firm.com")
    assert not same_site("console.firm.com", "app.firm-apps.com")
    assert not same_site("one.github.io", "two.github.io")
    assert not same_site("one.co.uk", "two.co.uk")


def test_the_list_says_whose_it_is_and_how_old() -> None:
    head = gzip.decompress(KEPT.read_bytes()).decode().splitlines()[:10]
    assert any("Mozilla Public" in line for line in head)
    assert any(line.startswith("// VERSION: 2026-") for line in head)
