"""From the wheel to the first published app, as somebody who has never seen this machine would do it.

    python benchmarks/wheel.py [--json FILE]

Builds the wheel from this clone (not counted), then: a fresh environment, the wheel with its dependencies from the
package index, `greenlane up`, `deploy`, `publish`, and the page from the app's own address. What is downloaded depends on
the line; the figures of a second run stand on uv's cache. Nothing is left behind.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[1]
UV = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
PAGE = b"<!doctype html><title>First</title><h1>Here it is</h1>"


def seconds_of(steps: dict[str, float], name: str, began: float) -> float:
    """Note how long a step took, and begin the next one."""
    now = time.perf_counter()
    steps[name] = round(now - began, 2)
    return now


def quietly(*command: str, **more: str) -> None:
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **more})


def page(url: str, host: str, token: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(url).port, timeout=5)
    headers = {"Host": f"{host}:{urlsplit(url).port}", "Authorization": f"Bearer {token}"}
    connection.request("GET", "/", headers=headers)
    body = connection.getresponse().read()
    connection.close()
    return body


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--json", type=Path, help="also write the figures there")
    chosen = options.parse_args()
    if UV is None:
        raise SystemExit("This needs uv: `make setup` brings it.")
    steps: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "site").mkdir()
        (folder / "site" / "index.html").write_bytes(PAGE)
        quietly(UV, "build", "--quiet", "--wheel", "--out-dir", str(folder), str(ROOT))
        [wheel] = folder.glob("*.whl")
        home = {"HOME": place, "XDG_CONFIG_HOME": str(folder / "config")}

        begin = now = time.perf_counter()
        quietly(UV, "venv", "--quiet", "--python", sys.executable, str(folder / "env"))
        quietly(UV, "pip", "install", "--quiet", "--python", str(folder / "env"), str(wheel))
        now = seconds_of(steps, "install the wheel", now)
        greenlane, token = str(folder / "env" / "bin" / "greenlane"), folder / "token"
        server = subprocess.Popen(
            [greenlane, "up", "--data", str(folder / "data"), "--port", "0", "--owner-token-file", str(token)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **home},
        )
        try:
            assert server.stdout is not None
            url = next(line.strip().rstrip("/") for line in server.stdout if line.startswith("http"))
            secret = token.read_text().strip()
            now = seconds_of(steps, "start", now)
            asked = {**home, "GREENLANE_URL": url, "GREENLANE_TOKEN": secret}
            quietly(greenlane, "deploy", str(folder / "site"), "--app", "first-app", **asked)
            now = seconds_of(steps, "deploy", now)
            quietly(greenlane, "publish", "first-app", **asked)
            assert page(url, "first-app.localhost", secret) == PAGE
            now = seconds_of(steps, "publish and open", now)
            steps["altogether"] = round(now - begin, 2)
        finally:
            server.terminate()
            server.wait()
    print("From the wheel to the first published app, seconds (goal: 90)")
    for name, value in steps.items():
        print(f"  {name:55} {value}")
    if chosen.json:
        chosen.json.write_text(json.dumps({"wheel": steps}, indent=2) + "\n")


if __name__ == "__main__":
    main()
