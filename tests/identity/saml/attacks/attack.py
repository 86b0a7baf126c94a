"""What every family of attacks is made with: an attack, whose name it wants, and messages changed by hand."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from lxml import etree
from tests.identity.saml.provider import NS, Tree

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
