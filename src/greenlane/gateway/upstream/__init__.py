"""The providers' side: what each kind of provider is told and where, and the connections to them.

``driver`` is the Protocol that a kind fulfils, with one file a kind; ``kinds`` has them by name. ``pool`` keeps connections:
HTTP/1.1 of our own over the event loop's sockets, TLS or not, so that bytes pass with back-pressure and are not believed.

Invariants: hosts come from the administrators' table alone, and an address inside the network only where that table says
so; a redirect is never followed; a provider's secret goes to its own host and nowhere else.
"""
