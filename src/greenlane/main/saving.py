"""What apps store, copied for a backup: by the process that keeps it, or here where nothing runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from greenlane.cli import holding
from greenlane.kit.errors import Unavailable
from greenlane.kit.places import Places
from greenlane.kit.settings import Settings
from greenlane.runtime.asking import Runtime
from greenlane.store import keeping
from greenlane.store.asking import COPYING


@contextmanager
def data_saved(settings: Settings) -> Iterator[None]:
    """Copies of what every app stores lie in the data folder meanwhile, each as of one moment."""
    places = Places(settings.folder)
    runtime = Runtime(places.socket("runtime"))
    try:
        runtime.ask({"ask": "save"}, COPYING)
    except Unavailable:  # nothing runs, or whoever has the folder says so
        with holding.folder(places):
            kept = keeping.of(settings)
            kept.save(keeping.NothingRuns())
            try:
                yield
            finally:
                kept.end_saving()
        return
    try:
        yield
    finally:
        runtime.ask({"ask": "saved"}, COPYING)
