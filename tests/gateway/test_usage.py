"""Counts of several calls come together, and a receipt keeps those that are not zero."""

from __future__ import annotations

from greenlane.gateway.usage import Usage


def test_two_usages_add_up_and_stay_estimated() -> None:
    both = Usage(input=3, output=2, reasoning=1).plus(Usage(input=4, cache_write_hour=5, estimated=True))
    assert both == Usage(input=7, output=2, reasoning=1, cache_write_hour=5, estimated=True)
    assert (both.read, both.written) == (12, 2)


def test_a_document_leaves_zeros_out() -> None:
    assert Usage(input=3, searches=1).document() == {"input": 3, "searches": 1}
    assert Usage(output=1, estimated=True).document() == {"output": 1, "estimated": True}
    assert Usage().document() == {}
