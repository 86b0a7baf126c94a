"""Where a value that was found is taken from, and how its file reads the variable that keeps it from then on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from greenlane.deploys.inspection.combining import Reader, runs_on_a_server
from greenlane.deploys.inspection.file import credentials_of
from greenlane.deploys.inspection.finding import mark_of
from greenlane.deploys.queries import FoundAt
from greenlane.govern.errors import NotFound

_SCRIPTS = (".js", ".mjs", ".cjs", ".ts", ".mts", ".jsx", ".tsx")


def value_of(found: FoundAt, blobs: Reader, key: bytes) -> str:
    """The value of a finding, read once more from its file: it was kept nowhere. Raises ``NotFound``."""
    path = found.finding["file"]
    entry = orjson.loads(blobs.get(found.manifest))["files"].get(path)
    if entry is not None:
        for one, _ in credentials_of(path, blobs.get(entry["sha256"])):
            if mark_of(one.value, key) == found.finding["mark"]:
                return one.value
    raise NotFound(
        "The value is not in the file any more as it was found.",
        next_step="If the platform keeps it already, take it out of the file and read the variable there.",
    )


def what_to_change(finding: Mapping[str, Any], name: str) -> str:
    """The line to change, and how that file reads the variable instead."""
    path, inside = str(finding["file"]), str(finding.get("where", ""))
    place = (
        f"line {finding['line']} of {path}" if not inside else f"line {finding['line']} of {inside}, which is in {path}"
    )
    return f"Change {place}: {_reads(inside or path, path, name)}"


def _reads(source: str, path: str, name: str) -> str:
    if source.endswith(".py"):
        return f'read os.environ["{name}"] there instead of the value.'
    if source.endswith(_SCRIPTS) and runs_on_a_server(path):
        return f'read Deno.env.get("{name}") there instead of the value.'
    if source.endswith((*_SCRIPTS, ".html", ".htm", ".map", ".css", ".vue", ".svelte")):
        return (
            f"take the value out. Whoever opens a page can read what it holds, so let a function of the app use {name}, "
            "and let the page call that function."
        )
    return f"take the value out, and let the app read {name} from its environment."
