"""Messages that must not be believed, by family. Each says what an attacker, or a careless provider, would gain by it.

``because`` names the refusals that are right for it: a message that is refused for another reason was made badly, and
proves nothing. Controls stand in ``test_attacks.py``: the same maker makes messages that are believed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from tests.identity.saml.attacks.algorithm import algorithms
from tests.identity.saml.attacks.attack import VICTIM, Attack, Made
from tests.identity.saml.attacks.content import contents
from tests.identity.saml.attacks.encoding import encodings
from tests.identity.saml.attacks.encryption import encrypted
from tests.identity.saml.attacks.expectation import unasked
from tests.identity.saml.attacks.identifiers import identifiers
from tests.identity.saml.attacks.markup import markup
from tests.identity.saml.attacks.namespaces import namespaces
from tests.identity.saml.attacks.signature import signatures
from tests.identity.saml.attacks.signed_part import signed_parts
from tests.identity.saml.attacks.size import large
from tests.identity.saml.attacks.wrapped_assertion import wrapped_assertions
from tests.identity.saml.attacks.wrapped_response import wrapped_responses
from tests.identity.saml.provider import wire

__all__ = ["FAMILIES", "VICTIM", "Attack", "attacks"]

FAMILIES: dict[str, Callable[[], Made]] = {
    "wrapped assertion": wrapped_assertions,
    "wrapped response": wrapped_responses,
    "markup": markup,
    "encoding": encodings,
    "identifiers": identifiers,
    "namespaces": namespaces,
    "signature": signatures,
    "algorithm": algorithms,
    "signed part": signed_parts,
    "content": contents,
    "encryption": encrypted,
    "size": large,
}


@cache
def attacks() -> tuple[Attack, ...]:
    """All of them."""
    found = [
        Attack(family, name, made if isinstance(made, str) else wire(made), frozenset(because))
        for family, maker in FAMILIES.items()
        for name, made, because in maker()
    ]
    found += [Attack("expectation", name, wire(made), frozenset(why), to) for name, made, why, to in unasked()]
    return tuple(found)
