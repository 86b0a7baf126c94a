"""The lists of prices and footprints are made once, and again when what lies there is not what is wanted."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest

from greenlane.gateway import lists


@pytest.mark.parametrize("broken", ["", "{}", "not JSON", '{"source":"genai-prices 0.0.1"}', "[]\n[]"])
def test_a_list_that_cannot_be_used_is_made_anew(tmp_path: Path, broken: str) -> None:
    prices, footprints = lists.load(tmp_path)
    kept = (tmp_path / lists.PRICES).read_bytes()
    (tmp_path / lists.PRICES).write_text(broken)
    again = lists.load(tmp_path)
    assert (again[0].digest, again[1].digest) == (prices.digest, footprints.digest)
    assert (tmp_path / lists.PRICES).read_bytes() == kept


def test_a_list_of_an_earlier_form_is_made_anew(tmp_path: Path) -> None:
    prices, _ = lists.load(tmp_path)
    kept = (tmp_path / lists.PRICES).read_bytes()
    head, rest = kept.split(b"\n", 1)
    told = orjson.loads(head)
    assert told.pop("form")
    (tmp_path / lists.PRICES).write_bytes(orjson.dumps(told) + b"\n" + rest)
    assert lists.load(tmp_path)[0].digest == prices.digest
    assert (tmp_path / lists.PRICES).read_bytes() == kept


def test_a_list_that_was_cut_short_is_made_anew(tmp_path: Path) -> None:
    lists.load(tmp_path)
    kept = (tmp_path / lists.PRICES).read_bytes()
    (tmp_path / lists.PRICES).write_bytes(kept[:-10])
    lists.load(tmp_path)
    assert (tmp_path / lists.PRICES).read_bytes() == kept


@pytest.mark.parametrize("name", [lists.PRICES, lists.FOOTPRINTS])
def test_a_list_of_another_version_of_its_package_is_made_anew(tmp_path: Path, name: str) -> None:
    lists.load(tmp_path)
    kept = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(re.sub(rb'("source":"[a-z-]+ )[0-9.]+', rb"\g<1>0.0.1", kept))
    assert (tmp_path / name).read_bytes() != kept
    lists.load(tmp_path)
    assert (tmp_path / name).read_bytes() == kept


def test_a_list_that_is_whole_is_not_made_again(tmp_path: Path) -> None:
    lists.load(tmp_path)
    before = (tmp_path / lists.PRICES).stat().st_ino
    lists.load(tmp_path)
    assert (tmp_path / lists.PRICES).stat().st_ino == before
