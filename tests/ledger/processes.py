"""Signer and witness as processes of their own, for tests that kill them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SIGNER = """
import sys
from pathlib import Path
from greenlane.ledger.signer import serve
serve(Path(sys.argv[1]), Path(sys.argv[2]), origin="log.test", ready=lambda: print("ready", flush=True))
"""

WITNESS = """
import sys
from pathlib import Path
from greenlane.ledger.note import VerifierKey
from greenlane.ledger.witness import serve
log = VerifierKey.parse(sys.argv[3])
serve(Path(sys.argv[1]), Path(sys.argv[2]), name="witness.test", log=log, ready=lambda: print("ready", flush=True))
"""


def start(program: str, *arguments: object) -> subprocess.Popen[bytes]:
    """Start one and wait until it says that it is ready."""
    command = [sys.executable, "-c", program, *(str(one) for one in arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def end(process: subprocess.Popen[bytes], *, hard: bool = False) -> None:
    """Ask it to end, or kill it with -9."""
    process.kill() if hard else process.terminate()
    process.wait(10)
    assert process.stdout is not None
    process.stdout.close()


def start_signer(folder: Path) -> subprocess.Popen[bytes]:
    return start(SIGNER, folder / "signer.sock", folder / "signer")


def start_witness(folder: Path, log: object) -> subprocess.Popen[bytes]:
    return start(WITNESS, folder / "witness.sock", folder / "witness", log)
