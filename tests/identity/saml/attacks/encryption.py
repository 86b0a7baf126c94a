"""Encrypted assertions: weak, broken, or around something that does not hold."""

from __future__ import annotations

from base64 import b64decode, b64encode
from copy import deepcopy

from lxml import etree
from tests.identity.saml.attacks.attack import VICTIM, Made, with_name
from tests.identity.saml.provider import NS, Said, Sealing, Way, answer, assertion_of, encrypt, rsa_signer, sign


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
