"""A process that writes receipts as fast as it can and says which were acknowledged, until somebody kills it."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from greenlane.kit.database import Database
from greenlane.ledger.append import Ledger
from greenlane.ledger.receipt import Receipt
from greenlane.ledger.signer import SignerClient


def main(url: str, socket: str, out: str) -> None:
    ledger = Ledger(Database(url), SignerClient(socket))
    with Path(out).open("ab", buffering=0) as acknowledged:

        def write(thread: int) -> None:
            number = 0
            while True:
                number += 1
                one = Receipt(f"{thread}-{number}", "noted", {"id": f"act_{thread}-{number}"}, "p", None, [], "t")
                entry = ledger.append(one)
                acknowledged.write(f"{entry.seq} {one.id}\n".encode())

        for thread in range(1, 4):
            threading.Thread(target=write, args=(thread,)).start()
        write(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
