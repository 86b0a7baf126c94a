"""What the stand-in says: the same answer to the same prompt, steered by cues in it.

<<call look {"city": "Bern"}>>   call that tool, several at once where several stand there
<<words 300>>                    so many words
<<say {"a": 1}>>                 exactly this
<<think 40>>                     think in about so many tokens first
<<wait 0.02>>                    so many seconds before the first byte
<<pause 0.01>>                   so many before each event of a stream
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal

from tests.gateway.provider.tokens import count, pieces

Json = dict[str, Any]
_CALL = re.compile(r"<<call ([\w.-]+)(?: (.*?))?>>", re.DOTALL)
_ANY = re.compile(r"\s*<<.*?>>", re.DOTALL)
_WORDS = ("green", "lane", "paper", "river", "quiet", "seven", "lamp", "garden")


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool on offer; ``schema`` of its arguments, None for one that takes free text."""

    name: str
    schema: Json | None


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model reads. ``parts`` are texts with their tokens and marks for a cache, in order; ``cues`` the text of
    the last turn of the user; ``results`` what tools answered since; ``must`` the tool that has to be called, or ``any``.
    """

    parts: list[tuple[str, int, str]]
    cues: str
    results: tuple[str, ...] = ()
    tools: tuple[Tool, ...] = ()
    must: str = ""
    most: int | None = None
    answers: int = 1
    thinks: int = 0
    schema: Json | None = None

    @property
    def tokens(self) -> int:
        return sum(tokens for _, tokens, _ in self.parts)

    @property
    def text(self) -> str:
        return "\n".join(text for text, _, _ in self.parts)


@dataclass(frozen=True, slots=True)
class Called:
    """A tool called; ``number`` makes its id."""

    name: str
    arguments: str
    free: bool = False
    number: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model says. ``said`` and ``thought`` are tokens, the thought's among those said."""

    thought: str = ""
    text: str = ""
    calls: tuple[Called, ...] = ()
    ended: Literal["stop", "length", "calls"] = "stop"
    said: int = 0
    thinking: int = field(default=0)


def seconds(prompt: Prompt, cue: str) -> float:
    """What a cue of time says, 0 where there is none."""
    found = re.search(rf"<<{cue} ([\d.]+)>>", prompt.cues)
    return float(found[1]) if found else 0.0


def answer(prompt: Prompt, number: int = 0) -> Answer:
    """The answer, cut where the caller's limit cuts it. ``number`` tells several answers to one prompt apart."""
    thought = _thought(prompt)
    calls = () if prompt.results else _calls(prompt, number)
    text = "" if calls else _text(prompt, number)
    left = prompt.most if prompt.most is not None else 1_000_000
    thinking = pieces(thought)[:left]
    written = pieces(text)[: left - len(thinking)]
    cost = sum(count(one.name) + count(one.arguments) for one in calls)
    if len(thinking) + cost > left:
        calls = ()
        cost = left - len(thinking)
        return Answer("".join(thinking), "", (), "length", len(thinking) + cost, len(thinking))
    cut = len(thinking) + len(written) < count(thought) + count(text)
    ended: Literal["stop", "length", "calls"] = "length" if cut else "calls" if calls else "stop"
    said = len(thinking) + len(written) + cost
    return Answer("".join(thinking), "".join(written), calls, ended, max(said, 1), len(thinking))


def _thought(prompt: Prompt) -> str:
    found = re.search(r"<<think (\d+)>>", prompt.cues)
    tokens = int(found[1]) if found else min(prompt.thinks, 24)
    return " ".join(_WORDS[at % 8][:4] for at in range(tokens))


def _text(prompt: Prompt, number: int) -> str:
    if (said := re.search(r"<<say (.*?)>>", prompt.cues, re.DOTALL)) is not None:
        return said[1]
    if prompt.schema is not None:
        return json.dumps(instance(prompt.schema))
    if (words := re.search(r"<<words (\d+)>>", prompt.cues)) is not None:
        return " ".join(_WORDS[(at + number) % 8] for at in range(int(words[1])))
    if prompt.results:
        return f"Done. The tool said: {prompt.results[-1].strip()[:200]}"
    heard = _ANY.sub("", prompt.cues).strip()
    return f"You said: {heard[-200:]}" if number == 0 else f"You said ({number + 1}): {heard[-200:]}"


def _calls(prompt: Prompt, number: int) -> tuple[Called, ...]:
    offered = {one.name: one for one in prompt.tools}
    named = [(name, said or "{}") for name, said in _CALL.findall(prompt.cues) if name in offered]
    if not named and prompt.must:
        tool = offered[prompt.must] if prompt.must in offered else prompt.tools[0]
        named = [(tool.name, "" if tool.schema is None else json.dumps(instance(tool.schema)))]
    return tuple(
        Called(name, said, offered[name].schema is None, sha256(f"{prompt.text}{number}{at}".encode()).hexdigest()[:20])
        for at, (name, said) in enumerate(named)
    )


def instance(schema: Json, whole: Json | None = None) -> Any:
    """Something that a schema allows: the smallest that has all its properties."""
    whole = whole or schema
    if "$ref" in schema:
        return instance(whole[schema["$ref"].split("/")[1]][schema["$ref"].split("/")[2]], whole)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for either in ("anyOf", "oneOf"):
        if either in schema:
            return instance(schema[either][0], whole)
    kind = schema.get("type", "object")
    kind = (kind[0] if isinstance(kind, list) else kind).lower()
    match kind:
        case "object":
            return {name: instance(one, whole) for name, one in schema.get("properties", {}).items()}
        case "array":
            return [instance(schema["items"], whole)] if "items" in schema else []
        case "integer" | "number":
            return 7
        case "boolean":
            return True
        case "null":
            return None
    return "green"
