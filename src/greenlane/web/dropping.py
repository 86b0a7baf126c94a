"""What the page must know before it sends anything: which folders stay at home, and how much is taken.

The server judges all of it again. Knowing it early spares people the wait.
"""

from __future__ import annotations

import json

from greenlane.deploys.limits import DEFAULT_LIMITS
from greenlane.deploys.set_aside import FOLDERS

PIECE = 4 * 1024 * 1024
"""Bytes of a piece of a large file, and of a load of small ones: what is lost at most when the line breaks."""

RULES = json.dumps(
    {
        "folders": sorted(FOLDERS),
        "files": DEFAULT_LIMITS.files,
        "file": DEFAULT_LIMITS.file,
        "total": DEFAULT_LIMITS.total,
        "piece": PIECE,
    }
)
"""As an attribute of the form in which something is dropped."""
