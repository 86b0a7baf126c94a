"""Messages that must not be believed, by family. Each says what an attacker, or a careless provider, would gain by it.

``because`` names the refusals that are right for it: a message that is refused for another reason was made badly, and
proves nothing. Controls stand in ``test_attacks.py``: the same maker makes messages that are believed.
"""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree
from tests.identity.saml.provider import (
    CONSOLE,
    ENVELOPED,
    EXCLUSIVE,
    INCLUSIVE,
    NOW,
    NS,
    RSA_SHA256,
    SHA256,
    Said,
    Sealing,
    Signer,
    Tree,
    Way,
    answer,
    assertion_of,
    encrypt,
    make,
    our_key,
    plain,
    resign,
    rsa_signer,
    sign,
    wire,
)

VICTIM = "owner-1"
"""Whose name an attacker wants to have."""

FORM = {"unexpected", "missing", "identifier", "markup", "xml", "namespace", "encoding", "size"}
MORE = "http://www.w3.org/2001/04/xmldsig-more#"


@dataclass(frozen=True)
class Attack:
    """One message."""

    family: str
    name: str
    message: str
    because: frozenset[str]
    expects: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.family}: {self.name}"


Made = Iterator[tuple[str, Tree | bytes | str, set[str]]]


def text_of(tree: Tree) -> str:
    return etree.tostring(tree, encoding="unicode")


def with_name(tree: Tree, name: str = VICTIM) -> Tree:
    """The same, about somebody else; no signature is made anew."""
    changed = deepcopy(tree)
    for one in changed.iter(f"{{{NS['saml']}}}NameID"):
        one.text = name
    return changed


def bare(tree: Tree) -> Tree:
    """A copy without the signature of its own."""
    changed = deepcopy(tree)
    for one in changed.findall("ds:Signature", NS):
        changed.remove(one)
    return changed


# signature wrapping: what was signed is moved aside, and something else stands in its place


def wrapped_assertions() -> Made:
    """The signed assertion in every corner of a message, the attacker's where it is looked for (XSW 3 to 9)."""

    def evil(identifier: str, signature: str) -> tuple[Tree, Tree, Tree]:
        tree = answer()
        good = assertion_of(tree)
        bad = with_name(bare(good))
        bad.set("ID", good.get("ID") if identifier == "the same identifier" else "_evil")
        if signature != "kept":
            bad.insert(1, deepcopy(good.find("ds:Signature", NS)))
        if signature == "moved":
            good.remove(good.find("ds:Signature", NS))
        tree.remove(good)
        return tree, good, bad

    def inside(*path: str) -> Callable[[Tree, Tree, Tree], None]:
        def place(tree: Tree, good: Tree, bad: Tree) -> None:
            tree.append(bad)
            there = bad if path[0].startswith("saml") else tree
            for name in path:
                found = there.find(name, NS)
                there = (
                    etree.SubElement(there, f"{{{NS[name.split(':')[0]]}}}{name.split(':')[1]}")
                    if found is None
                    else found
                )
            there.append(good)

        return place

    def sibling(*, first: bool) -> Callable[[Tree, Tree, Tree], None]:
        def place(tree: Tree, good: Tree, bad: Tree) -> None:
            tree.extend([bad, good] if first else [good, bad])

        return place

    def in_signature(*, element: str) -> Callable[[Tree, Tree, Tree], None]:
        def place(tree: Tree, good: Tree, bad: Tree) -> None:
            tree.append(bad)
            found = bad.find("ds:Signature", NS)
            host = found if found is not None else etree.SubElement(bad, f"{{{NS['ds']}}}Signature")
            etree.SubElement(host, f"{{{NS['ds']}}}{element}").append(good) if element else host.append(good)

        return place

    places = {
        "before it": sibling(first=False),
        "after it": sibling(first=True),
        "within it": lambda tree, good, bad: (tree.append(bad), bad.append(good)),
        "around it": lambda tree, good, bad: (tree.append(good), good.append(bad)),
        "in extensions": inside("samlp:Extensions"),
        "in the status": inside("samlp:Status", "samlp:StatusDetail"),
        "in advice": inside("saml:Advice"),
        "in an attribute": inside("saml:AttributeStatement", "saml:Attribute", "saml:AttributeValue"),
        "in the confirmation": inside("saml:Subject", "saml:SubjectConfirmation", "saml:SubjectConfirmationData"),
        "in the conditions": inside("saml:Conditions"),
        "in the login": inside("saml:AuthnStatement", "saml:AuthnContext", "saml:AuthnContextDecl"),
        "in the signature": in_signature(element=""),
        "in the signature's object": in_signature(element="Object"),
        "in the signature's key": in_signature(element="KeyInfo"),
    }
    for where, place in places.items():
        for identifier in ("the same identifier", "another identifier"):
            for signature in ("kept", "copied", "moved"):
                tree, good, bad = evil(identifier, signature)
                place(tree, good, bad)
                yield f"signed assertion {where}, {identifier}, signature {signature}", tree, FORM


