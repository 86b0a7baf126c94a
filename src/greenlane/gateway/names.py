"""What things of the gateway may be called, and what cannot be meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_network
from urllib.parse import urlsplit

from greenlane.gateway.kinds import KINDS
from greenlane.gateway.routes import Target
from greenlane.govern.errors import WrongInput

_PROVIDER = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_MODEL = re.compile(r"[!-~]{1,200}")
_ALIAS = re.compile(r"[!-<>-~]{1,120}")
_RUN = re.compile(r"\w(?:[\w .-]{0,78}[\w.-])?")
_DATA = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_MOST_WEIGHT = 1_000
LONGEST_TIMEOUT = 600
"""Seconds: after as many an answer is not waited for at all."""


def check_provider(name: str) -> None:
    """A provider's name stands before a model's: ``local/llama3``."""
    if _PROVIDER.fullmatch(name) is None:
        raise WrongInput(
            f"{name!r} is no name for a provider.",
            next_step="Use small letters, digits and hyphens, at most 40, such as openai-eu.",
            field="name",
        )


def check_address(text: str) -> None:
    """An address of the web, with nothing in it that a key could hide in."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    plain = text.isascii() and text.isprintable() and " " not in text
    if not plain or parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise WrongInput(
            "That is no address of the web.", next_step="Give one such as https://api.openai.com/v1.", field="base_url"
        )
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise WrongInput(
            "A provider's address has no user, password, query or fragment in it.",
            next_step="Give the plain address; its key is put in beside it.",
            field="base_url",
        )


def check_networks(networks: Iterable[str]) -> None:
    """Networks as CIDR writes them."""
    for one in networks:
        try:
            ip_network(one)
        except ValueError:
            raise WrongInput(
                f"{one!r} is no network.", next_step="Write it like 10.1.0.0/16.", field="networks"
            ) from None


def check_responses(kind: str, responses: bool) -> None:
    """Whether a provider serves OpenAI's responses is asked of those that imitate OpenAI alone."""
    if responses and not KINDS[kind].imitates:
        raise WrongInput(
            f"Of a provider of the kind {kind} it is known which wires it serves.",
            next_step="Leave it out: it is for the kinds openrouter and compatible.",
            field="responses",
        )


def check_timeout(seconds: int) -> None:
    """How long silence is borne before somebody else is asked."""
    if not 0 <= seconds <= LONGEST_TIMEOUT:
        raise WrongInput(
            f"A timeout is between 0 and {LONGEST_TIMEOUT} seconds.",
            next_step="Say how many; 0 waits as long as it takes.",
            field="timeout",
        )


def check_alias(alias: str) -> None:
    """What callers write where a model's name stands."""
    if _ALIAS.fullmatch(alias) is None:
        raise WrongInput(
            f"{alias!r} cannot be asked for as a model.",
            next_step="Use letters, digits and signs without spaces, at most 120, such as fast.",
            field="alias",
        )


def check_run(name: str) -> None:
    """What people call one run of an agent."""
    if _RUN.fullmatch(name) is None:
        raise WrongInput(
            f"{name!r} is no name for a run.",
            next_step="Use letters, digits, spaces, dots and hyphens, at most 80, such as nightly-review.",
            field="run",
        )


def target(text: str) -> Target:
    """``provider/model`` or ``provider/model=3``, read."""
    named, equals, weight = text.rpartition("=") if "=" in text else (text, "", "")
    provider, slash, model = named.partition("/")
    if (
        not slash
        or _PROVIDER.fullmatch(provider) is None
        or _MODEL.fullmatch(model) is None
        or (equals and not (weight.isascii() and weight.isdigit() and 0 < int(weight) <= _MOST_WEIGHT))
    ):
        raise WrongInput(
            f"{text!r} names no model of a provider.",
            next_step="Write provider/model, such as openai/gpt-5-mini, or openai/gpt-5-mini=3 for three parts.",
            field="targets",
        )
    return Target(provider, model, int(weight) if equals else 1)


def check_pattern_of_models(pattern: str) -> None:
    """A model's name in which ``*`` stands for any letters."""
    if _MODEL.fullmatch(pattern) is None:
        raise WrongInput(
            f"{pattern!r} matches no model's name.", next_step="Write a name such as claude-*.", field="models"
        )


def check_model(model: str) -> None:
    """A model's name as its provider has it."""
    if _MODEL.fullmatch(model) is None or len(model) > 120:
        raise WrongInput(f"{model!r} is no model's name.", next_step="Write it as the provider does.", field="model")


def check_data(name: str) -> None:
    """A class of data."""
    if _DATA.fullmatch(name) is None:
        raise WrongInput(
            f"{name!r} is no class of data.", next_step="Use small letters, digits and hyphens.", field="data"
        )
