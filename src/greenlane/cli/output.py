"""How the terminal speaks: sentences, lanes as a shape and a word, plain tables, and addresses that can be copied.

An address or a one-time link stands alone on its line and is written as it is, whatever the width and wherever the
output goes. Nothing is wrapped in a file. Colour is only ever said twice: the shape and the word say it as well.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

import orjson
from rich.cells import cell_len
from rich.console import Console

from greenlane.kit.errors import GreenlaneError

SHAPES = {"green": "●", "amber": "◆", "red": "⬣", "closed": "■"}
"""One shape for each lane, so that nobody needs to tell colours apart."""

STYLES = {"green": "green", "amber": "yellow", "red": "red", "closed": "bold"}
"""How a terminal colours each lane."""

_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: str) -> str:
    """A text that cannot steer the terminal: what somebody else wrote may hold escape sequences. Newlines stay."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        "\ufffd" if letter in _TURNING or (unicodedata.category(letter) == "Cc" and letter != "\n") else letter
        for letter in text
    )


def counted(number: int, noun: str) -> str:
    """``1 file``, ``1,200 files``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def size(count: int) -> str:
    """Bytes as people read them, in steps of 1,000."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return f"{count:,} bytes" if unit == "bytes" else f"{amount:,.1f} {unit}"
        amount /= 1000
    raise AssertionError("a size has a unit")


class _Stream(Console):
    """Rich ends the process with 1 when its reader goes away; whoever read enough is no error here."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def _stream(file: TextIO) -> Console:
    return _Stream(file=file, highlight=False, markup=False, emoji=False, soft_wrap=True)


class Output:
    """One command's output. With ``as_json`` only the one document at the end is written."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._out = _stream(sys.stdout)
        self.err = _stream(sys.stderr)

    def say(self, text: str = "", style: str = "") -> None:
        """One or more lines for people."""
        if not self.as_json:
            self._out.print(clean(text), style=style or None)

    def raw(self, text: str) -> None:
        """An address, a link, a token or a digest: alone on its line, exactly as it is."""
        if not self.as_json:
            self._out.file.flush()
            sys.stdout.write(f"{clean(text)}\n")

    def lane(self, lane: str, words: str) -> None:
        """``● went through``."""
        self.say(f"{SHAPES.get(lane, '·')} {words}", style=STYLES.get(lane, ""))

    def next(self, command: str) -> None:
        """What to type, or do, next."""
        self.say(f"Next: {command}", style="bold")

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[Any]], none: str = "Nothing yet.") -> None:
        """Columns with two spaces between them, the last one as long as it is; ``none`` where there are no rows."""
        cells = [[clean(_cell(value)).replace("\n", " ") for value in row] for row in rows]
        if not cells:
            self.say(none)
            return
        widths = [max(cell_len(line[column]) for line in [list(heads), *cells]) for column in range(len(heads) - 1)]
        for place, line in enumerate([[head.upper() for head in heads], *cells]):
            padded = [cell + " " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=False)]
            self.say("  ".join([*padded, line[-1]]).rstrip(), style="" if place else "dim")

    def facts(self, title: str, pairs: Iterable[tuple[str, Any]]) -> None:
        """One thing on a page: its name, then what is known of it. What is unknown or empty is left out."""
        known = [(name, text) for name, value in pairs if (text := _cell(value))]
        width = max((cell_len(name) for name, _ in known), default=0)
        self.say(title, style="bold")
        for name, text in known:
            self.say(f"{name:<{width}}  {text}")

    def note(self, text: str) -> None:
        """What happens meanwhile; it goes to the error stream, so that results can be piped on."""
        if not self.as_json:
            self.err.print(clean(text), style="dim")

    def ask(self, text: str, address: str) -> None:
        """What a person must do before the command can go on, and where. On the error stream; with ``--json`` too."""
        self.err.print(clean(text))
        self.err.file.flush()
        sys.stderr.write(f"{clean(address)}\n")
        sys.stderr.flush()

    def warn(self, text: str) -> None:
        """Something that a person should know although the command goes on; with ``--json`` too."""
        self.err.print(clean(text), style="yellow")

    def error(self, error: GreenlaneError) -> None:
        """What went wrong, then what to do about it."""
        self.err.print(clean(error.message), style="red")
        if error.next_step:
            self.err.print(clean(f"Next: {error.next_step}"))

    def one_stream(self) -> None:
        """From here on everything goes to where results go: a story that is told in order."""
        self.err = self._out

    def to_error_stream(self) -> None:
        """From here on people are spoken to on the error stream: what follows is why it was refused."""
        self._out = self.err

    def document(self, document: Any) -> None:
        """The one JSON document."""
        sys.stdout.write(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(_cell(one) for one in value)
    if isinstance(value, dict):
        return _cell(value.get("name") or value.get("id"))
    return str(value)
