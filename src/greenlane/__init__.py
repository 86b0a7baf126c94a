"""Greenlane: a governed path for AI-built software.

One idea carries it: ``govern(actor, action) -> receipt``. Start with ``ARCHITECTURE.md``, then ``govern/door.py``.
"""

__version__ = "0.1.0"
