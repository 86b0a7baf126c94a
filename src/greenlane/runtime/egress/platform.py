"""The way from a sandbox to the platform's own models: what is asked of the proxy itself, as of an ordinary web server.

A program finds the model gateway at ``http://127.0.0.1:3128/ai/``, where its proxy is. What it asks there goes on to the
gateway's socket with ``Greenlane-Sandbox``, which says whose sandbox it is; what a program writes under that name is
thrown away. Only this process reaches that socket, so there the name can be believed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson

from greenlane.runtime.egress.asking import Asked
from greenlane.runtime.egress.carrying import PIECE
from greenlane.runtime.egress.policy import Refused, Sandbox
from greenlane.runtime.egress.reaching import Line

Says = Callable[[str, int, str, str, int | None], tuple[Sequence[tuple[bytes, bytes]], bytes]]
"""Fields and body of a refusal, from the path that was asked for, status, code, words, and seconds after which trying again
may help.
"""

FIELD = b"Greenlane-Sandbox"
_PREFIX = b"/ai/"


def plainly(
    path: str, status: int, code: str, words: str, retry_after: int | None
) -> tuple[Sequence[tuple[bytes, bytes]], bytes]:
    """A refusal in plain text."""
    again = [] if retry_after is None else [(b"Retry-After", b"%d" % retry_after)]
    return [(b"Content-Type", b"text/plain; charset=utf-8"), *again], f"{words}\n".encode()


def path_of(asked: Asked) -> str:
    """The path that was asked for, without its query."""
    return asked.head.split(b" ", 2)[1].partition(b"?")[0].decode("ascii", "replace")


async def reach(models: Path | None, one: Sandbox) -> Line:
    """A connection to the model gateway for that sandbox. Raises ``Refused``."""
    if not one.models:
        raise Refused(
            "models-not-asked-for",
            f"This build of {one.app} may not call models.",
            "Say that it does, in greenlane.toml: [build] models = true",
        )
    try:
        if models is None:
            raise FileNotFoundError("there is no model gateway")
        return await asyncio.open_unix_connection(str(models), limit=PIECE)
    except OSError as error:
        raise Refused(
            "models-away", "The model gateway does not answer just now.", "Try again in a moment.", status=503
        ) from error


def head(one: Sandbox, asked: Asked) -> bytes:
    """What goes on to the gateway. Raises ``Refused`` for what is not about models, or not about the platform at all."""
    if not asked.platform or not asked.head.partition(b" ")[2].startswith(_PREFIX):
        raise Refused(
            "not-of-the-platform",
            "At this address there are models alone, below /ai/.",
            "Use the addresses in OPENAI_BASE_URL, ANTHROPIC_BASE_URL and GOOGLE_GEMINI_BASE_URL.",
            status=404,
        )
    whose = orjson.dumps({"app": one.app, "environment": one.environment, "deploy": one.deploy, "use": one.use})
    line, _, rest = asked.head.partition(b"\r\n")
    return b"%b\r\n%b: %b\r\n%b" % (line, FIELD, whose, rest)
