"""What is done once with a release's files before they first run on a machine, so that every start after it is quicker.

It happens in a sandbox without a network: a reader of source is no safer than a runner of it. What cannot be prepared is
left to fail where it is run.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from greenlane.kit import digest, trees
from greenlane.runtime.bubblewrap import PROGRAMS, interpreter
from greenlane.runtime.jail import Jail, Limits, Mount
from greenlane.runtime.release import Release
from greenlane.runtime.sandbox import Jailer

SERVING = ("functions.ts", "context.ts", "run.ts")
"""The platform's own programs that serve functions."""
CLAIMED = 1536 * 1024**2
"""Bytes that Deno lays claim to when it starts, measured (1.04 GiB with one thread beside the first) with room for more."""
CACHE = "/opt/greenlane/cache"
"""Where functions find what Deno keeps of them."""
WITHIN = 120.0
"""Seconds that it may take."""
_BYTECODE = ("-I", "-S", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "/app")
RUN = (
    *("run", "--quiet", "--no-prompt", "--no-remote", "--cached-only", "--no-lock", "--no-config"),
    "--unstable-no-legacy-abort",  # a request's signal tells that its visitor left, and nothing else
    "--node-modules-dir=manual",
)
"""How Deno runs the program that serves functions; what it may do follows."""
SERVER = "/opt/greenlane/functions.ts"
_REHEARSED = ("--allow-read=/tmp", "--allow-write=/tmp", "--allow-env", "--allow-net", SERVER, "/tmp/rehearsal.sock")  # noqa: S108  the sandbox's own
REHEARSALS = 2
"""The first one fills what Deno keeps, the second one counts it: what is not counted yet wants to be written to when it is
opened, and is left aside where it may not be.
"""
_TRANSPILED = ("cache", "--quiet", "--no-remote", "--no-lock", "--no-config", "--node-modules-dir=manual")


class Preparing:
    """``folder`` keeps what Deno makes of functions, for each set of files. Thread-safe."""

    def __init__(self, jailer: Jailer, folder: Path, limits: Limits) -> None:
        self._jailer = jailer
        self._folder = folder
        self._limits = replace(limits, seconds=WITHIN)
        for left in folder.glob("*.new"):
            shutil.rmtree(left, ignore_errors=True)

    def python(self, place: Path, user: int | None) -> None:
        """Compile Python files where they lie. What is made stays the user's: nobody else runs these files writable."""
        if user is not None:
            for folder in (place, *(one for one in place.rglob("*") if one.is_dir())):
                os.chown(folder, user, user)
        self._run((interpreter(), *_BYTECODE), {}, (Mount("/app", place, writable=True),), user)

    def functions(self, release: Release, deno: Path, place: Path, user: int | None) -> Path:
        """The folder of what Deno makes of these functions and of the program that serves them: TypeScript as JavaScript,
        what each file imports, and the program as V8 compiled it in rehearsals, in which no function is loaded. It is
        read-only to those that run, so that what was deployed is what runs.
        """
        ours = {name: digest.sha256((PROGRAMS / name).read_bytes()) for name in SERVING}
        version = {"files": release.files, "deno": [str(deno), deno.stat().st_mtime_ns], "ours": ours}
        kept = self._folder / digest.bare(digest.of(version))[:32]
        if not kept.is_dir():
            draft = kept.with_name(f"{kept.name}.{uuid4().hex[:8]}.new")
            draft.mkdir(parents=True, mode=0o700)
            try:
                if user is not None:
                    os.chown(draft, user, user)
                mounts = (
                    Mount("/app", place),
                    Mount("/opt/greenlane/deno", deno),
                    *(Mount(f"/opt/greenlane/{name}", PROGRAMS / name) for name in SERVING),
                    Mount(CACHE, draft, writable=True),
                )
                files = [(f"/app/{one['file']}",) for one in release.functions]
                served = tuple(f"/opt/greenlane/{one}" for one in SERVING)
                works = [(*_TRANSPILED, *some) for some in (served, *files)]  # one that is wrong spoils no other
                works += [(*RUN, *_REHEARSED)] * REHEARSALS
                for one in works:
                    environment = {"DENO_DIR": CACHE, "DENO_NO_UPDATE_CHECK": "1"}
                    self._run(("/opt/greenlane/deno", *one), environment, mounts, user)
                _ours(draft)
                with suppress(OSError):  # somebody was quicker
                    draft.rename(kept)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        return kept

    def _run(
        self, command: tuple[str, ...], environment: dict[str, str], mounts: tuple[Mount, ...], user: int | None
    ) -> None:
        name = f"prepare-{uuid4().hex[:12]}"
        there = sum(trees.measure(one.outside) for one in mounts if one.writable)
        limits = replace(self._limits, disk=self._limits.disk + there)  # what lies there already is not what it makes
        jail = Jail(name, command, environment, mounts, "/app", limits, user, reserved=CLAIMED)
        self._jailer.start(jail, lambda _said: None).wait()


def _ours(folder: Path) -> None:
    """The platform's from now on, and readable by whoever runs it. Links lead nowhere that matters and are left."""
    for top, folders, files in os.walk(folder):
        for path in (top, *(f"{top}/{name}" for name in (*folders, *files))):
            os.chown(path, os.getuid(), os.getgid(), follow_symlinks=False)
            if not os.path.islink(path):  # noqa: PTH114  names from os.walk
                os.chmod(path, 0o755 if os.path.isdir(path) else 0o644)  # noqa: PTH101, PTH112
