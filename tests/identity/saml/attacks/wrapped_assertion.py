"""Signature wrapping: the signed assertion is moved aside, and another one stands in its place."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

from lxml import etree
from tests.identity.saml.attacks.attack import FORM, Made, bare, with_name
from tests.identity.saml.provider import NS, Tree, answer, assertion_of


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
