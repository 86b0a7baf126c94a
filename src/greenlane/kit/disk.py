"""The disk beneath a folder."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

_LIBRARY = ctypes.CDLL(None, use_errno=True)


def settle(folder: Path) -> None:
    """Return when everything that was written to the file system of a folder survives a power cut. OSError when it does not.

    syncfs(2) where there is one; elsewhere sync(2), which waits for every disk of the machine and tells of no trouble.
    """
    if not hasattr(_LIBRARY, "syncfs"):
        os.sync()
        return
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if _LIBRARY.syncfs(held) != 0:
            raise OSError(ctypes.get_errno(), "the disk did not keep it")
    finally:
        os.close(held)
