"""The Merkle tree of RFC 6962, section 2.1, as pure functions over hashes.

A tree is seen through ``Subtree``: a function that gives the root of the leaves ``[start, end)``. Whoever stores the
hashes (``tiles.py``) provides one, so that proofs do not care where hashes come from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

Subtree = Callable[[int, int], bytes]

EMPTY_ROOT = sha256(b"").digest()
"""The root of a tree without leaves."""


class ProofDoesNotHold(Exception):
    """A proof does not lead from what was claimed to the root. ``str()`` says which step failed."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of one leaf: SHA-256(0x00 || data)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


def split(width: int) -> int:
    """The largest power of two smaller than ``width`` (which is at least 2): where RFC 6962 cuts a tree in two."""
    return 1 << (width - 1).bit_length() - 1


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over the given leaf hashes, level by level; a last one without a partner is carried up unchanged."""
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        pairs = [sha256(b"\x01" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)]
        if len(level) % 2:
            pairs.append(level[-1])
        level = pairs
    return level[0]


def inclusion_path(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """PATH(m, D[n]) of RFC 6962, section 2.1.1: the siblings from the leaf up to the root."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            path.append(subtree(middle, end))
            end = middle
        else:
            path.append(subtree(start, middle))
            start = middle
    path.reverse()
    return path


def consistency_path(old: int, new: int, subtree: Subtree) -> list[bytes]:
    """PROOF(m, D[n]) of RFC 6962, section 2.1.2. Empty when ``old`` is 0 or equals ``new``: nothing needs proving."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {old} cannot come before one of {new}")
    if old in (0, new):
        return []
    path: list[bytes] = []
    start, end = 0, new
    while old != end:
        middle = start + split(end - start)
        if old <= middle:
            path.append(subtree(middle, end))
            end = middle
        else:
            path.append(subtree(start, middle))
            start = middle
    if start:
        path.append(subtree(start, end))
    path.reverse()
    return path


def root_from_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes:
    """The root to which an inclusion path leads (RFC 9162, section 2.1.3.2). Raises ``ProofDoesNotHold``."""
    if not 0 <= index < size:
        raise ProofDoesNotHold(f"there is no leaf {index} in a tree of {size}")
    position, last, result = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise ProofDoesNotHold("the inclusion path is too long")
        if position & 1 or position == last:
            result = node_hash(sibling, result)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            result = node_hash(result, sibling)
        position >>= 1
        last >>= 1
    if last:
        raise ProofDoesNotHold("the inclusion path is too short")
    return result


def check_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> None:
    """Whether the leaf stands at that index of the tree with that root. Raises ``ProofDoesNotHold``."""
    if root_from_inclusion(index, size, leaf, path) != root:
        raise ProofDoesNotHold(f"the inclusion path of leaf {index} leads to another root")


def check_consistency(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> None:
    """Whether the new tree begins with all of the old one (RFC 9162, section 2.1.4.2). Raises ``ProofDoesNotHold``."""
    if old > new or old < 0:
        raise ProofDoesNotHold(f"a tree of {new} leaves does not continue one of {old}")
    if old in (0, new):
        if path:
            raise ProofDoesNotHold("the consistency path should be empty")
        if old_root != (EMPTY_ROOT if old == 0 else new_root):
            raise ProofDoesNotHold(f"two trees of {old} leaves have different roots")
        return
    position, last = old - 1, new - 1
    while position & 1:
        position >>= 1
        last >>= 1
    steps = list(path) if old & (old - 1) else [old_root, *path]
    if not steps:
        raise ProofDoesNotHold("the consistency path is too short")
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise ProofDoesNotHold("the consistency path is too long")
        if position & 1 or position == last:
            first, second = node_hash(step, first), node_hash(step, second)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            second = node_hash(second, step)
        position >>= 1
        last >>= 1
    if last or first != old_root or second != new_root:
        raise ProofDoesNotHold(f"the tree of {new} leaves does not begin with the tree of {old}")
