"""Every command stands on a verb, on a query, or is one of the few local ones; the list is reviewed as a diff."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Types
from tests.cli.typed import LOCAL
from typer.main import get_command

from greenlane.cli.command import Act, Command, Derived
from greenlane.cli.reference import reference
from greenlane.cli.terminal import panels, tree
from greenlane.cli.verbs import REGISTRY
from greenlane.identity.roles import BY_NO_ROLE

CHECKED_IN = Path(__file__).parent / "commands.txt"
REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "terminal.md"
ON_THEIR_OWN = {
    "up",
    "dev",
    "tour",
    "doctor",
    "backup",
    "restore",
    "docs",
    "version",
    "policy check",
    "policy test",
} | {
    "simulate",
    "passport verify",
    "reviews verify",
}
OF_PAGES = {
    "allow-login",
    "allow-once",
    "accept-invitation",
    "look",
    "refuse-login",
    "sign-in",
    "sign-out",
    "set-password",
    "add-passkey",
    "make-recovery-codes",
    "join-by-sign-in",
    "link-identity",
}
"""Verbs of pages; `greenlane do` reaches them, and the platform's own, too."""


def commands() -> list[Command]:
    return [command for panel in panels(LOCAL) for command in panel.commands]


def test_the_commands_are_those_that_were_reviewed():
    here = "".join(f"{one.path:<21} {one.stands_on}\n" for one in commands())
    assert here == CHECKED_IN.read_text(), "the command tree changed: review it, and write it to tests/cli/commands.txt"


def below(group: Any, path: str) -> Iterator[str]:
    """Every command under a group, by all its words."""
    for name, command in group.commands.items():
        words = f"{path} {name}".strip()
        subcommands = getattr(command, "commands", {})
        if subcommands:
            yield from below(command, words)
        if not subcommands or command.invoke_without_command:
            yield words


def test_the_tree_has_each_command_and_a_question_for_each_verb():
    found = set(below(get_command(tree(LOCAL)), ""))
    asked = {f"explain {verb.name}" for verb in REGISTRY}
    assert found == {one.path for one in commands()} | asked


def test_what_was_typed_reaches_its_command_as_it_stands_in_the_whole_tree():
    whole = get_command(tree(LOCAL))
    for words in (*(one.path for one in commands()), *(f"explain {verb.name}" for verb in REGISTRY)):
        assert _told(get_command(tree(LOCAL, ["--json", *words.split(), "--help"])), words) == _told(whole, words), (
            words
        )


def test_what_was_not_typed_is_listed_all_the_same():
    whole = get_command(tree(LOCAL))
    for words in ("", "gateway", "gateway price", "explain", "data", "no-such-thing"):
        reached, meant = get_command(tree(LOCAL, words.split())), whole
        for word in words.split():
            if word in meant.commands:
                reached, meant = reached.commands[word], meant.commands[word]
        assert _listed(reached) == _listed(meant), words


def _told(group: Any, words: str) -> list[list[tuple[Any, ...]]]:
    """What can be typed for a command, and for each group on the way to it."""
    said = []
    for word in words.split():
        group = group.commands[word]
        said.append(
            [
                (
                    one.name,
                    one.opts,
                    type(one.type_descriptor),
                    one.required,
                    one.multiple,
                    one.nargs,
                    one.default,
                    one.help,
                )
                for one in group.params
            ]
        )
    return said


def _listed(group: Any) -> list[tuple[str, str]]:
    """What the help of a group lists."""
    return [(name, one.get_short_help_str(200)) for name, one in group.commands.items()]


def test_every_verb_command_stands_on_a_registered_verb():
    known = {verb.name for verb in REGISTRY}
    for one in commands():
        kind, _, name = one.stands_on.partition(" ")
        assert kind in {"verb", "query", "local"}
        if kind == "verb" and name != "*":
            assert name in known
        assert (kind == "local") == (one.path in ON_THEIR_OWN)


def test_every_verb_has_a_command_or_is_one_of_pages_and_platform():
    typed = {one.verb for one in commands() if isinstance(one, Act)}
    assert {verb.name for verb in REGISTRY} - typed - BY_NO_ROLE == OF_PAGES


def test_a_derived_command_asks_for_every_input_of_its_verb():
    for one in commands():
        if isinstance(one, Act) and isinstance(one.wish, Derived):
            assert set(one.wish.typed.parameters) == {given.name for given in REGISTRY.named(one.verb).inputs}, one.path


def test_no_secret_is_typed_as_an_argument():
    for one in commands():
        if isinstance(one, Act) and isinstance(one.wish, Derived):
            secret = {given.name for given in REGISTRY.named(one.verb).inputs if given.secret}
            assert not secret & set(one.wish.typed.parameters), one.path


def test_the_reference_is_the_tree():
    assert reference(panels(LOCAL)) == REFERENCE.read_text(), "type `make docs`"


@pytest.mark.parametrize("one", commands(), ids=lambda one: one.path)
def test_every_command_has_help_with_an_example_and_json(types: Types, one: Command):
    ended = types(*one.path.split(), "--help")
    assert ended.code == 0
    assert "Example: greenlane" in " ".join(ended.out.split())
    assert "--json" in ended.out
    assert one.example.startswith(f"greenlane {one.path.removesuffix(' list')}")
