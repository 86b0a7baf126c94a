"""The terminal: a face of the door. Every command is a registered verb, a query, or one of the few local ones.

A verb's command turns what was typed into the verb's inputs and nothing else, so `explain` and `do` come for free.
Invariants: one JSON document with ``--json``; addresses raw and alone on a line; an ending always has its exit code;
no secret is ever an argument; nothing is shown that could steer the terminal.
"""

from greenlane.cli.local import LocalCommands, Told
from greenlane.cli.terminal import app, tree

__all__ = ["LocalCommands", "Told", "app", "tree"]
