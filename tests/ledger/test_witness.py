"""Signer and witness: what they put their name to, and what they refuse."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from tlog_scales.signing import Vkey
from tlog_scales.tlog import Checkpoint as TheirCheckpoint

from greenlane.ledger.checkpoint import open_note
from greenlane.ledger.note import Note, SignatureDoesNotHold, VerifierKey
from greenlane.ledger.signer import LocalSigner, NotAContinuation
from greenlane.ledger.tiles import Tiles
from greenlane.ledger.tree import consistency_path, leaf_hash
from greenlane.ledger.watermark import SLOT, Watermark
from greenlane.ledger.witness import Fork, LocalWitness


def tree(size: int, word: bytes = b"") -> Tiles:
    tiles = Tiles(None, 0)
    tiles.grow(leaf_hash(word + number.to_bytes(4)) for number in range(size))
    return tiles


def signed(signer: LocalSigner, size: int, word: bytes = b"") -> str:
    tiles = tree(size, word)
    return signer.sign_checkpoint(size, tiles.root(), consistency_path(signer.head()[0], size, tiles.subtree))


@pytest.fixture
def witness(tmp_path: Path, signer: LocalSigner) -> LocalWitness:
    return LocalWitness(tmp_path / "witness", name="witness.test", log=signer.key, clock=lambda: 1767225600.0)


def path(old: int, new: int) -> list[bytes]:
    return consistency_path(old, new, tree(new).subtree)


def test_notes_are_read_by_code_that_we_did_not_write(signer: LocalSigner, witness: LocalWitness) -> None:
    note = witness.add(signed(signer, 5), [])
    theirs = TheirCheckpoint.from_text(note)
    theirs.verify(Vkey.from_string(str(signer.key)))
    theirs.verify(Vkey.from_string(witness.public()))
    assert (theirs.origin, theirs.size, theirs.root_hash) == ("log.test", 5, tree(5).root())
    assert theirs.serialize() == note


def test_keys_lie_in_folders_that_nobody_else_opens(tmp_path: Path, signer: LocalSigner, witness: LocalWitness) -> None:
    for name in ("signer", "witness"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o700
    for key in (*(tmp_path / "signer").glob("*.pem"), *(tmp_path / "witness").glob("*.pem")):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


@pytest.mark.parametrize(("size", "word"), [(4, b""), (5, b"fork"), (9, b"fork"), (0, b"")])
def test_the_signer_signs_nothing_smaller_and_no_other_past(signer: LocalSigner, size: int, word: bytes) -> None:
    signed(signer, 5)
    other = tree(size, word)
    with pytest.raises(NotAContinuation):
        signer.sign_checkpoint(size, other.root(), consistency_path(5, 9, tree(9, word).subtree) if size == 9 else [])
    assert signer.head() == (5, tree(5).root())


def test_the_same_tree_is_signed_again_with_the_same_words(signer: LocalSigner) -> None:
    assert signed(signer, 5) == signer.sign_checkpoint(5, tree(5).root(), [])


def test_the_witness_refuses_forks_and_rollbacks_from_a_log_that_signs_them(
    tmp_path: Path, signer: LocalSigner, witness: LocalWitness
) -> None:
    witness.add(signed(signer, 5), [])
    thief = tmp_path / "thief"
    thief.mkdir()
    for key in (tmp_path / "signer").glob("*.pem"):
        (thief / key.name).write_bytes(key.read_bytes())
    forked = signed(LocalSigner(thief, origin="log.test"), 7, b"fork")
    with pytest.raises(Fork):
        witness.add(forked, consistency_path(5, 7, tree(7, b"fork").subtree))
    (thief / "watermark").unlink()
    with pytest.raises(Fork):
        witness.add(signed(LocalSigner(thief, origin="log.test"), 3), [])
    assert witness.note() is not None
    witness.add(signed(signer, 8), path(5, 8))


def test_the_witness_believes_no_other_log_after_a_restart(tmp_path: Path, signer: LocalSigner) -> None:
    LocalWitness(tmp_path / "witness", name="witness.test", log=signer.key)
    stranger = LocalSigner(tmp_path / "stranger", origin="log.test")
    again = LocalWitness(tmp_path / "witness", name="witness.test", log=stranger.key)
    with pytest.raises(SignatureDoesNotHold):
        again.add(signed(stranger, 5), [])
    again.add(signed(signer, 5), [])


@pytest.mark.parametrize("slot", [0, 1])
def test_a_watermark_survives_a_write_that_was_cut_short(tmp_path: Path, signer: LocalSigner, slot: int) -> None:
    mark = Watermark(tmp_path / "mark")
    notes = [signed(signer, size) for size in (1, 2)]
    for note in notes:
        mark.rise(note)
    mark.close()
    with (tmp_path / "mark").open("r+b") as file:
        file.seek(slot * SLOT + 40)
        file.write(b"torn")
    again = Watermark(tmp_path / "mark")
    assert again.note == notes[1 - slot]
    again.close()


@pytest.mark.parametrize(
    "change",
    [
        lambda note: note.replace("\n5\n", "\n6\n"),
        lambda note: note.replace("log.test\n", "log.other\n", 1),
        lambda note: note[:-10],
        lambda note: note.replace("— log.test ", "— log.tset "),
        lambda note: "",
        lambda note: note.replace("\n\n", "\n"),
    ],
)
def test_a_changed_note_is_not_opened(signer: LocalSigner, change: Callable[[str], str]) -> None:
    note = signed(signer, 5)
    assert open_note(note, signer.key).size == 5
    with pytest.raises(SignatureDoesNotHold):
        open_note(change(note), signer.key)


def test_a_key_with_anothers_id_is_refused(signer: LocalSigner) -> None:
    assert VerifierKey.parse(str(signer.key)) == signer.key
    name, identity, rest = str(signer.key).split("+", 2)
    for text in (f"{name}+00000000+{rest}", f"other+{identity}+{rest}", "nonsense"):
        with pytest.raises(SignatureDoesNotHold):
            VerifierKey.parse(text)


def test_a_note_without_an_end_is_no_note() -> None:
    with pytest.raises(SignatureDoesNotHold):
        Note.parse("text\n\nnot a signature\n")
