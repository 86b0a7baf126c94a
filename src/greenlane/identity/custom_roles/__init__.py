"""Roles that an organisation makes for itself: a name, a sentence, and the verbs of the table that it allows, where.

Verbs: create-role, change-role, delete-role.

Invariants: a role never allows more than its maker may; it counts by what it allows at the moment of use; nobody holds
a role that there is not.
"""
