"""The data plane: one process in front of every host. It routes, checks who is asking, serves, and never decides.

Verbs: ``process.run`` serves until it is told to stop. What it may serve to whom comes compiled from control over a
feed (``kit.feed``, ``table``); who is asking is proven by a cookie, a token or a preview token (``visits``); files come
from the content-addressed store (``contents``, ``files``, ``serve``); the console is relayed (``console``).

Invariants: no database and no decision here; one request sees one deploy, never a mix; an app that is not public is
served only while control's word on the visitor is younger than the lease; public apps are served always; credentials
of the platform never reach an app's code.
"""
