"""How long control's word about people holds: a while after its last beat, then nobody can be confirmed any more."""

from __future__ import annotations

from time import monotonic

from greenlane.kit.wire.prepared import Validity


class Leases:
    """Two leases, both renewed by a beat: ``page`` for visitors' pages, ``token`` for tokens of every kind.

    They begin lapsed: a table from the disk says nothing about who is still welcome.
    """

    def __init__(self) -> None:
        self.page = Validity()
        self.token = Validity()

    def beat(self, page: float, token: float) -> None:
        """Control was heard just now; both hold for that many seconds."""
        now = monotonic()
        self.page.until = now + page
        self.token.until = now + token
