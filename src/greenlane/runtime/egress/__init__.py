"""The way out of sandboxes: one process, one socket for each sandbox, and a list of hosts for each app.

``process.run`` serves until it is told to stop. What a sandbox may reach is told by control (hosts that apps declared)
and by the runtime process (which sandbox is whose). What was used is counted into a journal, whose batches become leaves
of the ledger (``usage``), and can be read back (``queries``).

Invariants: no database and no key here; closed unless declared; the address that was checked is the one connected to;
nothing inside the network is reached unless the installation's own settings name it; a refusal is said in words.
"""
