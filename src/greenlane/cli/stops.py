"""The way of the tour, as data: what each stop shows, and what is typed there.

What is typed is a template: ``{offsite}``, ``{board}`` and ``{metrics}`` are the names of the tour's apps, ``{sites}`` is
the folder with the sites, ``{request}`` the request that the tour asked for. Nothing else is ever run.
"""

from __future__ import annotations

from dataclasses import dataclass

APPS = {"offsite": "offsite", "board": "vendor-board", "metrics": "metrics"}
"""The tour's apps: the word in the templates, and what stands after the name's beginning."""

OUTSIDE_HOST = "api.exchangerates.example"
"""What the second version of the vendor board calls. Nobody answers there: the name is kept for examples (RFC 2606)."""


@dataclass(frozen=True, slots=True)
class Typed:
    """One command. ``first`` is the lane on a first tour; ``into`` the file that takes what it prints."""

    template: str
    first: str = ""
    into: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop: its title, what to know before, what is typed, and what to take from it."""

    title: str
    before: str
    typed: tuple[Typed, ...]
    after: str = ""


STOPS = (
    Stop(
        "Green: a page for your team",
        "A folder becomes a preview, and the preview becomes the app. Only your team can open it, and it reaches\n"
        "nothing outside. So nobody has to be asked.",
        (
            Typed('deploy {sites}/offsite --app {offsite} -m "the first version"', "green"),
            Typed("publish {offsite} --audience team", "green"),
        ),
        "Green is the rule: most changes look like this one.",
    ),
    Stop(
        "Green again: a routine change",
        "Somebody corrects a line: the bus waits twenty minutes, not ten. Only what changed is sent.",
        (
            Typed('deploy {sites}/offsite-v2 --app {offsite} -m "the bus waits twenty minutes"', "green"),
            Typed("publish {offsite}", "green"),
        ),
    ),
    Stop(
        "Amber: it goes through, with safeguards",
        "The vendor board opens to everyone here, and its next version asks a service outside for exchange rates.\n"
        "Both are new, neither is worth stopping. The platform keeps promises instead.",
        (
            Typed('deploy {sites}/vendor-board --app {board} -m "vendors of this year"', "green"),
            Typed("publish {board} --audience everyone", "amber"),
            Typed('deploy {sites}/vendor-board-v2 --app {board} -m "prices in other currencies"', "amber"),
            Typed(f"hosts add {{board}} {OUTSIDE_HOST}", "amber"),
            Typed("notices --limit 3"),
        ),
        "The owner was told, each time with the command that undoes it. Until an hour is over, the board is open to\n"
        "the team alone; whoever objects sets another audience.",
    ),
    Stop(
        "Red: a person decides",
        "The metrics page is to be opened to the whole internet. First only the question is asked; then it is done.",
        (
            Typed('deploy {sites}/metrics --app {metrics} -m "the open figures"', "green"),
            Typed("explain publish {metrics} --audience public", "red"),
            Typed("publish {metrics} --audience public", "red"),
            Typed("approvals show {request}"),
        ),
    ),
    Stop(
        "Closed: not possible, whoever asks",
        "The next version carries a key in a script. It was made up a moment ago and opens nothing, but it looks real.",
        (Typed('deploy {sites}/metrics-leak --app {metrics} -m "figures from the source"', "closed"),),
        "It is named by kind, file and line, never by its value. Nothing of it can be opened.",
    ),
    Stop(
        "Back at once, and it stays back",
        "It was ten minutes after all. A rollback asks nobody and takes no time, and it locks what it restored: the\n"
        "next publish is refused until somebody means it.",
        (
            Typed("rollback {offsite}", "green"),
            Typed("publish {offsite}", "closed"),
            Typed("publish {offsite} --unlock", "green"),
        ),
    ),
    Stop(
        "The story, in sentences",
        "Everything so far went through one door, and left a receipt there.",
        (Typed("receipts --app {offsite} --newest --limit 20"),),
    ),
    Stop(
        "The proof",
        "The receipts are leaves of a signed tree that a second key witnesses. The passport takes its part of them\n"
        "along: whoever holds the files can check them offline, with the public keys alone.",
        (
            Typed("ledger verify"),
            Typed("passport get {offsite}", into="passport.json"),
            Typed("passport verify {sites}/offsite-v2 --passport {sites}/passport.json"),
        ),
    ),
)
"""The tour."""
