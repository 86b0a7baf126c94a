"""Actions as data, and the registry in which every verb is declared once.

An action is a small frozen dataclass. ``@verb`` gives it its name, its effect class, whether it can be undone and by
which verb, and its sentence; the endpoint, the command, the form and the agent's tool are derived from it.

    @verb("publish", effect=EffectClass.SEND, undo="rollback", subject="app", says="{actor} published {app} to {environment}")
    @dataclass(frozen=True, slots=True)
    class Publish:
        '''Move an environment of an app to a deploy.'''
        app: Annotated[str, "the app's name"]
        message: Annotated[str, Private, "why"] = ""
"""

from __future__ import annotations

import hmac
import secrets
import types
from collections.abc import Callable, Iterator
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from greenlane.govern.errors import WrongInput
from greenlane.kit import digest


class EffectClass(StrEnum):
    """What an action does to the world, the mildest first."""

    READ = "read"
    WRITE = "write"
    SEND = "send"
    SPEND = "spend"
    DESTROY = "destroy"


class Private:
    """Marks an input that a person typed, or that names one: the ledger holds only its digest."""


class Secret:
    """Marks an input that must be kept nowhere: not in the ledger, not in the erasable payload, not in an error.

    Where an action is stored or hashed, a keyed digest stands for it. The key lives as long as this process, so that a
    password cannot be guessed from a receipt; and an action with a secret input cannot be stored and carried out later.
    """


WITHHELD = "withheld:hmac-sha256:"
"""How the digest begins that stands for a secret input."""

_WITHHOLDING_KEY = secrets.token_bytes(32)


def _withheld(value: Any) -> str:
    return WITHHELD + hmac.digest(_WITHHOLDING_KEY, digest.canonical(value), "sha256").hex()


@dataclass(frozen=True, slots=True)
class Input:
    """One field of an action: its name, type, default, whether it is private or secret, and the words for it."""

    name: str
    type: Any
    default: Any
    required: bool
    private: bool
    secret: bool
    says: str


@dataclass(frozen=True, slots=True)
class Verb:
    """A registered kind of action."""

    name: str
    action: type[Any]
    effect: EffectClass
    undo: str | None
    subject: str
    says: str
    summary: str
    inputs: tuple[Input, ...]
    decided_by: str = ""
    """The verb whose right decides requests of this one; empty where the right to approve does."""

    @property
    def storable(self) -> bool:
        """Whether the action can wait for a person: one with a secret input can only be done at once or not at all."""
        return not any(one.secret for one in self.inputs)

    def subject_of(self, action: Any) -> str:
        """What the action happens to, as ``app:vendor-board``; the organisation where no input names it.

        An input that is left empty means something wider: the team that another input names, or the organisation.
        """
        named = {kind: getattr(action, kind, "") for kind in (self.subject, "team") if self.subject}
        return next((f"{kind}:{name}" for kind, name in named.items() if name), "organisation")

    def build(self, inputs: dict[str, Any]) -> Any:
        """The action from plain values. Raises ``WrongInput`` naming what is missing, unknown or of the wrong type."""
        known = {one.name: one for one in self.inputs}
        for name in inputs:
            if name not in known:
                raise WrongInput(
                    f"{self.name} has no input called {name!r}.", next_step=f"It takes: {', '.join(known)}."
                )
        for one in self.inputs:
            if one.name not in inputs:
                if one.required:
                    message = f"{self.name} needs {one.name}: {one.says}."
                    raise WrongInput(message, next_step=f"Give {one.name}.", field=one.name)
            elif not _fits(inputs[one.name], one.type):
                shown = "that" if one.secret else repr(inputs[one.name])
                message = f"{one.name} of {self.name} cannot be {shown}."
                raise WrongInput(message, next_step=f"It means: {one.says}.", field=one.name)
            elif one.secret and str(inputs[one.name]).startswith(WITHHELD):
                message = f"{one.name} of {self.name} was not kept."
                raise WrongInput(message, next_step=f"Give {one.name} once more.", field=one.name)
        return self.action(**{k: tuple(v) if isinstance(v, list) else v for k, v in inputs.items()})

    def plain(self, action: Any) -> dict[str, Any]:
        """All inputs as JSON values, private ones included: for storing encrypted, never for the ledger.

        A digest stands for a secret input, and ``build`` does not take it back.
        """
        values = {one.name: (one, _json(getattr(action, one.name))) for one in self.inputs}
        return {name: _withheld(value) if one.secret else value for name, (one, value) in values.items()}

    def recorded(self, action: Any) -> dict[str, Any]:
        """The inputs as the ledger holds them: private ones left out (the payload's digest stands for them)."""
        return {one.name: _json(getattr(action, one.name)) for one in self.inputs if not (one.private or one.secret)}

    def private(self, action: Any) -> dict[str, Any]:
        """The private inputs that were given, for the erasable payload. Secret ones are not among them."""
        values = {one.name: _json(getattr(action, one.name)) for one in self.inputs if one.private and not one.secret}
        return {name: value for name, value in values.items() if value not in ("", None, [])}

    def digest_of(self, action: Any) -> str:
        """The digest that an approval is bound to: verb and every input."""
        return digest.of({"verb": self.name, "inputs": self.plain(action)})


