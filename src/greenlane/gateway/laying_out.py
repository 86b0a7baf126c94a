"""Compiling the lists of prices and footprints into a folder: ``python -m greenlane.gateway.laying_out FOLDER``.

A process of its own, because the packages that know them need more memory than everything that answers calls.
"""

from __future__ import annotations

import sys
from pathlib import Path

from greenlane.gateway.footprint.compiling import compile_footprints
from greenlane.gateway.lists import FOOTPRINTS, PRICES
from greenlane.gateway.prices.compiling import compile_list
from greenlane.gateway.prices.listed import Listed
from greenlane.kit.digest import canonical
from greenlane.kit.places import write_private


def lay_out(folder: Path) -> None:
    """Write both lists, each all or nothing."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    prices = b"\n".join(Listed.of(**compile_list()).lines())
    for name, content in ((PRICES, prices), (FOOTPRINTS, canonical(compile_footprints()))):
        write_private(folder / name, content.decode())


if __name__ == "__main__":
    lay_out(Path(sys.argv[1]))
