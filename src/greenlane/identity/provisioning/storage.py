"""The directory's view of what it brought, for the SCIM core: reads are queries, writes are actions through the door.

It sees its own people, groups and agents and nobody else, also those that are switched off.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scim2_models import (
    ForbiddenException,
    InvalidValueException,
    NotFoundException,
    PreconditionFailedException,
    Resource,
    ResourceType,
    ResponseParameters,
    SCIMException,
    SearchRequest,
    UniquenessException,
)
from scim2_models.path import CompareOperator, Comparison
from scim2_server.memory import InMemoryStorage
from scim2_server.storage import ScimStorage, SearchPage
from sqlalchemy import ColumnElement, Connection, Row, Table, func, select

from greenlane.govern.door import Answer, Door
from greenlane.govern.errors import NotFound, WrongInput
from greenlane.identity.actions import RestorePerson, SuspendPerson
from greenlane.identity.groups.tables import DIRECTORY_GROUP, GROUP_MEMBER
from greenlane.identity.provisioning import kinds
from greenlane.identity.provisioning.actions import (
    ChangeProvisionedAgent,
    ChangeProvisionedGroup,
    ChangeProvisionedPerson,
    ProvisionAgent,
    ProvisionGroup,
    ProvisionPerson,
    ReleasePerson,
    RemoveProvisionedAgent,
    RemoveProvisionedGroup,
)
from greenlane.identity.provisioning.errors import ChangedMeanwhile, Taken
from greenlane.identity.provisioning.queries import Came
from greenlane.identity.provisioning.tables import DIRECTORY_AGENT, DIRECTORY_USER
from greenlane.identity.tables import PERSON
from greenlane.kit.errors import GreenlaneError, Unavailable

_OURS = frozenset({"id", "meta", "groups", "password", "schemas"})
"""What of a description is not the directory's to say."""

Found = Resource[Any]


class Away(SCIMException):
    """Something that is needed does not answer; the directory tries again by itself."""

    status = 503