def wrapped_responses() -> Made:
    """The signed response in a corner of another one (XSW 1 and 2)."""
    for where in ("Object", "KeyInfo", "SignedInfo", ""):
        for identifier in ("_evil", None):
            good = answer(sign_assertion=False, sign_response=True)
            bad = with_name(bare(good))
            if identifier:
                bad.set("ID", identifier)
            signature = deepcopy(good.find("ds:Signature", NS))
            bad.insert(1, signature)
            inner = bare(good)
            if where:
                found = signature.find(f"ds:{where}", NS)
                host = etree.SubElement(signature, f"{{{NS['ds']}}}{where}") if found is None else found
                host.append(inner)
            else:
                bad.append(inner)
            yield f"signed response in {where or 'the response'}, identifier {identifier or 'the same'}", bad, FORM
    for container in ("samlp:Extensions", "saml:Advice"):
        bad = with_name(answer(sign_assertion=False))
        bad.append(make(container, None, answer(sign_response=True)))
        yield f"signed response in {container}", bad, FORM
    good = answer(sign_assertion=False, sign_response=True)
    good.append(with_name(assertion_of(good)))
    yield "second assertion in a signed response", good, {"unexpected", "identifier"}
    both = answer(sign_response=True)
    both.replace(assertion_of(both), sign(with_name(assertion_of(both)), Way(rsa_signer("other"))))
    yield "assertion of a stranger in a signed response", both, {"signature"}
    yield "signed assertion as the whole message", assertion_of(answer()), {"unexpected"}


# text that parsers see in different ways


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


# identifiers, attributes, namespaces


def identifiers() -> Made:
    """More than one element that a reference could mean."""
    good = answer()
    identifier = assertion_of(good).get("ID")

    def changed(change: Callable[[Tree], Any]) -> Tree:
        tree = answer()
        change(tree)
        return tree

    def put(path: str, name: str, value: str = identifier) -> Callable[[Tree], Any]:
        return lambda tree: (tree if not path else tree.find(path, NS)).set(name, value)

    yield "response and assertion", changed(put("", "ID")), {"identifier"}
    yield "the signature has it too", changed(put("saml:Assertion/ds:Signature", "Id")), {"identifier"}
    yield "the signed part of the signature", changed(put(".//ds:SignedInfo", "Id")), {"identifier"}
    foreign = (
        "Id",
        "id",
        "iD",
        "xml:id",
        "{http://www.w3.org/XML/1998/namespace}id",
        "{urn:x}ID",
        "{urn:x}Id",
        "AssertionID",
    )
    for name in foreign:
        if ":" in name and not name.startswith("{"):
            continue
        yield f"{name} on the response", changed(put("", name)), {"unexpected"}
        yield f"{name} on the subject", changed(put("saml:Assertion/saml:Subject", name)), {"unexpected"}
    for value in ("", " ", "_a b", "1abc", "#x", "_a\n", "_ä<"):
        tree = plain(Said(assertion_id=value))
        sign(assertion_of(tree))
        yield f"identifier {value!r}", tree, {"identifier", "reference"}
    tree = plain(Said())
    del assertion_of(tree).attrib["ID"]
    yield "no identifier at all", sign(tree), {"missing"}
    text = text_of(good)
    yield "an attribute twice", text.replace(f'ID="{identifier}"', f'ID="{identifier}" ID="_b"').encode(), {"xml"}
    twice = 'xmlns:a="urn:x" xmlns:b="urn:x" a:ID="_1" b:ID="_2" '
    yield "an attribute twice by two prefixes", text.replace("ID=", f"{twice}ID=", 1).encode(), {"xml"}
    for attributes in (
        (("email", ("ada@example.com",)), ("email", ("owner@example.com",))),
        (("email", ("ada@example.com",)), ("email", ("ada@example.com",))),
        (("groups", ("engineering",)), ("email", ("a@b.c",)), ("groups", ("owners",))),
    ):
        names = ", ".join(name for name, _ in attributes)
        for whole in (False, True):
            tree = answer(Said(attributes=attributes), sign_assertion=not whole, sign_response=whole)
            yield f"an attribute said twice: {names}, {len(wire(tree))} characters", tree, {"repeated"}
    tree = plain(Said())
    more = make("saml:Attribute", None, make("saml:AttributeValue", "owner@example.com"), Name="email")
    assertion_of(tree).append(make("saml:AttributeStatement", None, more))
    sign(assertion_of(tree))
    yield "an attribute said twice in two statements", tree, {"repeated"}


