"""The functions of a site: each bundled with everything that it imports into one file beside the pages."""

from __future__ import annotations

from typing import Any

from greenlane.runtime.building import gathering
from greenlane.runtime.building.build import Build
from greenlane.runtime.building.gathering import Files
from greenlane.runtime.building.room import OUT
from greenlane.runtime.building.toolchains import INSIDE

FUNCTIONS = ".greenlane/functions"
"""Where a made site holds its functions: below a path that the edge never serves as a page."""

_BUNDLE = (
    "--bundle",
    "--format=esm",
    "--platform=node",
    "--target=es2022",
    "--banner:js=import { createRequire as __of } from 'node:module'; const require = __of(import.meta.url);",
)
"""One file with everything in it. What packages `require` while they run is given to them; esbuild itself declares
`__require` in some bundles, so that name is left to it.
"""


def bundle(build: Build) -> None:
    """Bundle each function that the plan names, without a network. Raises ``StepFailed``."""
    for place, one in enumerate(build.plan.functions):
        words = (f"{INSIDE}/esbuild/bin/esbuild", one.file, *_BUNDLE, f"--outfile={OUT}/functions/{one.name}.mjs")
        build.room.run(f"The function {one.name}", words, folder=build.inside, network=False)
        if place == 0:
            build.room.log.say("functions are bundled, each into one file")


def bundled(build: Build) -> tuple[Files, list[dict[str, Any]]]:
    """The bundles, put into the store, by the paths that the site holds them at; and the functions as a run names them.

    Raises ``TooLarge``, ``WrongInput``.
    """
    out = build.room.out
    files, _aside = gathering.gather(out / "functions", build.shop.blobs, build.job.bounds, within=out)
    named = [{**one.as_dict(), "file": f"{FUNCTIONS}/{one.name}.mjs"} for one in build.plan.functions]
    return {f"{FUNCTIONS}/{path}": entry for path, entry in files.items()}, named
