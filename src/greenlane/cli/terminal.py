"""The command tree, built from commands as data, and run so that every ending has its words and its exit code."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from greenlane import __version__
from greenlane.cli import (
    advisories,
    agents,
    anything,
    approvals,
    apps,
    break_glass,
    builds,
    company,
    data,
    deploy,
    directories,
    duties,
    elevations,
    explain,
    gateway,
    leaks,
    ledger,
    local,
    logging_in,
    model_calls,
    passport,
    people,
    platform,
    policy,
    publishing,
    receipts,
    repricing,
    reviews,
    roles,
    schedules,
    swapping,
    tour,
    variables,
    visitors,
    webhooks,
)
from greenlane.cli.command import Act, Ask, Command, Panel, parameters_of
from greenlane.cli.errors import DONE, USAGE, Stopped, document_of, exit_code_of
from greenlane.cli.local import LocalCommands
from greenlane.cli.output import Output
from greenlane.cli.talk import Document, Talk
from greenlane.kit.errors import GreenlaneError

ABOUT = """A governed path for AI-built software: from a folder to an address that the right people can open.

Exit codes: 0 done, 2 wrong usage, 3 refused, 4 waiting for a person, 5 not found, 1 anything else.
GREENLANE_URL says where the server is, GREENLANE_TOKEN who you are. Every command has --json."""

COMPLETING = "_GREENLANE_COMPLETE"
"""What a shell sets that asks what could be typed next: the words stand elsewhere then."""

JSON = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of words.")]

GROUPS = {
    "schedules": "Functions that run by themselves: when, and how it went.",
    "apps": "See and change apps.",
    "break-glass": "Who comes in when the company's own sign-in is away.",
    "reviews": "Who still needs their access: asking, deciding, evidence.",
    "elevations": "Who has a role for some hours, and ending it.",
    "agents": "Agents that act for people, and what they are lent.",
    "advisories": "Lists of known flaws in packages.",
    "approvals": "See what waits for a person.",
    "data": "What an app stores: how much, snapshots of it, and bringing one back.",
    "directory": "The company's directory, which brings people and groups by itself.",
    "domain": "Serve an app under a domain of its own.",
    "explain": "See what would be decided, why, and what would make it green. Changes nothing.",
    "gateway": "Calls to models: who serves them, who may make them, and what they cost.",
    "gateway budget": "What may be spent on model calls.",
    "gateway price": "Prices over those of the list.",
    "gateway provider": "Where models are, and the keys that their providers gave.",
    "gateway route": "What names of models lead to.",
    "gateway rule": "What happens with data in prompts.",
    "gateway settings": "What holds for all model calls.",
    "roles": "Which roles there are, and those of your own.",
    "duties": "What is kept apart, so that no one person has or does both.",
    "groups": "Groups of the directory, and what they give.",
    "groups rule": "Rules that make roles of groups.",
    "guests": "See and change who may open an app on top of its audience.",
    "hosts": "Say which outside hosts an app's pages may call.",
    "keys": "The keys under which everything sealed is kept.",
    "ledger": "Check the ledger, prove receipts, take it along.",
    "looks": "See what you are asked to look at afterwards.",
    "mail": "What comes to you by mail.",
    "organisation": "What the organisation is called.",
    "passport": "Read and check what travels with a deploy.",
    "credentials": "What was found in the files: move it into a variable, or say that it is none.",
    "people": "See and change who is here.",
    "policy": "Read, try and change the rules.",
    "preview-token": "Let a test robot open a preview.",
    "role": "Say who may do what.",
    "sessions": "Where you are signed in, and ending it.",
    "share": "Links that open what is published to whoever holds them.",
    "sso": "The company's own identity providers.",
    "sso domain": "Mail domains that lead to a provider.",
    "team": "See and change teams.",
    "token": "API tokens of your own.",
    "trust": "The public keys that proofs are checked with, and workloads elsewhere that are trusted.",
    "variables": "Values that apps get: readable ones, and secrets that nobody reads again.",
    "webhook": "Addresses outside that are told what happens.",
}
"""What each group of commands is for."""


def panels(handed: LocalCommands) -> tuple[Panel, ...]:
    """Every command there is, in the order of the story."""
    return (
        Panel("Start", (*local.starting(handed), tour.command(partial(type_in, handed)))),
        Panel("From a folder to an address", (*deploy.COMMANDS, *builds.COMMANDS, *publishing.COMMANDS)),
        Panel("When a person is asked", approvals.COMMANDS),
        Panel(
            "What happened, and the proof", (*receipts.COMMANDS, *ledger.commands(handed.verify), *passport.COMMANDS)
        ),
        Panel("Apps", (*apps.COMMANDS, *schedules.COMMANDS, *variables.COMMANDS, *data.COMMANDS, *leaks.COMMANDS)),
        Panel("Models", (*gateway.COMMANDS, *model_calls.COMMANDS, *swapping.COMMANDS, *repricing.COMMANDS)),
        Panel("Visitors", visitors.COMMANDS),
        Panel(
            "People",
            (
                *people.COMMANDS,
                *roles.COMMANDS,
                *duties.COMMANDS,
                *elevations.COMMANDS,
                *reviews.COMMANDS,
                *directories.COMMANDS,
            ),
        ),
        Panel("Agents", agents.COMMANDS),
        Panel("The company's own sign-in", (*company.COMMANDS, *break_glass.COMMANDS)),
        Panel("Being told", webhooks.COMMANDS),
        Panel(
            "Rules and the platform",
            (*policy.COMMANDS, *advisories.COMMANDS, *logging_in.COMMANDS, *platform.COMMANDS, *local.keeping(handed)),
        ),
        Panel("Anything else", anything.COMMANDS),
    )


@dataclass(frozen=True, slots=True)
class _Words:
    """What was typed, and so what can be reached: a command is found by its own words and those of its groups.

    Typer reads the signature of each command that it is handed. There are hundreds, which took longer than most commands
    do; so those that cannot be reached are handed to it without one, and groups that are not named without commands.
    """

    typed: frozenset[str] | None
    """None where everything is to be reached."""

    def reach(self, path: str) -> bool:
        """Whether a command or a group with this path may be meant."""
        return self.typed is None or self.typed.issuperset(path.split())


def tree(handed: LocalCommands, typed: Sequence[str] | None = None) -> typer.Typer:
    """The command tree, ``explain`` included: all of it, or what is reached by what was ``typed`` and listed on the way."""
    words, every = _Words(None if typed is None else frozenset(typed)), panels(handed)
    top = typer.Typer(cls=_in_order(every), **_manners("greenlane", ABOUT))
    top.callback()(_at_the_top)
    groups: dict[str, typer.Typer] = {}
    for panel in every:
        defaults = {one.path: one for one in panel.commands if _has_more(one, panel.commands)}
        for command in panel.commands:
            within, _, name = command.path.rpartition(" ")
            if command.path in defaults:
                _within(top, groups, command.path, panel.title, words, command)
                continue
            of = _within(top, groups, within, panel.title, words, defaults.get(within))
            if words.reach(within):
                _add(of, name, command, None if within else panel.title, whole=words.reach(command.path))
    questions = _group("explain", GROUPS["explain"])
    if words.reach("explain"):
        own = [command for panel in every for command in panel.commands if isinstance(command, Act)]
        for command in explain.questions(own):
            _add(questions, command.verb, command, explaining=True, whole=words.reach(command.verb))
    top.add_typer(questions, name="explain", rich_help_panel="When a person is asked")
    return top


def app(handed: LocalCommands, arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Nothing but that ever leaves here, unless ``GREENLANE_DEBUG=1``."""
    typed = list(sys.argv[1:] if arguments is None else arguments)
    out = Output("--json" in typed)
    try:
        reached = None if COMPLETING in os.environ else typed
        code = tree(handed, reached)(args=typed, prog_name="greenlane", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        return _unread()
    except GreenlaneError as error:
        return _failed(out, error)
    except (KeyboardInterrupt, typer.Abort):
        return _failed(out, _stopped())
    except typer.TyperException as error:
        return _misused(out, error)
    except Exception as error:
        # the last resort: a person sees a sentence, whoever looks for the cause sets GREENLANE_DEBUG
        if os.environ.get("GREENLANE_DEBUG") == "1":
            raise
        return _failed(out, _unexpected(error))
    return code if isinstance(code, int) else DONE


def type_in(handed: LocalCommands, words: Sequence[str], shows: bool) -> Document:
    """Run one command as if its words were typed, and give its document back; the tour goes by it.

    ``shows`` says the answer to people, all on one stream. Raises what the command raises.
    """
    documents: list[Document] = []

    def carry_on(command: Command, talk: Talk, given: dict[str, Any]) -> int:
        talk.out.one_stream()
        with talk:
            documents.append(command.run(talk, **given))
            if shows:
                _say(command, talk, documents[0])
        return DONE

    quiet = () if shows else ("--json",)
    tree(handed, words)(args=[*words, *quiet], prog_name="greenlane", standalone_mode=False, obj=carry_on)
    return documents[0]


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"greenlane {__version__}")
        raise typer.Exit


