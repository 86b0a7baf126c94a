"""Where words lie in a request of any wire: everywhere but in the few places that are known to hold none.

Words are listed in the order in which the bytes have them, names of members included, so that one can be changed in
the bytes by its place in the row (``wires.editing.respelled``). What is known: identifiers and seals, the names of models and kinds, inlined media.
Inside what a caller fills freely (arguments and results of calls, schemas, metadata) nothing is known, and everything is
looked at. Facts: the references that ``wires/*/asking.py`` name.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from greenlane.gateway.wires.editing import LEAST_NUMBER, MOST_NUMBER

Kind = Literal["none", "text", "fixed", "json", "number", "inline", "link"]


class Place(NamedTuple):
    """A word of a request: what it is, and as ``about`` the media type where it is inlined media.

    ``none`` holds no words, ``text`` may be changed, ``fixed`` may be looked at but not changed (a name, an address),
    ``json`` is a text that is itself a JSON document, ``number`` a whole number of eight digits or more, ``inline`` is media as Base64 or a ``data:`` URL, ``link`` an
    address of media.
    """

    kind: Kind
    text: str
    about: str = ""


_NONE = frozenset(
    (
        *("type", "role", "model", "id", "object", "status", "detail", "format", "media_type", "mimeType", "mime_type"),
        *("call_id", "tool_call_id", "tool_use_id", "item_id", "previous_response_id", "tool_choice", "ttl"),
        *("signature", "thoughtSignature", "thought_signature", "encrypted_content", "redacted_thinking", "phase"),
        *(
            "service_tier",
            "obfuscation",
            "reasoning_effort",
            "effort",
            "verbosity",
            "truncation",
            "task_type",
            "taskType",
        ),
    )
)
"""Members that hold an identifier, a seal or a word of the wire's own."""
_FIXED = frozenset(("name", "file_id", "fileUri", "file_uri", "uri", "container", "cachedContent", "server_label"))
"""Members whose text must stay as it is."""
_LINKS = frozenset(("url", "image_url", "file_url", "fileUri", "file_uri", "server_url"))
_FREE = frozenset(
    (
        *("input", "args", "response", "arguments", "metadata", "labels", "environment", "action"),
        *("parameters", "input_schema", "schema", "json_schema", "parametersJsonSchema", "parameters_json_schema"),
        *("responseSchema", "response_schema", "responseJsonSchema", "response_json_schema"),
    )
)
"""Objects whose members are the caller's own."""
_TYPES = ("media_type", "mimeType", "mime_type", "format")


def places(document: dict[str, Any]) -> list[Place]:
    """Every word of a document, in the order of its bytes."""
    found: list[Place] = []
    _members(document, found)
    return found


def freely(document: Any) -> list[Place]:
    """Every word of a document whose members are all the caller's own, in the order of its bytes."""
    found: list[Place] = []
    _freely(document, found)
    return found


def number_of(document: dict[str, Any], owner: dict[str, Any], name: str) -> int:
    """The place in the row of all words of the text that an object deep in a document has as a member."""
    reached, place = _until(document, owner, name)
    if not reached:
        raise LookupError(name)
    return place


def _until(value: Any, owner: dict[str, Any], name: str) -> tuple[bool, int]:
    """Whether a member was reached within a value, and how many words stand before it, or in all of it."""
    before = 0
    if isinstance(value, dict):
        for one, member in value.items():
            before += 1
            if value is owner and one == name:
                return True, before
            reached, more = _until(member, owner, name)
            before += more
            if reached:
                return True, before
    elif isinstance(value, list):
        for member in value:
            reached, more = _until(member, owner, name)
            before += more
            if reached:
                return True, before
    else:
        before = int(isinstance(value, str) or (type(value) is int and LEAST_NUMBER <= value <= MOST_NUMBER))
    return False, before


def _members(value: dict[str, Any], found: list[Place]) -> None:
    for name, member in value.items():
        found.append(_NAME)
        kind = type(member)
        if kind is str:
            found.append(_string(value, name, member))
        elif kind is dict:
            if name in _FREE:
                _freely(member, found)
            else:
                _members(member, found)
        elif kind is list:
            _elements(name, member, found)
        elif kind is int and LEAST_NUMBER <= member <= MOST_NUMBER:
            found.append(_NAME)


def _elements(name: str, values: list[Any], found: list[Place]) -> None:
    for one in values:
        kind = type(one)
        if kind is dict:
            _members(one, found)
        elif kind is str:
            found.append(Place("none" if name in _NONE else "text", one))
        elif kind is list:
            _elements(name, one, found)
        elif kind is int and LEAST_NUMBER <= one <= MOST_NUMBER:
            found.append(_NAME)


def _freely(value: Any, found: list[Place]) -> None:
    kind = type(value)
    if kind is str:
        found.append(_text(value))
    elif kind is dict:
        for name, member in value.items():
            found.append(Place("text", name))
            _freely(member, found)
    elif kind is list:
        for one in value:
            _freely(one, found)
    elif kind is int and LEAST_NUMBER <= value <= MOST_NUMBER:
        found.append(Place("number", str(value)))


def _string(owner: dict[str, Any], name: str, text: str) -> Place:
    if name in _NONE:
        return Place("none", text)
    if name == "data" and owner.get("type") != "text":
        types = [owner[one] for one in _TYPES if type(owner.get(one)) is str]
        if types or owner.get("type") in ("base64", "redacted_thinking"):
            return Place("none" if owner.get("type") == "redacted_thinking" else "inline", text, (types or [""])[0])
    if name in ("file_data", "b64_json"):
        return Place("inline", text)
    if name in _LINKS:
        return Place("inline" if text[:5].lower() == "data:" else "link", text)
    if name in _FIXED:
        return Place("fixed", text)
    return _text(text)


def _text(text: str) -> Place:
    return Place("json" if text[:1] in ("{", "[") and text[-1:] in ("}", "]") else "text", text)


_NAME = Place("none", "")
