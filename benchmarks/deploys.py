"""A deploy of 1,000 files with one change: the server's share, beside the floor of hashing and storing the same bytes.

    python benchmarks/deploys.py [--files 1000] [--json]

A real server is started in a folder of its own; the real command deploys to it. The server's share is the CPU time of
its processes over the command's run, and the command's wall time beside that of `greenlane version` (which asks no
server). The floor reads, hashes and writes the same files once, with fsync at the end, in one process.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

GREENLANE = str(Path(sys.executable).with_name("greenlane"))
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = "<!doctype html><title>Page {0}</title><link rel=stylesheet href=/site.css><h1>Page {0}</h1>" + (
    "<p>Every page has its own few paragraphs, so that no two files are the same.</p>\n" * 25
)


def a_site(folder: Path, files: int) -> None:
    folder.mkdir()
    for number in range(files):
        page = folder / f"part-{number % 20}" / f"page-{number}.html"
        page.parent.mkdir(exist_ok=True)
        page.write_text(PAGE.format(number))
    (folder / "index.html").write_text("<h1>First</h1>")


def floor(site: Path, into: Path) -> float:
    """Seconds to read, hash and write every file once."""
    began = time.perf_counter()
    into.mkdir()
    for file in site.rglob("*.html"):
        data = file.read_bytes()
        (into / hashlib.sha256(data).hexdigest()).write_bytes(data)
    os.sync()
    return time.perf_counter() - began


class Server:
    """A real `greenlane up` of this benchmark's own."""

    def __init__(self, folder: Path) -> None:
        self._token = folder / "token"
        began = time.perf_counter()
        arguments = ["up", "--data", str(folder / "data"), "--port", "0", "--owner-token-file", str(self._token)]
        self._home = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config")}
        self.process = subprocess.Popen([GREENLANE, *arguments], stdout=subprocess.PIPE, text=True, env=self._home)
        assert self.process.stdout is not None
        self.url = next(line.strip().rstrip("/") for line in self.process.stdout if line.startswith("http"))
        self.started = time.perf_counter() - began

    def cpu(self) -> float:
        """CPU seconds of all processes of the server so far."""
        listed = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], check=True, capture_output=True, text=True
        )
        ticks = 0
        for pid in listed.stdout.split():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / TICKS

    def types(self, *words: str) -> float:
        """Run a command and return its wall time."""
        environment = {**self._home, "GREENLANE_URL": self.url, "GREENLANE_TOKEN": self._token.read_text().strip()}
        began = time.perf_counter()
        subprocess.run([GREENLANE, *words], env=environment, check=True, capture_output=True)
        return time.perf_counter() - began

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--files", type=int, default=1000)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        a_site(folder / "site", chosen.files)
        server = Server(folder)
        try:
            alone = server.types("version")
            cold_cpu = server.cpu()
            cold = server.types("deploy", str(folder / "site"), "--app", "bench-site")
            cold_cpu = server.cpu() - cold_cpu
            (folder / "site" / "index.html").write_text("<h1>Second</h1>")
            warm_cpu = server.cpu()
            warm = server.types("deploy", str(folder / "site"), "--app", "bench-site")
            warm_cpu = server.cpu() - warm_cpu
        finally:
            server.stop()
        bare = floor(folder / "site", folder / "floor")
    figures = {
        "files": chosen.files,
        "start to ready, s": round(server.started, 2),
        "floor: read, hash, write once, s": round(bare, 3),
        "first deploy, wall s": round(cold, 2),
        "first deploy, server CPU s": round(cold_cpu, 2),
        "one change, wall s": round(warm, 2),
        "one change, server CPU s": round(warm_cpu, 2),
        "one change, wall without the command's own start, s": round(warm - alone, 2),
        "one change, wall without start / floor": round((warm - alone) / bare, 2),
    }
    if chosen.json:
        print(json.dumps(figures))
    else:
        print(f"A deploy of {chosen.files:,} files with one change (goal: the server's share below 1 s)")
        for name, value in figures.items():
            print(f"  {name:55} {value}")


if __name__ == "__main__":
    main()