def _at_the_top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is, and end.")
    ] = False,
) -> None:
    """What can be typed before any command."""


def _manners(name: str, says: str) -> dict[str, Any]:
    return {
        "name": name,
        "help": says,
        "add_completion": name == "greenlane",
        "pretty_exceptions_enable": False,
        "rich_markup_mode": "rich",
        "context_settings": {"help_option_names": ["-h", "--help"]},
        "no_args_is_help": True,
    }


def _in_order(every: Sequence[Panel]) -> type[TyperGroup]:
    """A group that lists single commands and groups of commands in the order of the story, not one kind after the other."""
    names = [command.path.partition(" ")[0] for panel in every for command in panel.commands]
    names.insert(names.index("approve"), "explain")

    class InOrder(TyperGroup):
        def list_commands(self, ctx: Any) -> list[str]:
            return sorted(super().list_commands(ctx), key=names.index)

    return InOrder


def _group(name: str, says: str, default: Command | None = None, *, whole: bool = True) -> typer.Typer:
    if default is None:
        return typer.Typer(**_manners(name, says))
    made = typer.Typer(cls=_OrItsOwn, **{**_manners(name, says), "no_args_is_help": False})
    text = f"{says}\n\nExample: {default.example}"
    made.callback(invoke_without_command=True, help=text)(_callback(default, by_itself=True, whole=whole))
    return made


