"""Separation of duties: two roles that nobody holds in the same place, two verbs that nobody does to the same thing.

Verbs: keep-apart, stop-keeping-apart.

Invariants: who was given a role keeps it until somebody takes it, and the conflict is listed; what would come by a
rule about a group or by creating an app is withheld, and the person's page says why; what somebody did is looked up
when they act, never remembered.
"""
