"""What directories really send, made into what the standard says. Pure functions over JSON documents.

Each rule names who sends it. The models tolerate the rest by themselves (``kinds.POLICY``): attributes that nobody knows,
values beside a remove, filters in a path that match nothing yet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from scim2_models import EnterpriseUser

ENTERPRISE = str(EnterpriseUser.__schema__).lower()
_TRUTH = {"true": True, "false": False}
_YES_OR_NO = frozenset({"active", "primary"})
_NOT_OURS = frozenset({"id", "meta", "schemas"})
_SELECTED = re.compile(r"\w+\[.*\]", re.DOTALL)


def tidied(document: Any) -> Any:
    """A request's document as the standard would have it: a resource, a PATCH, or a bulk of them."""
    if not isinstance(document, dict):
        return document
    operations = _operations(document)
    if operations is None:
        return resource(document)
    key, listed = operations
    return {**document, key: [_operation(one) if isinstance(one, dict) else one for one in listed]}


def _operations(document: Mapping[str, Any]) -> tuple[str, list[Any]] | None:
    """The list of operations of a PATCH or a bulk, under whatever spelling."""
    for key, value in document.items():
        if key.lower() == "operations" and isinstance(value, list):
            return key, value
    return None


def _operation(one: dict[str, Any]) -> dict[str, Any]:
    named = {key.lower(): key for key in one}
    if "method" in named:  # one of a bulk
        data = named.get("data")
        return one if data is None else {**one, data: tidied(one[data])}
    tidy = {low: one[key] for low, key in named.items() if low in {"op", "path", "value"}}
    if isinstance(tidy.get("op"), str):
        tidy["op"] = tidy["op"].lower()  # Entra: Add, Replace, REMOVE
    path, value = tidy.get("path"), tidy.get("value")
    if path in {"", None}:
        tidy.pop("path", None)
        if isinstance(value, dict):
            tidy["value"] = resource({k: v for k, v in value.items() if k.lower() not in _NOT_OURS})  # Okta: its id too
    elif isinstance(path, str) and "value" in tidy:
        tidy |= _at(path, value, str(tidy.get("op")))
    return tidy


def _at(path: str, value: Any, op: str) -> dict[str, Any]:
    """The value of an operation on one attribute."""
    last = path.rsplit(":", 1)[-1].rsplit(".", 1)[-1].lower()
    if last == "password":
        return {"path": "password", "value": None, "op": "remove"}
    if last == "manager" and op != "remove":  # Entra: the manager's id as a plain word
        return _manager_at(path, value)
    if op == "remove" and isinstance(value, list):  # Entra names whom it means, with empty references beside it
        value = [{k: v for k, v in one.items() if v is not None} if isinstance(one, dict) else one for one in value]
    if _SELECTED.fullmatch(path) and isinstance(value, list) and len(value) == 1:
        value = value[0]  # one entry was selected, and one is meant
    return {"value": _told(last, value)}


def _manager_at(path: str, value: Any) -> dict[str, Any]:
    if value in {"", None} if not isinstance(value, (dict, list)) else False:
        return {"op": "remove", "value": None}
    return {"path": path, "value": _manager(value)}


def resource(document: dict[str, Any]) -> dict[str, Any]:
    """A resource, or a part of one: truths as words, a manager as a word, and a password that is nobody's business."""
    tidy: dict[str, Any] = {}
    for key, value in document.items():
        low = key.lower()
        if low == "password":  # Okta may send a placeholder; nobody signs in with it here
            continue
        if low == ENTERPRISE and isinstance(value, dict):
            tidy[key] = {k: _manager(v) if k.lower() == "manager" else v for k, v in value.items()}
            tidy[key] = {k: v for k, v in tidy[key].items() if k.lower() != "manager" or v is not None}
        elif low == f"{ENTERPRISE}:manager":
            manager = _manager(value)
            if manager is not None:
                tidy[key] = manager
        else:
            tidy[key] = _told(low, value)
    return tidy


def _manager(value: Any) -> Any:
    """Entra sends the manager's id alone, or an empty word for nobody; both leave out the address beside the id."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, str):
        value = {"value": value} if value else None
    if isinstance(value, dict) and value.get("value") and not value.get("$ref"):
        value = {**value, "$ref": f"Users/{value['value']}"}
    return value


def _told(name: str, value: Any) -> Any:
    """Entra sends truths as words: "True", "False"; also those inside the entries of a list."""
    if name in _YES_OR_NO:
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if isinstance(value, dict) and "value" in value:
            value = value["value"]
        return _TRUTH.get(value.strip().lower(), value) if isinstance(value, str) else value
    if isinstance(value, list):
        return [_told(name, one) for one in value]
    if name == "members" and isinstance(value, dict):  # Okta: a member's name too, which is ours to tell
        value = {k: v for k, v in value.items() if k.lower() != "display"}
    if isinstance(value, dict):
        return {key: _told(key.lower(), one) for key, one in value.items()}
    return value
