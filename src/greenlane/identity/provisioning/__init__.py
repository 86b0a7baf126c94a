"""The company's directory brings people and groups by itself (SCIM 2.0), and switches them off and on again.

Verbs: connect-, disconnect-, join-, leave-directory; create-, revoke-directory-token; and what a directory itself does:
provision-person, change-provisioned-person, release-provisioned-person, provision-group, change-provisioned-group,
remove-provisioned-group, the same for agents; suspend-person and restore-person are those of everybody else.

Invariants: a directory does these verbs and nothing else, with a token of its own; whom it switches off is cut off like
anybody who is suspended, and can be switched on again; it cannot remove the last owner; it sees what it brought,
and whom an administrator joined with it, and nobody else; what it brought stays when it goes; an agent that it brings
is a registered one (``delegation``), and one that somebody registered is never taken over.
"""
