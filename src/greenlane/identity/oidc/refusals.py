"""Why a provider's answer is not believed: every reason with its words and what to do. ``docs/identity.md`` lists them."""

from __future__ import annotations

from greenlane.kit.errors import GreenlaneError

REFUSALS: dict[str, tuple[str, str]] = {
    # what the provider says about itself
    "discovery-missing": (
        "The provider has no description of itself at this address.",
        "Look whether the issuer is right: its address ends before /.well-known.",
    ),
    "discovery-unreadable": (
        "The provider's description of itself cannot be read.",
        "Open the issuer's address with /.well-known/openid-configuration behind it, and look what comes.",
    ),
    "issuer-other": (
        "The provider calls itself by another address than the one that was set here.",
        "Put in the issuer exactly as the provider writes it.",
    ),
    "address-missing": (
        "The provider's description lacks an address that signing in needs.",
        "Look whether this is a provider of OpenID Connect.",
    ),
    "no-algorithm": (
        "The provider signs by no method that is allowed here.",
        "Let it sign with RS256, PS256, ES256 or EdDSA. Shared secrets and unsigned tokens are never taken.",
    ),
    "no-pkce": (
        "The provider says that it cannot do PKCE with S256.",
        "Switch PKCE on for this client.",
    ),
    "keys-unreadable": (
        "The provider's keys cannot be read.",
        "Look whether the address of its keys (jwks_uri) answers.",
    ),
    # what comes back with the browser
    "provider-said-no": (
        "The provider did not sign you in.",
        "Try again; if it stays, ask whoever runs the provider whether you may use Greenlane.",
    ),
    "other-provider": (
        "The answer names another provider than the one that was asked.",
        "Begin again from the sign-in page.",
    ),
    "code-refused": (
        "The provider did not take its own code back.",
        "Begin again from the sign-in page: each code works once, and for a short time.",
    ),
    "client-refused": (
        "The provider does not know this Greenlane: client id or client secret are wrong.",
        "Put in both once more as the provider shows them. A secret may have expired.",
    ),
    "no-token": (
        "The provider answered without an ID token.",
        "Let the client use the scope openid.",
    ),
    # the token itself
    "token-unreadable": (
        "The provider's token is none that can be read.",
        "Look whether the provider encrypts its tokens; that is not taken here.",
    ),
    "algorithm-refused": (
        "The token is signed by a method that is not allowed.",
        "Let the provider sign with RS256, PS256, ES256 or EdDSA.",
    ),
    "key-unknown": (
        "The token is signed with a key that the provider does not show.",
        "Try again in a minute: keys may be changing.",
    ),
    "signature-wrong": (
        "The token's signature does not hold.",
        "Begin again from the sign-in page. If it stays, somebody may be in between.",
    ),
    "kind-wrong": (
        "The token is not of the kind that was asked for.",
        "Look what the provider sends to this address.",
    ),
    "issuer-wrong": (
        "The token was made by another issuer.",
        "Look whether the issuer is right.",
    ),
    "audience-wrong": (
        "The token was made for somebody else.",
        "Look whether the client id is right.",
    ),
    "subject-missing": (
        "The token does not say whom it is about.",
        "Choose an id claim that every token carries, such as sub.",
    ),
    "expired": (
        "The token is too old.",
        "Begin again. If it stays, compare the clocks of both machines.",
    ),
    "from-the-future": (
        "The token is from the future.",
        "Compare the clocks of both machines.",
    ),
    "nonce-wrong": (
        "The token does not belong to this sign-in.",
        "Begin again from the sign-in page.",
    ),
    "access-token-swapped": (
        "The two tokens that came do not belong together.",
        "Begin again from the sign-in page. If it stays, somebody may be in between.",
    ),
    "not-fresh": (
        "The provider did not ask you to sign in once more.",
        "Sign out at the provider, then try again.",
    ),
    "not-strong": (
        "The provider did not check you as strictly as was asked.",
        "Use a second factor at the provider, then try again.",
    ),
    "claim-missing": (
        "The token lacks what a person of this organisation has.",
        "Sign in with your company's account, not with another one.",
    ),
    "person-other": (
        "What the provider says about you is about somebody else.",
        "Begin again from the sign-in page.",
    ),
    "spent": (
        "This message of the provider was used already.",
        "Begin again from the sign-in page.",
    ),
}
"""Words and next step by reason."""


class OidcRefused(GreenlaneError):
    """What a provider sent is not believed. ``reason`` is one of ``REFUSALS``; ``detail`` is for the log alone."""

    code = "provider-not-believed"
    status = 403

    def __init__(self, reason: str, detail: str = "") -> None:
        says, instead = REFUSALS[reason]
        super().__init__(says, next_step=instead, detail=f"{reason}: {detail}" if detail else reason)
        self.reason = reason
