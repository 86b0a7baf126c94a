"""What a call costs: a table of integers, made once from a public list of prices and from what administrators set.

``compiling`` reads the list and makes a document of plain JSON, ``listed`` keeps that document small, and ``table`` answers
from it in a few microseconds, in any process, without the list's package. Money is counted in pico-dollars (1e-12 USD) and never in floats.

Invariants: the same document gives the same price for ever, and its digest stands in each receipt; a price that is
missing is not a price of zero; what a provider's cliff, clock or speed does to a price, it does here too.
"""
