"""Signatures: gone, moved, of somebody else."""

from __future__ import annotations

from base64 import b64encode
from copy import deepcopy

from tests.identity.saml.attacks.attack import VICTIM, Made, with_name
from tests.identity.saml.provider import NS, Said, Signer, Way, answer, assertion_of, make, our_key, rsa_signer


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
