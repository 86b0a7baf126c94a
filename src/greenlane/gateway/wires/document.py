"""A request's body as the JSON object that every reader takes it for.

Readers of JSON differ in which of two equal names they believe (RFC 8259, section 4). A request that says two things at
once could be checked as one and served as the other, so it is refused.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

from greenlane.gateway.wires.asked import NotUnderstood


def document(body: bytes) -> dict[str, Any]:
    """The object that ``body`` is. Raises ``NotUnderstood`` for anything else, and where a name stands twice in an object."""
    try:
        read = orjson.loads(body)
        if orjson.dumps(read) != body:  # what comes out as it went in, which most libraries write, says nothing twice
            _STRICT.decode(body.decode())
    except ValueError as error:
        raise NotUnderstood(f"The body is not JSON: {error}.") from None
    except RecursionError:
        raise NotUnderstood("The body is nested too deeply.") from None
    if type(read) is not dict:
        raise NotUnderstood("The body is not a JSON object.")
    return read


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) == len(pairs):
        return
    names = [name for name, _ in pairs]
    twice = next(name for place, name in enumerate(names) if name in names[:place])
    raise NotUnderstood(
        f"The name '{twice}' stands twice in one object: which of the two is meant cannot be known.",
        field=twice,
        next_step="Say each thing once.",
    )


_STRICT = json.JSONDecoder(object_pairs_hook=_once)
