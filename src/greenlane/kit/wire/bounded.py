"""A dictionary that forgets what was not used for longest, bounded by the weight of what it holds."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Bounded(Generic[K, V]):
    """``room`` is the total weight, in bytes, of all values; a value heavier than all of it is not kept."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._used = 0
        self._values: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K) -> V | None:
        """The value, which thereby was used just now."""
        found = self._values.get(key)
        if found is None:
            return None
        self._values.move_to_end(key)
        return found[0]

    def put(self, key: K, value: V, weight: int) -> None:
        """Keep a value, and forget as many old ones as it takes."""
        if weight > self._room:
            return
        before = self._values.pop(key, None)
        if before is not None:
            self._used -= before[1]
        self._values[key] = (value, weight)
        self._used += weight
        while self._used > self._room:
            _, (_, freed) = self._values.popitem(last=False)
            self._used -= freed
