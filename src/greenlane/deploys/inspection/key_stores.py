"""Binary files that keep private keys or passwords, told by their first bytes and by what names a key in them.

A store that holds certificates alone is none of them: each form below names the private half.
"""

from __future__ import annotations

import base64
import re

_LARGEST = 4 * 1024 * 1024
"""Bytes of the largest store that is looked at."""

_LENGTH = rb"(?:\x82[\s\S]{2}|\x81[\s\S]|[\x01-\x7f])"
"""How ASN.1 writes a length (ITU-T X.690) of a file that is no larger than 64 KiB."""

_STORES = (
    # RFC 7292: a bag that holds a key, sealed or not, by its object identifier
    re.compile(rb"\A\x30[\s\S]{1,4}\x02\x01\x03\x30[\s\S]*\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01[\x01\x02]"),
    # Java: its own store with a sealed key in it, by the identifier of that sealing
    re.compile(
        rb"\A(?:\xfe\xed\xfe\xed|\xce\xce\xce\xce)[\s\S]*\x06[\x09\x0a]\x2b\x06\x01\x04\x01\x2a\x02(?:\x11\x01\x01|\x13\x01)"
    ),
    # KeePass, each of its formats
    re.compile(rb"\A\x03\xd9\xa2\x9a[\x65-\x67]\xfb\x4b\xb5"),
    # RFC 5958, a private key, and one that is sealed with a password; RFC 8017, an RSA key; RFC 5915, an elliptic one
    re.compile(rb"\A\x30" + _LENGTH + rb"\x02\x01[\x00\x01]\x30[\s\S]\x06"),
    re.compile(rb"\A\x30" + _LENGTH + rb"\x30" + _LENGTH + rb"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d"),
    re.compile(rb"\A\x30" + _LENGTH + rb"\x02\x01\x00\x02\x82[\s\S]{2}\x00"),
    re.compile(rb"\A\x30" + _LENGTH + rb"\x02\x01\x01\x04[\x14-\x42]"),
)


def armoured(data: bytes) -> str:
    """A store of keys as a text that the table of places knows, in Base64; empty for anything else."""
    if len(data) > _LARGEST or not any(one.search(data) for one in _STORES):
        return ""
    return f"-----BEGIN KEY STORE-----\n{base64.b64encode(data).decode()}\n-----END KEY STORE-----"
