"""The verbs about the company's own sign-in. An action that exists is well formed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from greenlane.govern.action import EffectClass, Private, Secret, verb
from greenlane.govern.errors import WrongInput
from greenlane.identity.sso import names

ProviderName = Annotated[str, "the provider's name here, such as okta"]
DomainName = Annotated[str, "what stands behind the @ in mail addresses, such as example.com"]
SCOPES = ("openid", "email", "profile")
"""What is asked for where nothing is said."""


@verb(
    "add-identity-provider",
    effect=EffectClass.SEND,
    undo="remove-identity-provider",
    says="{actor} {let|let} the provider {name} say who people are",
)
@dataclass(frozen=True, slots=True)
class AddIdentityProvider:
    """Let people sign in with the company's own identity provider. Its client secret is sealed and never shown again."""

    name: ProviderName
    kind: Annotated[str, "what it speaks: oidc or saml"] = "oidc"
    title: Annotated[str, "what stands on the button behind Sign in with; the name where left out"] = ""
    issuer: Annotated[str, "OIDC: its address, such as https://acme.okta.com"] = ""
    client_id: Annotated[str, "OIDC: what the provider calls this Greenlane"] = ""
    client_secret: Annotated[str, Secret, "OIDC: the secret beside it; none for a public client"] = field(
        default="", repr=False
    )
    scopes: Annotated[tuple[str, ...], "OIDC: what is asked for"] = SCOPES
    metadata: Annotated[
        str, "SAML: its metadata, as an address or as the XML itself; only an https address is read again by itself"
    ] = ""
    id_claim: Annotated[
        str, "the claim or attribute that never changes: sub, for Entra oid; SAML: empty for the name id"
    ] = ""
    requires: Annotated[tuple[str, ...], "claims that must have a value, such as hd=example.com"] = ()
    groups: Annotated[str, "the claim or attribute that names groups; empty for none"] = ""
    creates: Annotated[bool, "whoever signs in there and is not known becomes a person here, without any role"] = False
    directory: Annotated[str, "the directory whose ids are the same as this provider's; empty for none"] = ""
    strong: Annotated[str, "what is asked for where somebody must sign in anew (acr or context); empty for nothing"] = (
        ""
    )
    begins: Annotated[bool, "SAML: it may begin a sign-in that nobody here asked for"] = False
    networks: Annotated[tuple[str, ...], "networks of your own that it may stand in, such as 10.1.0.0/16"] = ()

    def __post_init__(self) -> None:
        names.check_name(self.name)
        names.check_kind(self.kind)
        names.check_title(self.title)
        _check_settings(self.scopes, self.requires, self.networks, (self.id_claim, self.groups, self.strong))
        names.check_secret(self.client_secret)
        names.check_directory(self.directory)
        if self.kind == "oidc":
            names.check_address(self.issuer, "issuer")
            if not self.client_id:
                raise WrongInput(
                    "The client id is missing.",
                    next_step="Register Greenlane at the provider; it shows a client id then.",
                    field="client_id",
                )
            names.check_words((self.client_id,), "client_id")
            if "openid" not in self.scopes:
                raise WrongInput("Without the scope openid there is no sign-in.", next_step="Add it.", field="scopes")
            if self.issuer.rstrip("/") == names.GOOGLE and not any(one.startswith("hd=") for one in self.requires):
                raise WrongInput(
                    "Google signs in everybody in the world, not only your company.",
                    next_step="Require your own domain: hd=example.com.",
                    field="requires",
                )
        elif not self.metadata:
            raise WrongInput(
                "The provider's metadata is missing.",
                next_step="Give the address of its metadata, or the XML itself.",
                field="metadata",
            )
        _check_metadata(self.metadata)


@verb(
    "change-identity-provider",
    effect=EffectClass.SEND,
    undo="change-identity-provider",
    says="{actor} {changed|change} the identity provider {provider}",
)
@dataclass(frozen=True, slots=True)
class ChangeIdentityProvider:
    """Change an identity provider, or switch it off and on. What is left out stays as it is."""

    provider: ProviderName
    title: Annotated[str | None, "what stands on the button"] = None
    issuer: Annotated[str | None, "OIDC: its address"] = None
    client_id: Annotated[str | None, "OIDC: what the provider calls this Greenlane"] = None
    client_secret: Annotated[str | None, Secret, "OIDC: a new secret"] = field(default=None, repr=False)
    scopes: Annotated[tuple[str, ...] | None, "OIDC: what is asked for"] = None
    metadata: Annotated[
        str | None, "SAML: its metadata anew, with all its certificates; only an https address is read again by itself"
    ] = None
    id_claim: Annotated[str | None, "the claim or attribute that never changes"] = None
    requires: Annotated[tuple[str, ...] | None, "claims that must have a value"] = None
    groups: Annotated[str | None, "the claim or attribute that names groups; empty for none"] = None
    creates: Annotated[bool | None, "whether whoever is not known becomes a person here"] = None
    directory: Annotated[str | None, "the directory whose ids are the same; empty for none"] = None
    strong: Annotated[str | None, "what is asked for where somebody must sign in anew; empty for nothing"] = None
    begins: Annotated[bool | None, "SAML: whether it may begin a sign-in that nobody here asked for"] = None
    networks: Annotated[tuple[str, ...] | None, "networks of your own that it may stand in"] = None
    on: Annotated[bool | None, "whether people can sign in with it"] = None

    def __post_init__(self) -> None:
        names.check_title(self.title or "")
        _check_settings(
            self.scopes or (),
            self.requires or (),
            self.networks or (),
            (self.id_claim or "", self.groups or "", self.strong or ""),
        )
        if self.issuer is not None:
            names.check_address(self.issuer, "issuer")
        if self.client_id is not None:
            names.check_words((self.client_id,), "client_id")
        names.check_directory(self.directory or "")
        names.check_secret(self.client_secret or "")
        _check_metadata(self.metadata or "")


