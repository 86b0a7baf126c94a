"""The company's own sign-in: its identity providers, and coming in through them.

Verbs: add-, change-, refresh-, remove-identity-provider; tell-of-metadata; claim-, verify-, release-mail-domain; link-, unlink-identity; join-by-sign-in;
end-provider-sessions. The sign-in itself is the verb sign-in, with what a provider vouched for as its secret.

Invariants: a person and a provider's account belong together by the provider's own unchanging id, never by a mail
address; each answer of a provider counts once, for the browser that asked; who is suspended here is refused, whatever
the provider says; a client secret is sealed and never shown again; a receipt names the provider and the digest of its
message, never what stood in it.
"""
