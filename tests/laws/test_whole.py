"""What failed in company is asked again, alone, and named; what fails alone fails the run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FAILS = "def test_it():\n    assert False\n"
FAILS_ONCE = (
    "from pathlib import Path\ndef test_it():\n    met = Path('met')\n    known = met.exists()\n"
    "    met.touch()\n    assert known\n"
)


def run(folder: Path, **tests: str) -> subprocess.CompletedProcess[str]:
    for name, text in tests.items():
        (folder / f"test_{name}.py").write_text(text)
    return subprocess.run(
        [sys.executable, "-m", "tests.whole"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_test_that_fails_alone_fails_the_run(tmp_path: Path) -> None:
    ended = run(tmp_path, one=FAILS, other="def test_it():\n    pass\n")
    assert ended.returncode == 1
    assert "UNSTEADY" not in ended.stdout


def test_a_test_that_passes_alone_is_named(tmp_path: Path) -> None:
    ended = run(tmp_path, one=FAILS_ONCE)
    assert ended.returncode == 0
    assert "UNSTEADY" in ended.stdout
    assert "test_one.py::test_it" in ended.stdout.split("UNSTEADY")[1]


def test_many_failures_are_no_accident(tmp_path: Path) -> None:
    ended = run(tmp_path, **{f"number_{one}": FAILS_ONCE.replace("'met'", f"'met-{one}'") for one in range(6)})
    assert ended.returncode == 1
    assert "Asking again" not in ended.stdout


def test_what_cannot_be_collected_fails_the_run(tmp_path: Path) -> None:
    ended = run(tmp_path, one="import no_such_module\n")
    assert ended.returncode not in {0, 1}
    assert "Asking again" not in ended.stdout
