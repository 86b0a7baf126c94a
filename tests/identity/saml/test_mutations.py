"""Whatever is changed in a message: it is refused, or it says the same of the same person in every word."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.identity.saml.mutations import messages, outcome, run
from tests.identity.saml.provider import NOW, expected, wire

from greenlane.identity.saml.response import accept

DOCUMENTS = messages()


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_each_single_byte_counts_or_changes_nobody(kind: str) -> None:
    document = DOCUMENTS[kind]
    meant = accept(wire(document), expected(), NOW)
    came = {outcome(document[:at] + b"x" + document[at + 1 :], meant) for at in range(0, len(document), 7)}
    assert came & {"signature", "undecipherable"}, "bytes that only a signature guards were among them"


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(kind=st.sampled_from(sorted(DOCUMENTS)), data=st.data())
def test_any_bytes_anywhere_change_nobody(kind: str, data: st.DataObject) -> None:
    document = DOCUMENTS[kind]
    at = data.draw(st.integers(0, len(document)))
    put, drop = data.draw(st.binary(max_size=12)), data.draw(st.integers(0, 12))
    outcome(document[:at] + put + document[at + drop :], accept(wire(document), expected(), NOW))


def test_thousands_of_random_changes_change_nobody() -> None:
    came = run(4_000, seed=6)
    assert sum(came.values()) == 4_000
    assert {"the same", "signature", "xml", "unexpected"} <= set(came), "they reach every layer"
