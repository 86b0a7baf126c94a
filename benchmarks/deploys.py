"""A deploy of 1,000 files with one change: the server's share, beside the floor of hashing and writing the same bytes.

    python benchmarks/deploys.py [--files 1000] [--changes 5] [--json FILE]

A real server is started in a folder of its own, and asked over its own port as the command asks it: the list of all files,
the one that it lacks, unpack and inspect, deploy. *Wall* is the time of these four answers, *CPU* that of the server's four
processes meanwhile; both hold everything that is done until the preview answers: names and limits, inspection, facts,
decision, signed receipts, the edge's new table. The floor reads, hashes and writes the same files once, in one process.
The command's own time (start, reading and hashing the folder) is shown beside it. Medians; of the floor the best of five.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

GREENLANE = str(Path(sys.executable).with_name("greenlane"))
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = "<!doctype html><title>Page {0}</title><link rel=stylesheet href=/site.css><h1>Page {0}</h1>" + (
    "<p>Every page has its own few paragraphs, so that no two files are the same.</p>\n" * 25
)


def a_site(folder: Path, files: int) -> None:
    folder.mkdir()
    for number in range(files - 1):
        page = folder / f"part-{number % 20}" / f"page-{number}.html"
        page.parent.mkdir(exist_ok=True)
        page.write_text(PAGE.format(number))
    change(folder, 0)


def change(folder: Path, number: int) -> None:
    (folder / "index.html").write_text(f"<!doctype html><title>Site</title><h1>Version {number}</h1>")


def floor(site: Path, into: Path) -> float:
    """Seconds to read, hash and write every file once."""
    began = time.perf_counter()
    into.mkdir()
    for file in site.rglob("*.html"):
        data = file.read_bytes()
        (into / hashlib.sha256(data).hexdigest()).write_bytes(data)
    return time.perf_counter() - began


class Server:
    """A real `greenlane up` of this benchmark's own."""

    def __init__(self, folder: Path) -> None:
        token = folder / "token"
        began = time.perf_counter()
        arguments = ["up", "--data", str(folder / "data"), "--port", "0", "--owner-token-file", str(token)]
        self._home = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config")}
        self.process = subprocess.Popen([GREENLANE, *arguments], stdout=subprocess.PIPE, text=True, env=self._home)
        assert self.process.stdout is not None
        self.url = next(line.strip().rstrip("/") for line in self.process.stdout if line.startswith("http"))
        self.started = time.perf_counter() - began
        self._token = token.read_text().strip()
        self._line = http.client.HTTPConnection("127.0.0.1", urlsplit(self.url).port, timeout=120)

    def cpu(self) -> float:
        """CPU seconds of all processes of the server so far."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ticks = 0
        for pid in children:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / TICKS

    def asks(self, method: str, path: str, body: bytes = b"") -> Any:
        """One request on a line that stays open."""
        headers = {
            "Host": urlsplit(self.url).netloc,
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
        }
        self._line.request(method, f"/v1/{path}", body, headers)
        answer = self._line.getresponse()
        text = answer.read()
        assert answer.status in (200, 201, 204), text
        return json.loads(text) if text else None

    def types(self, *words: str) -> float:
        """Run a command and return its wall time."""
        environment = {**self._home, "GREENLANE_URL": self.url, "GREENLANE_TOKEN": self._token}
        began = time.perf_counter()
        subprocess.run([GREENLANE, *words], env=environment, check=True, capture_output=True)
        return time.perf_counter() - began

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def deployed(server: Server, site: Path, app: str) -> tuple[float, float]:
    """Deploy the folder by hand. The server's wall and CPU seconds."""
    contents = {str(one.relative_to(site)): one.read_bytes() for one in site.rglob("*.html")}
    digests = {path: hashlib.sha256(data).hexdigest() for path, data in contents.items()}
    by_digest = {digests[path]: data for path, data in contents.items()}
    files = {path: {"sha256": digests[path], "size": len(data)} for path, data in contents.items()}
    listed = json.dumps({"files": files}).encode()
    cpu, began = server.cpu(), time.perf_counter()
    lacking = server.asks("POST", "uploads", listed)
    for one in lacking["missing"]:
        server.asks("PUT", f"uploads/{lacking['upload']}/blobs/{one}", by_digest[one])
    server.asks("POST", f"uploads/{lacking['upload']}/complete")
    server.asks("POST", "actions/deploy", json.dumps({"app": app, "upload": lacking["upload"]}).encode())
    return time.perf_counter() - began, server.cpu() - cpu


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--files", type=int, default=1000)
    options.add_argument("--changes", type=int, default=5)
    options.add_argument("--json", type=Path, help="also write the figures there")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder, site = Path(place), Path(place) / "site"
        a_site(site, chosen.files)
        server = Server(folder)
        try:
            server.asks("POST", "actions/create-app", b'{"app": "bench-site"}')
            first_wall, first_cpu = deployed(server, site, "bench-site")
            walls, cpus = [], []
            for number in range(chosen.changes):
                change(site, number + 1)
                wall, cpu = deployed(server, site, "bench-site")
                walls.append(wall)
                cpus.append(cpu)
            change(site, chosen.changes + 1)
            command = server.types("deploy", str(site), "--app", "bench-site")
        finally:
            server.stop()
        bare = min(floor(site, folder / f"floor-{number}") for number in range(5))
    wall, cpu = statistics.median(walls), statistics.median(cpus)
    figures = {
        "files": chosen.files,
        "start to ready, s": round(server.started, 2),
        "floor: read, hash, write all, s": round(bare, 3),
        "first deploy, server's wall s": round(first_wall, 2),
        "first deploy, server's CPU s": round(first_cpu, 2),
        "one change, server's wall s": round(wall, 3),
        "one change, server's CPU s": round(cpu, 3),
        "one change, server's wall / floor": round(wall / bare, 2),
        "one change, server's CPU / floor": round(cpu / bare, 2),
        "one change, the whole command, s": round(command, 2),
    }
    print(f"A deploy of {chosen.files:,} files with one change (goal: the server's share below 1 s)")
    for name, value in figures.items():
        print(f"  {name:40} {value}")
    if chosen.json:
        chosen.json.write_text(json.dumps({"deploys": figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
