"""How each kind of app is started in its sandbox: command, variables, what it sees. Pure; nothing is touched."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from greenlane.runtime.driver import CannotRun
from greenlane.runtime.release import KINDS, PYTHON_KINDS, Release
from greenlane.runtime.sandbox import Mount

INSIDE = Path(__file__).parent / "inside"
"""The files that are put into sandboxes."""

RESERVED = frozenset({"LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "PATH", "HOME", "TMPDIR"})
"""Names that the sandbox itself sets or that reach into the loader; a variable of that name is not handed in."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What the platform brings along: the server's packages, Deno where it is installed, the app's layers."""

    packages: Path
    deno: Path | None
    layers: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Start:
    """A command with its variables, and what it must see beside the app's files."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    mounts: tuple[Mount, ...]


def start(release: Release, tools: Tools) -> Start:
    """How it is started. Raises ``CannotRun``."""
    environment = {name: value for name, value in release.variables.items() if name not in RESERVED}
    environment |= {
        "GREENLANE_APP": release.key.app,
        "GREENLANE_ENVIRONMENT": release.key.environment,
        "GREENLANE_DEPLOY": release.key.deploy,
    }
    environment.setdefault("DATABASE_URL", "sqlite:////data/app.db")
    if release.kind in PYTHON_KINDS:
        return _python(release, tools, environment)
    if release.kind == "functions":
        return _functions(release, tools, environment)
    raise CannotRun(
        f"{release.key.app} says that it is {release.kind!r}, which is nothing that runs here.",
        next_step=f"What runs: {', '.join(sorted(KINDS))}.",
    )


def python() -> str:
    """The interpreter that apps run in: the one that the platform's environment was made from."""
    return f"{sys.base_prefix}/bin/python{sys.version_info.major}.{sys.version_info.minor}"


def _python(release: Release, tools: Tools, environment: dict[str, str]) -> Start:
    return Start(
        (python(), "-I", "-S", "-B", "-u", "/opt/greenlane/start.py", release.kind, release.entry),
        environment,
        (
            Mount("/opt/greenlane/start.py", INSIDE / "start.py"),
            Mount("/opt/greenlane/packages", tools.packages),
            *(Mount(f"/packages/{number:02}", layer) for number, layer in enumerate(tools.layers)),
        ),
    )


def _functions(release: Release, tools: Tools, environment: dict[str, str]) -> Start:
    if tools.deno is None:
        raise CannotRun(
            "Functions need Deno, which is not installed.", next_step="Install what the lock names: `make setup`."
        )
    environment |= {
        "GREENLANE_FUNCTIONS": json.dumps([dict(one) for one in release.functions]),
        "DENO_DIR": "/tmp/.deno",  # noqa: S108  the sandbox's own
        "DENO_NO_UPDATE_CHECK": "1",
    }
    words = (
        *(
            "/opt/greenlane/deno",
            "run",
            "--quiet",
            "--no-prompt",
            "--no-remote",
            "--cached-only",
            "--no-lock",
            "--no-config",
        ),
        *("--node-modules-dir=manual", "--allow-read=/app,/data,/tmp,/run/app", "--allow-write=/data,/tmp,/run/app"),
        f"--allow-env={','.join(sorted(environment))},NODE_ENV,NODE_DEBUG,DEBUG,CI,TZ",
        "--allow-net",  # of a network that is empty but for the way out
        "/opt/greenlane/functions.ts",
    )
    mounts = (Mount("/opt/greenlane/deno", tools.deno), Mount("/opt/greenlane/functions.ts", INSIDE / "functions.ts"))
    return Start(words, environment, mounts)
