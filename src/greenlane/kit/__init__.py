"""What every room stands on: settings, database, blobs, wire, ids, clock, money, digest, errors.

Invariant: no domain word may appear here. Whatever is written in this folder could serve any other product.
"""