def namespaces() -> Made:
    """Names that canonical form cannot write, or that one reader takes for another."""
    text = text_of(answer())
    for where in ("samlp:Response", "saml:Assertion", "ds:Signature", "ds:SignedInfo", "saml:NameID"):
        for uri in ("relative", "1", "../x", "//x", "#x", "a b:c"):
            changed = text.replace(f"<{where} ", f'<{where} xmlns:v="{uri}" ', 1).replace(
                f"<{where}>", f'<{where} xmlns:v="{uri}">', 1
            )
            yield f"{uri!r} in {where}", changed.encode(), {"namespace", "xml"}
    for name, uri in NS.items():
        for other in (uri.upper(), f"{uri}/", uri.replace("2.0", "1.0").replace("2000", "2002")):
            if f'"{uri}"' in text and other != uri:
                yield f"{other} for {name}", text.replace(f'"{uri}"', f'"{other}"').encode(), {"unexpected", "xml"}
    for where in ("samlp:Response", "saml:Assertion", "saml:Subject"):
        undeclared = text.replace(f"<{where}", f'<{where} xmlns=""', 1)
        yield f"no namespace for what has no prefix, in {where}", undeclared.encode(), {"namespace", "signature"}
    nameless = text.replace("saml:Assertion", "Assertion").replace("<Assertion", '<Assertion xmlns=""', 1)
    yield "an assertion without a namespace", nameless.encode(), {"unexpected"}
    taken = text.replace("<saml:Subject", '<saml:Subject xmlns:saml="urn:evil"', 1)
    yield "a prefix that means something else inside", taken.encode(), {"unexpected"}
    tree = answer(sign_assertion=False)
    assertion_of(tree).append(etree.Element("{urn:evil}Subject"))
    yield "a foreign element, signed", sign(tree), {"unexpected"}
    tree = answer(sign_assertion=False)
    assertion_of(tree).set("{urn:evil}Recipient", "x")
    yield "a foreign attribute, signed", sign(tree), {"unexpected"}
    tree = answer(sign_assertion=False)
    assertion_of(tree).set("{http://www.w3.org/XML/1998/namespace}base", "http://x/")
    yield "another base, signed", sign(tree), {"unexpected"}
    tree = answer(sign_assertion=False)
    tree.find(".//saml:Conditions", NS).set("{http://www.w3.org/2001/XMLSchema-instance}type", "x:Unknown")
    yield "conditions of another type, signed", sign(tree), {"unexpected"}
    for place in ("saml:Subject", "saml:Conditions", "saml:AttributeStatement"):
        tree = answer(sign_assertion=False)
        tree.find(f".//{place}", NS).text = VICTIM
        yield f"loose text in {place}, signed", sign(tree), {"unexpected"}
    tree = answer(sign_assertion=False)
    tree.find(".//saml:NameID", NS).append(make("saml:NameID", VICTIM))
    yield "a name in a name, signed", sign(tree), {"unexpected"}


# signatures: gone, moved, of somebody else, of weak make


