"""Sending what the server lacks, a few files at a time, and nothing twice.

Content is named by its digest, so an interrupted upload needs no note of where it stood: asked anew, the server names
only what it still lacks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from greenlane.cli.client import Client
from greenlane.cli.errors import FileTrouble, FromControl
from greenlane.cli.folder import LocalFile, read_file
from greenlane.cli.output import Output, counted, size
from greenlane.cli.source import Source

AT_ONCE = 4
"""Files that are sent at the same time."""

CHUNK = 256 * 1024
"""Bytes that are read and sent in one go."""


Meter = Callable[[int], None]
"""Is told how many more bytes went out."""


def send(client: Client, source: Source, out: Output) -> dict[str, Any]:
    """Upload a source and close the upload. What the server says of it, with ``sent`` files and ``sent_bytes``."""
    asked = client.post("/v1/uploads", source.asked)
    lacking = [source.contents[digest] for digest in asked["missing"]]
    total = sum(one.size for one in lacking)
    have = len(source.contents) - len(lacking)
    if lacking:
        with _progress(out, len(lacking), have, total) as meter:
            _send_all(client, asked["upload"], lacking, meter)
    else:
        out.note("The server has all of it already.")
    done: dict[str, Any] = client.post(f"/v1/uploads/{asked['upload']}/complete", {})
    return {**done, "upload": asked["upload"], "sent": len(lacking), "sent_bytes": total}


def sent_file(client: Client, file: LocalFile, out: Output) -> str:
    """Send one file as it is, and leave the upload open for the verb that reads it. The upload's id."""
    named = {"sha256": file.sha256, "size": file.size, "name": file.path.name}
    asked = client.post("/v1/uploads", {"archive": named})
    if asked["missing"]:
        with _progress(out, 1, 0, file.size) as meter:
            _send_one(client, asked["upload"], file, meter)
    return str(asked["upload"])


def _send_all(client: Client, upload: str, files: list[LocalFile], meter: Meter) -> None:
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sending")
    try:
        sent = [pool.submit(_send_one, client, upload, one, meter) for one in files]
        done, _ = wait(sent, return_when=FIRST_EXCEPTION)
        for one in done:
            one.result()
    finally:
        # after an error, or Ctrl-C, what has not begun is not begun any more
        pool.shutdown(cancel_futures=True)


def _send_one(client: Client, upload: str, file: LocalFile, meter: Meter) -> None:
    try:
        client.put(f"/v1/uploads/{upload}/blobs/{file.sha256}", lambda: _chunks(file, meter), file.size)
    except (FromControl, OSError) as error:
        if not file.path.is_file() or read_file(file.path).sha256 != file.sha256:
            raise _changed(file) from error
        raise


def _chunks(file: LocalFile, meter: Meter) -> Iterator[bytes]:
    """As many bytes as were hashed: what a file has grown by since is not part of what is sent."""
    left = file.size
    with file.path.open("rb") as content:
        while left:
            chunk = content.read(min(CHUNK, left))
            if not chunk:
                raise _changed(file)
            yield chunk
            left -= len(chunk)
            meter(len(chunk))


def _changed(file: LocalFile) -> FileTrouble:
    return FileTrouble(
        f"{file.path} changed while it was sent.", next_step="Type the same again once it stays as it is."
    )


@contextmanager
def _progress(out: Output, files: int, have: int, total: int) -> Iterator[Meter]:
    """A bar on a terminal, a plain line elsewhere, nothing with ``--json``."""
    known = f"; the server has {have:,} already" if have else ""
    out.note(f"Sending {counted(files, 'file')}, {size(total)}{known}.")
    if out.as_json or not out.err.is_terminal:
        yield lambda _sent: None
        return
    columns = (TextColumn("Sending"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=out.err, transient=True) as bar:
        task = bar.add_task("sending", total=total)
        yield lambda sent: bar.advance(task, sent)


def summary(sent: Mapping[str, Any]) -> dict[str, int]:
    """What an upload came to, for the JSON document."""
    return {
        "files": sent.get("files", 0),
        "bytes": sent.get("bytes", 0),
        "sent": sent["sent"],
        "sent_bytes": sent["sent_bytes"],
    }
