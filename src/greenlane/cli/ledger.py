"""The ledger: check every byte of it, prove a receipt, take it along, make stored words unreadable."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from greenlane.cli import config, trust
from greenlane.cli.command import ARGUMENT, Ask, Command, act
from greenlane.cli.errors import ELSE, DoesNotHold, FileTrouble
from greenlane.cli.output import Output, counted
from greenlane.cli.talk import Document, Talk
from greenlane.govern.errors import WrongInput
from greenlane.ledger.checkpoint import Checkpoint, open_note
from greenlane.ledger.exported import verify_export
from greenlane.ledger.note import b64
from greenlane.ledger.report import Report
from greenlane.ledger.trust import Trust

File = Annotated[
    Path | None,
    typer.Argument(metavar="[FILE.jsonl]", help="An export to check; the server's own ledger when left out."),
]
Data = Annotated[Path | None, typer.Option("--data", help="The data folder of a stopped server.", show_default=False)]
Root = Annotated[
    Path | None,
    typer.Option("--trust", help="The public keys to check with, from `greenlane trust export`.", show_default=False),
]
To = Annotated[Path | None, typer.Option("--to", help="Write to this file.", show_default=False)]
Index = Annotated[int, typer.Argument(metavar="SEQ", min=0, help="The receipt's index.")]


OfFolder = Callable[[Path, Trust | None], Report]
"""Verifies a stopped server's folder. It is handed in: no other command of a terminal needs a database."""


def _reported(report: Report, source: str) -> dict[str, Any]:
    fault = report.fault
    return {
        "ok": report.holds,
        "receipts": report.size,
        "signed": report.signed,
        "witnessed": report.witnessed,
        "first_bad": None if fault is None else {"seq": fault.seq, "reason": fault.reason},
        "says": report.words(),
        "trust": source,
        "exit_code": 0 if report.holds else ELSE,
    }


def _of_server(talk: Talk, root: Path | None) -> dict[str, Any]:
    """The server's word on its own bytes, held against its pinned keys and the newest checkpoint seen here before."""
    keys, source = _compared(talk, root)
    note = talk.client.text("/v1/ledger/checkpoint")
    signed = open_note(note, keys.log)
    _not_shorter(talk.url, signed)
    found = talk.client.get("/v1/ledger/verify")
    return {**found, "says": found["words"], "trust": source, "exit_code": 0 if found["ok"] else ELSE}


def _compared(talk: Talk, root: Path | None) -> tuple[Trust, str]:
    """The keys for what this server proves; it must still show the ones that were pinned."""
    shown = talk.client.open("/v1/trust")
    trust.compare(talk.url, shown)
    return trust.root(talk.url, root)


def _not_shorter(url: str, signed: Checkpoint) -> None:
    """A log only grows: what was signed once and seen here must still be there. Raises ``DoesNotHold``."""
    path = trust.seen_path(url)
    seen = config.read(path) or {"origin": signed.origin, "size": 0, "root": ""}
    if seen["origin"] == signed.origin and (
        signed.size < seen["size"] or (signed.size == seen["size"] > 0 and b64(signed.root) != seen["root"])
    ):
        raise DoesNotHold(
            f"The ledger had {seen['size']} receipts when it was last checked here, and shows {signed.size} now.",
            next_step="It was cut, forked or put back from an old copy: stop relying on it and ask its witness.",
        )
    config.write(path, {"origin": signed.origin, "size": signed.size, "root": b64(signed.root)})


def replay(talk: Talk) -> Document:
    """Decide every recorded decision anew from its receipt, and compare."""
    found = talk.client.get("/v1/ledger/replay")
    return {**found, "exit_code": ELSE if found["differences"] else 0}