@verb(
    "refresh-identity-provider",
    effect=EffectClass.SEND,
    says="{actor} {took|take} over the certificates that {provider} shows now",
)
@dataclass(frozen=True, slots=True)
class RefreshIdentityProvider:
    """Believe the certificates that a SAML provider shows now at the address of its metadata. Nothing else changes."""

    provider: ProviderName
    metadata: Annotated[str, "the address that they were read at"]
    certificates: Annotated[tuple[str, ...], "all that sign now, in base64"]
    signed_requests: Annotated[bool, "whether it takes signed questions alone"] = False


@verb(
    "tell-of-metadata",
    effect=EffectClass.SEND,
    says="{actor} {told|tell} administrators of the metadata of {provider}: {says}",
)
@dataclass(frozen=True, slots=True)
class TellOfMetadata:
    """Tell administrators once that a SAML provider's metadata, read again, were not taken over, and what to do."""

    provider: ProviderName
    says: Annotated[str, "what is wrong, and what to do"]


@verb(
    "remove-identity-provider",
    effect=EffectClass.DESTROY,
    says="{actor} {removed|remove} the identity provider {provider} with all its links to people",
)
@dataclass(frozen=True, slots=True)
class RemoveIdentityProvider:
    """Let nobody sign in with a provider any more, end what it opened, and destroy its secret. People stay."""

    provider: ProviderName


@verb(
    "claim-mail-domain",
    effect=EffectClass.WRITE,
    undo="release-mail-domain",
    says="{actor} {claimed|claim} the mail domain {domain} for {provider}",
)
@dataclass(frozen=True, slots=True)
class ClaimMailDomain:
    """Lead people with addresses of a domain to a provider, once a DNS record proves the domain."""

    provider: ProviderName
    domain: DomainName

    def __post_init__(self) -> None:
        names.mail_domain(self.domain)


@verb(
    "verify-mail-domain",
    effect=EffectClass.WRITE,
    undo="release-mail-domain",
    says="{actor} {proved|prove} that mail of {domain} is theirs",
)
@dataclass(frozen=True, slots=True)
class VerifyMailDomain:
    """Look for the DNS record; once it is there, people with such an address are led to the provider."""

    domain: DomainName

    def __post_init__(self) -> None:
        names.mail_domain(self.domain)


@verb("release-mail-domain", effect=EffectClass.WRITE, says="{actor} {released|release} the mail domain {domain}")
@dataclass(frozen=True, slots=True)
class ReleaseMailDomain:
    """Lead nobody with such an address anywhere any more."""

    domain: DomainName

    def __post_init__(self) -> None:
        names.mail_domain(self.domain)


@verb("link-identity", effect=EffectClass.WRITE, undo="unlink-identity", says="{actor} {linked|link} a company account")
@dataclass(frozen=True, slots=True)
class LinkIdentity:
    """Sign in with your own account at a provider from now on, as the person you are here."""

    secret: Annotated[str, Secret, "what the provider vouched for, as the console keeps it"] = field(repr=False)


@verb(
    "join-by-sign-in",
    effect=EffectClass.WRITE,
    undo="leave-directory",
    says="{actor} {joined|join} the company's directory by signing in",
)
@dataclass(frozen=True, slots=True)
class JoinBySignIn:
    """Join the directory of a provider as whom you just signed in there. It takes you over when it next adds you."""

    secret: Annotated[str, Secret, "what the provider vouched for, as the console keeps it"] = field(repr=False)


@verb(
    "unlink-identity",
    effect=EffectClass.WRITE,
    subject="person",
    says="{actor} {unlinked|unlink} {person} from an account at {provider}",
)
@dataclass(frozen=True, slots=True)
class UnlinkIdentity:
    """Let a person's account at a provider open nothing here any more, and end what it opened."""

    person: Annotated[str, "the person's id, p_…"]
    provider: ProviderName


@verb(
    "end-provider-sessions",
    effect=EffectClass.WRITE,
    subject="person",
    says="{actor} {ended|end} what {provider} had opened for {person}, as it told us to",
)
@dataclass(frozen=True, slots=True)
class EndProviderSessions:
    """End the sessions that a provider opened, because somebody signed out there or was signed out."""

    person: Annotated[str, "the person's id, p_…"]
    provider: ProviderName
    message: Annotated[str, "the digest of what the provider sent"]
    sid: Annotated[str, Private, "the provider's own session; empty for all of the person's"] = ""


def _check_settings(
    scopes: tuple[str, ...], requires: tuple[str, ...], networks: tuple[str, ...], words: tuple[str, ...]
) -> None:
    names.check_words(scopes, "scopes")
    names.check_words((one for one in words if one), "id_claim")
    names.check_networks(networks)
    for one in requires:
        names.claim(one)


def _check_metadata(text: str) -> None:
    if len(text) > names.LONGEST_METADATA:
        raise WrongInput("This is more than any provider's metadata.", next_step="Look what it is.", field="metadata")
    if text and not text.lstrip().startswith("<"):
        names.check_address(text.partition("?")[0], "metadata")
