"""Gemini's own schemas as JSON Schema.

Facts: https://ai.google.dev/api/caching#Schema is a part of OpenAPI 3.0 with types in capitals and ``nullable``. What is
written is JSON Schema, which ``parametersJsonSchema`` and ``responseJsonSchema`` take as it is.
"""

from __future__ import annotations

from typing import Any

from greenlane.gateway.wires.gemini_generate.names import underscored
from greenlane.gateway.wires.members import Json

_INNER = ("items",)
_LISTS = ("anyOf",)
_NAMES = {
    underscored(name): name
    for name in (
        *("anyOf", "maxItems", "minItems", "maxLength", "minLength", "maxProperties", "minProperties"),
        *("additionalProperties", "propertyOrdering"),
    )
}
_COUNTS = frozenset(("maxItems", "minItems", "maxLength", "minLength", "maxProperties", "minProperties"))


def json_schema(schema: Json) -> Json:
    """A schema of Gemini's as JSON Schema; its order of properties is theirs."""
    found: Json = {}
    for written, value in schema.items():
        name = _NAMES.get(written, written)
        if name in ("nullable", "propertyOrdering"):
            continue
        found[name] = _member(name, value)
    if schema.get("nullable") and isinstance(found.get("type"), str):
        found["type"] = [found["type"], "null"]
        if isinstance(found.get("enum"), list):
            found["enum"] = [*found["enum"], None]
    return found


def _member(name: str, value: Any) -> Any:
    if name == "type" and isinstance(value, str):
        return value.lower()
    if name == "properties" and isinstance(value, dict):
        return {one: json_schema(inner) if isinstance(inner, dict) else inner for one, inner in value.items()}
    if name in _INNER and isinstance(value, dict):
        return json_schema(value)
    if name in _LISTS and isinstance(value, list):
        return [json_schema(inner) if isinstance(inner, dict) else inner for inner in value]
    if name in _COUNTS and isinstance(value, str) and value.isdecimal():
        return int(value)
    return value
