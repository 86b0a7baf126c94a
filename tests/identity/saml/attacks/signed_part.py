"""What a signature covers: too little, too much, or something else."""

from __future__ import annotations

from base64 import b64encode
from copy import deepcopy

from tests.identity.saml.attacks.attack import VICTIM, Made, bare, with_name
from tests.identity.saml.provider import NS, Said, Way, answer, assertion_of, make, plain, resign, rsa_signer, sign


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
