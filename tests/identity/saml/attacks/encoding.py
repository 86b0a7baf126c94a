"""Text that parsers see in different ways: its encoding."""

from __future__ import annotations

import zlib
from base64 import urlsafe_b64encode

from tests.identity.saml.attacks.attack import Made, text_of
from tests.identity.saml.provider import answer, wire


def encodings() -> Made:
    """Bytes that one reader takes for another text than the next."""
    tree = text_of(answer())
    yield "UTF-16", tree.encode("utf-16"), {"markup", "xml"}
    yield "UTF-16 without a mark", tree.encode("utf-16-le"), {"markup", "xml"}
    yield "UTF-32", tree.encode("utf-32"), {"markup", "xml"}
    for name in ("utf-7", "iso-8859-1", "utf-16", "windows-1252", "ebcdic-cp-us"):
        yield f"declared as {name}", f'<?xml version="1.0" encoding="{name}"?>{tree}'.encode(), {"markup", "xml"}
    yield "declared as XML 1.1", f'<?xml version="1.1"?>{tree}'.encode(), {"markup", "xml"}
    yield "Latin 1", tree.replace("reviewers", "prüfer").encode("latin-1"), {"xml"}
    yield "an overlong letter", tree.encode().replace(b"reviewers", b"\xc0\xaf"), {"xml"}
    yield "half a surrogate", tree.encode().replace(b"reviewers", b"\xed\xa0\x80"), {"xml"}
    yield "a byte of zero", tree.replace("reviewers", "rev\0iewers").encode(), {"markup", "xml"}
    yield "a control character", tree.replace("reviewers", "rev\x08iewers").encode(), {"xml"}
    yield "text behind the message", (tree + "x").encode(), {"xml"}
    yield "two messages", (tree + tree).encode(), {"xml"}
    yield "half a message", tree[: len(tree) // 2].encode(), {"xml"}
    yield "nothing", "", {"encoding"}
    yield "no base64", "<samlp:Response/>", {"encoding"}
    yield "base64 for addresses", urlsafe_b64encode(tree.encode() + b"\xff\xfe\xfb\xff").decode(), {"encoding"}
    yield "base64 with something behind", wire(tree.encode()) + "====", {"encoding"}
    yield "base64 that was cut", wire(tree.encode())[:-1].rstrip("=")[:-1], {"encoding", "xml"}
    yield "JSON", wire(b'{"name": "owner-1"}'), {"xml"}
    yield "deflated as for an address", wire(zlib.compress(tree.encode())[2:-4]), {"xml", "markup"}
