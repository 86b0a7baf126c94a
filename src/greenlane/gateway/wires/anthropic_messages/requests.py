"""A request for a message, read as a conversation and written from one.

Facts: ``anthropic.types.message_create_params`` and the types beside it; structured outputs
(https://platform.claude.com/docs/en/build-with-claude/structured-outputs); adaptive thinking needs no earlier thoughts
back (https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking), but keeps them where it gets them.
"""

from __future__ import annotations

from typing import Any

import orjson

from greenlane.gateway.wires import seals
from greenlane.gateway.wires.anthropic_messages.asking import only_shortens
from greenlane.gateway.wires.anthropic_messages.changing import LEAST_THINKING
from greenlane.gateway.wires.members import Json, count, flag, number, object_, objects, text
from greenlane.gateway.wires.neutral import (
    Attachment,
    Call,
    Choice,
    Conversation,
    Effort,
    Form,
    Part,
    Refusal,
    Result,
    Text,
    Thought,
    Tool,
    Turn,
)
from greenlane.gateway.wires.refused import Reasons
from greenlane.gateway.wires.turns import instructions, joined, names_of_calls

USUAL_MOST = 8192
"""Output tokens where the caller sets no limit, since this wire must have one: what every model of this maker takes today."""
_READ = frozenset(
    (
        *("model", "messages", "system", "max_tokens", "tools", "tool_choice", "stop_sequences", "stream", "metadata"),
        *("temperature", "top_p", "top_k", "thinking", "output_config"),
    )
)
_HINTS = frozenset(("service_tier", "diagnostics", "cache_control"))
_BLOCK = frozenset(("type", "cache_control"))
_IN_TOOLS = frozenset(
    ("type", "name", "description", "input_schema", "strict", "cache_control", "eager_input_streaming")
)
_EFFORTS_BY_BUDGET: tuple[tuple[int, Effort], ...] = ((1024, "low"), (8192, "medium"))
"""The table by which Google turns efforts into budgets, read backwards (https://ai.google.dev/gemini-api/docs/openai)."""
_FETCHED = ("image", "document")


def read(body: Json, reasons: Reasons) -> Conversation:
    """A request as a conversation; what has no neutral word goes to ``reasons``."""
    summed_up = not only_shortens(object_(body, "context_management"))
    reasons.unless_known(body | {"speed": body.get("speed") == "fast", "context_management": summed_up}, _READ | _HINTS)
    turns: list[Turn] = []
    if (system := body.get("system")) is not None:
        turns.append(Turn("system", _parts(system, turns, reasons)))
    for message in objects(body, "messages"):
        role: Any = message.get("role")
        if role not in ("user", "assistant", "system"):
            reasons.add(f"'messages.role' is '{role}', which has no counterpart.")
            continue
        turns.append(Turn(role, _parts(message.get("content"), turns, reasons)))
    thinking, output = object_(body, "thinking"), object_(body, "output_config")
    reasons.unless_known(output, frozenset(("effort", "format")), "output_config.")
    budget = count(thinking, "budget_tokens")
    kind = thinking.get("type")
    if kind not in (None, "enabled", "disabled", "adaptive"):
        reasons.add(f"'thinking.type' is '{kind}', which has no counterpart.")
    return Conversation(
        turns=joined(turns),
        tools=tuple(_tool(one, reasons) for one in objects(body, "tools")),
        choice=_choice(object_(body, "tool_choice"), reasons),
        form=_form(object_(output, "format"), reasons),
        most=count(body, "max_tokens"),
        stop=tuple(body.get("stop_sequences") or ()),
        temperature=number(body, "temperature"),
        top_p=number(body, "top_p"),
        top_k=count(body, "top_k"),
        effort=output.get("effort") or (None if budget is None else _effort(budget)),
        budget=budget,
        show_thoughts=kind in ("enabled", "adaptive") and thinking.get("display") != "omitted",
        user=text(object_(body, "metadata"), "user_id"),
    )


def _effort(budget: int) -> Effort:
    return next((effort for most, effort in _EFFORTS_BY_BUDGET if budget <= most), "high")


def _parts(content: Any, turns: list[Turn], reasons: Reasons) -> tuple[Part, ...]:
    if isinstance(content, str):
        return (Text(content),) if content else ()
    found = (_part(block, turns, reasons) for block in content or ())
    return tuple(part for part in found if part is not None)


