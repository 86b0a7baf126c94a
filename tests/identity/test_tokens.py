from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenlane.identity import tokens
from greenlane.identity.tokens import Kind


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_of_secret_is_recognised_offline(kind: Kind) -> None:
    minted = tokens.mint(kind)
    assert re.fullmatch(rf"{kind}_[0-9A-Za-z]{{49}}", minted.secret)
    assert tokens.kind_of(minted.secret) is kind


def test_two_secrets_are_never_alike() -> None:
    assert len({tokens.mint(Kind.API).secret for _ in range(1000)}) == 1000


@given(position=st.integers(0, 52), letter=st.sampled_from("0123456789abcXYZ_-"))
def test_a_changed_letter_is_noticed_by_the_checksum(position: int, letter: str) -> None:
    secret = tokens.mint(Kind.API).secret
    changed = secret[:position] + letter + secret[position + 1 :]
    assert (tokens.kind_of(changed) is Kind.API) == (changed == secret)


@pytest.mark.parametrize("text", ["", "glt_", "glt_" + "a" * 49, "ghp_" + "a" * 36, "x" * 10_000, "glt_\u0661" * 13])
def test_what_was_never_made_here_is_nothing(text: str) -> None:
    assert tokens.kind_of(text) is None


def test_a_secret_is_found_inside_a_text_and_never_shown_by_its_record() -> None:
    minted = tokens.mint(Kind.API)
    found = tokens.PATTERN.search(f'{{"token": "{minted.secret}"}}')
    assert found is not None
    assert found.group() == minted.secret
    assert minted.secret not in repr(minted)
    assert minted.secret.startswith(minted.shown)
