"""Counting anew what calls cost, after a price was set, removed, or a newer list was installed.

``counting`` says which calls would cost something else, and how much; the verb ``reprice-calls`` (``actions``, ``effects``)
writes that down: one new receipt for each batch of calls, and the corrected cost beside the first one.

Invariants: no record that was written changes; a call's first price stays readable, with its receipt; counting twice
changes nothing the second time; what was spent of a budget stays spent.
"""
