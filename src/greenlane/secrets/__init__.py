"""Values that apps need: readable variables, and secrets that nobody sees again; for an app, a team or everybody here.

Verbs: put-variable, rotate-variable, remove-variable, revoke-variable, take-values, rotate-key.

Invariants: a value is written once, under a new version, and lies sealed; a secret is never shown, logged, recorded or
exported; what an environment has no value for is missing there, and never taken from another environment; the more
specific value wins, and it is said why; sealing keys lie wrapped by a key driver and can be changed while all runs.
"""
