"""The tree of RFC 6962, against itself and against pymerkle, which we did not write."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree, InvalidProof
from pymerkle.proof import ConsistencyProof, InclusionProof

from greenlane.ledger.tiles import WIDTH, Tile, Tiles, cut
from greenlane.ledger.tree import (
    EMPTY_ROOT,
    ProofDoesNotHold,
    check_consistency,
    check_inclusion,
    consistency_path,
    inclusion_path,
    leaf_hash,
    root_of,
)


class Memory:
    """A ``tiles.Store`` in memory, holding exactly what the tables would."""

    def __init__(self) -> None:
        self.leaves: list[bytes] = []
        self.tiles: dict[tuple[int, int], Tile] = {}

    def add(self, tiles: Tiles, leaves: list[bytes]) -> None:
        self.leaves += leaves
        for one in tiles.grow(leaves):
            assert (one.level, one.position) not in self.tiles
            self.tiles[one.level, one.position] = one

    def hashes(self, level: int, start: int, end: int) -> list[bytes]:
        whole = self.tiles.get((level, start // WIDTH))
        if whole is not None and end % WIDTH == 0:
            return cut(whole.hashes)[start % WIDTH :]
        if level == 0:
            return self.leaves[start:end]
        return [self.tiles[level - 1, at].root for at in range(start, end)]


def numbered(count: int) -> list[bytes]:
    return [number.to_bytes(4) for number in range(count)]


def a_tree(count: int) -> tuple[Tiles, list[bytes]]:
    memory = Memory()
    tiles = Tiles(memory, 0)
    leaves = [leaf_hash(data) for data in numbered(count)]
    memory.add(tiles, leaves)
    return tiles, leaves


def pymerkles(count: int) -> InmemoryTree:
    tree = InmemoryTree(algorithm="sha256")
    tree.append_entries(numbered(count))
    return tree


sizes = st.one_of(st.integers(1, 40), st.sampled_from([255, 256, 257, 511, 512, 513, 1000]))


@settings(max_examples=60, deadline=None)
@given(size=sizes, data=st.data())
def test_every_leaf_is_proven_and_no_other_leaf_is(size: int, data: st.DataObject) -> None:
    tiles, leaves = a_tree(size)
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_path(index, size, tiles.subtree)
    check_inclusion(index, size, leaves[index], path, tiles.root())
    InclusionProof("sha256", True, size, index + 1, *_pymerkle_inclusion(index, size, leaves[index], path)).verify(
        leaves[index], pymerkles(size).get_root(), index + 1, size
    )
    for wrong in (leaf_hash(b"other"), EMPTY_ROOT):
        with pytest.raises(ProofDoesNotHold):
            check_inclusion(index, size, wrong, path, tiles.root())
    if size > 1:
        with pytest.raises(ProofDoesNotHold):
            check_inclusion((index + 1) % size, size, leaves[index], path, tiles.root())
        with pytest.raises(ProofDoesNotHold):
            check_inclusion(index, size, leaves[index], path[:-1], tiles.root())
    with pytest.raises(ProofDoesNotHold):
        check_inclusion(index, size, leaves[index], [*path, EMPTY_ROOT], tiles.root())


def _pymerkle_inclusion(index: int, size: int, leaf: bytes, path: list[bytes]) -> tuple[list[int], list[bytes]]:
    """Pymerkle writes the same path with the leaf in front and the side of each step beside it."""
    return pymerkles(size).prove_inclusion(index + 1, size).rule, [leaf, *path]


@settings(max_examples=60, deadline=None)
@given(new=sizes, data=st.data())
def test_a_tree_is_shown_to_continue_every_earlier_one_and_no_other(new: int, data: st.DataObject) -> None:
    tiles, leaves = a_tree(new)
    old = data.draw(st.integers(0, new))
    path = consistency_path(old, new, tiles.subtree)
    check_consistency(old, root_of(leaves[:old]), new, tiles.root(), path)
    if old > 0:
        theirs: ConsistencyProof = pymerkles(new).prove_consistency(old, new)
        theirs.verify(root_of(leaves[:old]), tiles.root())
        with pytest.raises(ProofDoesNotHold):
            check_consistency(old, leaf_hash(b"another past"), new, tiles.root(), path)
        with pytest.raises(InvalidProof):
            theirs.verify(leaf_hash(b"another past"), tiles.root())
    with pytest.raises(ProofDoesNotHold):
        check_consistency(old, root_of(leaves[:old]), new, tiles.root(), [*path, EMPTY_ROOT])


@settings(max_examples=40, deadline=None)
@given(groups=st.lists(st.integers(1, 600), min_size=1, max_size=8), data=st.data())
def test_growing_in_groups_and_restarting_gives_the_same_tree(groups: list[int], data: st.DataObject) -> None:
    memory = Memory()
    tiles = Tiles(memory, 0)
    for count in groups:
        memory.add(tiles, [leaf_hash(number.to_bytes(4)) for number in range(tiles.size, tiles.size + count)])
        if data.draw(st.booleans()):
            tiles = Tiles(memory, tiles.size, keep=1)
        assert tiles.root() == root_of(memory.leaves)
    total = sum(groups)
    some = data.draw(st.integers(1, total))
    assert tiles.root() == pymerkles(total).get_root()
    assert tiles.root(some) == pymerkles(total).get_root(some)


def test_three_levels_of_tiles_hold_together() -> None:
    tiles, leaves = a_tree(WIDTH * WIDTH + 3 * WIDTH + 5)
    assert tiles.root() == root_of(leaves)
    check_consistency(
        WIDTH * WIDTH - 1,
        root_of(leaves[: WIDTH * WIDTH - 1]),
        tiles.size,
        tiles.root(),
        consistency_path(WIDTH * WIDTH - 1, tiles.size, tiles.subtree),
    )


def test_the_known_answers_of_the_standard() -> None:
    """Roots from the test vectors of certificate transparency (RFC 6962 reference implementation)."""
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    leaves = [leaf_hash(bytes.fromhex(one)) for one in inputs]
    assert root_of([]) == sha256(b"").digest()
    assert root_of(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert root_of(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
