"""Groups of the company's directory, and the rules that make roles of them.

Groups come from outside: a directory pushes them (``provisioning``), or a sign-in names them (``claims.sync``).
Verbs: add-group-rule, remove-group-rule.

Invariants: a group without a rule gives nothing; a right by rule is worked out when it is used, so it ends with the
membership or the rule; rights add up, and no group takes away what another one gives; the last owner stays.
"""
