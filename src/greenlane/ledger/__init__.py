"""The ledger: what was decided and what came of it, append-only and checkable without us.

Its verbs: append (a receipt, alone or with a feature's rows), prove, verify, export, forget (a payload, never a receipt).

Invariants: the exact bytes stored are the bytes hashed; a receipt's ``seq`` is its leaf index and has no gaps; whoever
is told "recorded" holds a receipt under a signed checkpoint; nothing personal or secret is in a receipt, only digests.
Start with ``receipt.py``, ``tree.py`` and ``append.py``.
"""
