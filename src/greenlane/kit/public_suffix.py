"""Under which domain a host was registered: ``a.example.co.uk`` under ``example.co.uk``. Browsers call that one site.

The list is Mozilla's (publicsuffix.org, MPL 2.0, version and commit in its first lines), with its names in ASCII and without
its comments; ``python -m tests.laws.suffixes`` takes a newer one over. The algorithm is the one of its page.
"""

from __future__ import annotations

import gzip
from functools import cache
from importlib.resources import files


def registrable(host: str) -> str | None:
    """The domain that somebody registered and all of whose hosts are theirs; None for a public suffix itself.

    A name whose last label is on no list counts as registered there, as browsers do it.
    """
    labels = host.lower().rstrip(".").split(".")
    length = _suffix(labels)
    return None if length >= len(labels) else ".".join(labels[-length - 1 :])


def same_site(one: str, other: str) -> bool:
    """Whether browsers take two hosts for one site, apart from the scheme."""
    mine = registrable(one)
    return mine == registrable(other) if mine else one.lower() == other.lower()


def _suffix(labels: list[str]) -> int:
    """How many labels at the end are the public suffix. The longest rule wins, and an exception over all others."""
    rules, longest = _rules(), 1
    for length in range(1, len(labels) + 1):
        name = ".".join(labels[-length:])
        if f"!{name}" in rules:
            return length - 1
        wild = ".".join(["*", *labels[-length:][1:]])
        if name in rules or (length > 1 and wild in rules):
            longest = length
    return longest


@cache
def _rules() -> frozenset[str]:
    text = gzip.decompress(files("greenlane.kit").joinpath("public_suffixes.txt.gz").read_bytes()).decode("ascii")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("//"))
