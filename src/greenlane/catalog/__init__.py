"""What people built: apps, each with an owner and a team, their environments, audience, outside hosts and domains.

Verbs: create-, archive-, wake-, transfer-app; set-audience, set-quota; ask-to-open, add-, remove-guest; create-, revoke-share-link; declare-, remove-host; lock, unlock; claim-,
verify-, release-domain. The platform's own, on time: widen-audience, ask-if-needed, expire-app.

Invariants: an app always has an owner and a team; it starts open to its owner alone; an environment moves only from the
state that the mover saw, and never while it is locked; a domain serves one app, after proof by DNS.
"""
