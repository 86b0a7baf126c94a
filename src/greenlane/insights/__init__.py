"""Readers of the ledger that tell people what happened, in plain sentences and in figures.

No verbs: everything here is a projection that could be thrown away and made again from the receipts.
"""
