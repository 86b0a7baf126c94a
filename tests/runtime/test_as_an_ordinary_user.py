"""Where `greenlane up` is an ordinary user's, sandboxes run as they do for root: the drivers' promises, as nobody."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="the whole suite is run by an ordinary user already")

ROOT = Path(__file__).parents[2]
NOBODY = "65534"
PROMISES = "answers_once or function_answers_by_its_path or variables_are_handed_in or insists_on_a_port"
"""One of each kind of sandbox: Python, Deno, with variables, with a port of its own."""


def closed(path: Path) -> Path | None:
    """The first folder on the way to a path that others may not pass."""
    return next((one for one in [*reversed(path.parents), path] if not one.stat().st_mode & 0o001), None)


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="gl-"))
    made.chmod(0o755)
    (made / "own").mkdir()
    os.chown(made / "own", int(NOBODY), int(NOBODY))
    yield made
    shutil.rmtree(made)


def as_nobody(folder: Path, *command: str) -> str:
    """A shell's words: in mounts of one's own, where the way to the program is open, go on as nobody without any power."""
    needed = [Path(sys.base_prefix), Path(sys.prefix), ROOT]
    behind = [(number, path, closed(path)) for number, path in enumerate(needed)]
    lines = ["set -e"]
    for number, path, wall in behind:
        if wall is not None:
            lines += [f"mkdir -p {folder}/{number}", f"mount --bind {shlex.quote(str(path))} {folder}/{number}"]
    lines += [f"mount -t tmpfs -o mode=755 none {wall}" for wall in sorted({str(wall) for *_, wall in behind if wall})]
    for number, path, wall in behind:
        if wall is not None:
            lines += [f"mkdir -p {shlex.quote(str(path))}", f"mount --bind {folder}/{number} {shlex.quote(str(path))}"]
    powerless = f"setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups --bounding-set=-all --inh-caps=-all"
    lines.append(f"cd {shlex.quote(str(ROOT))} && exec {powerless} {shlex.join(command)}")
    return "\n".join(lines)


def test_apps_run_for_an_ordinary_user_as_the_drivers_promise(folder: Path) -> None:
    suite = ("-m", "pytest", "-p", "no:cacheprovider", "-n", "0", "-q", "tests/runtime/test_drivers.py", "-k", PROMISES)
    words = as_nobody(folder, sys.executable, *suite)
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", words],
        env={
            "PATH": os.environ["PATH"],
            "HOME": f"{folder}/own",
            "TMPDIR": f"{folder}/own",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert " passed" in done.stdout
    assert "failed" not in done.stdout
