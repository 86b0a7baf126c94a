"""Break-glass: the owners who still come in when the company's own sign-in is away or wrong.

Verbs: announce-drill. Coming in by break-glass is an ordinary ``sign-in``, marked in its receipt.

Invariants: who comes in by break-glass is told to every owner, whatever they chose to hear, and to every webhook; a
drill raises the same alarm; who could not be shut out or demoted by a directory counts as ready, and nobody else.
"""
