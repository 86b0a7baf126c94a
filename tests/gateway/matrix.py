"""The page that says what is carried between wires, made by carrying every feature."""

from __future__ import annotations

import json

from tests.gateway.features import FEATURES, NEAREST

from greenlane.gateway.wires.translating import TRANSLATED, Untranslatable, translate_request

NAMES = {
    "openai-chat": "OpenAI chat completions",
    "openai-responses": "OpenAI responses",
    "anthropic-messages": "Anthropic messages",
    "gemini-generate": "Gemini generateContent",
}
HEAD = """# What is translated between model providers

An app speaks one provider's wire; the route may choose a model of another. Where both speak the same wire, bytes pass
through. Where they do not, the request is translated, and the answer or its stream is translated back. This page is made
by `tests/gateway/test_matrix.py`, which carries every row below from each wire to each other and reads it again there:
**full** means that it says the same, *nearest* that the other wire has only something near to it, and a sentence is what
the caller is told when it is refused. A request that is refused hears every reason at once, before anything is sent.

Hints are left out without a word, since they change neither the meaning nor the form of an answer: `metadata`, `store`,
`service_tier`, keys and marks for caches, `verbosity`, `prediction`, `seed` where a wire has none, `safetySettings`, `labels`.

Answers and streams are carried whole between all of them: text, refusals, thoughts, calls of tools in parallel with their
ids, reasons of an end, usage, and errors in the middle of a stream. What a provider seals (a signature of a thought, an
encrypted item) goes to the caller in the place that its wire has for such things, marked with its maker, and back to that
maker alone:

| caller's wire | where seals stand |
|---|---|
| OpenAI chat completions | `extra_content.google.thought_signature` of a call, as Google's own imitation of this wire has it; `extra_content.greenlane.thoughts` of the message for others |
| OpenAI responses | `encrypted_content` of a reasoning item |
| Anthropic messages | `signature` of a thinking block |
| Gemini generateContent | `thoughtSignature` of a part |

A caller that loses them is still served: Anthropic thinks adaptively, which needs none back, and Gemini gets the value that
it documents for calls of another model. OpenAI is sent no thought of another maker. Where a tool must be called, Anthropic
is not asked to think before it, since it cannot. A request without a limit of output tokens gets one of 8,192 at Anthropic,
whose wire must have one.

Embeddings and the counting of tokens are not translated: vectors of one model mean nothing to another, and a count holds
for one model alone. They go to providers that speak the caller's wire.
"""


def cell(feature: str, caller: str, upstream: str) -> str:
    """What becomes of a feature between two wires."""
    try:
        translate_request(caller, upstream, json.dumps(FEATURES[feature][caller]).encode(), "gemini-3-pro")
    except Untranslatable as refused:
        return " ".join(refused.reasons)
    near = NEAREST.get((feature, upstream))
    return f"*nearest*: {near}" if near else "**full**"


def page() -> str:
    """The whole page."""
    text = HEAD
    for caller in TRANSLATED:
        others = [wire for wire in TRANSLATED if wire != caller]
        text += f"\n## {NAMES[caller]}, served by another\n\n"
        text += f"| what is asked for | {' | '.join(NAMES[wire] for wire in others)} |\n|---|{'---|' * len(others)}\n"
        for feature in FEATURES:
            if caller in FEATURES[feature]:
                text += f"| {feature} | {' | '.join(cell(feature, caller, wire) for wire in others)} |\n"
    return text
