"""The model gateway: calls to models of any provider, decided, bounded, priced and recorded.

A call comes in on a *wire* (``wires``), is read without being changed, gets a route, reserves an upper bound in every
budget that it concerns, and is passed through byte by byte where the provider speaks the caller's wire, or translated
where it does not. What it used is read from the answer (``usage``).

Invariants: bytes that need no change are not changed; what cannot be translated is refused with every reason at once;
what a provider does not say is counted as an upper bound and marked as estimated.
"""
