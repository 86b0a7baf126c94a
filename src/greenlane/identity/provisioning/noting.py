"""The log of what directories asked: what they sent, by the names of attributes, and what we did, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from greenlane.govern.door import Answer
from greenlane.govern.effect import Rows
from greenlane.identity.provisioning.queries import Asked, Came
from greenlane.identity.provisioning.tables import DIRECTORY_REQUEST, DIRECTORY_TOKEN
from greenlane.kit import ids
from greenlane.kit.clock import parse, stamp

KEPT = 1_000
"""Requests of one directory that are kept."""

PRUNED_EVERY = 100
"""Requests beyond that before the oldest are forgotten, so that not each one looks for them."""

MOST_NAMES = 30
"""Attributes, or operations, of one request that are named."""

USED_EVERY = timedelta(minutes=1)
"""How often it is noted that a token was used."""


def noted(
    came: Came,
    method: str,
    path: str,
    query: Mapping[str, str],
    document: Any,
    status: int,
    did: Sequence[Answer],
    why: str,
    now: datetime,
) -> Rows:
    """Rows that remember a request. Values stay out, apart from whether somebody is active."""
    values = {
        "id": ids.new("drq"),
        "directory": came.directory,
        "at": stamp(now),
        "method": method,
        "path": path[:200],
        "sent": _sent(query, document),
        "status": status,
        "did": [{"verb": one.verb, "subject": one.subject, "action": one.action_id, "state": one.state} for one in did],
        "why": why[:500],
    }

    def rows(connection: Connection) -> None:
        connection.execute(insert(DIRECTORY_REQUEST).values(values))
        if came.last_used is None or parse(came.last_used) < now - USED_EVERY:
            token = update(DIRECTORY_TOKEN).where(DIRECTORY_TOKEN.c.id == came.token)
            connection.execute(token.values(last_used=stamp(now)))
            _prune(connection, came.directory)

    return rows


def _prune(connection: Connection, directory: str) -> None:
    table = DIRECTORY_REQUEST.c
    oldest = connection.execute(
        select(table.id).where(table.directory == directory).order_by(table.id.desc()).offset(KEPT).limit(1)
    ).scalar_one_or_none()
    if oldest is not None:
        connection.execute(delete(DIRECTORY_REQUEST).where(table.directory == directory, table.id <= oldest))


def _sent(query: Mapping[str, str], document: Any) -> dict[str, Any]:
    sent: dict[str, Any] = {}
    if "filter" in query:
        sent["filter"] = query["filter"].split(" ")[0][:80]
    if not isinstance(document, dict):
        return sent
    operations = next((v for k, v in document.items() if k.lower() == "operations" and isinstance(v, list)), None)
    if operations is None:
        sent["attributes"] = [str(key)[:120] for key in document if key.lower() != "schemas"][:MOST_NAMES]
        sent |= _truth(document)
    else:
        listed = [_operation(one) for one in operations[:MOST_NAMES] if isinstance(one, dict)]
        sent["operations"] = listed
        if len(operations) > MOST_NAMES:
            sent["more"] = len(operations) - MOST_NAMES
    return sent


def _operation(one: Mapping[str, Any]) -> dict[str, Any]:
    low = {key.lower(): value for key, value in one.items()}
    if "method" in low:
        return {"op": str(low["method"])[:10], "path": str(low.get("path", ""))[:120]}
    value = low.get("value")
    said: dict[str, Any] = {"op": str(low.get("op", ""))[:10]}
    if low.get("path"):
        said["path"] = str(low["path"]).split('"')[0][:120]  # what stands in quotes may be a person's
        if said["path"].lower() == "active":
            said["active"] = value is True
        elif isinstance(value, list):
            said["entries"] = len(value)
    elif isinstance(value, dict):
        said["attributes"] = [str(key)[:120] for key in value][:MOST_NAMES]
        said |= _truth(value)
    return said


def _truth(values: Mapping[str, Any]) -> dict[str, bool]:
    return next(({"active": v is True} for k, v in values.items() if k.lower() == "active"), {})


def words(one: Asked) -> str:
    """What a directory sent, as a sentence without names."""
    asked = _asked(one)
    if one.status >= 400:
        return f"It {asked}. This was refused: {one.why or f'status {one.status}'}"
    if one.method == "GET" or one.path.endswith("/.search"):
        return f"It {asked}."
    if not one.did:
        return f"It {asked}. Nothing had to change. {one.why}".strip()
    return f"It {asked}. {one.why}".strip()


def _asked(one: Asked) -> str:
    kind = _KINDS.get(one.path.strip("/").split("/")[0], "what this service can do")
    sent = one.sent
    if one.method == "GET":
        return f"looked for {kind} by {sent['filter']}" if "filter" in sent else f"read {kind}"
    if one.method == "DELETE":
        return f"deleted one of {kind}"
    if one.method == "POST" and one.path.endswith("Bulk"):
        return f"sent {len(sent.get('operations', ())) + int(sent.get('more', 0))} requests in one"
    if one.method == "PATCH":
        return f"changed one of {kind}: {'; '.join(_said(each) for each in sent.get('operations', ())) or 'nothing'}"
    named = ", ".join(sent.get("attributes", ())) or "nothing"
    return f"{'added one to' if one.method == 'POST' else 'described one of'} {kind}, with {named}{_off(sent)}"


_KINDS = {"Users": "people", "Groups": "groups", "Agents": "agents", "Bulk": "requests"}


def _said(one: Mapping[str, Any]) -> str:
    what = one.get("path") or ", ".join(one.get("attributes", ())) or "everything"
    entries = f" ({one['entries']} entries)" if "entries" in one else ""
    return f"{one.get('op', '')} {what}{entries}{_off(one)}"


def _off(sent: Mapping[str, Any]) -> str:
    if "active" not in sent:
        return ""
    return ", switched on" if sent["active"] else ", switched off"