def signatures() -> Made:
    """What was not signed by the provider, and what only looks so."""
    yield "no signature", answer(sign_assertion=False), {"unsigned"}
    yield "no signature, another name", with_name(answer(sign_assertion=False)), {"unsigned"}
    for both in (False, True):
        tree = answer(sign_response=both)
        changed = with_name(tree)
        yield f"another name under the old signature{', both signed' * both}", changed, {"signature"}
        assertion = assertion_of(changed)
        assertion.remove(assertion.find("ds:Signature", NS))
        yield f"another name, signature taken out{', both signed' * both}", changed, {"unsigned", "signature"}
    tree = answer(sign_response=True)
    tree.remove(tree.find("ds:Signature", NS))
    tree.replace(assertion_of(tree), with_name(assertion_of(tree)))
    yield "the response's signature taken out, another name", tree, {"signature"}
    for name in (
        "SignedInfo",
        "SignatureValue",
        "CanonicalizationMethod",
        "SignatureMethod",
        "Reference",
        "Transforms",
        "DigestMethod",
        "DigestValue",
    ):
        tree = with_name(answer())
        gone = tree.find(f".//ds:{name}", NS)
        gone.getparent().remove(gone)
        yield f"a signature without {name}", tree, {"missing"}
    for name in ("SignatureValue", "DigestValue"):
        for value in ("", " ", "AA==", "*", "AAAA====", "====", b64encode(bytes(256)).decode()):
            tree = with_name(answer())
            tree.find(f".//ds:{name}", NS).text = value
            yield f"{name} {value[:8]!r}", tree, {"encoding", "signature"}
    tree = with_name(answer())
    tree.find(".//ds:Signature", NS).clear()
    yield "an empty signature", tree, {"missing"}
    other = answer(Said(name_id="mallory", assertion_id="_m"))
    tree = with_name(answer(sign_assertion=False))
    assertion_of(tree).insert(1, deepcopy(assertion_of(other).find("ds:Signature", NS)))
    yield "the signature of one's own assertion", tree, {"reference"}
    tree.find(".//ds:Reference", NS).set("URI", f"#{assertion_of(tree).get('ID')}")
    yield "the same, turned to another identifier", tree, {"signature"}
    whole = answer(sign_assertion=False, sign_response=True)
    tree = with_name(answer(sign_assertion=False))
    assertion_of(tree).insert(1, deepcopy(whole.find("ds:Signature", NS)))
    yield "the response's signature on the assertion", tree, {"reference"}
    tree = with_name(answer())
    tree.insert(1, assertion_of(tree).find("ds:Signature", NS))
    yield "the assertion's signature on the response", tree, {"reference"}
    tree = with_name(answer())
    tree.append(assertion_of(tree).find("ds:Signature", NS))
    assertion_of(tree).set("ID", "_b")
    yield "the assertion's signature at the end", tree, {"reference"}
    for what, info in (
        ("with their own certificate", None),
        ("with the provider's certificate", rsa_signer().certificate),
        ("without a certificate", ""),
    ):
        for whole in (False, True):
            way = Way(rsa_signer("other"), key_info=info)
            tree = answer(Said(name_id=VICTIM), sign_assertion=not whole, sign_response=whole, way=way)
            yield f"signed by a stranger {what}{', the response' * whole}", tree, {"signature"}
    tree = answer(Said(name_id=VICTIM), way=Way(Signer(our_key().rsa, our_key().certificate)))
    yield "signed with our own key", tree, {"signature"}
    numbers = rsa_signer("other").private.public_key().public_numbers()
    tree = answer(Said(name_id=VICTIM), way=Way(rsa_signer("other"), key_info=""))
    modulus = b64encode(numbers.n.to_bytes(256, "big")).decode()
    value = make("ds:RSAKeyValue", None, make("ds:Modulus", modulus), make("ds:Exponent", "AQAB"))
    tree.find(".//ds:Signature", NS).append(make("ds:KeyInfo", None, make("ds:KeyValue", None, value)))
    yield "signed by a stranger who says which key to use", tree, {"signature"}


def algorithms() -> Made:
    """Algorithms that are broken, that need no private key, or that leave something out."""
    public = rsa_signer().private.public_key()
    secrets = {
        "the certificate": rsa_signer().certificate.encode(),
        "its bytes": b64decode(rsa_signer().certificate),
        "the public key": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "the bytes of the public key": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "nothing": b"",
    }
    for what, secret in secrets.items():
        for method in (f"{MORE}hmac-sha256", "http://www.w3.org/2000/09/xmldsig#hmac-sha1", f"{MORE}hmac-sha512"):
            tree = answer(Said(name_id=VICTIM), way=Way(method=method, secret=secret))
            yield f"{method.partition('#')[2]} keyed with {what}", tree, {"algorithm"}
    weak = {
        "RSA with SHA-1": {"method": "http://www.w3.org/2000/09/xmldsig#rsa-sha1"},
        "a digest with SHA-1": {"digest": "http://www.w3.org/2000/09/xmldsig#sha1"},
        "SHA-1 in both": {
            "method": "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
            "digest": "http://www.w3.org/2000/09/xmldsig#sha1",
        },
        "RSA with MD5": {"method": f"{MORE}rsa-md5"},
        "a digest with MD5": {"digest": f"{MORE}md5"},
        "RSA with SHA-224": {"method": f"{MORE}rsa-sha224"},
        "a digest with SHA-224": {"digest": f"{MORE}sha224"},
        "PSS with SHA-1": {"method": "http://www.w3.org/2007/05/xmldsig-more#sha1-rsa-MGF1"},
        "inclusive canonical form of the signature": {"canonical": INCLUSIVE},
        "canonical form with comments": {"canonical": f"{EXCLUSIVE}WithComments"},
        "no transforms that leave the signature out": {"transforms": (EXCLUSIVE,)},
        "no canonical form": {"transforms": (ENVELOPED,)},
        "the transforms the other way round": {"transforms": (EXCLUSIVE, ENVELOPED)},
        "inclusive canonical form": {"transforms": (ENVELOPED, INCLUSIVE)},
        "transforms with comments": {"transforms": (ENVELOPED, f"{EXCLUSIVE}WithComments")},
        "XPath": {"transforms": (ENVELOPED, "http://www.w3.org/TR/1999/REC-xpath-19991116", EXCLUSIVE)},
        "XSLT": {"transforms": (ENVELOPED, "http://www.w3.org/TR/1999/REC-xslt-19991116", EXCLUSIVE)},
        "base64": {"transforms": (ENVELOPED, "http://www.w3.org/2000/09/xmldsig#base64", EXCLUSIVE)},
        "canonical form twice": {"transforms": (ENVELOPED, EXCLUSIVE, EXCLUSIVE)},
        "a transform that nobody knows": {"transforms": (ENVELOPED, EXCLUSIVE, "urn:x")},
    }
    for what, changes in weak.items():
        for whole in (False, True):
            tree = answer(sign_assertion=not whole, sign_response=whole, way=Way(**changes))
            yield f"{what}{', the response' * whole}", tree, {"algorithm"}
    for path, known in (
        (".//ds:SignatureMethod", RSA_SHA256),
        (".//ds:DigestMethod", SHA256),
        (".//ds:CanonicalizationMethod", EXCLUSIVE),
    ):
        for algorithm in ("", "none", "urn:none", known + " ", known.upper(), f"{MORE}dsa-sha256"):
            tree = with_name(answer())
            tree.find(path, NS).set("Algorithm", algorithm)
            yield f"{algorithm!r} for {path[5:]}", tree, {"algorithm"}


