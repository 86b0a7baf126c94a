"""The gateway's process: every call to a model on its way, from the caller's key to the provider's last byte.

It knows what control fed it (``standing``), holds slices of budgets, and writes its journal; it has no database. A call is
read, looked at, routed, bounded and paid for in advance (``calls``, ``planning``), then passed on piece by piece
(``passing``, ``attempts``, ``forwarding``). Invariants: nothing is forwarded before its intent is in the journal; hosts come
from the table alone; no provider's key and no prompt is ever logged.
"""
