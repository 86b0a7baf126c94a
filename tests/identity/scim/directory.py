"""A directory that talks to the real door over real addresses, in this process: what it sends is what is tested."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient
from tests.house import Doorway, InOneProcess

from greenlane.api import app as api
from greenlane.identity.provisioning.actions import ConnectDirectory
from greenlane.kit.database import Database

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
AGENT = "urn:ietf:params:scim:schemas:core:2.0:Agent"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


@dataclass
class Told:
    """An answer."""

    status: int
    body: Any
    headers: dict[str, str]

    def at(self, path: str) -> Any:
        """A part of the resource: ``name.givenName``, ``emails[work].value``, or a URN and a name with a bar between."""
        found: Any = self.body
        for part in path.split("|") if "|" in path else path.split("."):
            name, _, kind = part.rstrip("]").partition("[")
            found = None if found is None else found.get(name)
            if kind and found is not None:
                found = next((one for one in found if one.get("type") == kind), None)
        return found


class Directory:
    """One connected directory and its token."""

    def __init__(self, doorway: Doorway, name: str = "okta") -> None:
        self.doorway = doorway
        self.name = name
        self.made = doorway.does(doorway.owner, ConnectDirectory(name)).answer
        self.token = str(self.made["token"])
        self.client = TestClient(api.create(doorway.control._api()), base_url="http://localhost:4180")
        self.count = 0

    def sends(self, method: str, path: str, body: Any = None, **headers: str) -> Told:
        """A request as a directory sends it."""
        content = None if body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self.token}"}
        if content is not None and headers.get("content_type") != "":
            sent["Content-Type"] = headers.pop("content_type", "application/scim+json")
        headers.pop("content_type", None)
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.client.request(method, f"/scim/v2{path}", content=content, headers=sent)
        return Told(answer.status_code, answer.json() if answer.content else None, dict(answer.headers))

    def adds(self, name: str = "", **more: Any) -> Told:
        """A person as a directory adds them."""
        self.count += 1
        user = name or f"user{self.count}@example.com"
        body = {
            "schemas": [USER, ENTERPRISE],
            "userName": user,
            "externalId": f"ext-{self.name}-{self.count}",
            "active": True,
            "displayName": user.partition("@")[0].title(),
            "name": {"givenName": user.partition("@")[0].title(), "familyName": "Example"},
            "emails": [{"value": user, "type": "work", "primary": True}],
            **more,
        }
        told = self.sends("POST", "/Users", body)
        assert told.status == 201, told.body
        return told

    def groups(self, name: str, *members: str) -> str:
        """A group with members; its id."""
        body = {"schemas": [GROUP], "displayName": name, "members": [{"value": one} for one in members]}
        told = self.sends("POST", "/Groups", body)
        assert told.status == 201, told.body
        return str(told.body["id"])

    def patches(self, path: str, *operations: dict[str, Any]) -> Told:
        """A PATCH of some operations."""
        return self.sends("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)})

    def switches(self, person: str, *, on: bool) -> Told:
        """A person switched off or on."""
        return self.patches(f"/Users/{person}", {"op": "replace", "path": "active", "value": on})


def installed(folder: Path, migrated: Path, name: str = "okta") -> Directory:
    """A directory of an installation of its own, on a copy of a migrated SQLite file: for many requests that share it."""
    shutil.copyfile(migrated, folder / "greenlane.db")
    database = Database(f"sqlite:///{folder / 'greenlane.db'}")
    return Directory(Doorway(InOneProcess(database, folder / "house")), name)
