"""Messages that are too large, or become so."""

from __future__ import annotations

import zlib

from tests.identity.saml.attacks.attack import Made, text_of
from tests.identity.saml.provider import Said, answer, wire


def large() -> Made:
    """What costs more to read than to send."""
    tree = text_of(answer())
    end = "</samlp:Response>"
    yield "a large attribute", answer(Said(attributes=(("groups", ("x" * 600_000,)),))), {"size"}
    yield "many values", answer(Said(attributes=(("groups", ("group",) * 20_000),))), {"size"}
    yield "much base64", "A" * 4_000_000, {"size"}
    yield "much space", " " * 4_000_000, {"size"}
    yield (
        "deep elements",
        tree.replace(end, "<samlp:Status>" * 20_000 + "</samlp:Status>" * 20_000 + end).encode(),
        {"size", "xml"},
    )
    yield (
        "deeper than a reader goes",
        tree.replace(end, "<a>" * 5_000 + "</a>" * 5_000 + end).encode(),
        {"xml", "unexpected"},
    )
    names = "".join(f' a{one}="x"' for one in range(20_000))
    yield "many attributes", tree.replace("<samlp:Response", f"<samlp:Response{names}").encode(), {"unexpected", "xml"}
    spaces = "".join(f' xmlns:a{one}="urn:{one}"' for one in range(10_000))
    yield (
        "many namespaces",
        tree.replace("<samlp:Response", f"<samlp:Response{spaces}").encode(),
        {"namespace"},
    )
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    yield "a deflated bomb", wire(bomb.compress(bytes(30_000_000)) + bomb.flush()), {"xml", "markup"}
    laughs = "".join(f'<!ENTITY l{one} "{f"&l{one - 1};" * 10}">' for one in range(1, 10))
    yield "a billion laughs", (f'<!DOCTYPE l [<!ENTITY l0 "lol">{laughs}]>' + tree).encode(), {"markup"}
