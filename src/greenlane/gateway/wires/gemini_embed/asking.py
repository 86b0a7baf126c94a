"""What a request for embeddings asks for. Facts: https://ai.google.dev/api/embeddings."""

from __future__ import annotations

from greenlane.gateway.wires.asked import Asked, NotUnderstood, Wire
from greenlane.gateway.wires.gemini_generate.asking import model, parts
from greenlane.gateway.wires.gemini_generate.names import object_of, objects_of, text_of
from greenlane.gateway.wires.members import Json
from greenlane.gateway.wires.tally import Tally


def asked(wire: Wire, body: Json, model_in_path: str, stream_in_path: bool) -> Asked:
    """Read it. Every request of a batch must name the model of the path, or none."""
    named = model(model_in_path or text_of(body, "model"))
    tally = Tally()
    requests = objects_of(body, "requests") or [body]
    for request in requests:
        other = text_of(request, "model").removeprefix("models/")
        if other and other != named:
            raise NotUnderstood(f"The path names '{named}' and the body '{other}'.", field="model")
        tally.text(text_of(request, "title"))
        parts(tally, object_of(request, "content"))
    return Asked(
        wire=wire,
        model=named,
        stream=False,
        most=0,
        answers=1,
        thinking=None,
        text_bytes=tally.text_bytes,
        messages=len(requests),
        tools=0,
        media=tuple(tally.media),
        hidden=tally.hidden,
        user=None,
    )
