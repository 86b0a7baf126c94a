"""What Okta and Entra really send is understood: each shape once, against one installation that lives through them all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.identity.scim.directory import Directory, installed
from tests.identity.scim.shapes import SHAPES, Shape


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Directory:
    return installed(tmp_path_factory.mktemp("scim"), migrated_file)


def _filled(value: Any, known: dict[str, str]) -> Any:
    """What stands in braces, put in; it is JSON, so that braces of its own stay."""
    text = json.dumps(value)
    for name, one in known.items():
        text = text.replace(f"{{{name}}}", one)
    return json.loads(text)


def test_there_are_enough_of_them() -> None:
    assert len(SHAPES) >= 150
    assert len({one.says for one in SHAPES}) == len(SHAPES)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda one: one.says)
def test_it_is_understood(directory: Directory, shape: Shape) -> None:
    person, other = directory.adds(), directory.adds()
    name = f"Group {directory.count}"
    group = directory.groups(name, person.body["id"])
    known = {
        "id": person.body["id"],
        "other": other.body["id"],
        "name": person.body["userName"],
        "NAME": person.body["userName"].upper(),
        "external": person.body["externalId"],
        "group": group,
        "groupname": name,
    }
    told = directory.sends(shape.method, _filled(shape.path, known), _filled(shape.body, known))
    assert told.status == shape.status, told.body
    for path, value in _filled(dict(shape.tells), known).items():
        found = told.at(path)
        if isinstance(value, dict) and isinstance(found, dict):
            assert found | value == found
        else:
            assert found == value, path
    if shape.then:
        members = directory.sends("GET", f"/Groups/{group}").body.get("members", [])
        there = {"two members": {known["id"], known["other"]}, "no members": set()}[shape.then]
        assert {one["value"] for one in members} == there
