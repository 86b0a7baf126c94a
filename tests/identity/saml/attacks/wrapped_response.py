"""Signature wrapping: the signed response is moved aside, and another one stands in its place."""

from __future__ import annotations

from copy import deepcopy

from lxml import etree
from tests.identity.saml.attacks.attack import FORM, Made, bare, with_name
from tests.identity.saml.provider import NS, Way, answer, assertion_of, make, rsa_signer, sign


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
