"""Values that apps need and people must not see again, by app and environment.

Verbs: put-variable, remove-variable.

Invariants: a value is written once, under a new version, and never shown, logged, recorded or exported; it lies
encrypted; the platform alone opens it, for the app that it belongs to and to find it where it leaked.
"""
