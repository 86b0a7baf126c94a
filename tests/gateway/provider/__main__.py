"""``python -m tests.gateway.provider [--port N] [--key KEY]... [--delay S] [--pace S]``: says its address, then serves.

``GET /stand-in/account``, ``POST /stand-in/faults [{"kind": "status", "status": 529}]``, ``POST /stand-in/keys
{"sk-..": 401}`` and ``POST /stand-in/clear`` steer it while it runs.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys

from tests.gateway.provider.standin import Provider


def main() -> None:
    told = argparse.ArgumentParser(prog="python -m tests.gateway.provider")
    told.add_argument("--port", type=int, default=0)
    told.add_argument("--key", action="append", default=[])
    told.add_argument("--delay", type=float, default=0.0)
    told.add_argument("--pace", type=float, default=0.0)
    given = told.parse_args()
    provider = Provider(*given.key, delay=given.delay, pace=given.pace, port=given.port)

    def ready(address: str) -> None:
        sys.stdout.write(json.dumps({"address": address, "keys": list(provider.keys)}) + "\n")
        sys.stdout.flush()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(provider.serve(ready))


main()