class DirectoryStorage(ScimStorage):
    """What one directory brought. ``did`` collects what became of its request, ``passed_over`` counts members
    of groups that it named and never brought: both for the log.
    """

    def __init__(self, door: Door, came: Came) -> None:
        self._door = door
        self._came = came
        self.did: list[Answer] = []
        self.passed_over = 0

    # reading

    def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> Found:
        """One resource of this directory."""
        kind = str(resource_type.name)
        with self._door.database.read() as connection:
            found = self._found(connection, kind, [_KEYS[kind] == resource_id])
        if not found:
            raise NotFoundException(detail=f"This directory brought no {kind} {resource_id}")
        return found[0]

    def search(
        self, resource_types: list[ResourceType], search_request: SearchRequest[Any], *, position: Any = None
    ) -> SearchPage:
        """One page. What the database can do itself it does: an equal name or id, and pages of everything."""
        names = list(dict.fromkeys(str(one.name) for one in resource_types))
        with self._door.database.read() as connection:
            if len(names) == 1 and search_request.filter is None and search_request.sort_by is None:
                return self._page(connection, names[0], search_request)
            found = [one for kind in names for one in self._found(connection, kind, _narrowed(kind, search_request))]
        shelf = InMemoryStorage()
        shelf.resources = found
        return shelf.search(resource_types, search_request, position=position)

    def _page(self, connection: Connection, kind: str, asked: SearchRequest[Any]) -> SearchPage:
        where = self._its(kind)
        total = connection.execute(select(func.count()).select_from(_TABLES[kind]).where(*where)).scalar_one()
        key = _KEYS[kind]
        ids = connection.execute(
            select(key).where(*where).order_by(key).offset(asked.start_index_0 or 0).limit(asked.count)
        ).scalars()
        by_id = {one.id: one for one in self._found(connection, kind, [key.in_(list(ids))])}
        return SearchPage(total, [by_id[one] for one in sorted(str(id) for id in by_id)])

    def _its(self, kind: str) -> list[ColumnElement[bool]]:
        owner = DIRECTORY_GROUP.c.source if kind == "Group" else _TABLES[kind].c.directory
        mine = [owner == self._came.directory]
        return [*mine, DIRECTORY_USER.c.released.is_(None)] if kind == "User" else mine

    def _found(self, connection: Connection, kind: str, where: Sequence[ColumnElement[bool]]) -> list[Found]:
        rows = connection.execute(select(_TABLES[kind]).where(*self._its(kind), *where).order_by(_KEYS[kind])).all()
        if kind == "User":
            groups = self._groups_of(connection, [row.person for row in rows])
            return [_user(row, groups.get(row.person, [])) for row in rows]
        if kind == "Group":
            members = _members(connection, [row.id for row in rows])
            return [_group(row, members.get(row.id, [])) for row in rows]
        return [_agent(row) for row in rows]

    def _groups_of(self, connection: Connection, people: Sequence[str]) -> dict[str, list[dict[str, str]]]:
        found: dict[str, list[dict[str, str]]] = {}
        for some in _portions(people):
            rows = connection.execute(
                select(GROUP_MEMBER.c.member, DIRECTORY_GROUP.c.id, DIRECTORY_GROUP.c.name)
                .join(DIRECTORY_GROUP, DIRECTORY_GROUP.c.id == GROUP_MEMBER.c.group)
                .where(GROUP_MEMBER.c.member.in_(some), DIRECTORY_GROUP.c.source == self._came.directory)
                .order_by(DIRECTORY_GROUP.c.id)
            )
            for row in rows:
                one = {"value": row.id, "$ref": f"Groups/{row.id}", "display": row.name, "type": "direct"}
                found.setdefault(row.member, []).append(one)
        return found

    # writing

    def create(self, resource_type: ResourceType, resource: Found) -> Found:
        """Add a person, a group or an agent."""
        directory, kind = self._came.directory, str(resource_type.name)
        said = {"active": True, **_said(resource)}
        if kind == "User":
            made = self._does(ProvisionPerson(directory, _described(said), said["active"]))
            return self.get(resource_type, str(made.answer["person"]))
        if kind == "Group":
            members = tuple(sorted(self._known(set(_member_ids(said)))))
            group = ProvisionGroup(directory, str(said["displayName"]), str(said.get("externalId") or ""), members)
            return self.get(resource_type, str(self._does(group).answer["group"]))
        agent = ProvisionAgent(directory, str(said["name"]), _described(said), said["active"])
        return self.get(resource_type, str(self._does(agent).answer["agent"]))

    def update(self, resource_type: ResourceType, resource: Found, *, expected_version: str | None = None) -> Found:
        """Change a resource to what it says now."""
        kind, said = str(resource_type.name), _said(resource)
        before = self.get(resource_type, str(resource.id))
        version = _version(expected_version)
        if version and before.meta is not None and _version(before.meta.version) != version:
            raise PreconditionFailedException
        if kind == "User":
            self._change_person(str(resource.id), _said(before), said, version)
        elif kind == "Group":
            self._change_group(str(resource.id), _said(before), said, version)
        else:
            active = said.get("active") is not False
            self._does(ChangeProvisionedAgent(str(resource.id), str(said["name"]), _described(said), active, version))
        return self.get(resource_type, str(resource.id))

    def _change_group(self, group: str, before: Mapping[str, Any], said: Mapping[str, Any], version: int) -> None:
        name, external_id = str(said["displayName"]), str(said.get("externalId") or "")
        old, new = set(_member_ids(before)), set(_member_ids(said))
        came, left = tuple(sorted(self._known(new - old))), tuple(sorted(old - new))
        if came or left or (name, external_id) != (str(before["displayName"]), str(before.get("externalId") or "")):
            self._does(ChangeProvisionedGroup(group, name, external_id, came, left, version))

    def _known(self, members: set[str]) -> set[str]:
        """Those of the ids that this directory brought. The others are passed over, and noted: a directory may name who
        was deleted meanwhile, and must not lose the rest of its request by it.
        """
        found: set[str] = set()
        with self._door.database.read() as connection:
            for kind in ("User", "Group"):
                for some in _portions(sorted(members)):
                    key = _KEYS[kind]
                    known = select(key).where(key.in_(some), *self._its(kind))
                    found |= set(connection.execute(known).scalars())
        self.passed_over += len(members - found)
        return found

    def _change_person(self, person: str, before: Mapping[str, Any], said: Mapping[str, Any], version: int) -> None:
        """Off or on is the act of everybody who suspends or restores; the description is one beside it. Where nothing is
        said about that, it stays as it is.
        """
        with self._door.database.read() as connection:
            row = connection.execute(
                select(PERSON.c.state, DIRECTORY_USER.c.switched_off, DIRECTORY_USER.c.active)
                .join(DIRECTORY_USER, DIRECTORY_USER.c.person == PERSON.c.id)
                .where(PERSON.c.id == person)
            ).one()
        active = said.get("active", row.active)
        noted = row.active == active
        if row.active and not active and row.state in {"invited", "active"}:
            self._does(SuspendPerson(person))
            noted, version = True, 0
        elif active and not row.active and row.state == "suspended" and row.switched_off is not None:
            self._does(RestorePerson(person))
            noted, version = True, 0
        if not noted or _described(before) != _described(said):
            self._does(ChangeProvisionedPerson(person, _described(said), active, version))

    def _active(self, table: Table, key: ColumnElement[Any], id: str) -> bool:
        with self._door.database.read() as connection:
            return bool(connection.execute(select(table.c.active).where(key == id)).scalar_one())

    def delete(self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None) -> None:
        """Let go of a person, or remove a group or an agent."""
        kind, version = str(resource_type.name), _version(expected_version)
        if kind == "Group":
            self._does(RemoveProvisionedGroup(resource_id, version))
        elif kind == "Agent":
            self._does(RemoveProvisionedAgent(resource_id, version))
        else:
            with self._door.database.read() as connection:
                state = connection.execute(select(PERSON.c.state).where(PERSON.c.id == resource_id)).scalar_one()
            if state in {"invited", "active"}:
                self._does(SuspendPerson(resource_id))
                version = 0
            self._does(ReleasePerson(resource_id, version))

    def _does(self, action: Any) -> Answer:
        """Through the door; what it says is told in the directory's words."""
        try:
            answer = self._door.govern(self._came.actor, action)
        except GreenlaneError as error:
            raise _told(error) from error
        self.did.append(answer)
        if answer.state != "done":
            first = next(iter(answer.decision.reasons), None)
            says = f"{first.says} {first.instead}" if first else "This is not possible."
            waits = " A person decides it first." if answer.state == "waiting" else ""
            raise ForbiddenException(detail=f"{says.strip()}{waits}")
        return answer


