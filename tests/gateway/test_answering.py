"""An answer that pours in while those who read it change."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from greenlane.gateway.upstream.answering import Answering
from greenlane.kit.wire.exchange import Gone
from greenlane.kit.wire.link import Link

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class Transport:
    """Takes no part."""

    def abort(self) -> None:
        raise AssertionError("the provider's connection is not cut")

    def resume_reading(self) -> None:
        pass


def answering() -> Answering:
    link = Link()
    link.connection_made(cast(Any, Transport()))
    return Answering(link, 60.0, lambda one: None, reused=False)


async def nothing() -> None:
    """There is always room."""


@pytest.mark.parametrize(
    ("late", "rest"),
    [(b"3\r\ntwo\r\n", b"0\r\n\r\n"), (b"3\r\ntwo\r\n0\r\n\r\n", b"")],
    ids=["in between", "the end"],
)
def test_what_comes_just_after_a_reader_was_told_to_stop_is_for_the_next_one(late: bytes, rest: bytes) -> None:
    async def scene() -> bytes:
        answer = answering()
        answer.link.data_received(HEAD + b"3\r\none\r\n")
        await answer.head()
        heard: list[bytes] = []
        left = False

        def into(piece: bytes) -> bool:
            if left:
                raise Gone
            heard.append(piece)
            return True

        first = asyncio.ensure_future(answer.pour(into, nothing))
        await asyncio.sleep(0)  # until it waits for more
        first.cancel()
        left = True
        answer.link.data_received(late)  # in the same turn in which its caller left: the task has not run
        await asyncio.wait([first])
        assert first.cancelled()
        left = False
        if rest:
            answer.link.data_received(rest)
        await answer.pour(into, nothing)
        return b" ".join(heard)

    assert asyncio.run(scene()) == b"one two"