def signed_parts() -> Made:
    """More than one thing that a signature could be about (CVE-2025-29774, CVE-2025-47949)."""
    identifier = Said().assertion_id
    for uri in (
        "",
        "#",
        identifier,
        "#_other",
        f"#xpointer(id('{identifier}'))",
        "#xpointer(/)",
        "http://127.0.0.1:9/",
        "file:///etc/passwd",
        f" #{identifier}",
        f"##{identifier}",
        f"#{Said().response_id}",
        f"#{identifier}#",
        f"%23{identifier}",
    ):
        tree = plain(Said())
        sign(assertion_of(tree), Way(uri=uri))
        yield f"reference {uri!r}", tree, {"reference"}
    for copied in (
        "SignedInfo",
        "SignatureValue",
        "Reference",
        "DigestValue",
        "DigestMethod",
        "Transforms",
        "SignatureMethod",
        "CanonicalizationMethod",
        "KeyInfo",
    ):
        for first in (True, False):
            tree = answer()
            old = tree.find(f".//ds:{copied}", NS)
            new = deepcopy(old)
            for value in new.iter(f"{{{NS['ds']}}}DigestValue"):
                value.text = b64encode(bytes(32)).decode()
            old.getparent().insert(old.getparent().index(old) + (0 if first else 1), new)
            yield f"a second {copied} {'before' if first else 'behind'} the first", with_name(tree), {"unexpected"}
    tree = answer()
    tree.find(".//ds:SignedInfo", NS).append(deepcopy(tree.find(".//ds:Reference", NS)))
    resign(tree.find(".//ds:Signature", NS))
    yield "two references, well signed", tree, {"unexpected"}
    tree = answer()
    tree.find(".//ds:Signature", NS).append(make("ds:Object", None, with_name(bare(assertion_of(tree)))))
    yield "an object in the signature", tree, {"unexpected"}
    tree = answer()
    tree.find(".//ds:SignedInfo", NS).append(make("ds:Object", VICTIM))
    resign(tree.find(".//ds:Signature", NS))
    yield "an object in what is signed of the signature", tree, {"unexpected"}
    for where in ("saml:Assertion", "."):
        tree = answer(sign_response=True)
        host = tree.find(where, NS)
        host.append(deepcopy(host.find("ds:Signature", NS)))
        yield f"two signatures in {where}", tree, {"unexpected"}
    for where in ("saml:Subject", "saml:Conditions", "saml:AuthnStatement"):
        tree = answer()
        host = tree.find(f".//{where}", NS)
        host.append(assertion_of(tree).find("ds:Signature", NS))
        yield f"the signature inside {where}", tree, {"unexpected"}
    tree = answer()
    tree.find(".//ds:X509Certificate", NS).append(make("ds:X509Certificate", rsa_signer("other").certificate))
    yield "a certificate in a certificate", tree, {"unexpected"}


# well signed, and still not for us, not now, or not a success


