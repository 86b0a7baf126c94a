"""What goes out together at the end of a turn, and what does not wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, cast

import pytest

from greenlane.kit.wire.outgoing import Outgoing, Turn


class Wire:
    """A transport that notes what happens to it."""

    def __init__(self, seen: list[str], name: str = "") -> None:
        self.seen = seen
        self.name = name
        self.closing = False

    def write(self, data: bytes) -> None:
        self.seen.append(self.name + data.decode())

    def is_closing(self) -> bool:
        return self.closing

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.seen.append("the end")

    def close(self) -> None:
        self.seen.append("closed")

    def abort(self) -> None:
        self.seen.append("cut")


def in_a_loop(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(work())


def outgoing(seen: list[str], turn: Turn, name: str = "") -> Outgoing:
    return Outgoing(cast(asyncio.Transport, Wire(seen, name)), turn)


def test_what_several_have_to_say_leaves_at_the_end_of_the_turn() -> None:
    seen: list[str] = []

    async def work() -> None:
        turn = Turn()
        one, other = outgoing(seen, turn, "a:"), outgoing(seen, turn, "b:")
        for _ in range(2):
            one.later(b"1")
            other.later(b"2")
            one.later(b"3")
            assert not seen
            await asyncio.sleep(0)  # the turn ends
            assert seen == ["a:13", "b:2"]
            seen.clear()

    in_a_loop(work)


@pytest.mark.parametrize(
    ("what", "wanted"),
    [
        (lambda out: out.write(b"now"), ["first", "now"]),
        (lambda out: out.end(), ["first", "the end"]),
        (lambda out: out.close(), ["first", "closed"]),
        (lambda out: out.cut(), ["cut"]),
    ],
)
def test_what_does_not_wait_keeps_the_order(what: Callable[[Outgoing], None], wanted: list[str]) -> None:
    seen: list[str] = []

    async def work() -> None:
        out = outgoing(seen, Turn())
        out.later(b"first")
        what(out)
        assert seen == wanted
        await asyncio.sleep(0)  # the turn ends
        assert seen == wanted, "nothing is sent twice"

    in_a_loop(work)


def test_a_peer_that_has_left_costs_the_others_nothing() -> None:
    seen: list[str] = []

    async def work() -> None:
        turn = Turn()
        gone = Wire(seen, "gone:")
        gone.closing = True
        Outgoing(cast(asyncio.Transport, gone), turn).later(b"1")
        outgoing(seen, turn, "there:").later(b"2")
        await asyncio.sleep(0)  # the turn ends
        assert seen == ["there:2"]

    in_a_loop(work)
