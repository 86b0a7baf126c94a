"""People, teams, roles, and how somebody comes in: invitations, links, passwords, passkeys, recovery codes, tokens.

Verbs: found-organisation; add-, rename-, suspend-, restore-, erase-person; create-, join-, leave-team; invite,
accept-invitation; grant-, remove-role; create-, revoke-token; create-sign-in-link, sign-in, sign-out, end-session;
set-, remove-password; add-, remove-passkey; make-recovery-codes; turn-away.

Invariants: a right is looked up when it is used and never stored in a credential; a suspended person's tokens and
sessions stop in the same transaction; the last active owner stays; nobody gives away a right that they lack; an agent
has a part of its person's rights; secrets are stored as digests alone; names and mail addresses live in ``person``
only, where they can be erased; what somebody signs in with tells nobody who is here, and is slow to guess.
"""
