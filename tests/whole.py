"""Every test, as `make test` runs them: ``python -m tests.whole``.

Real processes, browsers and sandboxes share two cores here, so a test that reads too early shows itself in one run of
many. Such a test is a defect of its own, told by name and to be mended; it says nothing about the change that met it.
So the few that failed in company are asked once more, alone: what fails alone fails the run. Nothing is asked twice.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

FEW = 5
"""Failures that are asked again. More of them are no accident."""

_FAILED = Path(".pytest_cache/v/cache/lastfailed")


def main() -> int:
    """The exit code of the run: 0 when every test passed, in company or alone."""
    _FAILED.unlink(missing_ok=True)
    code = _pytest()
    if code != pytest.ExitCode.TESTS_FAILED:
        return code
    unsteady = sorted(json.loads(_FAILED.read_text()))
    if len(unsteady) > FEW:
        return code
    print(f"\n{len(unsteady)} failed beside others. Asking again, alone:", *unsteady, sep="\n  ", flush=True)
    again = _pytest("-n", "0", *unsteady)
    if again == 0:
        print(f"\nUNSTEADY: {len(unsteady)} failed beside others and passed alone. Mend:", *unsteady, sep="\n  ")
    return again


def _pytest(*arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", "-q", *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
