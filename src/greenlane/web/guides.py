"""How the company's sign-in is set up at the providers that most companies have, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Guide:
    """What to do at one kind of provider: its name, the steps there, and what the form here begins with."""

    title: str
    kind: str
    steps: tuple[str, ...]
    issuer: str = ""
    filled: Mapping[str, str] = field(default_factory=dict)
    """Fields of the form that are right for every company that has this provider."""


GUIDES: Mapping[str, Guide] = {
    "okta": Guide(
        "Okta",
        "oidc",
        (
            "In Okta's admin console open Applications, then Create App Integration.",
            "Choose OIDC, then Web Application.",
            "Put the redirect address below into Sign-in redirect URIs.",
            "Under Assignments choose who may use Greenlane.",
            "Copy client id and client secret from the app's page into the form below.",
            "For groups, add a groups claim to the ID token and write groups into the form.",
        ),
        "https://your-company.okta.com",
    ),
    "entra": Guide(
        "Entra ID",
        "oidc",
        (
            "In the Entra admin center open App registrations, then New registration.",
            "Choose accounts in this directory only.",
            "Choose the platform Web, and put in the redirect address below.",
            "Under Certificates and secrets make a client secret. Copy its value, not its id.",
            "Copy Application (client) ID and Directory (tenant) ID from the overview.",
            "For groups, open Token configuration and add the groups claim.",
        ),
        "https://login.microsoftonline.com/your-tenant-id/v2.0",
        {"id_claim": "oid"},
    ),
    "google": Guide(
        "Google",
        "oidc",
        (
            "In Google Cloud open APIs and services, then Credentials.",
            "Choose Create credentials, OAuth client ID, Web application.",
            "Put the redirect address below into Authorized redirect URIs.",
            "On the consent screen choose Internal, so that only your company can use it.",
            "Copy client id and client secret into the form below.",
            "Write your own domain behind hd=, because Google signs in everybody else too.",
        ),
        "https://accounts.google.com",
        {"requires": "hd=example.com"},
    ),
    "keycloak": Guide(
        "Keycloak",
        "oidc",
        (
            "In the admin console choose your realm, then Clients, then Create client.",
            "Choose OpenID Connect, and switch Client authentication on.",
            "Put the redirect address below into Valid redirect URIs.",
            "Under Logout settings put in the back-channel logout address below.",
            "Copy the client secret from the tab Credentials into the form below.",
            "For groups, add a mapper of the type Group Membership with the token claim name groups.",
        ),
        "https://keycloak.example.com/realms/your-realm",
    ),
    "other": Guide(
        "another OpenID Connect provider",
        "oidc",
        (
            "Register a web application that uses the authorization code.",
            "Give it the redirect address below.",
            "Copy client id and client secret into the form below.",
        ),
        "https://id.example.com",
    ),
    "saml": Guide(
        "a SAML 2.0 provider",
        "saml",
        (
            "Make a new SAML application at the provider.",
            "Give it the address of our metadata, or type the two addresses in by hand.",
            "Let it sign assertions with SHA-256, and send a persistent name id or an id that never changes.",
            "Copy the address of its metadata into the form below.",
        ),
    ),
}
"""By the name that a provider of this kind gets here, where nobody chooses another one."""
