"""Messages with something changed at random: refused, or believed about the same person in every word.

``python -m tests.identity.saml.mutations 1000000`` runs as many as it is told, on one core, and prints what came of them.
"""

from __future__ import annotations

import random
import sys
from base64 import b64decode
from collections import Counter
from collections.abc import Callable

from tests.identity.saml.provider import NOW, Said, answer, encrypt, expected, sign, wire

from greenlane.identity.saml.refusals import SamlRefused
from greenlane.identity.saml.response import Assertion, accept

BLOCK = 10_000

PIECES = [
    b"<!---->",
    b"<?x?>",
    b"<![CDATA[]]>",
    b"&amp;",
    b"&#97;",
    b"\0",
    b"\n",
    b'"',
    b"'",
    b"<",
    b">",
    b"/>",
    b"=",
    b":",
]
SAID = Said(attributes=(("email", ("ada@example.com",)), ("groups", ("engineering", "reviewers", "prüfer"))))


def messages() -> dict[str, bytes]:
    """One of each kind, as bytes of XML."""
    kinds = {
        "assertion signed": answer(SAID),
        "response signed": answer(SAID, sign_assertion=False, sign_response=True),
        "both signed": answer(SAID, sign_response=True),
        "encrypted": encrypt(answer(SAID)),
        "encrypted, response signed": sign(encrypt(answer(SAID, sign_assertion=False))),
    }
    return {kind: b64decode(wire(tree)) for kind, tree in kinds.items()}


def changed(document: bytes, dice: random.Random) -> bytes:
    """The same with one thing done to it: a byte, a bit, a piece put in, a stretch taken out, doubled, moved or swapped."""
    at, other = sorted((dice.randrange(len(document)), dice.randrange(len(document))))
    stretch = document[at : at + dice.choice([1, 2, 8, 40, 200])]
    end = at + len(stretch)
    ways: list[Callable[[], bytes]] = [
        lambda: document[:at] + bytes([dice.randrange(256)]) + document[at + 1 :],
        lambda: document[:at] + bytes([document[at] ^ (1 << dice.randrange(8))]) + document[at + 1 :],
        lambda: document[:at] + bytes([dice.choice(document)]) + document[at + 1 :],
        lambda: document[:at] + dice.choice(PIECES) + document[at:],
        lambda: document[:at] + document[end:],
        lambda: document[:end] + stretch + document[end:],
        lambda: document[:other] + stretch + document[other:],
        lambda: document[:at] + document[other : other + len(stretch)] + document[end:],
        lambda: elements_swapped(document, dice),
    ]
    return dice.choice(ways)()


def elements_swapped(document: bytes, dice: random.Random) -> bytes:
    """Two stretches that begin and end at a bracket change places: still well-formed now and then."""
    brackets = [index for index, byte in enumerate(document) if byte == ord("<")]
    a, b, c, d = sorted(dice.choice(brackets) for _ in range(4))
    return document[:a] + document[c:d] + document[b:c] + document[a:b] + document[d:]


def outcome(document: bytes, meant: Assertion) -> str:
    """Why it was refused, or that it said the same. AssertionError where it was believed about anybody else."""
    try:
        believed = accept(wire(document), expected(), NOW)
    except SamlRefused as refused:
        return refused.reason
    assert believed == meant, document
    return "the same"


def run(times: int, seed: int) -> Counter[str]:
    """How often what came of it."""
    dice = random.Random(seed)
    kinds = [(document, accept(wire(document), expected(), NOW)) for document in messages().values()]
    counted: Counter[str] = Counter()
    for _ in range(times):
        document, meant = dice.choice(kinds)
        counted[outcome(changed(document, dice), meant)] += 1
    return counted


def main(times: int, seed: int) -> None:
    """As many as that, told of as they go."""
    counted: Counter[str] = Counter()
    for block in range(0, times, BLOCK):
        counted += run(min(BLOCK, times - block), seed + block)
        print(
            f"{counted.total():,} changed, {counted['the same']:,} of them believed about the same person", flush=True
        )
    for reason, count in counted.most_common():
        print(f"{count:>9,}  {reason}")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
