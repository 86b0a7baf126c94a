"""Answers that are known before the question is read: the very same head gets the very same bytes.

A browser's or a robot's requests repeat byte for byte. The handler marks an answer as ``Prepared`` when it depends on
the head alone, on facts whose changes empty the memory, and on validities that it names: the answer is used only while
each of them holds.
"""

from __future__ import annotations

import math
import time

from greenlane.kit.wire.reply import SMALL, Reply

_SEEN_ONCE = 100_000
"""Heads remembered as having come, by their hash alone."""


class Validity:
    """Something that holds until a moment of the monotonic clock, which may be moved on while it is in use."""

    __slots__ = ("until",)

    def __init__(self, until: float = -math.inf) -> None:
        self.until = until


ALWAYS = Validity(math.inf)


class Tally:
    """Counts uses."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


class Prepared:
    """An answer and how long it is good for. ``data`` may be written as it is while the monotonic clock is before ``until``.

    ``until`` never reaches beyond the second (the date in the answer), the validity or ``expires`` (monotonic seconds).
    """

    __slots__ = ("_bare", "_expires", "_validity", "data", "reply", "tally", "until")

    def __init__(
        self, reply: Reply, *, bare: bool, tally: Tally, validity: Validity = ALWAYS, expires: float = math.inf
    ) -> None:
        self.reply = reply
        self.tally = tally
        self.data = b""
        self.until = -math.inf
        self._bare = bare
        self._validity = validity
        self._expires = expires

    @property
    def worth_keeping(self) -> bool:
        """Whether the answer is small enough to be kept in one piece."""
        return self._bare or len(self.reply.body) <= SMALL

    def renew(self, now: float) -> bool:
        """Date the answer anew if it still holds at that moment of the monotonic clock; False if it does not."""
        limit = min(self._validity.until, self._expires)
        if now >= limit:
            return False
        wall = time.time()
        second = int(wall)
        self.data = self.reply.head(second) if self._bare else self.reply.whole(second)
        self.until = min(limit, now + 1 - (wall - second))
        return True


class Memory:
    """The heads seen of late and their answers. ``room`` is in bytes of heads and answers; when full, it starts anew.

    A head is kept when it comes for the second time, so that those that never repeat cost nothing but a number.
    """

    def __init__(self, room: int = 64 * 1024 * 1024, longest: int = 4 * 1024) -> None:
        self.answers: dict[bytes, Prepared] = {}
        self._room = room
        self._left = room
        self._longest = longest
        self._once: set[int] = set()

    def keep(self, head: bytes, prepared: Prepared) -> None:
        """Answer this head from memory from now on, unless it has come for the first time."""
        mark = hash(head)
        if mark not in self._once:
            if len(self._once) >= _SEEN_ONCE:
                self._once.clear()
            self._once.add(mark)
            return
        weight = len(head) + len(prepared.reply.body) + 1024
        if len(head) > self._longest or weight > self._room:
            return
        if weight > self._left:
            self.clear()
        self._left -= weight
        self.answers[head] = prepared

    def clear(self) -> None:
        """Forget everything: some fact has changed."""
        self.answers.clear()
        self._left = self._room
