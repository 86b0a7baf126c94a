"""The tour takes the sites through the same commands that people type."""

from __future__ import annotations

import re

from tests.cli.conftest import Types
from tests.cli.fake_control import FakeControl

URL = "http://k7q2m9x0aa--tour.localhost:4180/"


def test_the_tour_goes_through_every_lane_and_ends_well(types: Types, control: FakeControl):
    control.answers = {"deploy": {"url": URL, "passport": "sha256:00"}, "publish": {"url": URL}}
    ended = types("tour")
    assert ended.code == 0
    assert [one["app"] for one in control.sent("deploy")] == [
        "tour-offsite",
        "tour-vendor-board",
        "tour-vendor-board",
        "tour-metrics",
    ]
    assert [one["audience"] for one in control.sent("publish")] == ["team", "team", "public"]
    assert ended.lines.count(URL) == 7
    assert "$ greenlane publish tour-offsite --audience public" in ended.lines


def test_each_step_of_the_tour_is_its_own_piece_of_work(types: Types, control: FakeControl):
    types("tour")
    acts = [one["headers"] for one in control.asked if re.match("/v1/actions/(deploy|publish)", one["path"])]
    assert len({one["idempotency-key"] for one in acts}) == 7
    assert len({one["greenlane-process"] for one in acts}) == 7


def test_the_tour_leaks_a_key_that_opens_nothing_and_differs_each_time(types: Types, control: FakeControl):
    types("tour")
    types("tour")
    leaked = {key for content in control.blobs.values() for key in re.findall(rb"ghp_[A-Za-z0-9]{36}", content)}
    assert len(leaked) == 2
    assert not any(b"__LEAKED_KEY__" in content for content in control.blobs.values())


def test_a_refusal_on_the_tour_does_not_end_it(types: Types, control: FakeControl):
    control.lanes = {"publish": "red", "deploy": "closed"}
    ended = types("tour", "--json")
    assert ended.code == 0
    assert [one["lane"] for one in ended.document["steps"]] == [
        "closed",
        "red",
        "closed",
        "red",
        "closed",
        "red",
        "closed",
    ]
