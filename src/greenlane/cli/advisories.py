"""What apps depend on, and what is known about it: lists of known flaws, and the packages of an app."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from greenlane.cli import saying
from greenlane.cli.command import Act, Ask, Command
from greenlane.cli.errors import FileTrouble
from greenlane.cli.folder import LocalFile
from greenlane.cli.output import Output, counted
from greenlane.cli.sending import sent_file
from greenlane.cli.talk import Document, Talk
from greenlane.govern.errors import WrongInput

Where = Annotated[
    str,
    typer.Argument(
        metavar="FILE|FOLDER|ADDRESS", help="A zip or JSON file, a folder of JSON files, or a mirror's address."
    ),
]
App = Annotated[str, typer.Argument(metavar="APP", help="The app's name.")]
Deploy = Annotated[str, typer.Option("--deploy", help="A deploy's id; the newest when left out.", show_default=False)]


def taken(talk: Talk, where: Where) -> dict[str, Any]:
    """Take over known flaws of packages, in the OSV format. The server fetches an address itself."""
    if where.startswith(("https://", "http://")):
        return {"address": where}
    if talk.explaining:
        return {"upload": "upl_unknown_yet"}
    with _file(Path(where)) as file:
        return {"upload": sent_file(talk.client, file, talk.out)}


@contextmanager
def _file(place: Path) -> Iterator[LocalFile]:
    """The file itself; a folder as a zip of its JSON files. Raises ``WrongInput`` or ``FileTrouble``."""
    if place.is_file():
        yield _local(place)
        return
    if not place.is_dir():
        raise WrongInput(
            f"There is no file or folder {str(place)!r}.", next_step="Name a zip, a JSON file or a folder."
        )
    with tempfile.TemporaryDirectory(prefix="greenlane-") as folder:
        packed = Path(folder) / "advisories.zip"
        names = sorted(place.rglob("*.json"))
        if not names:
            raise WrongInput(f"{place} holds no JSON file.", next_step="Name a folder of advisories in the OSV format.")
        try:
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                for one in names:
                    archive.write(one, one.relative_to(place).as_posix())
        except OSError as error:
            raise FileTrouble(
                f"{place} cannot be read.", next_step="Name another folder.", detail=str(error)
            ) from error
        yield _local(packed)


def _local(file: Path) -> LocalFile:
    with file.open("rb") as opened:
        return LocalFile(file, hashlib.file_digest(opened, "sha256").hexdigest(), file.stat().st_size)


def lists(talk: Talk) -> Document:
    """The lists of known flaws that are kept, and how old they are."""
    return talk.client.get("/v1/advisories")


def depends(talk: Talk, app: App, deploy: Deploy = "") -> Document:
    """What an app is made of, and the flaws that are known of it, with the versions that mend them."""
    return talk.client.get(f"/v1/apps/{quote(app, safe='')}/dependencies", deploy=deploy)


def _says_taken(out: Output, document: Document) -> None:
    answer = document["answer"]
    for ecosystem, number in answer["advisories"].items():
        out.say(
            f"{ecosystem}: {counted(number, 'advisory').replace('advisorys', 'advisories')}, the newest of {answer['newest'][ecosystem][:10]}."
        )
    if answer["passed_over"]:
        out.say(f"{answer['passed_over']:,} entries were passed over: of other ecosystems, or not in the OSV format.")
    if not answer["whole"]:
        out.say("A single file is no list of an ecosystem: how old the lists are stays as it was.")
    out.next(
        "What is live is held against it within a minute, and owners are told. `greenlane dependencies APP` shows one app."
    )


def _says_lists(out: Output, document: Document) -> None:
    rows = [
        (
            one["ecosystem"],
            f"{one['advisories']:,}",
            one["newest"][:10],
            counted(one["days"], "day"),
            "old" if one["old"] else "",
        )
        for one in document["items"]
    ]
    out.table(
        ("ecosystem", "advisories", "newest entry", "age", ""), rows, none="No list was imported: nothing is checked."
    )


def _says_depends(out: Output, document: Document) -> None:
    whence = "were installed by its build" if document["from"] == "build" else "are named in its files"
    out.say(f"{document['packages']:,} packages of {document['deploy']} {whence}. {document['says']}")
    rows = [
        (one["severity"], f"{one['package']} {one['version']}", one["fixed"] or "none yet", one["id"], one["summary"])
        for one in document["flaws"]
    ]
    out.table(
        ("severity", "package", "mended in", "advisory", "what"), rows, none="Nothing on those lists is about them."
    )


COMMANDS: tuple[Command, ...] = (
    Ask("advisories", "query /v1/advisories", lists, "greenlane advisories", _says_lists),
    Act(
        "advisories import",
        "import-advisories",
        taken,
        "greenlane advisories import all.zip",
        saying.answer(_says_taken),
    ),
    Ask(
        "dependencies",
        "query /v1/apps/{app}/dependencies",
        depends,
        "greenlane dependencies vendor-board",
        _says_depends,
    ),
)