class _OrItsOwn(TyperGroup):
    """A group whose own command takes an argument: ``data vendor-board`` beside ``data restore vendor-board``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Where one of its commands is named, its own argument is not there, and something has to stand for it."""
        if not any(one.param_type_name == "argument" for one in self.params):
            return super().parse_args(ctx, args)
        at = next((index for index, one in enumerate(args) if one in self.commands), None)
        ctx.allow_interspersed_args = at is None
        return super().parse_args(ctx, args if at is None else [*args[:at], "-", *args[at:]])


def _within(
    top: typer.Typer,
    groups: dict[str, typer.Typer],
    path: str,
    title: str,
    words: _Words,
    default: Command | None = None,
) -> typer.Typer:
    """The group of commands with these words, made with those around it when its first command comes."""
    if not path:
        return top
    if path not in groups:
        around, _, name = path.rpartition(" ")
        groups[path] = _group(name, GROUPS[path], default, whole=words.reach(path))
        panel = None if around else title
        _within(top, groups, around, title, words).add_typer(groups[path], name=name, rich_help_panel=panel)
    return groups[path]


def _add(
    group: typer.Typer,
    name: str,
    command: Command,
    panel: str | None = None,
    *,
    explaining: bool = False,
    whole: bool = True,
) -> None:
    text = f"{summary_of(command)}\n\nExample: {command.example}"
    made = _callback(command, explaining=explaining, whole=whole)
    group.command(name, help=text, rich_help_panel=panel)(made)