_TABLES = {"User": DIRECTORY_USER, "Group": DIRECTORY_GROUP, "Agent": DIRECTORY_AGENT}
_KEYS: dict[str, ColumnElement[Any]] = {
    "User": DIRECTORY_USER.c.person,
    "Group": DIRECTORY_GROUP.c.id,
    "Agent": DIRECTORY_AGENT.c.id,
}
_EQUAL: dict[tuple[str, str], ColumnElement[Any]] = {
    ("User", "username"): DIRECTORY_USER.c.user_name,
    ("User", "externalid"): DIRECTORY_USER.c.external_id,
    ("Group", "externalid"): DIRECTORY_GROUP.c.external_id,
    ("Group", "displayname"): func.lower(DIRECTORY_GROUP.c.name),
    ("Agent", "name"): func.lower(DIRECTORY_AGENT.c.name),
}
_CASE_EXACT = frozenset({"externalid"})


def _narrowed(kind: str, asked: SearchRequest[Any]) -> list[ColumnElement[bool]]:
    """What the database can say about a filter such as ``userName eq "ada"``; the core looks at the rest."""
    node = None if asked.filter is None else asked.filter.ast
    if not isinstance(node, Comparison) or node.op != CompareOperator.eq or not isinstance(node.value, str):
        return []
    attribute = str(node.attr_path).rsplit(":", 1)[-1].lower()
    column = _KEYS[kind] if attribute == "id" else _EQUAL.get((kind, attribute))
    if column is None:
        return []
    exact = attribute in _CASE_EXACT or attribute == "id"
    return [column == (node.value if exact else node.value.lower())]


