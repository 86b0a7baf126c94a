"""Signing in with SAML 2.0: a strict service provider, as pure functions. No database, no network, no clock of its own.

``parties``: who talks (``ServiceProvider``, ``SamlProvider``, ``Expected``). ``request.request``: our question.
``response.accept``: the answer, an ``Assertion`` or ``SamlRefused``. ``logout``: signing out, both ways.
``metadata``: ours written, theirs read. ``refusals``: every reason, in words.

Invariants: what the grammar in ``form`` does not name is refused before a signature is looked at; what is read was
signed with a pinned certificate and comes from the signed bytes; what must be said and is not said is a refusal.
"""
