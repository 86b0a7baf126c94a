"""How each kind of app is started in its sandbox: command, variables, what it sees. Pure; nothing is touched."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from greenlane.runtime.bubblewrap import PROGRAMS, interpreter
from greenlane.runtime.driver import CannotRun
from greenlane.runtime.jail import Mount
from greenlane.runtime.preparing import CACHE, CLAIMED, RUN, SERVER, SERVING
from greenlane.runtime.release import KINDS, PYTHON_KINDS, Release
from greenlane.runtime.way_out import PORT

RESERVED = frozenset({"LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "PATH", "HOME", "TMPDIR"})
"""Names that the sandbox itself sets or that reach into the loader; a variable of that name is not handed in."""


KNOWN = "/opt/greenlane/known"
"""Where apps find the platform's public keys."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What the platform brings along: the server's packages, Deno where it is installed, the app's layers, and what Deno
    has made of its functions beforehand, where it has.
    """

    packages: Path
    deno: Path | None
    layers: tuple[Path, ...] = ()
    cache: Path | None = None
    known: Path | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """A command with its variables, what it must see beside the app's files, and what else a ``Jail`` says of it."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    mounts: tuple[Mount, ...]
    imported: tuple[str, ...] = ()
    ports: tuple[int, ...] | None = None
    reserved: int = 0


def start(release: Release, tools: Tools) -> Start:
    """How it is started. Raises ``CannotRun``."""
    environment = {name: value for name, value in release.variables.items() if name not in RESERVED}
    environment |= {
        "GREENLANE_APP": release.key.app,
        "GREENLANE_ENVIRONMENT": release.key.environment,
        "GREENLANE_DEPLOY": release.key.deploy,
    }
    if tools.known is not None:
        environment["GREENLANE_JWKS"] = f"{KNOWN}/jwks.json"
    environment.setdefault("DATABASE_URL", "sqlite:////data/app.db")
    if release.kind in PYTHON_KINDS:
        return _python(release, tools, environment)
    if release.kind == "functions":
        return _functions(release, tools, environment)
    raise CannotRun(
        f"{release.key.app} says that it is {release.kind!r}, which is nothing that runs here.",
        next_step=f"What runs: {', '.join(sorted(KINDS))}.",
    )


def _known(tools: Tools) -> list[Mount]:
    """What an app can check with who its visitors are. A folder, so that what is put there later is seen as well."""
    return [] if tools.known is None else [Mount(KNOWN, tools.known)]


def _python(release: Release, tools: Tools, environment: dict[str, str]) -> Start:
    return Start(
        (interpreter(), "-I", "-S", "-B", "-u", "/opt/greenlane/start.py", release.kind, release.entry),
        environment,
        (
            Mount("/opt/greenlane/start.py", PROGRAMS / "start.py"),
            Mount("/opt/greenlane/packages", tools.packages),
            *_known(tools),
            *(Mount(f"/packages/{number:02}", layer) for number, layer in enumerate(tools.layers)),
        ),
        imported=(release.kind, release.entry),
    )


def _functions(release: Release, tools: Tools, environment: dict[str, str]) -> Start:
    if tools.deno is None:
        raise CannotRun(
            "Functions need Deno, which is not installed.", next_step="Install what the lock names: `make setup`."
        )
    environment |= {
        "GREENLANE_FUNCTIONS": json.dumps([dict(one) for one in release.functions]),
        "DENO_DIR": "/tmp/.deno" if tools.cache is None else CACHE,  # noqa: S108  the sandbox's own
        "DENO_NO_UPDATE_CHECK": "1",
    }
    ours = [Mount(f"/opt/greenlane/{name}", PROGRAMS / name) for name in SERVING]
    ours += _known(tools)
    # a thread loads its own files, as the app would read
    loaded = [one.inside for one in ours if one.inside != SERVER]
    readable = ",".join(["/app,/data,/tmp,/run/app", *loaded])
    words = (
        *("/opt/greenlane/deno", *RUN, f"--allow-read={readable}", "--allow-write=/data,/tmp,/run/app"),
        "--allow-env",  # of an environment that was made for it; libraries ask for names that are not there
        "--allow-net",  # of a network that is empty but for the way out
        SERVER,
    )
    mounts = (
        Mount("/opt/greenlane/deno", tools.deno),
        *ours,
        *([] if tools.cache is None else [Mount(CACHE, tools.cache)]),
    )
    return Start(words, environment, mounts, ports=(PORT,), reserved=CLAIMED)  # none is opened, and one leads out
