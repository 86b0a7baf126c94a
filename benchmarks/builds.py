"""A Vite app as AI builders make them (`vite_app`: React, Tailwind, some forty Radix packages), from its source to a preview.

    python benchmarks/builds.py [--rounds 3] [--json FILE]

*Bare* is `npm ci` with nothing kept and `npm run build` in a folder, by the same Node and npm, as a person types them.
*Cold* is `greenlane deploy` of the same files with nothing kept of their packages: everything that it does, from sending the
source to the preview's address, with the build in its sandbox. *Warm* is the next deploy with the same lock. All of a round
follow one another, so that they share the machine's mood and the line's; the ratio is the median of the rounds' ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
APP = ROOT / "benchmarks" / "vite_app"
GREENLANE = Path(sys.executable).with_name("greenlane")


@dataclass
class Tools:
    """The Node and npm that builds have."""

    node: Path
    npm: Path

    def run(self, folder: Path, cache: Path, *words: str) -> None:
        path = f"{folder}/node_modules/.bin:{self.node.parent}:{os.environ['PATH']}"
        told = {**os.environ, "PATH": path, "npm_config_cache": str(cache), "CI": "true"}
        subprocess.run([self.node, self.npm, *words], cwd=folder, env=told, check=True, capture_output=True)


def timed(work: object) -> float:
    began = time.perf_counter()
    work()  # type: ignore[operator]  # any function without arguments
    return time.perf_counter() - began


@contextmanager
def running(folder: Path) -> Iterator[dict[str, str]]:
    """A Greenlane of this clone; gives the environment of a terminal that is its owner's."""
    token = folder / "token"
    command = [GREENLANE, "up", "--data", folder / "data", "--port", "0", "--owner-token-file", token]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        url = next(line.strip().rstrip("/") for line in server.stdout if line.startswith("http"))
        yield {**os.environ, "GREENLANE_URL": url, "GREENLANE_TOKEN": token.read_text().strip(), "HOME": str(folder)}
    finally:
        server.terminate()
        server.wait()


def deploy(folder: Path, terminal: dict[str, str]) -> None:
    command = [GREENLANE, "deploy", folder, "--app", "vendor-hub"]
    ended = subprocess.run(command, check=False, env=terminal, capture_output=True, text=True)
    if ended.returncode:
        raise SystemExit(ended.stdout[-2000:] + ended.stderr[-2000:])


def numbered(source: Path, number: int) -> Path:
    """The app under another version, so that nothing that was kept of an earlier one fits."""
    place = source.with_name(f"{source.name}-{number}")
    shutil.copytree(source, place)
    for name in ("package.json", "package-lock.json"):
        text = (place / name).read_text()
        (place / name).write_text(text.replace('"version": "0.0.0"', f'"version": "0.0.{number}"', 2))
    return place


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    rounds: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as place, running(Path(place)) as terminal:
        folder = Path(place)
        small = folder / "small"
        small.mkdir()
        (small / "package.json").write_text('{"scripts": {"build": "mkdir dist && echo x > dist/index.html"}}')
        deploy(small, terminal)  # brings Node and npm here, once for all builds
        kept = folder / "data" / "builds" / "tools"
        tools = Tools(next(kept.glob("node-22-*/bin/node")), next(kept.glob("npm-*/bin/npm-cli.js")))
        source = folder / "app"
        shutil.copytree(APP, source)
        tools.run(source, folder / "npm", "install", "--package-lock-only", "--ignore-scripts", "--no-audit")
        for number in range(1, chosen.rounds + 1):
            bare, ours = numbered(source, number), numbered(source, 100 + number)
            cache = folder / f"npm-{number}"
            one = {
                "npm ci": timed(lambda: tools.run(bare, cache, "ci", "--no-audit", "--no-fund")),  # noqa: B023  at once
                "npm run build": timed(lambda: tools.run(bare, cache, "run", "build")),  # noqa: B023  at once
                "cold": timed(lambda: deploy(ours, terminal)),  # noqa: B023  at once
            }
            (ours / "index.html").write_text((ours / "index.html").read_text().replace("vendor-hub", "vendor hub"))
            one["warm"] = timed(lambda: deploy(ours, terminal))  # noqa: B023  at once
            one["ratio"] = one["cold"] / (one["npm ci"] + one["npm run build"])
            rounds.append(one)
            print("  ".join(f"{name} {value:.2f}" for name, value in one.items()), flush=True)
            for left in (bare, ours, cache):
                shutil.rmtree(left)
    figures = {name: round(statistics.median(one[name] for one in rounds), 2) for name in rounds[0]}
    print(f"cold: {figures['ratio']} of bare (goal 1.15), warm: {figures['warm']} s (goal 15)")
    if chosen.json:
        chosen.json.write_text(json.dumps({"builds": figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
