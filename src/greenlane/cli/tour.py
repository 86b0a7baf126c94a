"""`greenlane tour`: three small sites on the real path, so that a newcomer sees every lane in two minutes.

Each step is a command that a person could type, run by the very tree that runs what people type. It works on apps of
its own, may be taken again, and `greenlane tour --clean` puts everything away.
"""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from greenlane.cli.command import Ask, Command
from greenlane.cli.errors import MISSING, FileTrouble, FromControl, exit_code_of
from greenlane.cli.output import Output
from greenlane.cli.stops import APPS, STOPS, Stop, Typed
from greenlane.cli.talk import Document, Talk

Types = Callable[[Sequence[str], bool], Document]
"""Runs a command as if its words were typed, says its answer to people where that is wanted, and gives it back."""

LEAK = "__LEAKED_KEY__"
"""Where the made-up key goes in the site that leaks one."""

LAID_OVER = {"vendor-board-v2": "vendor-board", "metrics-leak": "metrics"}
"""Folders that hold only what differs, and the site that they are laid over."""

Clean = Annotated[bool, typer.Option("--clean", help="Put away what earlier tours made: archive its apps.")]


def command(types: Types) -> Command:
    """The command. ``types`` is how it types."""

    def tour(talk: Talk, clean: Clean = False) -> Document:
        """Take a few small sites through the real path, and see green, amber, red and closed in two minutes."""
        guide = Guide(talk, types, names_for(talk))
        if clean:
            return guide.clean_up()
        guide.welcome_back()
        for number, stop in enumerate(STOPS, 1):
            guide.show(number, stop)
        return guide.told()

    return Ask("tour", "local", tour, "greenlane tour", says_end)


