"""All benchmarks, one after another: `make bench`, or `python -m benchmarks [--quick]`.

Each compares with a peer or a floor in the same run and prints ratios; absolute figures depend on the machine. Nothing
is asserted: these are claims to be repeated, not tests. A peer that is not installed is named and left out.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent

RUNS = (
    ("decisions", ["--decisions", "20000"], ["--decisions", "3000", "--replayed", "10000"], ()),
    ("ledger", ["--receipts", "1000000"], ["--receipts", "50000", "--seconds", "3"], ()),
    ("deploys", [], ["--files", "300"], ()),
    ("edge", [], ["--rounds", "2", "--seconds", "2"], ("nginx", "caddy")),
)
"""Name, arguments, arguments of a quick run, and the peers that it needs (Debian: nginx-light, caddy)."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true", help="smaller runs, about two minutes altogether")
    quick = options.parse_args().quick
    failed = []
    for name, usual, small, peers in RUNS:
        print(f"\n== {name} ==", flush=True)
        absent = [peer for peer in peers if shutil.which(peer, path="/usr/sbin:/usr/bin:/usr/local/bin") is None]
        if absent:
            print(f"left out: {', '.join(absent)} not installed (apt-get install nginx-light caddy)")
            continue
        arguments = small if quick else usual
        if subprocess.run([sys.executable, str(HERE / f"{name}.py"), *arguments], check=False).returncode:
            failed.append(name)
    print("\n== simulation of the default policy ==", flush=True)
    subprocess.run([str(Path(sys.executable).with_name("greenlane")), "simulate"], check=False)
    if failed:
        sys.exit(f"did not end well: {', '.join(failed)}")


if __name__ == "__main__":
    main()
