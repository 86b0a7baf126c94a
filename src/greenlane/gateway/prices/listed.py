"""The list of prices, kept small: a provider's models are made when somebody asks for one of them.

A list has fifty providers and thousands of models, and a company uses a handful: made at once they take nine megabytes of
each process that prices calls, as their JSON not one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import orjson

from greenlane.gateway.prices.matching import Matcher, matcher, with_dashes
from greenlane.gateway.prices.models import Model, listed
from greenlane.kit.digest import canonical

FORM = 2
"""Which form of a list is read here. One of another form is made anew."""


class Provider:
    """A provider's models in the list's order: the first that matches is meant. ``said`` is its part of the document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.said = canonical(document)
        self.is_meant: Matcher = matcher(document["match"]) if document["match"] else lambda _: False
        self.fallbacks: list[str] = document["fallbacks"]

    @cached_property
    def models(self) -> list[tuple[Matcher, Model]]:
        """Each model with who asks for it."""
        return [(matcher(one["match"]), listed(one)) for one in orjson.loads(self.said)["models"]]

    def find(self, name: str) -> Model | None:
        """The model that is meant by a name in small letters."""
        return next((model for matches, model in self.models if matches(name)), None)


class Listed:
    """What ``compiling.compile_list`` made, provider by provider. It never changes; tables under several overrides share one."""

    def __init__(self, source: str, providers: Iterable[Mapping[str, Any]]) -> None:
        self.source = source
        self._providers = {one["id"]: Provider(one) for one in providers}

    @classmethod
    def read(cls, lines: Iterable[bytes]) -> Listed:
        """From what ``lines`` made; never more than one provider is taken apart at a time. ValueError or KeyError for less."""
        said = (orjson.loads(line) for line in lines)
        head: Mapping[str, Any] = next(said, {})
        if head["form"] != FORM:
            raise ValueError("the list has another form")
        return cls(head["source"], said)

    def lines(self) -> Iterator[bytes]:
        """The list for a file: a line of JSON for its source, and one for each provider."""
        yield canonical({"source": self.source, "form": FORM})
        yield from (one.said for one in self._providers.values())

    def said(self) -> bytes:
        """The whole document as canonical JSON, for a digest."""
        providers = [orjson.Fragment(one.said) for one in self._providers.values()]
        return canonical({"source": self.source, "providers": providers})

    def models(self, provider: str) -> list[Model]:
        """Every model of a provider; none for one that the list does not know."""
        known = self._provider(provider)
        return [model for _, model in known.models] if known is not None else []

    def model(self, provider: str, name: str) -> Model | None:
        """The model that a provider means by a name in small letters, or None."""
        known = self._provider(provider)
        if known is None:
            return None
        for spelled in dict.fromkeys((name, with_dashes(name))):
            others = (self._providers[one] for one in known.fallbacks if one in self._providers)
            for one in (known, *others):
                found = one.find(spelled)
                if found is not None:
                    return found
        return None

    def _provider(self, name: str) -> Provider | None:
        name = name.lower().strip()
        return self._providers.get(name) or next((one for one in self._providers.values() if one.is_meant(name)), None)
