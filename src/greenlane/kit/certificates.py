"""A key with a certificate that it signed itself: for those who want a certificate where a key would do."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

BITS = 3072
"""Of the key: 128 bits of strength (NIST SP 800-57 part 1, table 2)."""


def self_signed(name: str, now: datetime, days: int) -> tuple[str, str]:
    """A new RSA key as PEM (PKCS #8, not encrypted), and its certificate as base64 of DER, from yesterday for so long."""
    private = rsa.generate_private_key(65537, BITS)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name[:64])])
    begun = x509.CertificateBuilder(subject, subject, private.public_key(), x509.random_serial_number())
    dated = begun.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=days))
    der = dated.sign(private, hashes.SHA256()).public_bytes(Encoding.DER)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode(), b64encode(der).decode()