def sites_folder() -> Path:
    """Where the tour's sites are written to: ``$XDG_CACHE_HOME/greenlane/tour``, or below ``~/.cache``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "greenlane" / "tour"


def names_for(talk: Talk) -> dict[str, str]:
    """The names of the tour's apps: `tour-…`, or with the person's own mark where somebody else took the tour before."""
    me = str(talk.client.get("/v1/me")["id"])
    for beginning in ("tour", f"tour-{me[-6:]}"):
        names = {word: f"{beginning}-{ending}" for word, ending in APPS.items()}
        if not any(_of_another(talk, name, me) for name in names.values()):
            break
    return names


def _app(talk: Talk, name: str) -> Document:
    """What is known of an app; None for one that is not there, or that this person may not see."""
    try:
        return talk.client.get(f"/v1/apps/{name}")
    except FromControl as error:
        if exit_code_of(error) != MISSING:
            raise
        return None


def _of_another(talk: Talk, name: str, me: str) -> bool:
    found = _app(talk, name)
    if found is not None:
        return bool(found["owner"]["id"] != me)
    return bool(talk.client.explain("create-app", {"app": name})["facts"]["app_exists"])


@dataclass(slots=True)
class Guide:
    """One tour. ``names`` are the apps by their word in the templates, ``steps`` what was done so far."""

    talk: Talk
    types: Types
    names: Mapping[str, str]
    known: dict[str, str] = field(default_factory=dict)
    steps: list[dict[str, Any]] = field(default_factory=list)

    def welcome_back(self) -> None:
        """Say what is here from an earlier tour, and make it ready for the next."""
        found = {name: app for name in self.names.values() if (app := _app(self.talk, name)) is not None}
        if found:
            self._say(f"From an earlier tour there are {', '.join(found)}. This one goes on with them.")
        for name, app in found.items():
            if app["state"] != "live":
                self._type(Typed(f"apps wake {name}"))
            if any(place["name"] == "production" and place["lock"] for place in app["environments"]):
                self._type(Typed(f"unlock {name}"))
        self.known = {**self.names, "sites": str(lay_out(sites_folder()))}

    def show(self, number: int, stop: Stop) -> None:
        """One stop."""
        self._say(f"\n{number} of {len(STOPS)}  {stop.title}", "bold")
        self._say(stop.before)
        for typed in stop.typed:
            if "{request}" in typed.template and "request" not in self.known:
                continue  # nobody has to be asked any more: an approval of an earlier tour covers it
            self._type(typed, stop.title)
        if "request" in self.known and any("{request}" in one.template for one in stop.typed):
            self._how_to_decide()
        if stop.after:
            self._say(f"\n{stop.after}")

    def told(self) -> Document:
        """The tour as one document."""
        apps = [{"name": name, "url": (_app(self.talk, name) or {}).get("url")} for name in self.names.values()]
        return {"steps": self.steps, "apps": apps, "request": self.known.get("request"), "exit_code": 0}

    def clean_up(self) -> Document:
        """Withdraw what waits, archive the apps, remove the sites."""
        subjects = {f"app:{name}" for name in self.names.values()}
        for one in self.talk.everything("/v1/approvals"):
            if one["subject"] in subjects:
                self._type(Typed(f"withdraw {one['id']}"))
        for name in self.names.values():
            app = _app(self.talk, name)
            if app is not None and app["state"] == "live":
                self._type(Typed(f"apps archive {name}"))
        shutil.rmtree(sites_folder(), ignore_errors=True)
        return {"steps": self.steps, "apps": [], "request": None, "exit_code": 0}

    def _type(self, typed: Typed, stop: str = "") -> None:
        words = [word.format(**self.known) for word in shlex.split(typed.template)]
        shown = typed_out(words) + (f" > {shorter(self._file(typed))}" if typed.into else "")
        self._say(f"\n$ {shown}", "bold")
        document = self.types(words, not (self.talk.out.as_json or typed.into))
        if typed.into:
            self._file(typed).write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))
        if request := document.get("request"):
            self.known["request"] = str(request)
        lane = str(document.get("lane", ""))
        if typed.first and lane != typed.first:
            self._say(f"(On a first tour this is {typed.first}. What an earlier tour did or asked counts here.)", "dim")
        told = {} if typed.into else {"document": document}
        self.steps.append({"stop": stop, "typed": shown, "lane": lane or None, **told})

    def _file(self, typed: Typed) -> Path:
        return Path(self.known["sites"]) / typed.into

    def _how_to_decide(self) -> None:
        request, because = self.known["request"], "I looked at every page"
        alone = self.talk.client.explain("confirm", {"request": request, "because": because})["lane"] == "green"
        self._say("\nThe tour leaves it waiting, because deciding is for people.")
        if alone:
            self._say("You are alone here, so you may answer for it yourself; it stays marked as unreviewed:")
            self._say(f'  greenlane confirm {request} --because "{because}"')
            self._say("With somebody else here it is for them, never for its author:")
        else:
            self._say("Whoever is asked types one of these:")
        self._say(f'  greenlane approve {request} --because "the figures are public anyway"')
        self._say(f'  greenlane send-back {request} --note "take the names out"')
        self._say(f'  greenlane decline {request} --because "not before the launch"')

    def _say(self, text: str, style: str = "") -> None:
        self.talk.out.say(text, style)


def lay_out(folder: Path) -> Path:
    """Write the sites of the tour into a folder, each whole; the key that leaks is made anew and opens nothing.

    Raises ``FileTrouble`` where that folder cannot be written.
    """
    try:
        shutil.rmtree(folder, ignore_errors=True)
        with as_file(files("greenlane.cli") / "sites") as sites:
            for site in sorted(one for one in sites.iterdir() if one.is_dir()):
                for layer in (LAID_OVER.get(site.name, site.name), site.name):
                    shutil.copytree(sites / layer, folder / site.name, dirs_exist_ok=True)
        shutil.copytree(folder / "offsite", folder / "offsite-v2")
        _replace(
            folder / "offsite-v2" / "index.html",
            "the bus waits ten minutes longer",
            "the bus waits twenty minutes longer",
        )
        letters = string.ascii_letters + string.digits
        _replace(
            folder / "metrics-leak" / "metrics.js", LEAK, f"ghp_{''.join(secrets.choice(letters) for _ in range(36))}"
        )
    except OSError as error:
        raise FileTrouble(
            f"The tour cannot write its sites into {folder}.",
            next_step="Make room there, or set XDG_CACHE_HOME to a folder of yours.",
            detail=str(error),
        ) from error
    return folder


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text, f"{file.name} is not the site that the tour expects"
    file.write_text(text.replace(old, new), "utf-8")


def typed_out(words: Sequence[str]) -> str:
    """What a person types for these words in a shell."""
    return " ".join(["greenlane", *(f'"{word}"' if " " in word else shorter(word) for word in words)])


def shorter(path: Path | str) -> str:
    """A path with the person's own folder as shells know it."""
    home = f"{Path.home()}/"
    return f"~/{str(path).removeprefix(home)}" if str(path).startswith(home) else str(path)


def says_end(out: Output, document: Document) -> None:
    """Where to look now."""
    out.say()
    if not document["apps"]:
        out.say("The tour's apps are put away; `greenlane tour` brings them back.")
        return
    out.say("That was the whole path. The tour's apps:", "bold")
    for app in document["apps"]:
        if app["url"]:
            out.raw(app["url"])
    out.next("`greenlane deploy ./your-site`, or `greenlane tour --clean` to put the tour's apps away.")
