"""Text that parsers see in different ways: markup inside of it."""

from __future__ import annotations

from base64 import b64encode

from tests.identity.saml.attacks.attack import Made, text_of, with_name
from tests.identity.saml.provider import CONSOLE, Said, answer


def markup() -> Made:
    """What canonical form drops or resolves, so that two readers see two texts under one signature."""
    tree = text_of(answer(Said(name_id="owner-1.evil", attributes=(("email", ("ada@example.com.evil.com",)),))))
    digest = text_of(answer()).split("<ds:DigestValue>")[1].split("<")[0]
    spots = {
        "the name": ("owner-1.evil", "owner-1{}.evil"),
        "an attribute": ("ada@example.com.evil.com", "ada@example.com{}.evil.com"),
        "the audience": (f"{CONSOLE}/sso/saml/acme/metadata", f"{CONSOLE}/sso/saml/acme/{{}}metadata"),
        "the issuer": ("sign-in.example.com/metadata", "sign-in.example.com/{}metadata"),
        "the status": ("</samlp:Status>", "{}</samlp:Status>"),
        "the end": ("</samlp:Response>", "{}</samlp:Response>"),
        "the signature's value": ("</ds:SignatureValue>", "{}</ds:SignatureValue>"),
        "the digest": ("<ds:DigestValue>", "<ds:DigestValue>{}"),
    }
    kinds = {"a comment": "<!---->", "an instruction": "<?x y?>", "CDATA": "<![CDATA[]]>"}
    for kind, inserted in kinds.items():
        for where, (found, put) in spots.items():
            yield f"{kind} in {where}", tree.replace(found, put.format(inserted)).encode(), {"markup"}
        yield f"{kind} before the message", (inserted + tree).encode(), {"markup"}
        yield f"{kind} behind the message", (tree + inserted).encode(), {"markup"}
    yield "the victim's name in CDATA", tree.replace("owner-1.evil", "<![CDATA[owner-1]]>").encode(), {"markup"}
    forged = text_of(with_name(answer())).replace(digest, f"{b64encode(b'0' * 32).decode()}<!--{digest}-->")
    yield "a forged digest and the old one in a comment", forged.encode(), {"markup"}
    entities = {
        "an entity": '<!DOCTYPE r [<!ENTITY n "owner-1">]>',
        "an entity of entities": '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY n "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        "a file": '<!DOCTYPE r [<!ENTITY n SYSTEM "file:///etc/passwd">]>',
        "an address": '<!DOCTYPE r [<!ENTITY n SYSTEM "http://127.0.0.1:9/">]>',
        "a parameter entity": '<!DOCTYPE r [<!ENTITY % p SYSTEM "http://127.0.0.1:9/"> %p;]>',
        "an identifier by default": '<!DOCTYPE r [<!ATTLIST saml:Assertion ID CDATA "_a">]>',
        "an outer document type": '<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd">',
        "an empty document type": "<!DOCTYPE r>",
        "a document type with quotes": "<!DOCTYPE r [<!NOTATION n PUBLIC '\"><x y=\"'>]>",
        "a document type after the declaration": '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY n "owner-1">]>',
    }
    for what, prologue in entities.items():
        yield what, (prologue + tree.replace("owner-1.evil", "&n;")).encode(), {"markup"}
    yield "an entity that nobody declares", tree.replace("owner-1.evil", "&n;").encode(), {"xml"}
    yield "a second declaration", ('<?xml version="1.0"?><?xml version="1.0"?>' + tree).encode(), {"markup"}
