"""Requests in the shapes that Okta and Entra ID really send, each with what must come of it.

Sources: the providers' public descriptions of their SCIM clients, and requests that others reported. ``{id}`` is a person
who was just added with a work address, ``{other}`` another one, ``{group}`` a group with ``{id}`` in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.identity.scim.directory import ENTERPRISE, GROUP, PATCH, USER


@dataclass(frozen=True)
class Shape:
    """A request; what is answered, and what a part of the answer is, or of what is read afterwards at ``then``."""

    says: str
    method: str
    path: str
    body: Any = None
    status: int = 200
    tells: Mapping[str, Any] = field(default_factory=dict)
    then: str = ""


def _patch(*operations: Mapping[str, Any]) -> dict[str, Any]:
    return {"schemas": [PATCH], "Operations": list(operations)}


def _user(says: str, operations: list[Mapping[str, Any]], **tells: Any) -> Shape:
    named = {name.replace("__", "."): value for name, value in tells.items()}
    return Shape(says, "PATCH", "/Users/{id}", _patch(*operations), tells=named)


PLAIN = {
    "displayName": ("displayName", "Ada L."),
    "title": ("title", "Engineer"),
    "nickName": ("nickName", "Adda"),
    "preferredLanguage": ("preferredLanguage", "en-GB"),
    "locale": ("locale", "en-GB"),
    "timezone": ("timezone", "Europe/London"),
    "userType": ("userType", "Contractor"),
    "name.givenName": ("name.givenName", "Ada"),
    "name.familyName": ("name.familyName", "King"),
    "name.formatted": ("name.formatted", "Ada King"),
    "name.middleName": ("name.middleName", "B."),
    "name.honorificPrefix": ("name.honorificPrefix", "Dr."),
    "externalId": ("externalId", "another-{id}"),
    'emails[type eq "work"].value': ("emails[work].value", "new-{id}@corp.local"),
    'emails[type eq "home"].value': ("emails[home].value", "ada@home.example"),
    'phoneNumbers[type eq "work"].value': ("phoneNumbers[work].value", "+44 20 1"),
    'phoneNumbers[type eq "mobile"].value': ("phoneNumbers[mobile].value", "+44 77 1"),
    'phoneNumbers[type eq "fax"].value': ("phoneNumbers[fax].value", "+44 20 2"),
    'addresses[type eq "work"].locality': ("addresses[work].locality", "London"),
    'addresses[type eq "work"].streetAddress': ("addresses[work].streetAddress", "St James 12"),
    'addresses[type eq "work"].postalCode': ("addresses[work].postalCode", "SW1Y"),
    'addresses[type eq "work"].country': ("addresses[work].country", "GB"),
    'addresses[type eq "work"].region': ("addresses[work].region", "London"),
    'addresses[type eq "work"].formatted': ("addresses[work].formatted", "St James 12, London"),
    f"{ENTERPRISE}:department": (f"{ENTERPRISE}|department", "Engines"),
    f"{ENTERPRISE}:employeeNumber": (f"{ENTERPRISE}|employeeNumber", "42"),
    f"{ENTERPRISE}:costCenter": (f"{ENTERPRISE}|costCenter", "C-1"),
    f"{ENTERPRISE}:division": (f"{ENTERPRISE}|division", "North"),
    f"{ENTERPRISE}:organization": (f"{ENTERPRISE}|organization", "Analytical"),
}
"""Attributes that both providers map by default, each with where it is read again and a value."""

ATTRIBUTES = [
    _user(f"Entra, as it is usually set: {op} {path}", [{"op": op, "path": path, "value": value}], **{at: value})
    for op in ("Add", "Replace")
    for path, (at, value) in PLAIN.items()
]
COMPLIANT = [
    _user(f"Entra with its flag: {op} {path}", [{"op": op, "path": path, "value": value}], **{at: value})
    for op in ("add", "replace")
    for path, (at, value) in PLAIN.items()
]
DOTTED = [
    _user(f"Entra with its flag, without a path: {path}", [{"op": "replace", "value": {path: value}}], **{at: value})
    for path, (at, value) in PLAIN.items()
    if "[" not in path
]

SWITCHING = [
    _user("Entra switches off by a word", [{"op": "Replace", "path": "active", "value": "False"}], active=False),
    _user("Entra stays on by a word", [{"op": "Replace", "path": "active", "value": "True"}], active=True),
    _user("Entra shouts", [{"op": "REPLACE", "path": "active", "value": "false"}], active=False),
    _user("Entra adds it", [{"op": "Add", "path": "active", "value": "False"}], active=False),
    _user("Entra with its flag switches off", [{"op": "replace", "path": "active", "value": False}], active=False),
    _user("Entra without a path", [{"op": "replace", "value": {"active": False}}], active=False),
    _user("Entra, a word without a path", [{"op": "Replace", "value": {"active": "False"}}], active=False),
    _user("Okta switches off", [{"op": "replace", "value": {"active": False}}], active=False),
    _user("Okta names the path", [{"op": "replace", "path": "active", "value": False}], active=False),
    _user(
        "a list around the word",
        [{"op": "Replace", "path": "active", "value": [{"value": "False"}]}],
        active=False,
    ),
    _user(
        "off and on again in one",
        [{"op": "replace", "path": "active", "value": False}, {"op": "replace", "path": "active", "value": True}],
        active=True,
    ),
    _user(
        "off and renamed in one",
        [
            {"op": "Replace", "path": "active", "value": "False"},
            {"op": "Replace", "path": "displayName", "value": "Gone"},
        ],
        active=False,
        displayName="Gone",
    ),
]

MANAGERS = [
    Shape(
        f"a manager: {says}",
        "PATCH",
        "/Users/{id}",
        _patch(operation),
        tells={f"{ENTERPRISE}|manager": {"value": "{other}"}},
    )
    for says, operation in (
        ("Entra, the id as a word", {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": "{other}"}),
        ("Entra, replaced", {"op": "Replace", "path": f"{ENTERPRISE}:manager", "value": "{other}"}),
        ("Okta, an object", {"op": "replace", "path": f"{ENTERPRISE}:manager", "value": {"value": "{other}"}}),
        ("in a list", {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": [{"value": "{other}"}]}),
        ("its value by path", {"op": "replace", "path": f"{ENTERPRISE}:manager.value", "value": "{other}"}),
        ("with its URN as the key", {"op": "replace", "value": {f"{ENTERPRISE}:manager": "{other}"}}),
        ("inside the extension", {"op": "replace", "value": {ENTERPRISE: {"manager": "{other}"}}}),
    )
] + [
    Shape(
        f"no manager: {says}",
        "PATCH",
        "/Users/{id}",
        _patch(operation),
        tells={f"{ENTERPRISE}|manager": None},
    )
    for says, operation in (
        ("Entra, an empty word", {"op": "Replace", "path": f"{ENTERPRISE}:manager", "value": ""}),
        ("removed", {"op": "remove", "path": f"{ENTERPRISE}:manager"}),
        ("Entra removes", {"op": "Remove", "path": f"{ENTERPRISE}:manager"}),
    )
]

REMOVING = [
    _user("Entra removes a title that is not there", [{"op": "Remove", "path": "title"}], title=None),
    _user(
        "a title is removed again",
        [{"op": "add", "path": "title", "value": "x"}, {"op": "remove", "path": "title"}],
        title=None,
    ),
    _user("an address that is not there", [{"op": "Remove", "path": 'addresses[type eq "work"]'}], addresses=None),
    _user("the work address", [{"op": "remove", "path": 'emails[type eq "work"]'}], emails=None),
    _user("the display name", [{"op": "Remove", "path": "displayName"}], displayName=None),
]

LISTS = [
    _user(
        "Okta replaces the addresses",
        [{"op": "replace", "path": "emails", "value": [{"value": "new@example.com", "type": "work", "primary": True}]}],
        **{"emails[work].value": "new@example.com"},
    ),
    _user(
        "Entra, primary as a word",
        [{"op": "Add", "path": "emails", "value": [{"value": "h@example.com", "type": "home", "primary": "False"}]}],
        **{"emails[home].value": "h@example.com"},
    ),
    _user(
        "a role with its primary as a word",
        [{"op": "Add", "path": "roles", "value": [{"value": "Admin", "primary": "True", "type": "WindowsAzureRole"}]}],
        **{"roles[WindowsAzureRole].primary": True},
    ),
    _user(
        "one selected entry in a list",
        [{"op": "Replace", "path": 'phoneNumbers[type eq "work"]', "value": [{"value": "+1", "type": "work"}]}],
        **{"phoneNumbers[work].value": "+1"},
    ),
    _user(
        "an attribute that nobody here knows",
        [{"op": "Add", "path": "favouriteColour", "value": "green"}, {"op": "add", "path": "title", "value": "T"}],
        title="T",
    ),
    _user(
        "an extension that nobody here knows",
        [{"op": "Add", "path": "urn:ietf:params:scim:schemas:extension:acme:2.0:User:badge", "value": "7"}],
        active=True,
    ),
    _user("a password by path", [{"op": "replace", "path": "password", "value": "Secret!1"}], password=None),
    _user("a password without a path", [{"op": "replace", "value": {"password": "Secret!1"}}], password=None),
    _user(
        "Okta sends the id along",
        [{"op": "replace", "value": {"id": "{id}", "displayName": "With id"}}],
        displayName="With id",
    ),
]

PEOPLE = [
    Shape(
        "Entra looks for a user name",
        "GET",
        '/Users?filter=userName eq "{name}"',
        tells={"totalResults": 1},
    ),
    Shape("Entra looks for nobody", "GET", '/Users?filter=userName eq "nobody@example.com"', tells={"totalResults": 0}),
    Shape("in other letters", "GET", '/Users?filter=USERNAME EQ "{NAME}"', tells={"totalResults": 1}),
    Shape("by the id of the directory", "GET", '/Users?filter=externalId eq "{external}"', tells={"totalResults": 1}),
    Shape(
        "by both",
        "GET",
        '/Users?filter=userName eq "{name}" and externalId eq "{external}"',
        tells={"totalResults": 1},
    ),
    Shape("by address", "GET", '/Users?filter=emails[type eq "work" and value eq "{name}"]', tells={"totalResults": 1}),
    Shape("Okta reads a page", "GET", "/Users?startIndex=1&count=1", tells={"itemsPerPage": 1}),
    Shape("Okta reads from nought", "GET", "/Users?startIndex=0&count=1", tells={"itemsPerPage": 1}),
    Shape("nobody, only how many", "GET", "/Users?count=0", tells={"itemsPerPage": 0}),
    Shape("a person", "GET", "/Users/{id}", tells={"userName": "{name}", "active": True}),
    Shape("some attributes", "GET", "/Users/{id}?attributes=userName", tells={"userName": "{name}", "name": None}),
    Shape("without some", "GET", "/Users/{id}?excludedAttributes=groups", tells={"groups": None}),
    Shape("somebody who is not there", "GET", "/Users/p_nothing", status=404),
    Shape("sorted", "GET", "/Users?sortBy=userName&sortOrder=descending&count=1", tells={"itemsPerPage": 1}),
]

CREATING = [
    Shape(
        f"a person with {says}",
        "POST",
        "/Users",
        {"schemas": [USER, ENTERPRISE], "userName": "new-{name}", "active": True, **more},
        status=201,
        tells=tells,
    )
    for says, more, tells in (
        ("no more than a name", {}, {"userName": "new-{name}", "active": True}),
        ("being active as a word", {"active": "True"}, {"active": True}),
        ("being off as a word", {"active": "False"}, {"active": False}),
        ("a password of Okta", {"password": "x9!Placeholder"}, {"password": None}),
        ("empty groups of Okta", {"groups": []}, {"groups": None}),
        ("a manager as a word", {ENTERPRISE: {"manager": "{other}"}}, {f"{ENTERPRISE}|manager": {"value": "{other}"}}),
        ("an empty manager", {ENTERPRISE: {"manager": "", "department": "D"}}, {f"{ENTERPRISE}|department": "D"}),
        ("a department", {ENTERPRISE: {"department": "Engines"}}, {f"{ENTERPRISE}|department": "Engines"}),
        ("an address of a company", {"emails": [{"value": "new-{id}@corp.local", "primary": True}]}, {"active": True}),
        ("meta of its own", {"meta": {"resourceType": "User"}}, {"meta.resourceType": "User"}),
        ("what nobody knows", {"favouriteColour": "green"}, {"favouriteColour": None}),
        ("addresses", {"addresses": [{"type": "work", "locality": "Rome"}]}, {"addresses[work].locality": "Rome"}),
    )
] + [
    Shape("a name that is taken", "POST", "/Users", {"schemas": [USER], "userName": "{name}"}, status=409),
    Shape("no name", "POST", "/Users", {"schemas": [USER], "displayName": "x"}, status=400),
]

REPLACING = [
    Shape(
        f"Okta sends everything: {says}",
        "PUT",
        "/Users/{id}",
        {
            "schemas": [USER],
            "id": "{id}",
            "userName": "{name}",
            "externalId": "{external}",
            "name": {"givenName": "Ada", "familyName": "Lovelace"},
            "emails": [{"value": "{name}", "type": "work", "primary": True}],
            **more,
        },
        tells=tells,
    )
    for says, more, tells in (
        ("a profile", {"active": True}, {"name.familyName": "Lovelace", "active": True}),
        ("switched off", {"active": False}, {"active": False}),
        ("off by a word", {"active": "False"}, {"active": False}),
        ("with groups and meta", {"active": True, "groups": [], "meta": {"version": 'W/"1"'}}, {"active": True}),
        ("with a password", {"active": True, "password": "x"}, {"password": None}),
        ("with a title", {"active": True, "title": "Countess"}, {"title": "Countess"}),
    )
]

GROUPS = [
    Shape("Entra reads without members", "GET", "/Groups/{group}?excludedAttributes=members", tells={"members": None}),
    Shape("looks for a group", "GET", '/Groups?filter=displayName eq "{groupname}"', tells={"totalResults": 1}),
    Shape(
        "and without members",
        "GET",
        '/Groups?excludedAttributes=members&filter=displayName eq "{groupname}"',
        tells={"totalResults": 1},
    ),
    Shape("a group that is not there", "GET", '/Groups?filter=displayName eq "none"', tells={"totalResults": 0}),
    *(
        Shape(f"a member comes in: {says}", "PATCH", "/Groups/{group}", _patch(operation), then="two members")
        for says, operation in (
            ("Entra", {"op": "Add", "path": "members", "value": [{"$ref": None, "value": "{other}"}]}),
            ("Entra with its flag", {"op": "add", "path": "members", "value": [{"value": "{other}"}]}),
            ("Okta", {"op": "add", "path": "members", "value": [{"value": "{other}", "display": "x"}]}),
            ("without a path", {"op": "add", "value": {"members": [{"value": "{other}"}]}}),
            ("all anew", {"op": "replace", "path": "members", "value": [{"value": "{id}"}, {"value": "{other}"}]}),
            ("twice", {"op": "add", "path": "members", "value": [{"value": "{id}"}, {"value": "{other}"}]}),
            ("beside nobody", {"op": "add", "path": "members", "value": [{"value": "{other}"}, {"value": "gone"}]}),
        )
    ),
    *(
        Shape(f"a member leaves: {says}", "PATCH", "/Groups/{group}", _patch(operation), then="no members")
        for says, operation in (
            ("Entra, with a list", {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": "{id}"}]}),
            ("Entra with its flag", {"op": "remove", "path": 'members[value eq "{id}"]'}),
            ("Okta", {"op": "remove", "path": 'members[value eq "{id}"]'}),
            ("all of them", {"op": "remove", "path": "members"}),
            ("nobody left", {"op": "replace", "path": "members", "value": []}),
        )
    ),
    *(
        Shape(f"renamed: {says}", "PATCH", "/Groups/{group}", _patch(operation), tells={"displayName": "Renamed"})
        for says, operation in (
            ("Entra", {"op": "Replace", "path": "displayName", "value": "Renamed"}),
            ("Entra with its flag", {"op": "replace", "value": {"displayName": "Renamed"}}),
            ("Okta, with the id", {"op": "replace", "value": {"id": "{group}", "displayName": "Renamed"}}),
        )
    ),
    Shape(
        "Okta sends a group anew",
        "PUT",
        "/Groups/{group}",
        {"schemas": [GROUP], "displayName": "Anew", "members": [{"value": "{other}", "display": "O"}]},
        tells={"displayName": "Anew"},
    ),
    Shape(
        "Entra adds a group without members",
        "POST",
        "/Groups",
        {"schemas": [GROUP], "externalId": "g-{name}", "displayName": "New {name}", "meta": {"resourceType": "Group"}},
        status=201,
        tells={"externalId": "g-{name}"},
    ),
    Shape("a group is removed", "DELETE", "/Groups/{group}", status=204),
    Shape("a person is let go of", "DELETE", "/Users/{id}", status=204),
    Shape("nobody is let go of", "DELETE", "/Users/p_nothing", status=404),
]

DISCOVERING = [
    Shape("what this service can do", "GET", "/ServiceProviderConfig", tells={"patch.supported": True}),
    Shape("its kinds", "GET", "/ResourceTypes", tells={"totalResults": 3}),
    Shape("its schemas", "GET", "/Schemas", tells={"totalResults": 4}),
    Shape("one schema", "GET", f"/Schemas/{USER}", tells={"id": USER}),
]

SHAPES = [
    *ATTRIBUTES,
    *COMPLIANT,
    *DOTTED,
    *SWITCHING,
    *MANAGERS,
    *REMOVING,
    *LISTS,
    *PEOPLE,
    *CREATING,
    *REPLACING,
    *GROUPS,
    *DISCOVERING,
]
"""All of them."""