def _part(block: Json, turns: list[Turn], reasons: Reasons) -> Part | None:
    match block.get("type"):
        case "text":
            return Text(text(block, "text"))
        case "image" | "document" as kind:
            return _attachment(block, kind, reasons)
        case "tool_use":
            reasons.unless_known(block, _BLOCK | {"id", "name", "input", "caller"}, "messages.content.")
            return Call(text(block, "id"), text(block, "name"), orjson.dumps(object_(block, "input")).decode())
        case "tool_result":
            id_ = text(block, "tool_use_id")
            heard: Any = _parts(block.get("content"), turns, reasons)
            return Result(id_, names_of_calls(turns).get(id_, ""), heard, flag(block, "is_error"))
        case _:
            return thought(block, reasons)


def thought(block: Json, reasons: Reasons) -> Thought | None:
    """A block of thinking, in a request or in an answer; anything else has no neutral word."""
    match block.get("type"):
        case "thinking":
            return Thought(text(block, "thinking"), seals.read(text(block, "signature"), "anthropic"))
        case "redacted_thinking":
            return Thought(seal=seals.read(text(block, "data"), "anthropic", "redacted"))
        case other:
            reasons.add(f"'messages.content.type' is '{other}', which has no counterpart.")
    return None


def _attachment(block: Json, kind: Any, reasons: Reasons) -> Part | None:
    reasons.unless_known(block, _BLOCK | {"source", "title", "citations"}, "messages.content.")
    if object_(block, "citations").get("enabled"):
        reasons.add("'messages.content.citations' has no counterpart at this model's provider.")
    source, name = object_(block, "source"), text(block, "title")
    match source.get("type"):
        case "base64":
            return Attachment(kind, text(source, "media_type"), text(source, "data"), name=name)
        case "url":
            return Attachment(kind, "application/pdf" if kind == "document" else "", url=text(source, "url"), name=name)
        case "text":
            return Text(text(source, "data"))
        case other:
            reasons.add(f"'messages.content.source.type' is '{other}', which only its own provider can read.")
    return None


def _tool(tool: Json, reasons: Reasons) -> Tool:
    if tool.get("type") not in (None, "custom"):
        reasons.add(f"'tools.type' is '{tool.get('type')}', which has no counterpart.")
    else:
        reasons.unless_known(tool, _IN_TOOLS, "tools.")
    return Tool(text(tool, "name"), text(tool, "description"), object_(tool, "input_schema"), flag(tool, "strict"))


def _choice(chosen: Json, reasons: Reasons) -> Choice:
    alone = flag(chosen, "disable_parallel_tool_use")
    match chosen.get("type"):
        case None | "auto":
            return Choice("auto", one_at_a_time=alone)
        case "any":
            return Choice("any", one_at_a_time=alone)
        case "none":
            return Choice("none", one_at_a_time=alone)
        case "tool":
            return Choice("any", (text(chosen, "name"),), alone)
        case other:
            reasons.add(f"'tool_choice.type' is '{other}', which has no counterpart.")
    return Choice()


def _form(wanted: Json, reasons: Reasons) -> Form | None:
    match wanted.get("type"):
        case None:
            return None
        case "json_schema":
            return Form(object_(wanted, "schema"))
        case other:
            reasons.add(f"'output_config.format.type' is '{other}', which has no counterpart.")
    return None


def write(conversation: Conversation, model: str, stream: bool, reasons: Reasons) -> Json:
    """A conversation as a request; what this wire has no word for goes to ``reasons``."""
    _refuse(conversation, reasons)
    system, turns = instructions(conversation.turns)
    most = USUAL_MOST if conversation.most is None else conversation.most
    body: Json = {"model": model, "max_tokens": most}
    if system:
        body["system"] = [{"type": "text", "text": one} for one in system]
    body["messages"] = [message for turn in turns if (message := _message(turn, reasons))["content"]]
    if tools := _tools(conversation):
        body["tools"] = tools
        body |= _chosen(conversation.choice)
    output: Json = {}
    if conversation.form is not None and conversation.form.schema is not None:
        output["format"] = {"type": "json_schema", "schema": conversation.form.schema}
    body |= _thinking(conversation, most, output)
    if output:
        body["output_config"] = output
    given = {
        "stop_sequences": list(conversation.stop) or None,
        "temperature": conversation.temperature,
        "top_p": conversation.top_p,
        "top_k": conversation.top_k,
        "metadata": {"user_id": conversation.user} if conversation.user else None,
        "stream": True if stream else None,
    }
    return body | {name: value for name, value in given.items() if value is not None}


