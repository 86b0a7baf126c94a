"""Agents that act for people: who they are, what a person lends them, and the tokens that they come with.

Verbs: register-agent, replace-agent-key, retire-agent, delegate, end-delegation.

Invariants: an agent may what its person may now, within the ceiling of every agent of the chain, the grant and its
token, and never more; that is computed when it is used (``standing``) and stored in no token; a grant ends with its
person, its agent and the sign-in that it was given in, and nothing revives it; judging, handing out rights, editing
rules, reading secrets and renewing a grant are lent to nobody.
"""
