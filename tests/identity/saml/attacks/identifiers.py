"""Identifiers and attributes: the same twice, of another kind, or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.identity.saml.attacks.attack import Made, text_of
from tests.identity.saml.provider import NS, Said, Tree, answer, assertion_of, make, plain, sign, wire


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