def contents() -> Made:
    """What the provider's own key signed, and must not be believed all the same."""
    soon, past, far = timedelta(minutes=1), timedelta(minutes=10), timedelta(days=1)
    elsewhere = "https://elsewhere.example.com/sso/saml/acme/acs"
    status = "urn:oasis:names:tc:SAML:2.0:status:"
    changes: dict[str, tuple[dict[str, Any], set[str]]] = {
        "another provider": ({"issuer": "https://evil.example.com"}, {"issuer"}),
        "another provider in the response": ({"response_issuer": "https://evil.example.com"}, {"issuer"}),
        "no provider": ({"issuer": None}, {"missing"}),
        "an empty provider": ({"issuer": ""}, {"issuer"}),
        "a provider with more behind": ({"issuer": f"{Said().issuer}/"}, {"issuer"}),
        "another destination": ({"destination": elsewhere}, {"destination"}),
        "no destination": ({"destination": None}, {"missing"}),
        "an empty destination": ({"destination": ""}, {"destination"}),
        "a destination with more behind": ({"destination": f"{Said().destination}?x"}, {"destination"}),
        "a destination in capitals": ({"destination": str(Said().destination).upper()}, {"destination"}),
        "a destination over http": ({"destination": str(Said().destination).replace("https", "http")}, {"destination"}),
        "another recipient": ({"recipient": elsewhere}, {"confirmation"}),
        "no recipient": ({"recipient": None}, {"confirmation"}),
        "an empty recipient": ({"recipient": ""}, {"confirmation"}),
        "another audience": ({"audience": "https://elsewhere.example.com"}, {"audience"}),
        "no audience": ({"audience": None}, {"missing"}),
        "a part of the audience": ({"audience": CONSOLE}, {"audience"}),
        "an audience with more behind": ({"audience": f"{Said().audience}/x"}, {"audience"}),
        "another question": ({"in_response_to": "_other", "confirmed_in_response_to": "_other"}, {"request"}),
        "another question in the response": ({"in_response_to": "_other"}, {"request"}),
        "another question in the confirmation": ({"confirmed_in_response_to": "_other"}, {"request"}),
        "no question": ({"in_response_to": None, "confirmed_in_response_to": None}, {"request"}),
        "no question in the response": ({"in_response_to": None}, {"request"}),
        "no question in the confirmation": ({"confirmed_in_response_to": None}, {"request"}),
        "the proof of a key": ({"method": "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"}, {"confirmation"}),
        "a voucher": ({"method": "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"}, {"confirmation"}),
        "no way of confirmation": ({"method": ""}, {"confirmation"}),
        "SAML 1.1": ({"version": "1.1"}, {"version"}),
        "SAML 2.1": ({"version": "2.1"}, {"version"}),
        "no name": ({"name_id": None}, {"name"}),
        "an empty name": ({"name_id": ""}, {"name"}),
        "a name of spaces": ({"name_id": " \n "}, {"name"}),
        "expired": ({"not_on_or_after": NOW - past}, {"late"}),
        "expired this moment, beyond the skew": ({"not_on_or_after": NOW - timedelta(minutes=2)}, {"late"}),
        "not valid yet": ({"not_before": NOW + past}, {"early"}),
        "no beginning": ({"not_before": None}, {"missing"}),
        "no end": ({"not_on_or_after": None}, {"missing"}),
        "confirmation expired": ({"confirmed_until": NOW - past}, {"late"}),
        "confirmation without an end": ({"confirmed_until": None}, {"confirmation"}),
        "confirmation not valid yet": ({"confirmed_from": NOW + past}, {"early"}),
        "said in the future": ({"issued": NOW + past}, {"early"}),
        "signed in tomorrow": ({"authenticated": NOW + far}, {"early"}),
        "no sign-in": ({"authenticated": None}, {"missing"}),
        "the session is over": ({"session_until": NOW - past}, {"late"}),
        "from the turn of the year": ({"not_before": NOW - far * 300, "not_on_or_after": NOW - far * 299}, {"late"}),
        "everything soon": ({"not_before": NOW + 3 * soon, "not_on_or_after": NOW + 9 * soon}, {"early"}),
    }
    for code in (
        "Requester",
        "Responder",
        "AuthnFailed",
        "NoPassive",
        "RequestDenied",
        "success",
        "Success ",
        "Succes",
    ):
        changes[f"status {code!r}"] = ({"status": status + code}, {"status"})
    changes["no status"] = ({"status": ""}, {"status"})
    for what, (change, because) in changes.items():
        for whole in (False, True):
            tree = answer(replace(Said(), **change), sign_assertion=not whole, sign_response=whole)
            yield f"{what}{', the response signed' * whole}", tree, because
    for name in (
        "samlp:Status",
        "saml:Subject",
        "saml:Conditions",
        "saml:AuthnStatement",
        "saml:SubjectConfirmation",
        "saml:AudienceRestriction",
        "saml:Audience",
        "saml:AuthnContext",
    ):
        tree = plain(Said())
        gone = tree.find(f".//{name}", NS)
        gone.getparent().remove(gone)
        yield f"no {name}", sign(tree), {"missing"}
    for name in ("saml:SubjectConfirmationData", "saml:Assertion"):
        tree = plain(Said())
        gone = tree.find(f".//{name}", NS)
        gone.getparent().remove(gone)
        yield f"no {name}", sign(tree), {"confirmation", "missing"}
    tree = plain(Said())
    code = tree.find(".//samlp:StatusCode", NS)
    code.set("Value", f"{status}Responder")
    code.append(make("samlp:StatusCode", Value=f"{status}Success"))
    yield "a success inside a failure", sign(tree), {"status"}
    tree = plain(Said())
    restriction = make("saml:AudienceRestriction", None, make("saml:Audience", "https://elsewhere.example.com"))
    tree.find(".//saml:Conditions", NS).append(restriction)
    yield "for us and, in the next breath, for others alone", sign(tree), {"audience"}
    tree = plain(Said())
    tree.find(".//saml:NameID", NS).set("SPNameQualifier", "https://elsewhere.example.com")
    yield "a name that is meant for another service", sign(tree), {"name"}
    tree = plain(Said())
    tree.find(".//saml:Issuer", NS).set("Format", "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified")
    yield "a provider named in another way", sign(tree), {"issuer"}
    tree = plain(Said())
    tree.append(sign(with_name(assertion_of(tree))))
    yield "two assertions, well signed", sign(tree), {"unexpected", "identifier"}
    tree = plain(Said())
    assertion_of(tree).append(deepcopy(tree.find(".//saml:Subject", NS)))
    yield "two subjects, well signed", sign(tree), {"unexpected"}
    for text in (
        "2026-11-01",
        "2026-11-01T09:40:00",
        "1793525400",
        "2026-11-01 09:40:00Z",
        "2026-13-01T09:40:00Z",
        "9999999-01-01T00:00:00Z",
        "",
        "2026-11-01T09:40:00Z ",
    ):
        tree = plain(Said())
        tree.find(".//saml:Conditions", NS).set("NotOnOrAfter", text)
        yield f"an end that is {text!r}", sign(tree), {"time"}


