"""Terminals that sign in: a person allows it in their browser, and the terminal fetches an API token for it.

Verbs: allow-login, refuse-login.

Invariants: a terminal gets what its person read and allowed, once, within two minutes; whoever asks has to prove that
they are the same who began (PKCE, or the device's own code); an answer goes to this very machine (a loopback address)
or nowhere; a code that people type is slow to guess; the token is made by ``create-token``, for that person, in the
session in which they allowed it.
"""
