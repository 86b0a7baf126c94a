"""Prompts and answers in words, kept where an administrator wants that: off by default.

The gateway seals what left and what came back (behind masks, where there are masks) and lays it down; control takes it in,
for so many days. Looking at it is a governed act with a receipt, and it can be erased: one call's, or all of a person's.

Invariants: nothing is kept in the open, nor in the ledger; no call waits for it or fails for it; what is too long is cut.
"""