def _refuse(conversation: Conversation, reasons: Reasons) -> None:
    if (conversation.temperature or 0) > 1:
        reasons.add("'temperature' is above 1, the highest that this model's provider takes.")
    for name in ("presence_penalty", "frequency_penalty"):
        if getattr(conversation, name):
            reasons.add(f"A penalty ('{name}') has no counterpart at this model's provider.")
    if conversation.form is not None and conversation.form.schema is None:
        reasons.add("The answer is asked for as JSON without a schema, and this model's provider needs one.")


def _thinking(conversation: Conversation, most: int, output: Json) -> Json:
    """How the model shall think, and how hard in ``output``.

    Adaptively, unless the caller gave a budget that fits and the thoughts of the last calls came back, which a budget
    needs; not at all where a tool must be called, which no thinking can precede. An effort of none turns it off.
    """
    effort = conversation.effort
    if effort == "none":
        return {"thinking": {"type": "disabled"}}
    forced = conversation.choice.mode == "any" and bool(conversation.tools)
    fits = conversation.budget is not None and LEAST_THINKING <= conversation.budget < most
    if fits and not forced and _thoughts_are_back(conversation):
        return {"thinking": {"type": "enabled", "budget_tokens": conversation.budget}}
    if effort is not None:
        output["effort"] = "low" if effort == "minimal" else effort
    if forced or (effort is None and not conversation.show_thoughts):
        return {}
    return {"thinking": {"type": "adaptive", "display": "summarized" if conversation.show_thoughts else "omitted"}}


def _thoughts_are_back(conversation: Conversation) -> bool:
    last = next((turn for turn in reversed(conversation.turns) if turn.role == "assistant"), None)
    if last is None or not any(isinstance(part, Call) for part in last.parts):
        return True
    return any(
        isinstance(part, Thought) and part.seal is not None and part.seal.maker == "anthropic" for part in last.parts
    )


def _message(turn: Turn, reasons: Reasons) -> Json:
    blocks = [block for part in turn.parts if (block := written(part, reasons)) is not None]
    return {"role": turn.role, "content": blocks}


def written(part: Part, reasons: Reasons) -> Json | None:
    """A part as a block. Empty texts are refused by this wire; thoughts of other makers mean nothing on it."""
    match part:
        case Text(words) | Refusal(words):
            return {"type": "text", "text": words} if words else None
        case Thought(words, seal):
            if seal is None or seal.maker != "anthropic":
                return None
            if seal.name == "redacted":
                return {"type": "redacted_thinking", "data": seal.value}
            return {"type": "thinking", "thinking": words, "signature": seal.value}
        case Call():
            return {"type": "tool_use", "id": part.id, "name": part.name, "input": reasons.arguments(part.arguments)}
        case Result():
            heard = [block for one in part.parts if (block := written(one, reasons)) is not None]
            failed = {"is_error": True} if part.failed else {}
            return {"type": "tool_result", "tool_use_id": part.id, "content": heard, **failed}
        case Attachment():
            return _attached(part, reasons)


def _attached(part: Attachment, reasons: Reasons) -> Json | None:
    if part.kind not in _FETCHED or (part.kind == "document" and part.data and part.type != "application/pdf"):
        reasons.add(f"This model's provider takes no {part.kind} of type {part.type or 'unknown'}.")
        return None
    source = (
        {"type": "url", "url": part.url} if part.url else {"type": "base64", "media_type": part.type, "data": part.data}
    )
    return {"type": part.kind, "source": source} | ({"title": part.name} if part.name else {})


def _tools(conversation: Conversation) -> list[Json]:
    """The tools, cut to those that may be called where several are named, since this wire can only name one."""
    named = conversation.choice.names
    return [
        {"name": tool.name, "input_schema": tool.schema or {"type": "object", "properties": {}}}
        | ({"description": tool.description} if tool.description else {})
        | ({"strict": True} if tool.strict else {})
        for tool in conversation.tools
        if not named or tool.name in named or (conversation.choice.mode == "any" and len(named) == 1)
    ]


def _chosen(choice: Choice) -> Json:
    found: Json = {"type": choice.mode}
    if choice.mode == "any" and len(choice.names) == 1:
        found = {"type": "tool", "name": choice.names[0]}
    if choice.one_at_a_time and choice.mode != "none":
        found["disable_parallel_tool_use"] = True
    return {} if found == {"type": "auto"} else {"tool_choice": found}
