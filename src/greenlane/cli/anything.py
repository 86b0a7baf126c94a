"""`greenlane do`: any verb by its name, so that none lacks a command."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from greenlane.cli import saying
from greenlane.cli.command import Ask, Command
from greenlane.cli.talk import Document, Talk
from greenlane.cli.variables import secret_value
from greenlane.cli.verbs import REGISTRY
from greenlane.govern.action import Input, Verb
from greenlane.govern.errors import WrongInput

Name = Annotated[str, typer.Argument(metavar="VERB", help="The verb, such as archive-app.")]
Inputs = Annotated[
    list[str] | None,
    typer.Argument(metavar="[KEY=VALUE]...", help="Its inputs; give one again for a list. A secret is asked for."),
]


def do(talk: Talk, verb: Name, inputs: Inputs = None) -> Document:
    """Carry out any verb by its name; `greenlane explain VERB --help` shows its inputs."""
    found = REGISTRY.named(verb)
    given = inputs_of(found, inputs or [])
    for one in found.inputs:
        if one.secret and (one.required or one.name in given):
            given[one.name] = secret_value(one.name)
    found.build(given)
    return talk.carry_out(found.name, given)


def inputs_of(verb: Verb, pairs: list[str]) -> dict[str, Any]:
    """``["app=x", "days=3"]`` as the verb's inputs. Raises ``WrongInput``."""
    known = {one.name: one for one in verb.inputs}
    given: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        name = key.replace("-", "_")
        if not equals or name not in known:
            raise WrongInput(f"{pair!r} is no input of {verb.name}.", next_step=f"It takes: {', '.join(known)}.")
        one = known[name]
        if one.secret and text not in ("", "-"):
            raise WrongInput(
                f"{name} is secret and must not be typed where others can see it.",
                next_step=f"Leave it out to be asked for it, or pipe it in with {key}=-.",
            )
        value = _value(verb, one, text)
        given[name] = [*given.get(name, []), value] if _many(one) else value
    return given


def _many(one: Input) -> bool:
    return str(one.type).startswith("tuple")


def _value(verb: Verb, one: Input, text: str) -> Any:
    if one.type is bool:
        if text.lower() not in ("true", "false", "yes", "no"):
            raise WrongInput(
                f"{one.name} of {verb.name} is yes or no, not {text!r}.", next_step=f"It means: {one.says}."
            )
        return text.lower() in ("true", "yes")
    if one.type is int:
        try:
            return int(text)
        except ValueError as error:
            raise WrongInput(
                f"{one.name} of {verb.name} is a number, not {text!r}.", next_step=f"It means: {one.says}."
            ) from error
    return text


COMMANDS: tuple[Command, ...] = (Ask("do", "verb *", do, "greenlane do archive-app app=vendor-board", saying.answer()),)
