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

FORM = 3
"""Which form of a list is read here. One of another form is made anew."""


class Provider:
    """A provider's models in the list's order: the first that matches is meant. ``said`` is its part of the document, and
    ``head`` what of it finds the provider.
    """

    def __init__(self, head: Mapping[str, Any], said: bytes) -> None:
        self.head = {name: head[name] for name in ("id", "match", "fallbacks")}
        self.said = said
        self.is_meant: Matcher = matcher(head["match"]) if head["match"] else lambda _: False
        self.fallbacks: list[str] = head["fallbacks"]

    @cached_property
    def models(self) -> list[tuple[Matcher, Model]]:
        """Each model with who asks for it."""
        return [(matcher(one["match"]), listed(one)) for one in orjson.loads(self.said)["models"]]

    def find(self, name: str) -> Model | None:
        """The model that is meant by a name in small letters."""
        return next((model for matches, model in self.models if matches(name)), None)


class Listed:
    """A list from somewhere, provider by provider. It never changes; tables under several overrides share one."""

    def __init__(self, source: str, providers: Iterable[Provider]) -> None:
        self.source = source
        self._providers: dict[str, Provider] = {one.head["id"]: one for one in providers}

    @classmethod
    def of(cls, source: str, providers: Iterable[Mapping[str, Any]]) -> Listed:
        """What ``compiling.compile_list`` made."""
        return cls(source, (Provider(one, canonical(one)) for one in providers))

    @classmethod
    def read(cls, lines: Iterable[bytes]) -> Listed:
        """From what ``lines`` made; no provider's models are taken apart. ValueError or KeyError for less."""
        said = (line.rstrip(b"\n") for line in lines)
        first: Mapping[str, Any] = orjson.loads(next(said, b"{}"))
        if first["form"] != FORM:
            raise ValueError("the list has another form")
        found = cls(first["source"], (Provider(orjson.loads(head), next(said, b"")) for head in said))
        if found._size() != first["bytes"]:
            raise ValueError("the list is not whole")
        return found

    def lines(self) -> Iterator[bytes]:
        """The list for a file: a line of JSON for where it is from, and two for each provider."""
        yield canonical({"source": self.source, "form": FORM, "bytes": self._size()})
        for one in self._providers.values():
            yield canonical(one.head)
            yield one.said

    def _size(self) -> int:
        return sum(len(one.said) for one in self._providers.values())

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
