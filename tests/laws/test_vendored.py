"""What came from elsewhere is what was reviewed."""

import hashlib

from tests.laws.vendored import FILES, STATIC


def test_every_vendored_file_is_the_one_that_was_reviewed() -> None:
    here = {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in STATIC.iterdir()}
    assert here == {name: digest for name, (_place, digest) in FILES.items()}