def summary_of(command: Command) -> str:
    """What a command does, in a sentence: its own, its function's, or the verb's."""
    if command.summary:
        return command.summary
    if isinstance(command, Ask):
        return (inspect.getdoc(command.run) or "").splitlines()[0]
    return (inspect.getdoc(command.wish) or "").splitlines()[0]


def _callback(
    command: Command, *, explaining: bool = False, by_itself: bool = False, whole: bool = True
) -> Callable[..., Any]:
    """The function that Typer calls: what is typed for the command, and ``--json``.

    It has no parameters where it is not ``whole``: such a command is listed and never called.
    """
    if not whole:
        return _listed
    typed = parameters_of(command.wish if isinstance(command, Act) else command.run)

    def run(**given: Any) -> int:
        context: typer.Context = given.pop("context")
        if by_itself and context.invoked_subcommand is not None:
            return DONE
        carry_on: Callable[[Command, Talk, dict[str, Any]], int] = context.obj or _carry_on
        # Typer has endings of its own for these two, with other exit codes than ours
        try:
            return carry_on(command, Talk(given.pop("as_json"), explaining), given)
        except KeyboardInterrupt as stop:
            raise _stopped() from stop
        except BrokenPipeError:
            return _unread()

    as_json = inspect.Parameter("as_json", inspect.Parameter.KEYWORD_ONLY, annotation=JSON, default=False)
    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    every = [*typed, as_json, context]
    run.__signature__ = inspect.Signature(every)  # type: ignore[attr-defined]  # what Typer reads instead of **given
    run.__annotations__ = {one.name: one.annotation for one in every}
    return run


def _listed() -> None:
    """A command that cannot be called by what was typed."""
    raise AssertionError("a command was called that was not typed")


def _carry_on(command: Command, talk: Talk, given: dict[str, Any]) -> int:
    with talk:
        document = command.run(talk, **given)
        if not talk.out.as_json:
            _say(command, talk, document)
        elif document is not None:
            talk.out.document(document)
    return int(document.get("exit_code", DONE)) if isinstance(document, dict) else DONE


def _say(command: Command, talk: Talk, document: Document) -> None:
    """Say an answer to people."""
    if talk.explaining:
        explain.shows(talk.out, document)
    else:
        command.shows(talk.out, document)


def _has_more(one: Command, commands: Sequence[Command]) -> bool:
    return any(other.path.startswith(f"{one.path} ") for other in commands)


def _stopped() -> Stopped:
    return Stopped("Stopped.", next_step="Type the same again; what was done is not done twice.")


def _unread() -> int:
    """Whoever read our output has seen enough: no error. Python must not try to write the rest when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return DONE


def _failed(out: Output, error: GreenlaneError) -> int:
    if out.as_json:
        out.document(document_of(error))
    else:
        out.error(error)
    return exit_code_of(error)


def _misused(out: Output, error: typer.TyperException) -> int:
    """A command that was typed wrongly, in our words' shape."""
    if type(error).__name__ == "NoArgsIsHelpError":  # the help was asked for by typing nothing after a group's name
        out.err.print(error.format_message())
        return USAGE
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "greenlane"
    message, step = error.format_message(), f"`{path} --help` shows how it is typed."
    if out.as_json:
        out.document({"code": "usage", "message": message, "next_step": step, "exit_code": USAGE})
    else:
        out.err.print(message, style="red")
        out.err.print(f"Next: {step}")
    return USAGE


def _unexpected(error: Exception) -> GreenlaneError:
    return GreenlaneError(
        "Something went wrong that should not have.",
        next_step="Set GREENLANE_DEBUG=1 and type the same again to see what; please report it.",
        detail=repr(error),
    )
