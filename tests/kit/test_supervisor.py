"""Children share what their parent had made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

MADE_MIB = 50
PROGRAM = f"""
import gc
import os
import sys
from pathlib import Path

from greenlane.kit.supervisor import Child, Supervisor

made = [[] for _ in range({MADE_MIB} * 1024 * 1024 // sys.getsizeof([]))]


def own() -> int:
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty"))


def work() -> None:
    before = own()
    gc.collect()
    print((own() - before) // 1024)


supervisor = Supervisor([Child("one", work)])
supervisor.start()
(pid,) = supervisor.pids().values()
os.waitpid(pid, 0)
"""


@pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(), reason="only Linux tells what memory is a process's own"
)
def test_looking_for_garbage_copies_nothing_that_the_parent_made() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    assert int(ended.stdout) < MADE_MIB // 2
