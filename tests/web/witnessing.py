"""A witness for tests behind the real door, where no process carries checkpoints to one."""

from __future__ import annotations

from tests.house import Doorway

from greenlane.ledger import queries as ledger
from greenlane.ledger.witness import Forwarder


def let_the_witness_see(doorway: Doorway) -> None:
    """The witness cosigns everything that is in the ledger now."""
    control = doorway.control
    with control.database.read() as connection:
        size = ledger.size(connection)
    forwarder = Forwarder(control.ledger, control.database, control.witness, every=0.01)
    try:
        while forwarder.standing().seen < size:
            assert not forwarder.standing().trouble
    finally:
        forwarder.close()
