"""`greenlane deploy`: a folder becomes a preview that the right people can open."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from greenlane.catalog import names
from greenlane.cli import leaks, naming, saying
from greenlane.cli.builds import built
from greenlane.cli.command import Act, Command
from greenlane.cli.errors import MISSING, FromControl, exit_code_of
from greenlane.cli.output import Output
from greenlane.cli.sending import send, summary
from greenlane.cli.source import Source, opened
from greenlane.cli.talk import Document, Talk
from greenlane.govern.errors import WrongInput

Place = Annotated[
    str, typer.Argument(metavar="[PATH|-]", help="A folder, an archive, an HTML file, or - for standard input.")
]
App = Annotated[
    str, typer.Option("--app", help="The app's name. Guessed, and said, when left out.", show_default=False)
]
Message = Annotated[str, typer.Option("--message", "-m", help="What changed, in your own words.", show_default=False)]

AsItIs = Annotated[bool, typer.Option("--as-it-is", help="Serve the files as they are, although they could be built.")]


def deploy(
    talk: Talk, path: Place = ".", app: App = "", message: Message = "", as_it_is: AsItIs = False
) -> dict[str, Any]:
    """Send a folder or an archive and make a preview of it; only what the server lacks is sent, and a source is built."""
    with opened(path) as source:
        name = app or _guessed(talk, source)
        if not (known := _exists(talk, name)):
            names.check(name)
        sent = send(talk.client, source, talk.out)
    if (refused := sent.get("refused")) and not as_it_is:
        raise WrongInput(
            str(refused["says"]), next_step=f"{refused['instead']} `--as-it-is` serves the files as they are."
        )
    if not (known or talk.explaining):
        _create(talk, name, names.title_of(source.page))
    upload = str(sent["upload"])
    if sent.get("plan") and not (as_it_is or talk.explaining):
        upload, ended = built(talk, name, upload)
        talk.beside["build"] = ended
    found = {"findings": sent.get("findings", []), "upload_id": sent["upload"]}
    talk.beside |= {"upload": summary(sent), "created": not known, **_left_at_home(source), **found}
    if source.place is not None and source.place.is_dir() and not talk.explaining:
        naming.remember(source.place, name)
    return {"app": name, "upload": upload} | ({"message": message} if message else {})


def _guessed(talk: Talk, source: Source) -> str:
    before = naming.remembered(source.place) if source.place is not None else ""
    name = before or naming.guess(source.place, source.page)
    if not name:
        raise WrongInput("This tells no name for the app.", next_step="Say one with --app, such as --app vendor-board.")
    talk.out.note(f"The app is {name}, {'as before' if before else 'a guess'}; --app names another.")
    return name


def _exists(talk: Talk, app: str) -> bool:
    try:
        talk.client.get(f"/v1/apps/{quote(app, safe='')}")
    except FromControl as error:
        if exit_code_of(error) == MISSING:
            return False
        raise
    return True


def _create(talk: Talk, app: str, title: str) -> None:
    """Make the app that is deployed for the first time. Raises ``FromControl`` when it does not go through."""
    made = talk.client.act("create-app", {"app": app} | ({"title": title} if title else {}))
    if made["exit_code"]:
        waits = made.get("state") == "waiting"
        step = f"`greenlane approvals show {made.get('request')}` says who is asked." if waits else ""
        reasons = [str(one["says"]) for one in made.get("reasons", ())]
        raise FromControl(
            202 if waits else 403,
            {"next_step": step, **made, "title": f"The app {app} could not be created. {' '.join(reasons)}".strip()},
        )


def _left_at_home(source: Source) -> dict[str, Any]:
    aside = [{"path": one.path, "why": one.why} for one in source.set_aside]
    return {"left_at_home": {"set_aside": aside, "variables": list(source.variables)}}


def deployed(out: Output, document: Document) -> None:
    """What came of it: the preview's address, the passport, what was set aside, and what to type next."""
    answer = document["answer"]
    app = answer.get("app") or document["subject"].partition(":")[2]
    if document.get("created"):
        out.say(f"The app {app} is new; it is yours.")
    out.say("Preview:")
    out.raw(answer["url"])
    out.say("Passport:")
    out.raw(answer["passport"])
    home = document.get("left_at_home", {})
    aside = {one["path"]: one["why"] for one in (*home.get("set_aside", ()), *answer.get("set_aside", ()))}
    if aside:
        out.say("Set aside, never served:")
        for path, why in sorted(aside.items()):
            out.say(f"  {path}: {why}")
    if names := sorted({*home.get("variables", ()), *answer.get("variables", ())}):
        out.say(f"Its .env names {', '.join(names)}. To give the preview their values:")
        out.say(f"  greenlane variables import .env --app {app}")
    if hosts := answer.get("hosts"):
        out.say(f"Pages call hosts that are not declared: {', '.join(hosts)}. To declare one:")
        out.say(f"  greenlane hosts add {app} {hosts[0]}")
    for note in answer.get("notes", ()):
        out.say(note)
    out.next(f"`greenlane publish {app}`")


def _shows(out: Output, document: Document) -> None:
    """As every act; a refusal for what was found says what can be done about it in one step."""
    saying.answer(deployed)(out, document)
    if document.get("state") == "refused":
        found = [one for one in document.get("findings", ()) if one["weight"] == "leaked"]
        leaks.steps(out, str(document.get("subject", "")).partition(":")[2], str(document.get("upload_id", "")), found)


DEPLOY = Act(
    "deploy",
    "deploy",
    deploy,
    'greenlane deploy ./site --app vendor-board -m "first version"',
    _shows,
)
COMMANDS: tuple[Command, ...] = (DEPLOY,)
