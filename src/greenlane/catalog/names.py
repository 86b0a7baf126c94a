"""Names of apps: labels of a host name that people can read, type and tell apart.

`<deploy>--<app>` is one label of at most 63 characters (RFC 1035), so an app's name has at most 40, and `--` is ours.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from importlib import resources

from confusable_homoglyphs import categories, confusables

from greenlane.govern.errors import Conflict, WrongInput
from greenlane.kit.text import shown

SHORTEST, LONGEST = 3, 40
"""Characters of an app's name."""

RESERVED = frozenset(resources.files("greenlane.catalog").joinpath("reserved_names.txt").read_text("utf-8").split())
"""Names that mean a part of the platform or of the mail and name systems, now or one day."""

_NAME = re.compile(r"[a-z](?:[a-z0-9-]*[a-z0-9])?")
_SAYS_NOTHING = frozenset(
    ["app", "archive", "build", "deploy", "dist", "download", "downloads", "export", "folder", "home", "html",
     "index", "main", "my-app", "new-folder", "out", "output", "project", "public", "release", "site", "src",
     "static", "temp", "tmp", "untitled", "upload", "web", "website", "www"]
)  # fmt: skip
_NOTHING = "my-site"
"""What is suggested where nothing tells a name; nobody means it."""
_LOOKS_LIKE = (("rn", "m"), ("vv", "w"), ("0", "o"), ("1", "l"))
"""Letters of a host name that are taken for others at a glance (a part of UTS #39, confusables, for `a-z0-9-`)."""
_ENDINGS = re.compile(r"\.(?:zip|tar|tar\.gz|tgz|tar\.bz2|tar\.xz|html?)$", re.IGNORECASE)
_COPY = re.compile(r"(?:[ _-]?\(\d+\)|[ _-]copy(?:[ _-]?\d+)?)$", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{1,200})", re.IGNORECASE)


def check(name: str, existing: Iterable[str] = ()) -> None:
    """Whether a new app may have this name beside the existing ones.

    Raises ``WrongInput`` for a name that cannot be one, ``Conflict`` for one that looks like another app's.
    """
    if not name.isascii():
        raise WrongInput(f"The name {shown(name)} {_foreign(name)}.", next_step=_instead(name))
    if len(name) < SHORTEST or len(name) > LONGEST:
        raise WrongInput(
            f"The name {shown(name)} has {len(name)} characters; an app's name has {SHORTEST} to {LONGEST}.",
            next_step=_instead(name),
        )
    if name.startswith("xn--"):
        raise WrongInput(
            f"The name {shown(name)} is other letters in disguise (punycode).",
            next_step="Choose one with letters a to z.",
        )
    if not _NAME.fullmatch(name) or "--" in name:
        raise WrongInput(
            f"The name {shown(name)} cannot be part of an address: it has small letters, digits and single hyphens, "
            "and begins with a letter.",
            next_step=_instead(name),
        )
    if name in RESERVED:
        raise WrongInput(f"The name {name} is kept for the platform.", next_step=f"Try {name}-app or a longer name.")
    looks = _skeleton(name)
    for other in existing:
        if other != name and _skeleton(other) == looks:
            raise Conflict(
                f"The name {name} is easily taken for {other}, which is another app.",
                next_step="Choose a name of its own.",
            )


def suggest(place: str, title: str = "") -> str:
    """A valid name guessed from a folder's path or a file's name, then from a page's title; `my-site` at last."""
    parts = [part for part in re.split(r"[/\\]", place) if part not in ("", ".", "..", "~")]
    for words in [*reversed(parts[-3:]), title]:
        name = _slug(words)
        if len(name) >= SHORTEST and name not in _SAYS_NOTHING:
            return f"{name}-app"[:LONGEST] if name in RESERVED else name
    return _NOTHING


def guess(place: str, title: str = "") -> str:
    """A name for what somebody brings, after its folder or file and then its first page's title; empty when none tells."""
    found = suggest(place, title)
    return "" if found == _NOTHING else found


def free(name: str, existing: Iterable[str]) -> str:
    """The name, or the first one with a number behind it that can be told from every existing one.

    Raises ``WrongInput`` for a name that cannot be one anyway.
    """
    taken = {_skeleton(one) for one in existing}
    check(name)
    number = 2
    found = name
    while _skeleton(found) in taken:
        found = f"{name[: LONGEST - len(str(number)) - 1].rstrip('-')}-{number}"
        number += 1
    return found


def title_of(page: str) -> str:
    """The title of an HTML page, empty where it has none."""
    found = _TITLE.search(page)
    return found[1].strip() if found else ""


def _slug(words: str) -> str:
    words = _COPY.sub("", _ENDINGS.sub("", words.strip()).strip())
    plain = unicodedata.normalize("NFKD", words.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[^a-z0-9]+", "-", plain).strip("-").lstrip("0123456789-")
    if len(plain) > LONGEST:
        plain = plain[: LONGEST + 1].rpartition("-")[0] or plain
    return plain[:LONGEST].strip("-")


def _instead(name: str) -> str:
    if any(letter.isalpha() and not unicodedata.normalize("NFKD", letter)[0].isascii() for letter in name):
        return "Choose one with letters a to z, such as vendor-board."
    other = suggest(name)
    return "Choose another name, such as vendor-board." if other == _NOTHING else f"Try {other}."


def _foreign(name: str) -> str:
    """What is wrong with a name beyond ASCII, in words that show a disguise."""
    scripts = {categories.alias(letter) for letter in name if letter.isalpha()} - {"COMMON", "INHERITED"}
    if len(scripts) > 1 and confusables.is_dangerous(name):
        return f"mixes letters of {' and '.join(sorted(one.capitalize() for one in scripts))} that look alike"
    return "has letters that an address cannot show plainly"


def _skeleton(name: str) -> str:
    """The same string for names that look the same."""
    for one, other in _LOOKS_LIKE:
        name = name.replace(one, other)
    return name