def export(talk: Talk, to: To = None) -> Document:
    """Write the ledger as JSON lines that can be checked alone, to a file or to standard output."""
    if to is None and talk.out.as_json:
        raise WrongInput("An export is many JSON documents, not one.", next_step="Name a file with --to.")
    lines = talk.client.lines("/v1/ledger/export")
    if to is None:
        return {"file": None, "lines": sum(1 for line in lines if sys.stdout.write(f"{line}\n"))}
    draft = to.with_name(f"{to.name}.part")
    try:
        with draft.open("w", encoding="utf-8", newline="\n") as out:
            written = sum(1 for line in lines if out.write(f"{line}\n"))
        draft.replace(to)
    except OSError as error:
        raise FileTrouble(
            f"{to} cannot be written.", next_step="Name a file with --to where there is room.", detail=str(error)
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    return {"file": str(to), "lines": written}


def proof(talk: Talk, seq: Index) -> Document:
    """The proof that a receipt is in the ledger, as a C2SP tlog-proof file."""
    return {"seq": seq, "text": talk.client.text(f"/v1/ledger/proof/{seq}")}


def checkpoint(talk: Talk) -> Document:
    """The newest signed checkpoint, checked against the pinned keys."""
    keys, source = _compared(talk, None)
    text = talk.client.text("/v1/ledger/checkpoint")
    signed = open_note(text, keys.log)
    _not_shorter(talk.url, signed)
    return {"origin": signed.origin, "size": signed.size, "root": b64(signed.root), "text": text, "trust": source}


def exported_trust(talk: Talk) -> Document:
    """The server's public keys, for whoever verifies elsewhere."""
    shown = talk.client.open("/v1/trust")
    trust.compare(talk.url, shown)
    return shown


def renew(talk: Talk) -> Document:
    """Pin the public keys that the server shows now, after it was set up anew."""
    shown = talk.client.open("/v1/trust")
    path = trust.pin(talk.url, shown)
    return {"trust": shown, "file": str(path)}


def _says(out: Output, document: Document) -> None:
    for line in document["says"]:
        out.say(line, style="" if document["ok"] else "red")
    out.say(f"Checked with the public keys in {document['trust']}.")
    if not document["ok"]:
        out.next("keep a copy of everything as it is, and compare it with an export or a backup that holds.")


def _says_replay(out: Output, document: Document) -> None:
    if not document["differences"]:
        out.say(f"All {counted(document['replayed'], 'decision')} come out the same.")
        return
    out.say(f"{counted(len(document['differences']), 'decision')} of {document['replayed']:,} come out otherwise:")
    for one in document["differences"]:
        out.say(f"  {one if isinstance(one, str) else one.get('says') or one}")


def _says_text(out: Output, document: Document) -> None:
    for line in document["text"].splitlines():
        out.raw(line)


def _says_json(out: Output, document: Document) -> None:
    out.document(document)


def _says_export(out: Output, document: Document) -> None:
    if document["file"]:
        out.say(f"{counted(document['lines'], 'line')} are in {document['file']}.")
        out.next(f"`greenlane ledger verify {document['file']}`")


def _says_renewed(out: Output, document: Document) -> None:
    out.say(f"These public keys are pinned from now on, in {document['file']}:")
    out.document(document["trust"])


def commands(of_folder: OfFolder) -> tuple[Command, ...]:
    """What can be asked of the ledger."""

    def verify(talk: Talk, file: File = None, data: Data = None, root: Root = None) -> Document:
        """Check every byte of the ledger: of the server, of a stopped server's folder, or of an export."""
        if file is not None and data is not None:
            raise WrongInput("A file and --data together are two questions.", next_step="Ask one after the other.")
        if data is not None:
            keys = None if root is None else Trust.read(root)
            return _reported(of_folder(data, keys), str(root or data / "trust.json"))
        if file is not None:
            keys, source = trust.root(talk.url, root)
            if not file.is_file():
                raise FileTrouble(f"There is no file {file}.", next_step="Name one from `greenlane ledger export`.")
            return _reported(verify_export(file, keys), source)
        return _of_server(talk, root)

    return (
        Ask("ledger verify", "query /v1/ledger/verify", verify, "greenlane ledger verify", _says),
        Ask("ledger replay", "query /v1/ledger/replay", replay, "greenlane ledger replay", _says_replay),
        Ask(
            "ledger export",
            "query /v1/ledger/export",
            export,
            "greenlane ledger export --to ledger.jsonl",
            _says_export,
        ),
        Ask("ledger proof", "query /v1/ledger/proof/{seq}", proof, "greenlane ledger proof 17 > 17.proof", _says_text),
        Ask("ledger checkpoint", "query /v1/ledger/checkpoint", checkpoint, "greenlane ledger checkpoint", _says_text),
        act("ledger forget", "forget", "greenlane ledger forget sha256:9f86d0…", digest=ARGUMENT),
        Ask("trust export", "query /v1/trust", exported_trust, "greenlane trust export > trust.json", _says_json),
        Ask("trust renew", "query /v1/trust", renew, "greenlane trust renew", _says_renewed),
    )
