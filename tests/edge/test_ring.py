"""The keys under which visitors are introduced: one signs, the next is known before it does, the last is good a while."""

from __future__ import annotations

import json
import stat
from datetime import timedelta
from pathlib import Path

from greenlane.edge import ring
from greenlane.edge.ring import EVERY, SETTLED, Ring
from greenlane.kit.clock import FakeClock


def ids(keys: Ring) -> list[str]:
    return [one["kid"] for one in keys.known["keys"]]


def test_a_key_stays_the_same_over_restarts_and_nobody_else_reads_it(tmp_path: Path) -> None:
    clock = FakeClock()
    first = Ring(tmp_path / "keys", clock)
    assert Ring(tmp_path / "keys", clock).signing.id == first.signing.id
    assert ids(first) == [first.signing.id]
    (file,) = (tmp_path / "keys").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "d" not in first.known["keys"][0], "what is known is the public half"


def test_a_successor_is_known_before_it_signs_and_the_one_before_until_its_last_token_is_over(tmp_path: Path) -> None:
    clock = FakeClock()
    keys = Ring(tmp_path / "keys", clock)
    old = keys.signing.id
    clock.forward(EVERY - 1)
    assert not keys.turn()
    clock.forward(1)
    assert keys.turn()
    assert (len(ids(keys)), keys.signing.id) == (2, old), "known, and does not sign yet"
    clock.forward(SETTLED - 1)
    assert keys.signing.id == old
    clock.forward(1)
    assert not keys.turn()
    new = keys.signing.id
    assert new != old
    assert ids(keys) == [old, new], "a token under the old one can still be checked"
    assert Ring(tmp_path / "keys", clock).signing.id == new, "also after a restart in between"
    clock.forward(SETTLED)
    assert keys.turn()
    assert ids(keys) == [new]
    assert len(list((tmp_path / "keys").iterdir())) == 1, "the old one is destroyed"


def test_there_is_always_one_that_signs_even_when_the_clock_jumps_back(tmp_path: Path) -> None:
    clock = FakeClock()
    keys = Ring(tmp_path / "keys", clock)
    clock.forward(-timedelta(days=400).total_seconds())
    keys.turn()
    assert keys.signing.id == ids(keys)[0]


def test_the_key_of_an_earlier_release_goes_on(tmp_path: Path) -> None:
    clock = FakeClock()
    made = Ring(tmp_path / "elsewhere", clock)
    (file,) = (tmp_path / "elsewhere").iterdir()
    file.rename(tmp_path / "identity.pem")
    ring.adopt(tmp_path / "identity.pem", tmp_path / "keys")
    ring.adopt(tmp_path / "identity.pem", tmp_path / "keys")
    assert made.signing.id in ids(Ring(tmp_path / "keys", clock))


def test_what_apps_read_is_whole_and_for_everybody(tmp_path: Path) -> None:
    for text in (b'{"keys": []}', b'{"keys": [{}]}'):
        ring.publish(text, tmp_path / "known")
    assert json.loads((tmp_path / "known" / "jwks.json").read_bytes()) == {"keys": [{}]}
    assert stat.S_IMODE((tmp_path / "known").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "known" / "jwks.json").stat().st_mode) == 0o644
