"""`greenlane dev`: an app in a folder of one's own machine, run as the platform would run it, again after each change.

The edge, the sandboxes, the builder and the way out are the platform's own processes; only control is stood in for, by a
table with one app in it, one pretended person and the values of a local `.env`. Nothing here decides, and nothing is
written to a ledger: nothing leaves the machine.

Invariants: it listens on loopback alone; what is read of the platform was read through its door before any of this began.
"""
