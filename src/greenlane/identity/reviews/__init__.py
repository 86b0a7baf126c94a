"""Access reviews: who has which right and why, looked at by people, kept or taken away, with evidence.

Verbs: start-review, keep-access, remove-access, close-review; remind-reviewers, which the platform does by itself.

Invariants: the list is frozen when a review starts, and its digest stands in the ledger; what is taken away is taken
by the very action that takes it away everywhere else; nobody keeps their own access; a review reaches no further than
the rights of whoever started it or decides; the evidence can be checked without us.
"""
