"""What a worker spent, by its journal: settled calls at their price, calls without an end at what was reserved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from greenlane.gateway.budgets.messages import Key


class Replay:
    """Reads one life of a worker from its first record to its last; the totals are what ``Owner.bury`` wants."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[tuple[Key, ...], int]] = {}
        self._spent: Counter[Key] = Counter()

    def reserved(self, call: str, keys: Iterable[Key], pico: int) -> None:
        """A call's intent: what it may cost, in which budgets."""
        self._open[call] = (tuple(keys), pico)

    def settled(self, call: str, pico: int) -> None:
        """A call's end. ValueError for a call without an intent: the journal is not whole."""
        if call not in self._open:
            raise ValueError(f"the journal settles {call}, which it never began")
        keys, _ = self._open.pop(call)
        for key in keys:
            self._spent[key] += pico

    def totals(self) -> dict[Key, int]:
        """Pico-dollars by budget and period, open calls charged in full."""
        spent = self._spent.copy()
        for keys, pico in self._open.values():
            for key in keys:
                spent[key] += pico
        return dict(spent)

    def unfinished(self) -> dict[str, int]:
        """Calls that nobody settled, with what was reserved: somebody has to find out what became of them."""
        return {call: pico for call, (_, pico) in self._open.items()}
