"""Namespaces: foreign, relative, and names that only look like ours."""

from __future__ import annotations

from lxml import etree
from tests.identity.saml.attacks.attack import VICTIM, Made, text_of
from tests.identity.saml.provider import NS, answer, assertion_of, make, sign


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
