"""Files in which people leave credentials, and files that only look like it, made from forms by chance.

`placements_of_credentials.txt` and `harmless_files.txt` have the forms, so that no value stands in the tree.
"""

from __future__ import annotations

import base64
import random
import re
from dataclasses import dataclass
from pathlib import Path

from tests.deploys.kinds_of_credentials import made

_FOLDER = Path(__file__).parent
_HEAD = re.compile(r"^== (?P<what>.+) \| (?P<path>\S+)\n", re.MULTILINE)
_CHAPTER = re.compile(r"\n\n# .*\n(?=== )|\A(?:# .*\n)+\n*(?:# .*\n)*")
_BASE64 = re.compile("«base64 (.*?)»", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Placement:
    """A file: what it is, where it lies, and its content as a form."""

    what: str
    path: str
    form: str

    def made(self, seed: int) -> bytes:
        """The file with other values for each seed."""
        text = made(self.form, random.Random(f"{seed} {self.what}"))
        return _BASE64.sub(lambda part: base64.b64encode(part[1].encode()).decode(), text).encode()


def placements(name: str) -> tuple[Placement, ...]:
    """Every file of a list, in its order."""
    _, *parts = _HEAD.split(_CHAPTER.sub("\n", (_FOLDER / name).read_text("utf-8")))
    return tuple(Placement(*parts[start : start + 3]) for start in range(0, len(parts), 3))


LEAVING_ONE = placements("placements_of_credentials.txt")
HARMLESS = placements("harmless_files.txt")
