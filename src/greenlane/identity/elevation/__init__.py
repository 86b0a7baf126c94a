"""Temporary elevation: a role for some hours, with a reason, and back to what one had.

Verbs: ask-elevation, end-elevation.

Invariants: somebody who could give the role decides, never the asker; an elevation counts from that moment until its
time is over, by the clock at each use; it gives nothing that lasts: nobody hands out rights with it, decides another
elevation with it, or counts as an owner by it; it ends with its person, and nothing revives it.
"""
