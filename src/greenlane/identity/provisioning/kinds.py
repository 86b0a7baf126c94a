"""What a directory can bring, as SCIM describes it: people, groups, agents, and what this service can do.

RFC 7643 and 7644; agents after draft-abbey-scim-agent-extension-00. What a directory sends beside that is ignored, the
way RFC 7643 section 3.3 lets a service do.
"""

from typing import Annotated, Any, ClassVar

from pydantic import Field
from scim2_models import (
    URN,
    AuthenticationScheme,
    Bulk,
    CaseExact,
    ChangePassword,
    ComplexAttribute,
    Email,
    EnterpriseUser,
    ETag,
    Filter,
    Mutability,
    Patch,
    Reference,
    Required,
    Resource,
    ResourceType,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)
from scim2_models import Group as StandardGroup
from scim2_models import User as StandardUser

MOST_AT_ONCE = 200
"""Resources on one page."""

MOST_OPERATIONS = 1_000
"""Operations of one bulk request."""

MOST_BYTES = 1_048_576
"""Bytes of one bulk request."""


class AnyEmail(Email):
    """A mail address as the directory has it: companies use names that no public domain has, such as corp.local."""

    value: str | None = None


class User(StandardUser[Any]):
    """A person, with mail addresses of any domain."""

    __schema__ = StandardUser.__schema__
    Emails: ClassVar[type[ComplexAttribute]] = AnyEmail
    emails: list[AnyEmail] | None = None  # type: ignore[assignment]  # wider than the library takes


class Member(ComplexAttribute):
    """Who is in a group, as RFC 7643 section 8.7.1 has it: what they are called stands with them."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    ref: Annotated[Reference[User | StandardGroup] | None, Mutability.immutable] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User", "Group"])
    display: Annotated[str | None, Mutability.read_only] = None


class Group(StandardGroup):
    """A group of people and groups."""

    __schema__ = StandardGroup.__schema__
    Members: ClassVar[type[ComplexAttribute]] = Member
    members: list[Member] | None = None  # type: ignore[assignment]  # the same, with a name beside


class AgentOwner(ComplexAttribute):
    """A person or group that answers for an agent."""

    value: str | None = None
    display: str | None = None
    type: str | None = None


class Agent(Resource[Any]):
    """An agent: a program that acts with some independence, under a name of its own."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Agent")

    name: Annotated[str | None, Required.true, Uniqueness.server] = None
    display_name: str | None = None
    agent_type: str | None = None
    active: bool | None = None
    description: str | None = None
    owners: list[AgentOwner] | None = None


POLICY = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
"""What is tolerated of what directories really send."""

CONFIG = ServiceProviderConfig(
    patch=Patch(supported=True),
    bulk=Bulk(supported=True, max_operations=MOST_OPERATIONS, max_payload_size=MOST_BYTES),
    filter=Filter(supported=True, max_results=MOST_AT_ONCE),
    change_password=ChangePassword(supported=False),
    sort=Sort(supported=True),
    etag=ETag(supported=True),
    authentication_schemes=[
        AuthenticationScheme(
            type=AuthenticationScheme.Type.oauthbearertoken,
            name="Token of a directory",
            description="The token that Greenlane showed once, as a bearer token.",
            primary=True,
        )
    ],
)

PROVIDER = ScimProvider(
    models=[User, Group, Agent, EnterpriseUser],
    resource_types=[
        ResourceType.model_validate({"schemas": [str(ResourceType.__schema__)], "id": one["name"], **one})
        for one in (
            {
                "name": "User",
                "endpoint": "/Users",
                "description": "People",
                "schema": str(User.__schema__),
                "schemaExtensions": [{"schema": str(EnterpriseUser.__schema__), "required": False}],
            },
            {"name": "Group", "endpoint": "/Groups", "description": "Groups", "schema": str(Group.__schema__)},
            {"name": "Agent", "endpoint": "/Agents", "description": "Agents", "schema": str(Agent.__schema__)},
        )
    ],
    config=CONFIG,
    policy=POLICY,
)
"""The service as it describes itself."""
