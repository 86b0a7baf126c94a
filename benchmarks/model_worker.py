"""One worker of the model gateway in a program of its own, so that its memory is what it takes and nothing beside.

python benchmarks/model_worker.py FOLDER SOCKET written|durable
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path

from greenlane.gateway.serving.options import GatewayOptions
from greenlane.gateway.serving.process import run

if __name__ == "__main__":
    folder, handle, kind = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    run(
        GatewayOptions(
            feed_socket=folder / "feed.sock",
            journal=folder / kind,
            folder=folder / "lists",
            sockets=[socket.socket(fileno=handle)],
            durable=kind == "durable",
        )
    )
