"""What somebody should hear of: a reader of the ledger that keeps one line for each person and receipt.

No verbs. Who hears of what is ``hearing.py``, how it is said is ``wording.py``; ``reading.py`` goes through the ledger.
Invariants: every receipt is read once, in order, also after a crash; a notice holds ids and no words, so that nothing
personal is copied; whoever is not meant to read a request's words does not get them from here either.
"""
