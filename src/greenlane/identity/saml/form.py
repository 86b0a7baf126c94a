"""The form of a message, looked at before anything is computed: what the grammar does not name is not read.

Signature wrapping, foreign identifiers and namespaces, second signatures and assertions all need an element in a place
where a plain sign-in has none. So there is no list of attacks here but one of what a sign-in consists of.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Any

from lxml import etree

from greenlane.identity.saml.refusals import refuse

Element = Any
"""An element of lxml, which brings no types."""

LARGEST = 512 * 1024
"""Bytes of a message: a person in a thousand groups needs a quarter of it."""

MOST_NAMESPACES = 32
"""Namespaces in force at one element. Providers declare about ten."""

_PREFIXES, _LINES = (files("greenlane.identity.saml") / "grammar.txt").read_text("utf-8").split("\n\n")[1:]
NAMESPACES = dict(line.split() for line in _PREFIXES.splitlines())
_TIMES = {"": (1, 1), "?": (0, 1), "*": (0, LARGEST), "+": (1, LARGEST)}
_LEAF = {
    "saml:NameID": "Format? NameQualifier? SPNameQualifier? SPProvidedID?",
    "saml:Issuer": "Format? NameQualifier?",
}


@dataclass(frozen=True, slots=True)
class _Rule:
    attributes: dict[str, tuple[int, int]]  # name -> how often, at least and at most
    children: dict[str, tuple[int, int]]
    text: bool


def tag(name: str) -> str:
    """``saml:Assertion`` as lxml writes it."""
    prefix, _, local = name.rpartition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}" if prefix in NAMESPACES else name


def _counted(text: str) -> dict[str, tuple[int, int]]:
    return {tag(name): _TIMES[times] for name, times in re.findall(r"([\w:]+)([?*+]?)", text)}


def _rules() -> dict[str, _Rule]:
    written = {line.split()[0]: line.split(None, 1)[1].partition("|")[::2] for line in _LINES.splitlines()}
    for leaf in set(re.findall(r"\w+:\w+", " ".join(children for _, children in written.values()))) - set(written):
        written[leaf] = (_LEAF.get(leaf, ""), "#")
    return {tag(name): _Rule(_counted(said), _counted(held), "#" in held) for name, (said, held) in written.items()}


_RULES = _rules()
_PARSER = {"encoding": "utf-8", "resolve_entities": False, "load_dtd": False, "no_network": True, "strip_cdata": False}
_DECLARATION = re.compile(
    rb"\A(\xef\xbb\xbf)?(<\?xml version=([\"'])1\.0\3( encoding=([\"'])(?i:utf-8)\5)?( standalone=[\"'](yes|no)[\"'])?\s*\?>)?"
)
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
_IDENTIFIER = re.compile(r"[A-Za-z_][\w.-]{0,255}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


def parser(**more: bool) -> Element:
    """The one parser: it fetches nothing, resolves nothing and mends nothing."""
    return etree.XMLParser(**_PARSER, **more)


def read(document: bytes, *names: str) -> Element:
    """The element that a document consists of, one of ``names``, when everything in it has its place.

    Raises ``SamlRefused``.
    """
    if len(document) > LARGEST:
        refuse("size", f"{len(document)} bytes")
    bare = _DECLARATION.sub(b"", document, count=1)
    if b"<!" in bare or b"<?" in bare or b"\0" in bare:
        refuse("markup")
    try:
        tree = etree.fromstring(bare.decode("utf-8").strip(" \t\r\n").encode(), parser())
    except (etree.LxmlError, ValueError) as error:
        refuse("xml", error)
    if tree.tag not in map(tag, names):
        refuse("unexpected", tree.tag)
    known: set[str] = set()
    for element in tree.iter():
        _fits(element, _RULES.get(element.tag) or refuse("unexpected", element.tag))
        for said in (element.get(name) for name in ("ID", "Id") if element.get(name) is not None):
            if said in known or _IDENTIFIER.fullmatch(said) is None:
                refuse("identifier", said)
            known.add(said)
    return tree


def _fits(element: Element, rule: _Rule) -> None:
    spaces = [uri or "" for uri in element.nsmap.values()]
    if len(spaces) > MOST_NAMESPACES or not all(map(_ABSOLUTE.fullmatch, spaces)):
        refuse("namespace", " ".join(spaces))
    held = Counter(child.tag for child in element)
    for there, allowed in ((Counter(element.keys()), rule.attributes), (held, rule.children)):
        for name in (*there, *allowed):
            least, most = allowed.get(name, (0, 0))
            if not least <= there[name] <= most:
                refuse("missing" if there[name] < least else "unexpected", f"{name} in {element.tag}")
    if not rule.text and "".join(filter(None, [element.text, *(child.tail for child in element)])).strip():
        refuse("unexpected", f"text in {element.tag}")


def first(element: Element, path: str) -> Element:
    """The child at ``saml:Subject/saml:NameID``, or None."""
    return element.find("/".join(map(tag, path.split("/"))))


def every(element: Element, path: str) -> list[Element]:
    """All children there."""
    return list(element.findall("/".join(map(tag, path.split("/")))))


def words(element: Element | None) -> str:
    """The text of an element, without space around it; empty where there is none."""
    return "" if element is None else (element.text or "").strip()


def moment(text: str | None) -> datetime:
    """A time as SAML writes it. Raises ``SamlRefused``."""
    try:
        return datetime.fromisoformat(text) if text and _TIME.fullmatch(text) else refuse("time", text)
    except ValueError:
        refuse("time", text)


def unwrapped(text: str) -> bytes:
    """What stands in base64, with line breaks or without. Raises ``SamlRefused``."""
    if len(text) > 2 * LARGEST:
        refuse("size", f"{len(text)} characters")
    bare = re.sub(r"[ \t\r\n]", "", text)
    if _BASE64.fullmatch(bare) is None or len(bare) % 4:
        refuse("encoding")
    return b64decode(bare)