def _said(resource: Found) -> dict[str, Any]:
    return resource.model_dump(mode="json", by_alias=True, exclude_none=True)


def _described(said: Mapping[str, Any]) -> str:
    """A description as it is kept: without what is ours, the same letters for the same words. Of being active it says
    no more than that the directory spoke of it: what it said stands beside it.
    """
    kept = {key: key == "active" or value for key, value in said.items() if key not in _OURS}
    return json.dumps(kept, sort_keys=True)


def _member_ids(said: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(str(one["value"]) for one in said.get("members") or () if one.get("value")))


def _members(connection: Connection, groups: Sequence[str]) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for some in _portions(groups):
        rows = connection.execute(
            select(GROUP_MEMBER)
            .where(GROUP_MEMBER.c.group.in_(some))
            .order_by(GROUP_MEMBER.c.since, GROUP_MEMBER.c.member)
        )
        for row in rows:
            person = row.kind == "person"
            found.setdefault(row.group, []).append(
                {
                    "value": row.member,
                    "$ref": f"{'Users' if person else 'Groups'}/{row.member}",
                    "type": "User" if person else "Group",
                }
            )
    return found


def _portions(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    """A database takes only so many values in one question."""
    return (ids[begin : begin + 500] for begin in range(0, len(ids), 500))


def _user(row: Row[Any], groups: list[dict[str, str]]) -> Found:
    said = {**row.resource, "groups": groups} if groups else row.resource
    return _model("User", _with_active(said, row), row.person, row)


def _group(row: Row[Any], members: list[dict[str, str]]) -> Found:
    said: dict[str, Any] = {"displayName": row.name}
    if row.external_id is not None:
        said["externalId"] = row.external_id
    if members:
        said["members"] = members
    return _model("Group", said, row.id, row)


def _agent(row: Row[Any]) -> Found:
    return _model("Agent", _with_active(row.resource, row), row.id, row)


def _with_active(said: Mapping[str, Any], row: Row[Any]) -> Mapping[str, Any]:
    return {**said, "active": row.active} if "active" in said else said


def _model(kind: str, said: Mapping[str, Any], id: str, row: Row[Any]) -> Found:
    model: type[Found] = kinds.PROVIDER.model_for(kind)  # type: ignore[assignment]  # each kind has a model
    schemas = [str(model.__schema__), *(key for key in said if key.lower().startswith("urn:"))]
    meta = {
        "resourceType": kind,
        "created": row.created,
        "lastModified": row.changed,
        "version": f'W/"{row.version}"',
    }
    return model.model_validate({**said, "schemas": schemas, "id": id, "meta": meta}, scim_policy=kinds.POLICY)


def _version(tag: str | None) -> int:
    digits = "".join(letter for letter in tag or "" if letter.isdigit())
    return int(digits) if digits else 0


def _told(error: GreenlaneError) -> SCIMException:
    says = f"{error.message} {error.next_step}".strip()
    if isinstance(error, Taken):
        return UniquenessException(detail=says)
    if isinstance(error, ChangedMeanwhile):
        return PreconditionFailedException(detail=says)
    if isinstance(error, NotFound):
        return NotFoundException(detail=says)
    if isinstance(error, WrongInput):
        return InvalidValueException(detail=says)
    if isinstance(error, Unavailable):
        return Away(detail=says)
    return ForbiddenException(detail=says)
