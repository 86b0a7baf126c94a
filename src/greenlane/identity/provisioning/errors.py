"""What a directory hears beside the errors of everybody: it tells these apart."""

from __future__ import annotations

from greenlane.govern.errors import Conflict


class Taken(Conflict):
    """A value that only one may have is somebody else's."""


class ChangedMeanwhile(Conflict):
    """What was to be changed is not what it was when it was read."""
