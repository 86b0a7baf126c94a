"""Be the runtime process of a test: ``python -m tests.runtime.being_runtime FOLDER``."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from tests.runtime.conftest import LIMITS, QUOTA

from greenlane.kit.clock import SystemClock
from greenlane.runtime import process
from greenlane.runtime.egress.fake import FakeWaysOut
from greenlane.runtime.process import RuntimeOptions
from greenlane.store.keeping import Keeping

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    process.EgressProcess = FakeWaysOut  # type: ignore[misc,assignment]
    process.run(
        RuntimeOptions(
            folder=folder / "runtime",
            socket=folder / "runtime.sock",
            releases=folder / "releases.sock",
            egress=folder,
            sandboxes=folder / "s",
            blobs=folder / "blobs",
            limits=replace(LIMITS, seconds=None),
            idle=600,
            known=folder / "known",
            edge=folder / "pictures.sock",
        ),
        Keeping(folder / "runtime", QUOTA, 3, SystemClock()),
    )
