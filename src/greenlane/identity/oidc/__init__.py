"""OpenID Connect 1.0, the client's side: discovery, code with PKCE, the tokens, logout by the back channel.

No database here. The one way out is handed in (``driver``); what cannot be believed is an ``OidcRefused`` with its
reason, and ``refusals`` lists every reason there is.

Invariants: PKCE with S256, ``state`` and ``nonce`` always; issuer and audience exact; signatures by key pairs alone, of
algorithms that we allow and the provider announces; nothing is read from a token before its signature holds; a secret
is in no address and in no error.
"""
