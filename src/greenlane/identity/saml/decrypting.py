"""Opening an encrypted assertion: AES-GCM under a key that RSA-OAEP wraps for us, and nothing else.

CBC and PKCS #1 v1.5 tell who asks often enough what is inside; they are refused before a key is touched. OAEP with
SHA-1, which Entra ID uses, is no signature and stays sound (RFC 8017, 7.1).
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from greenlane.identity.saml.form import NAMESPACES, Element, every, first, unwrapped, words
from greenlane.identity.saml.parties import Key
from greenlane.identity.saml.refusals import refuse

MOST_KEYS = 8
"""Services that a message may be encrypted for: each costs a private operation."""

_XENC, _XENC11 = NAMESPACES["xenc"], NAMESPACES["xenc11"]
_SIZES = {f"{_XENC11}aes{bits}-gcm": bits // 8 for bits in (128, 192, 256)}
_WRAPS = {f"{_XENC}rsa-oaep-mgf1p", f"{_XENC11}rsa-oaep"}
_DIGESTS: dict[str, hashes.HashAlgorithm] = {
    f"{NAMESPACES['ds']}sha1": hashes.SHA1(),  # noqa: S303 - within OAEP, see above
    f"{_XENC}sha256": hashes.SHA256(),
    "http://www.w3.org/2001/04/xmldsig-more#sha384": hashes.SHA384(),
    f"{_XENC}sha512": hashes.SHA512(),
}
_MASKS = {f"{_XENC11}mgf1sha{bits}": kind for bits, kind in zip((1, 256, 384, 512), _DIGESTS.values(), strict=True)}


def decrypted(sealed: Element, keys: tuple[Key, ...]) -> bytes:
    """The assertion in an ``EncryptedAssertion``. Raises ``SamlRefused``."""
    data = first(sealed, "xenc:EncryptedData")
    size = _SIZES.get(first(data, "xenc:EncryptionMethod").get("Algorithm"))
    if size is None or data.get("Type", f"{_XENC}Element") != f"{_XENC}Element":
        refuse("encryption", first(data, "xenc:EncryptionMethod").get("Algorithm"))
    box, wraps = _value(data), [*every(data, "ds:KeyInfo/xenc:EncryptedKey"), *every(sealed, "xenc:EncryptedKey")]
    if len(wraps) > MOST_KEYS:
        refuse("encryption", f"for {len(wraps)} keys")
    for wrapped in wraps:
        oaep, value = _oaep(first(wrapped, "xenc:EncryptionMethod")), _value(wrapped)
        for key in keys:
            try:
                opened = key.rsa.decrypt(value, oaep)
                if len(opened) == size:
                    return AESGCM(opened).decrypt(box[:12], box[12:], None)
            except (ValueError, InvalidTag):
                continue
    return refuse("undecipherable")


def _value(element: Element) -> bytes:
    return unwrapped(words(first(element, "xenc:CipherData/xenc:CipherValue")))


def _oaep(method: Element) -> padding.OAEP:
    digest, mask, label = (first(method, one) for one in ("ds:DigestMethod", "xenc11:MGF", "xenc:OAEPparams"))
    hashed = _DIGESTS.get(f"{NAMESPACES['ds']}sha1" if digest is None else digest.get("Algorithm"))
    masked = _MASKS.get(f"{_XENC11}mgf1sha1" if mask is None else mask.get("Algorithm"))
    if method.get("Algorithm") not in _WRAPS or hashed is None or masked is None:
        refuse("encryption", method.get("Algorithm"))
    return padding.OAEP(padding.MGF1(masked), hashed, None if label is None else unwrapped(words(label)))
