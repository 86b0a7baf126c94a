"""A head that comes again is the head that came: remembered ones say what reading them anew would."""

from __future__ import annotations

from typing import Any

import pytest

from greenlane.kit.wire.limits import Limits
from greenlane.kit.wire.request import Heads, Malformed, Request, parse

HEAD = b"POST /a?b=c HTTP/1.1\r\nHost: A.test\r\nX-Length: 4\r\nContent-Length: 12\r\nAccept: x\r\nAccept: y\r\n\r\n"


def told(request: Request) -> dict[str, Any]:
    return {name: getattr(request, name) for name in Request.__slots__ if name != "memo"}


@pytest.mark.parametrize("length", [b"12", b"7", b"123456"])
def test_a_head_in_front_of_another_body_reads_as_if_for_the_first_time(length: bytes) -> None:
    heads = Heads(Limits())
    heads.read(HEAD)
    again = HEAD.replace(b"Length: 12", b"Length: " + length)
    assert told(heads.read(again)) == told(parse(again, Limits()))
    assert told(heads.read(HEAD)) == told(parse(HEAD, Limits()))


def test_what_was_made_of_a_head_is_there_when_it_comes_again() -> None:
    heads = Heads(Limits())
    heads.read(HEAD).memo["made"] = 1
    assert heads.read(HEAD.replace(b": 12", b": 13")).memo == {"made": 1}
    assert heads.read(HEAD.replace(b"A.test", b"B.test")).memo == {}


@pytest.mark.parametrize(
    "wrong",
    [
        HEAD.replace(b"Accept: x", b"Content-Length: 12"),
        HEAD.replace(b"Accept: x", b"Content-Length: "),
        HEAD.replace(b"Accept: x", b"Transfer-Encoding: chunked"),
        HEAD.replace(b": 12", b": 1234567890123456789"),
        HEAD.replace(b": 12", b": -1"),
        HEAD.replace(b": 12", b": 1 2"),
    ],
)
def test_a_head_with_a_doubtful_length_is_refused_whatever_came_before(wrong: bytes) -> None:
    heads = Heads(Limits())
    heads.read(HEAD)
    for _ in range(2):
        with pytest.raises(Malformed):
            heads.read(wrong)
    assert heads.read(HEAD).length == 12


def test_no_more_heads_are_remembered_than_there_is_room_for() -> None:
    heads = Heads(Limits())
    for number in range(3000):
        heads.read(HEAD.replace(b"/a?", b"/%d?" % number))
    assert len(heads._known) <= 1024
