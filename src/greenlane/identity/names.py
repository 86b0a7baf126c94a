"""What names of people and teams, roles and scopes may look like. Each check raises ``WrongInput``."""

from __future__ import annotations

import re
import unicodedata

from greenlane.govern.errors import WrongInput
from greenlane.identity import roles

_TEAM = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_ROLE = re.compile(r"[a-z][a-z0-9-]{0,38}[a-z0-9]")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+")
_AGENT = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,38}[a-z0-9])?")


def readable(text: str) -> bool:
    """Whether a text shows what it is: no control characters, none that turn the direction of writing."""
    return not any(unicodedata.category(letter)[0] == "C" for letter in text)


def check_person(name: str) -> None:
    """A person's name: 1 to 100 readable characters of any script."""
    if not 1 <= len(name.strip()) <= 100 or not readable(name):
        raise WrongInput("This cannot be a person's name.", next_step="Give 1 to 100 ordinary characters.")


def check_organisation(name: str) -> None:
    """What an organisation is called: up to 60 readable characters, or nothing."""
    if len(name) > 60 or name != name.strip() or not readable(name):
        raise WrongInput("This cannot be an organisation's name.", next_step="Give 1 to 60 ordinary characters.")


def check_email(address: str) -> None:
    """A mail address, or nothing."""
    if address and (len(address) > 254 or not readable(address) or _EMAIL.fullmatch(address) is None):
        raise WrongInput("This is not a mail address.", next_step="It looks like ada@example.com.")


def check_team(name: str) -> None:
    """A team's name as it is chosen: what fits into a command and an address."""
    if _TEAM.fullmatch(name) is None:
        raise WrongInput(
            f"{name!r} cannot be a team's name.",
            next_step="Use 1 to 40 small letters, digits and hyphens, such as people-and-culture.",
        )


def check_group(name: str) -> None:
    """A group's name as a directory gives it: 1 to 256 readable characters of any script."""
    if not 1 <= len(name.strip()) <= 256 or not readable(name):
        raise WrongInput("This cannot be a group's name.", next_step="Give 1 to 256 ordinary characters.")


def check_known_as(text: str) -> None:
    """What a directory calls somebody: 1 to 256 readable characters, without spaces at the ends."""
    if not 1 <= len(text) <= 256 or text != text.strip() or not readable(text):
        raise WrongInput(
            "A directory cannot call somebody so.",
            next_step="Give the userName or the externalId that the directory has for them.",
            field="known_as",
        )


def check_agent(name: str) -> None:
    """An agent's name, or nothing."""
    if name and _AGENT.fullmatch(name) is None:
        raise WrongInput(f"{name!r} cannot be an agent's name.", next_step="Use small letters, digits and hyphens.")


def check_label(text: str) -> None:
    """What somebody calls a thing of their own, or nothing."""
    if len(text) > 60 or not readable(text):
        raise WrongInput("This cannot be its name.", next_step="Give at most 60 ordinary characters.", field="name")


def check_role(role: str) -> None:
    """A name that a role can have. Whether there is such a role is looked up when it matters."""
    name, in_one, _ = role.partition(":")
    if _ROLE.fullmatch(name) is None:
        raise WrongInput(f"There is no role {name!r}.", next_step=f"The roles are: {', '.join(roles.ROLES)}.")
    if in_one:
        raise WrongInput("This is about a role itself, whatever environment it is held in.", next_step=f"Say {name}.")


def check_held_role(role: str) -> None:
    """A role as somebody can hold it: whole, or in one environment, as in ``developer:staging``."""
    name, in_one, environment = role.partition(":")
    check_role(name)
    if in_one and environment not in roles.ENVIRONMENTS:
        raise WrongInput(
            f"There is no environment {environment!r} to hold a role in.",
            next_step=f"The environments are: {', '.join(roles.ENVIRONMENTS)}.",
            field="role",
        )


def check_new_role(name: str) -> None:
    """The name of a role that is made here: none that means something already."""
    if _ROLE.fullmatch(name) is None or name in {*roles.ROLES, "member"}:
        raise WrongInput(
            f"{name!r} cannot be the name of a new role.",
            next_step="Use 2 to 40 small letters, digits and hyphens, such as release-manager.",
            field="name",
        )


def check_sentence(text: str) -> None:
    """A sentence about a role, or nothing."""
    if len(text) > 200 or not readable(text):
        raise WrongInput("This cannot be its sentence.", next_step="Give at most 200 characters.", field="says")


def check_scope(scope: str) -> None:
    """Where a role can be held."""
    kind, _, name = scope.partition(":")
    if scope != "organisation" and (kind not in {"team", "app"} or not name):
        raise WrongInput(
            f"A role cannot be held in {scope!r}.", next_step="Say organisation, team:sales or app:offsite."
        )


def named(scope: str, kind: str) -> str:
    """The name in a scope of that kind (``app`` or ``team``); empty for a scope of another one."""
    its_kind, _, name = scope.partition(":")
    return name if its_kind == kind else ""


def check_token_scopes(scopes: tuple[str, ...]) -> None:
    """At least one scope, and only such as there are."""
    unknown = [scope for scope in scopes if scope not in roles.SCOPES]
    if unknown or not scopes:
        raise WrongInput(
            f"There is no scope {unknown[0]!r}." if unknown else "A token needs at least one scope.",
            next_step=f"The scopes are: {', '.join(roles.SCOPES)}.",
        )


def check_days(days: int, most: int) -> None:
    """A time to live in whole days."""
    if not 1 <= days <= most:
        raise WrongInput(f"{days} days is not possible here.", next_step=f"Give 1 to {most} days.")
