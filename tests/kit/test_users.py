"""What belongs to another user cannot be read by a process that gave up root's powers. Only root can try this out."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from greenlane.kit import users
from greenlane.kit.users import _in_a_fork as in_a_fork

SOMEBODY = 61109

pytestmark = pytest.mark.skipif(
    not users.can_be_apart([SOMEBODY], [], [], lambda: True), reason="not started as root, or not allowed here"
)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A key that another user keeps to itself."""
    folder = tmp_path / "kept"
    folder.mkdir(mode=0o700)
    (folder / "key").write_text("secret")
    (folder / "key").chmod(0o600)
    assert in_a_fork(lambda: users.become(SOMEBODY, folder) is None)
    return folder / "key"


def reads(path: Path) -> bool:
    try:
        return bool(path.read_text())
    except PermissionError:
        return False


def after(act: Callable[[], None], ask: Callable[[], bool]) -> bool:
    """What is answered in a process of its own that did something first."""

    def both() -> bool:
        act()
        return ask()

    return in_a_fork(both)


def test_root_without_powers_cannot_read_what_another_user_keeps(kept: Path) -> None:
    assert reads(kept)
    assert not after(users.give_up_powers, lambda: reads(kept))


def test_powers_do_not_come_back_with_another_program(kept: Path) -> None:
    assert os.spawnlp(os.P_WAIT, "test", "test", "-r", str(kept)) == 0
    assert not after(users.give_up_powers, lambda: os.spawnlp(os.P_WAIT, "test", "test", "-r", str(kept)) == 0)
    assert not after(users.give_up_powers, lambda: users._be(SOMEBODY))


def test_root_without_powers_still_uses_what_is_roots(tmp_path: Path) -> None:
    (tmp_path / "own").write_text("own")
    assert after(users.give_up_powers, lambda: reads(tmp_path / "own"))


def test_who_became_another_user_stays_it(kept: Path, tmp_path: Path) -> None:
    (tmp_path / "own").write_text("own")
    (tmp_path / "own").chmod(0o600)

    def become() -> None:
        users.become(SOMEBODY, kept.parent)

    assert not after(become, lambda: reads(tmp_path / "own"))
    assert not after(become, lambda: users._be(0))


def test_processes_are_not_kept_apart_where_they_could_not_work(kept: Path) -> None:
    assert not users.can_be_apart([SOMEBODY], [kept], [], lambda: True)
    assert not users.can_be_apart([SOMEBODY], [], [], lambda: False)
