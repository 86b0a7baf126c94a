"""Being told: what comes by mail, which addresses outside are told, and what the organisation is called in it."""

from __future__ import annotations

from greenlane.cli.command import ARGUMENT, Command, Typed, act
from greenlane.notices.actions import CHOICES
from greenlane.notices.kinds import KINDS

ABOUT = Typed(("--about",), says="What it is told of; may be repeated: " + ", ".join(KINDS) + ".")

COMMANDS: tuple[Command, ...] = (
    act("mail choose", "choose-mail", "greenlane mail choose all", what=Typed(choices=tuple(CHOICES))),
    act(
        "webhook add",
        "add-webhook",
        "greenlane webhook add https://hooks.example.com/services/T0/B0 --about asked",
        url=ARGUMENT,
        about=ABOUT,
    ),
    act("webhook test", "test-webhook", "greenlane webhook test whk_01h2…", webhook=ARGUMENT),
    act("webhook remove", "remove-webhook", "greenlane webhook remove whk_01h2…", webhook=ARGUMENT),
    act("organisation name", "name-organisation", 'greenlane organisation name "Acme Ltd"', name=ARGUMENT),
)
"""What people and the organisation are told, and how."""
