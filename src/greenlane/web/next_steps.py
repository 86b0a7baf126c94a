"""What to type next in the terminal, read off a person's first page. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from greenlane.web.house import HomeView

_BUILD = frozenset({"owner", "platform-engineer", "developer", "builder"})


@dataclass(frozen=True, slots=True)
class Command:
    """One line for the terminal, and what it does."""

    says: str
    line: str


def may_build(view: HomeView) -> bool:
    """Whether a person has a role that makes apps."""
    return any(held.role in _BUILD for held in view.roles)


def next_steps(view: HomeView) -> tuple[Command, ...]:
    """At most three commands, the most useful first; none for somebody who only visits."""
    commands = []
    if any(not request.mine for request in view.waiting):
        commands.append(Command("See what waits for your decision", "greenlane approvals"))
    if may_build(view):
        unpublished = next((app for app in view.apps if app.state == "empty"), None)
        if unpublished is not None:
            commands.append(Command(f"Publish {unpublished.title}", f"greenlane publish {unpublished.name}"))
        if view.apps:
            name = view.apps[0].name
            commands.append(Command("Try a new version", f'greenlane deploy ./site --app {name} -m "what changed"'))
        else:
            commands.append(Command("Put a folder online", 'greenlane deploy ./site -m "first version"'))
    if view.apps:
        app = view.apps[0]
        commands.append(Command(f"Read the story of {app.title}", f"greenlane receipts --app {app.name}"))
    return tuple(commands[:3])