def _json(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _fits(value: Any, kind: Any) -> bool:
    """Whether a JSON value fits a field's type. bool is no int here, and a list fits a tuple."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return any(_fits(value, one) for one in get_args(kind))
    if origin is tuple:
        return isinstance(value, (list, tuple)) and all(_fits(one, get_args(kind)[0]) for one in value)
    if kind is type(None):
        return value is None
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)


class Registry:
    """Every verb there is, by name and by action class."""

    def __init__(self) -> None:
        self._by_name: dict[str, Verb] = {}
        self._by_action: dict[type[Any], Verb] = {}

    def add(self, one: Verb) -> None:
        """Declare a verb. A name can be declared once."""
        if one.name in self._by_name:
            raise ValueError(f"the verb {one.name!r} is declared twice")
        self._by_name[one.name] = one
        self._by_action[one.action] = one

    def __iter__(self) -> Iterator[Verb]:
        return iter(sorted(self._by_name.values(), key=lambda one: one.name))

    def named(self, name: str) -> Verb:
        """The verb of that name. Raises ``WrongInput`` for an unknown one."""
        try:
            return self._by_name[name]
        except KeyError:
            raise WrongInput(
                f"There is no verb called {name!r}.", next_step="`greenlane --help` lists what can be done."
            ) from None

    def of(self, action: Any) -> Verb:
        """The verb of an action."""
        return self._by_action[type(action)]

    def of_class(self, action: type[Any]) -> Verb:
        """The verb that an action class declares."""
        return self._by_action[action]


REGISTRY = Registry()
"""The verbs of this program. The composition root fills it by importing every feature's ``actions``."""

A = TypeVar("A")


def verb(
    name: str, *, effect: EffectClass, says: str, subject: str = "", undo: str | None = None, decided_by: str = ""
) -> Callable[[type[A]], type[A]]:
    """Declare a frozen dataclass as an action. ``subject`` names the field that says what it happens to.

    ``decided_by`` names another verb: whoever may do that one decides requests of this one, and is asked about them.
    """

    def declare(action: type[A]) -> type[A]:
        hints = get_type_hints(action, include_extras=True)
        inputs = []
        for one in fields(action):  # type: ignore[arg-type]  # a dataclass by contract; the checker cannot say so
            hint = hints[one.name]
            notes = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
            bare = get_args(hint)[0] if get_origin(hint) is Annotated else hint
            says_it = next((note for note in notes if isinstance(note, str)), "")
            required = one.default is MISSING and one.default_factory is MISSING
            default = None if required else one.default
            inputs.append(Input(one.name, bare, default, required, Private in notes, Secret in notes, says_it))
        summary = (action.__doc__ or "").strip().splitlines()[0]
        REGISTRY.add(Verb(name, action, effect, undo, subject, says, summary, tuple(inputs), decided_by))
        return action

    return declare
