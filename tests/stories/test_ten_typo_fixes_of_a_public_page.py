"""One approval covers what it was about: ten typo fixes of a public page later nobody has been asked again."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.stories.running import Running

pytestmark = pytest.mark.xdist_group("typos")

PRICES = "<!doctype html><title>Prices</title><h1>Our prices</h1><p>Everything costs {} francs.</p>"


def test_ten_typo_fixes_of_a_public_page(greenlane: Running, tmp_path: Path):
    page = tmp_path / "prices.html"
    page.write_text(PRICES.format(1))
    ben, rita = greenlane.joins("Ben Builder"), greenlane.joins("Rita Reviewer", role="reviewer")
    ben.does("deploy", page, "--app", "prices")
    request = ben.gets(4, "publish", "prices", "--audience", "public")["request"]
    rita.does("approve", request, "--because", "prices are no secret")
    for number in range(2, 12):
        page.write_text(PRICES.format(number))
        ben.does("deploy", page, "--app", "prices", "-m", "a typo")
        answer = ben.does("publish", "prices")
        assert answer["lane"] == "green"
        assert "public-as-approved" in [one["policy"] for one in answer["reasons"]]
        assert f"costs {number} francs" in greenlane.ask("prices").text
    assert rita.does("approvals")["items"] == []
    asked = greenlane.owner.does("receipts", "--app", "prices", "--lane", "red")["receipts"]
    assert len([one for one in asked if one["state"] == "waiting"]) == 1, "the first publish alone"

    # beyond it only the difference is asked
    page.write_text(PRICES.format(12) + "<script src='https://cdn.example.net/x.js'></script>")
    ben.does("deploy", page, "--app", "prices")
    beyond = ben.gets(4, "publish", "prices")
    reason = next(one for one in beyond["reasons"] if one["policy"] == "public-beyond-approval")
    assert "cdn.example.net" in reason["says"]
    assert "costs 11 francs" in greenlane.ask("prices").text
    rita.does("approve", beyond["request"], "--because", "we trust that one")
    page.write_text(PRICES.format(13) + "<script src='https://cdn.example.net/x.js'></script>")
    ben.does("deploy", page, "--app", "prices")
    assert ben.does("publish", "prices")["lane"] == "green"
