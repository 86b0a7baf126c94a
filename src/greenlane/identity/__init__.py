"""People, teams, roles, invitations, sign-in links, sessions and API tokens.

Verbs: found-organisation; add-, rename-, suspend-, restore-, erase-person; create-, join-, leave-team; invite,
accept-invitation; grant-, remove-role; create-, revoke-token; create-sign-in-link, sign-in, sign-out.

Invariants: a right is looked up when it is used and never stored in a credential; a suspended person's tokens and
sessions stop in the same transaction; the last active owner stays; nobody gives away a right that they lack; an agent
has a part of its person's rights; secrets are stored as SHA-256 alone; names and mail addresses live in ``person``
only, where they can be erased.
"""