def encrypted() -> Made:
    """Envelopes that others can open or fill, and what may not be inside."""
    cbc, v15 = "http://www.w3.org/2001/04/xmlenc#aes256-cbc", "http://www.w3.org/2001/04/xmlenc#rsa-1_5"
    for what, how in {
        "AES-CBC": Sealing(content=cbc),
        "AES-128-CBC": Sealing(content=cbc.replace("256", "128")),
        "RSA PKCS 1 v1.5": Sealing(wrap=v15),
        "CBC and v1.5": Sealing(content=cbc, wrap=v15),
    }.items():
        yield what, encrypt(answer(), how), {"encryption"}
        yield f"{what}, signed", sign(encrypt(answer(), how)), {"encryption"}
    yield (
        "for another service",
        encrypt(answer(), Sealing(certificate=rsa_signer("other").certificate)),
        {"undecipherable"},
    )
    yield "nothing in it is signed", encrypt(answer(Said(name_id=VICTIM), sign_assertion=False)), {"unsigned"}
    yield "signed by a stranger", encrypt(answer(Said(name_id=VICTIM), way=Way(rsa_signer("other")))), {"signature"}
    yield "another name under the old signature", encrypt(with_name(answer())), {"signature"}
    for spot in (0, 12, -1, -17):
        tree = encrypt(answer())
        value = tree.find("saml:EncryptedAssertion/xenc:EncryptedData/xenc:CipherData/xenc:CipherValue", NS)
        data = bytearray(b64decode(value.text))
        data[spot] ^= 1
        value.text = b64encode(bytes(data)).decode()
        yield f"byte {spot} changed", tree, {"undecipherable"}
    for size in (0, 1, 12, 20, 28):
        tree = encrypt(answer())
        value = tree.find("saml:EncryptedAssertion/xenc:EncryptedData/xenc:CipherData/xenc:CipherValue", NS)
        value.text = b64encode(b64decode(value.text)[:size]).decode()
        yield f"{size} bytes of it", tree, {"undecipherable", "encoding"}
    tree = encrypt(answer())
    tree.find(".//xenc:EncryptedKey//xenc:CipherValue", NS).text = b64encode(bytes(384)).decode()
    yield "a key of zeros", tree, {"undecipherable"}
    tree = encrypt(answer())
    key = tree.find(".//xenc:EncryptedKey", NS)
    key.getparent().remove(key)
    yield "no key", tree, {"undecipherable"}
    tree = encrypt(answer())
    key = tree.find(".//xenc:EncryptedKey", NS)
    key.getparent().extend([deepcopy(key) for _ in range(200)])
    yield "for hundreds of services", tree, {"encryption"}
    tree = encrypt(answer())
    tree.find("saml:EncryptedAssertion/xenc:EncryptedData", NS).set("Type", "http://www.w3.org/2001/04/xmlenc#Content")
    yield "a content instead of an element", tree, {"encryption"}
    tree = encrypt(answer())
    tree.append(with_name(assertion_of(answer())))
    yield "a plain assertion beside it", tree, {"unexpected"}
    tree = encrypt(answer())
    tree.append(deepcopy(tree.find("saml:EncryptedAssertion", NS)))
    yield "two envelopes", tree, {"unexpected"}
    for what, change, because in (
        ("a comment", lambda text: text.replace(b"7f3c9a51", b"7f3c<!---->9a51"), {"markup"}),
        ("a document type", lambda text: b"<!DOCTYPE r>" + text, {"markup"}),
        ("a response", lambda text: etree.tostring(answer()), {"unexpected"}),
        ("an envelope", lambda text: etree.tostring(encrypt(answer())[-1]), {"unexpected"}),
        ("nothing", lambda text: b"", {"xml"}),
        ("no XML", lambda text: b"owner-1", {"xml"}),
        ("two assertions", lambda text: text + text, {"xml"}),
        ("another encoding", lambda text: text.decode().encode("utf-16"), {"markup", "xml"}),
    ):
        yield f"{what} inside", encrypt(answer(), Sealing(change=change)), because
    tree = sign(encrypt(answer(sign_assertion=False)))
    tree.replace(
        tree.find("saml:EncryptedAssertion", NS),
        encrypt(answer(Said(name_id=VICTIM), sign_assertion=False)).find("saml:EncryptedAssertion", NS),
    )
    yield "another envelope under the response's signature", tree, {"signature"}


