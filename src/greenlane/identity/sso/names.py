"""What identity providers may be called and set to, and what cannot be meant. Each check raises ``WrongInput``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_network
from urllib.parse import urlsplit

from greenlane.govern.errors import WrongInput
from greenlane.identity.names import readable

KINDS = ("oidc", "saml")
"""What a provider speaks."""

LONGEST_METADATA = 512 * 1024
"""Letters of a SAML provider's metadata."""

GOOGLE = "https://accounts.google.com"
"""The issuer of everybody's private accounts too, so it needs a claim that only the company's have."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_WORD = re.compile(r"[!-~]{1,300}")
_CLAIM = re.compile(r"([!-<>-~]{1,200})=(.{1,300})")


def check_name(name: str) -> None:
    """A provider's name stands in addresses."""
    if _NAME.fullmatch(name) is None:
        raise WrongInput(
            f"{name!r} is no name for a provider.",
            next_step="Use small letters, digits and hyphens, at most 40, such as okta.",
            field="name",
        )


def check_title(title: str) -> None:
    """What stands on its button."""
    if len(title) > 40 or title != title.strip() or not readable(title):
        raise WrongInput("That is too long for a button.", next_step="Give 1 to 40 characters.", field="title")


def check_directory(name: str) -> None:
    """What a directory is called, or nothing."""
    if len(name) > 100 or name != name.strip() or not readable(name):
        raise WrongInput("That is no directory's name.", next_step="Give it as it is listed.", field="directory")


def check_kind(kind: str) -> None:
    """One of the kinds there are."""
    if kind not in KINDS:
        raise WrongInput(f"{kind!r} is no kind of provider.", next_step="Say oidc or saml.", field="kind")


def check_address(text: str, field: str) -> None:
    """An address of the web without anything behind its path."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    plain = text.isascii() and text.isprintable() and " " not in text and len(text) <= 500
    if not plain or parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise WrongInput(
            "That is no address of the web.", next_step="It looks like https://acme.okta.com.", field=field
        )
    if parts.username is not None or parts.query or parts.fragment:
        raise WrongInput(
            "This address has a name, a question mark or a # in it.", next_step="Leave that out.", field=field
        )


def check_words(words: Iterable[str], field: str) -> None:
    """Words without spaces, such as scopes."""
    for one in words:
        if _WORD.fullmatch(one) is None:
            raise WrongInput(f"{one!r} has spaces or odd letters in it.", next_step="Leave those out.", field=field)


def claim(text: str) -> tuple[str, str]:
    """A claim and the value that it must have, from ``hd=example.com``."""
    found = _CLAIM.fullmatch(text)
    if found is None:
        raise WrongInput(
            f"{text!r} is no claim with a value.", next_step="Write it like hd=example.com.", field="requires"
        )
    return found[1], found[2]


def check_networks(networks: Iterable[str]) -> None:
    """Networks as CIDR writes them."""
    for one in networks:
        try:
            ip_network(one)
        except ValueError:
            raise WrongInput(
                f"{one!r} is no network.", next_step="Write it like 10.1.0.0/16.", field="networks"
            ) from None


def check_secret(secret: str) -> None:
    """A client secret as providers make them."""
    if len(secret) > 4096 or not secret.isascii() or not (secret.isprintable() or not secret) or " " in secret:
        raise WrongInput(
            "That is no client secret: it holds spaces, line breaks or odd letters.",
            next_step="Give the secret alone, as the provider shows it.",
            field="client_secret",
        )


def mail_domain(domain: str) -> str:
    """The part behind the @ in one form: small letters, IDNA where it has others (RFC 5890)."""
    text = domain.strip().lstrip("@").rstrip(".")
    try:
        bare = text.encode("idna").decode().lower()
    except UnicodeError:
        bare = ""
    labels = bare.split(".")
    well_formed = len(bare) <= 253 and len(labels) >= 2 and all(_LABEL.fullmatch(label) for label in labels)
    if not well_formed or labels[-1].isdigit():
        raise WrongInput(
            f"{domain!r} is not the domain of a mail address.",
            next_step="Give what stands behind the @.",
            field="domain",
        )
    return bare
