"""A SAML provider's metadata, as an administrator gets them."""

from __future__ import annotations

from greenlane.identity.saml.parties import SamlProvider


def described(provider: SamlProvider) -> str:
    keys = "".join(
        f'<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{one}</ds:X509Certificate>'
        "</ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        for one in provider.certificates
    )
    redirect = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
    return (
        '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" '
        f'xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{provider.entity_id}">'
        f'<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{keys}'
        f'<md:SingleLogoutService Binding="{redirect}" Location="{provider.slo}"/>'
        f'<md:SingleSignOnService Binding="{redirect}" Location="{provider.sso}"/>'
        "</md:IDPSSODescriptor></md:EntityDescriptor>"
    )
