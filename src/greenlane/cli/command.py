"""Commands as data: what is typed, what it stands on, an example, and how its answer reads.

A command stands on a registered verb, on a query, or is one of the few local ones; there is no fourth kind. A verb's
command only turns what was typed into the verb's inputs, so `greenlane explain VERB` takes the very same arguments.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, get_args, get_type_hints

import typer

from greenlane.cli import saying
from greenlane.cli.output import Output
from greenlane.cli.talk import Document, Talk
from greenlane.cli.verbs import REGISTRY
from greenlane.govern.action import Input, Verb

Shows = Callable[[Output, Document], None]
"""Says an answer to people."""


@dataclass(frozen=True, slots=True)
class Act:
    """A command that carries out a verb. ``wish`` makes the inputs: plain arguments in, inputs out.

    A ``wish`` whose first parameter is ``talk`` may speak to the server first. Two verbs never share a command.
    """

    path: str
    verb: str
    wish: Callable[..., Mapping[str, Any]]
    example: str
    shows: Shows = field(default_factory=saying.answer)
    summary: str = ""

    @property
    def stands_on(self) -> str:
        """What the checked-in list says of it."""
        return f"verb {self.verb}"

    def run(self, talk: Talk, **given: Any) -> Document:
        """Do it, or explain it."""
        wished = self.wish(talk, **given) if takes_talk(self.wish) else self.wish(**given)
        return talk.carry_out(self.verb, wished)


@dataclass(frozen=True, slots=True)
class Ask:
    """A command that reads, or that is made of several acts: ``run(talk, ...)`` answers the document."""

    path: str
    stands_on: str
    run: Callable[..., Document]
    example: str
    shows: Shows
    summary: str = ""


Command = Act | Ask


@dataclass(frozen=True, slots=True)
class Panel:
    """Commands that belong together, under one title in the help."""

    title: str
    commands: Sequence[Command]


@dataclass(frozen=True, slots=True)
class Typed:
    """How one input of a verb is typed, where it is not simply ``--its-name``.

    ``names`` are the option's names; none makes it a plain argument. ``choices`` are the words it takes; ``reads``
    turns what was typed into the input's value.
    """

    names: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    reads: Callable[[str], Any] | None = None
    says: str = ""


ARGUMENT = Typed()
"""An input that is typed without a name before it."""


def takes_talk(function: Callable[..., Any]) -> bool:
    """Whether a function's first parameter is the conversation."""
    return next(iter(inspect.signature(function).parameters), "") == "talk"


@dataclass(frozen=True, slots=True)
class Derived:
    """A wish made from a verb's own declaration: each input an argument or an option, with the verb's own words."""

    verb: Verb
    typed: inspect.Signature
    reads: Mapping[str, Callable[[str], Any]] = field(default_factory=dict)

    def __call__(self, **given: Any) -> dict[str, Any]:
        """The inputs that were typed; what was left out keeps the verb's own default."""
        return {
            name: self.reads[name](value) if name in self.reads else value
            for name, value in given.items()
            if value is not None and value is not False and value != []
        }


def parameters_of(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """What is typed for a function: its parameters without the conversation, with their annotations resolved.

    What is made from a declaration says so itself, as ``typed``.
    """
    declared = getattr(function, "typed", None)
    if isinstance(declared, inspect.Signature):
        return list(declared.parameters.values())
    hints = get_type_hints(function, include_extras=True)
    return [
        one.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
        for name, one in inspect.signature(function).parameters.items()
        if name != "talk"
    ]


def derive(verb: str, **typed: Typed) -> Derived:
    """The wish for a registered verb. Inputs that are not named in ``typed`` are options; required ones must be given."""
    found = REGISTRY.named(verb)
    names = [one.name for one in found.inputs]
    if unknown := typed.keys() - set(names):
        raise ValueError(f"{verb} has no input {sorted(unknown)}")
    inputs = sorted(found.inputs, key=lambda one: list(typed).index(one.name) if one.name in typed else len(typed))
    options = Typed(names=("--",))
    parameters = [_parameter(one, typed.get(one.name, options)) for one in inputs]
    reads = {name: how.reads for name, how in typed.items() if how.reads is not None}
    return Derived(found, inspect.Signature(parameters), reads)


def act(path: str, verb: str, example: str, /, shows: Shows | None = None, **typed: Typed) -> Act:
    """The command of a verb, derived from its declaration and described by the verb's own sentence."""
    return Act(path, verb, derive(verb, **typed), example, shows or saying.answer(), REGISTRY.named(verb).summary)


def _parameter(one: Input, how: Typed) -> inspect.Parameter:
    many, kind = one.type is not str and bool(get_args(one.type)), one.type
    bare = Literal[how.choices] if how.choices else str if many or how.reads else kind
    says = how.says or f"{one.says[:1].upper()}{one.says[1:]}."
    shown = str(one.default) if one.default not in ("", (), False, None) and not many else None
    if many and one.default:
        shown = ", ".join(one.default)
    if how.names:
        names = how.names if how.names != ("--",) else (f"--{one.name.replace('_', '-')}",)
        info: Any = typer.Option(*names, help=says, show_default=shown or False)
    else:
        info = typer.Argument(help=says, show_default=shown or False, metavar=one.name.upper())
    if kind is bool:
        return _keyword(one.name, Annotated[bool, info], False)
    annotation: Any = list[bare] if many else bare  # type: ignore[valid-type]  # made at run time, for Typer to read
    if one.required:
        return _keyword(one.name, Annotated[annotation, info], inspect.Parameter.empty)
    return _keyword(one.name, Annotated[annotation | None, info], None)


def _keyword(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
