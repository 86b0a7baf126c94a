"""What a request for embeddings asks for. Facts: ``openai.types.embedding_create_params``."""

from __future__ import annotations

from greenlane.gateway.wires.asked import Asked, NotUnderstood, Wire
from greenlane.gateway.wires.members import Json, needed, text
from greenlane.gateway.wires.tally import Tally


def asked(wire: Wire, body: Json, model_in_path: str, stream_in_path: bool) -> Asked:
    """Read it. A token that is given as a number counts like one byte of text: it is one token."""
    given = body.get("input")
    tally = Tally()
    inputs = given if isinstance(given, list) and given and type(given[0]) is not int else [given]
    for one in inputs:
        if type(one) is list and all(type(token) is int for token in one):
            tally.text_bytes += len(one)
        elif type(one) is str:
            tally.text(one)
        else:
            raise NotUnderstood("'input' is neither text nor tokens.", field="input")
    return Asked(
        wire=wire,
        model=model_in_path or needed(body, "model"),
        stream=False,
        most=0,
        answers=1,
        thinking=None,
        text_bytes=tally.text_bytes,
        messages=len(inputs),
        tools=0,
        media=(),
        hidden=(),
        user=text(body, "user") or None,
    )