def large() -> Made:
    """What costs more to read than to send."""
    tree = text_of(answer())
    end = "</samlp:Response>"
    yield "a large attribute", answer(Said(attributes=(("groups", ("x" * 600_000,)),))), {"size"}
    yield "many values", answer(Said(attributes=(("groups", ("group",) * 20_000),))), {"size"}
    yield "much base64", "A" * 4_000_000, {"size"}
    yield "much space", " " * 4_000_000, {"size"}
    yield (
        "deep elements",
        tree.replace(end, "<samlp:Status>" * 20_000 + "</samlp:Status>" * 20_000 + end).encode(),
        {"size", "xml"},
    )
    yield (
        "deeper than a reader goes",
        tree.replace(end, "<a>" * 5_000 + "</a>" * 5_000 + end).encode(),
        {"xml", "unexpected"},
    )
    names = "".join(f' a{one}="x"' for one in range(20_000))
    yield "many attributes", tree.replace("<samlp:Response", f"<samlp:Response{names}").encode(), {"unexpected", "xml"}
    spaces = "".join(f' xmlns:a{one}="urn:{one}"' for one in range(10_000))
    yield (
        "many namespaces",
        tree.replace("<samlp:Response", f"<samlp:Response{spaces}").encode(),
        {"namespace"},
    )
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    yield "a deflated bomb", wire(bomb.compress(bytes(30_000_000)) + bomb.flush()), {"xml", "markup"}
    laughs = "".join(f'<!ENTITY l{one} "{f"&l{one - 1};" * 10}">' for one in range(1, 10))
    yield "a billion laughs", (f'<!DOCTYPE l [<!ENTITY l0 "lol">{laughs}]>' + tree).encode(), {"markup"}


def unasked() -> Iterator[tuple[str, Tree, set[str], dict[str, Any]]]:
    """What fits another expectation than ours."""
    silent = Said(in_response_to=None, confirmed_in_response_to=None)
    yield "begun by the provider, which may not", answer(silent), {"unasked"}, {"request": None}
    yield "an answer where nothing was asked", answer(), {"request"}, {"request": None, "started_by_provider": True}
    yield "no answer where something was asked", answer(silent), {"request"}, {"started_by_provider": True}
    fresh = {"since": NOW - timedelta(minutes=1)}
    yield "an old sign-in for a step-up", answer(Said(authenticated=NOW - timedelta(hours=1))), {"stale"}, fresh
    strong = {"contexts": frozenset({"https://refeds.org/profile/mfa"})}
    yield "a weaker sign-in for a step-up", answer(), {"strength"}, strong
    yield "no sign-in way for a step-up", answer(Said(context="")), {"strength"}, strong


FAMILIES: dict[str, Callable[[], Made]] = {
    "wrapped assertion": wrapped_assertions,
    "wrapped response": wrapped_responses,
    "markup": markup,
    "encoding": encodings,
    "identifiers": identifiers,
    "namespaces": namespaces,
    "signature": signatures,
    "algorithm": algorithms,
    "signed part": signed_parts,
    "content": contents,
    "encryption": encrypted,
    "size": large,
}


@cache
def attacks() -> tuple[Attack, ...]:
    """All of them."""
    found = [
        Attack(family, name, made if isinstance(made, str) else wire(made), frozenset(because))
        for family, maker in FAMILIES.items()
        for name, made, because in maker()
    ]
    found += [Attack("expectation", name, wire(made), frozenset(why), to) for name, made, why, to in unasked()]
    return tuple(found)
