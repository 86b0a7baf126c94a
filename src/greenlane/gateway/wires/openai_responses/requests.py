"""A request for a response, read as a conversation and written from one, without state at the provider.

Facts: ``openai.types.responses.response_create_params``, ``response_input_item_param``. Written requests store nothing
and ask for sealed thoughts, which come back with the conversation
(https://platform.openai.com/docs/guides/reasoning#encrypted-reasoning-items).
"""

from __future__ import annotations

from typing import Any

from greenlane.gateway.wires import seals
from greenlane.gateway.wires.members import Json, count, flag, number, object_, objects, text
from greenlane.gateway.wires.neutral import (
    Attachment,
    Call,
    Choice,
    Conversation,
    Form,
    Part,
    Refusal,
    Result,
    Text,
    Thought,
    Tool,
    Turn,
)
from greenlane.gateway.wires.openai_chat.requests import linked
from greenlane.gateway.wires.refused import Reasons
from greenlane.gateway.wires.turns import instructions, joined, names_of_calls

SEALED = "reasoning.encrypted_content"
_READ = frozenset(
    (
        *(
            "model",
            "input",
            "instructions",
            "tools",
            "tool_choice",
            "parallel_tool_calls",
            "text",
            "reasoning",
            "stream",
        ),
        *("max_output_tokens", "temperature", "top_p", "user", "safety_identifier", "include", "truncation"),
    )
)
_HINTS = frozenset(
    (
        *("metadata", "store", "service_tier", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention"),
        *("max_tool_calls", "stream_options", "client_metadata"),
    )
)
"""What changes neither the meaning nor the form of an answer; calls of hosted tools are limited by having none."""
_WITHOUT_WORD = {
    "stop": "Stop sequences have",
    "top_k": "'top_k' has",
    "presence_penalty": "A penalty ('presence_penalty') has",
    "frequency_penalty": "A penalty ('frequency_penalty') has",
}
_IN_TOOLS = frozenset(("type", "name", "description", "parameters", "strict"))


def read(body: Json, reasons: Reasons) -> Conversation:
    """A request as a conversation; what has no neutral word goes to ``reasons``."""
    reasons.unless_known(body, _READ | _HINTS)
    if set(body.get("include") or ()) - {SEALED}:
        reasons.add("'include' asks for more than this model's provider has.")
    if body.get("truncation") == "auto":
        reasons.add("'truncation' is 'auto', and nothing here shortens a conversation.")
    reasoning, wanted = object_(body, "reasoning"), object_(body, "text")
    reasons.unless_known(reasoning, frozenset(("effort", "summary", "generate_summary", "context")), "reasoning.")
    return Conversation(
        turns=_turns(body, reasons),
        tools=tuple(_tool(one, reasons) for one in objects(body, "tools")),
        choice=_choice(body, reasons),
        form=_form(object_(wanted, "format"), reasons),
        most=count(body, "max_output_tokens"),
        temperature=number(body, "temperature"),
        top_p=number(body, "top_p"),
        effort=reasoning.get("effort"),
        show_thoughts=bool(reasoning.get("summary") or reasoning.get("generate_summary")),
        user=text(body, "safety_identifier") or text(body, "user"),
    )


def _turns(body: Json, reasons: Reasons) -> tuple[Turn, ...]:
    turns: list[Turn] = []
    if said := text(body, "instructions"):
        turns.append(Turn("system", (Text(said),)))
    given = body.get("input")
    items = [{"role": "user", "content": given}] if isinstance(given, str) else objects(body, "input")
    for item in items:
        if (turn := _turn(item, turns, reasons)) is not None:
            turns.append(turn)
    return joined(turns)


def _turn(item: Json, turns: list[Turn], reasons: Reasons) -> Turn | None:
    kind = item.get("type", "message")
    if kind == "function_call_output":
        id_ = text(item, "call_id")
        heard: Any = _parts(item.get("output"), reasons)
        return Turn("user", (Result(id_, names_of_calls(turns).get(id_, ""), heard),))
    if kind in ("function_call", "reasoning"):
        return Turn("assistant", spoken(item, reasons))
    if kind == "message":
        roles: dict[Any, Any] = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
        if (role := roles.get(item.get("role"))) is not None:
            return Turn(role, _parts(item.get("content"), reasons))
    reasons.add(f"'input' holds an item '{kind}', which has no counterpart.")
    return None


def spoken(item: Json, reasons: Reasons) -> tuple[Part, ...]:
    """What an item that a model made says, in a request or in an answer."""
    match item.get("type"):
        case "function_call":
            return (Call(text(item, "call_id"), text(item, "name"), text(item, "arguments") or "{}"),)
        case "reasoning":
            words = "\n".join(text(one, "text") for one in objects(item, "summary") or objects(item, "content"))
            return (Thought(words, seals.read(text(item, "encrypted_content"), "openai", text(item, "id"))),)
        case "message":
            return _parts(item.get("content"), reasons)
    return ()


def _parts(content: Any, reasons: Reasons) -> tuple[Part, ...]:
    if isinstance(content, str):
        return (Text(content),) if content else ()
    return tuple(found for part in content or () if (found := _part(part, reasons)) is not None)


def _part(part: Json, reasons: Reasons) -> Part | None:
    kind = part.get("type")
    match kind:
        case "input_text" | "output_text" | "text":
            return Text(text(part, "text"))
        case "refusal":
            return Refusal(text(part, "refusal"))
        case "input_image" if text(part, "image_url"):
            return linked("image", text(part, "image_url"), detail=text(part, "detail"))
        case "input_file" if text(part, "file_data") or text(part, "file_url"):
            url = text(part, "file_data") or text(part, "file_url")
            return linked("document", url, name=text(part, "filename"))
        case "input_image" | "input_file":
            reasons.add("'input.content.file_id' names a file that only its own provider has.")
        case other:
            reasons.add(f"'input.content.type' is '{other}', which has no counterpart.")
    return None


def _tool(tool: Json, reasons: Reasons) -> Tool:
    if tool.get("type") != "function":
        reasons.add(f"'tools.type' is '{tool.get('type')}', which has no counterpart.")
    else:
        reasons.unless_known(tool, _IN_TOOLS, "tools.")
    return Tool(text(tool, "name"), text(tool, "description"), object_(tool, "parameters"), flag(tool, "strict"))


def _choice(body: Json, reasons: Reasons) -> Choice:
    alone = body.get("parallel_tool_calls") is False
    match body.get("tool_choice"):
        case None | "auto":
            return Choice("auto", one_at_a_time=alone)
        case "none":
            return Choice("none", one_at_a_time=alone)
        case "required":
            return Choice("any", one_at_a_time=alone)
        case {"type": "function", "name": str(name)}:
            return Choice("any", (name,), alone)
        case {"type": "allowed_tools", "mode": mode, "tools": list(tools)}:
            return Choice("any" if mode == "required" else "auto", tuple(text(one, "name") for one in tools), alone)
    reasons.add("'tool_choice' is not one that has a counterpart.")
    return Choice()


def _form(wanted: Json, reasons: Reasons) -> Form | None:
    match wanted.get("type"):
        case None | "text":
            return None
        case "json_object":
            return Form()
        case "json_schema":
            return Form(object_(wanted, "schema"), text(wanted, "name", "answer"), flag(wanted, "strict"))
        case other:
            reasons.add(f"'text.format.type' is '{other}', which has no counterpart.")
    return None


def write(conversation: Conversation, model: str, stream: bool, reasons: Reasons) -> Json:
    """A conversation as a request; what this wire has no word for goes to ``reasons``. A seed is a wish and is left out."""
    for name, words in _WITHOUT_WORD.items():
        if getattr(conversation, name):
            reasons.add(f"{words} no counterpart on the wire of this model's provider.")
    system, turns = instructions(conversation.turns)
    body: Json = {"model": model, "store": False, "include": [SEALED]}
    if system:
        body["instructions"] = "\n\n".join(system)
    body["input"] = [item for turn in turns for item in _items(turn, reasons)]
    if conversation.tools:
        body["tools"] = [_function(tool) for tool in conversation.tools]
        body |= _chosen(conversation.choice)
    if conversation.form is not None:
        body["text"] = {"format": _wanted(conversation.form)}
    reasoning = {"effort": conversation.effort, "summary": "auto" if conversation.show_thoughts else None}
    given = {
        "reasoning": {name: value for name, value in reasoning.items() if value is not None} or None,
        "max_output_tokens": conversation.most,
        "temperature": conversation.temperature,
        "top_p": conversation.top_p,
        "user": conversation.user or None,
        "stream": True if stream else None,
    }
    return body | {name: value for name, value in given.items() if value is not None}


def _items(turn: Turn, reasons: Reasons) -> list[Json]:
    items: list[Json] = []
    content: list[Json] = []
    for part in turn.parts:
        if (item := _item(part, reasons)) is not None:
            items += _message(turn, content)
            content = []
            items.append(item)
        elif (said := _content(part, turn.role == "assistant", reasons)) is not None:
            content.append(said)
    return items + _message(turn, content)


def _message(turn: Turn, content: list[Json]) -> list[Json]:
    """What was said between calls: one message, and of the model's own a plain one for each text."""
    if turn.role != "assistant":
        return [{"type": "message", "role": turn.role, "content": content}] if content else []
    return [_own(part, place) for place, part in enumerate(content)]


def _own(said: Json, place: int) -> Json:
    if said["type"] == "output_text":
        return {"type": "message", "role": "assistant", "content": said["text"]}
    return {"type": "message", "role": "assistant", "id": f"msg_{place}", "status": "completed", "content": [said]}


def _item(part: Part, reasons: Reasons) -> Json | None:
    match part:
        case Call():
            return {"type": "function_call", "call_id": part.id, "name": part.name, "arguments": part.arguments}
        case Result():
            heard = [said for one in part.parts if (said := _content(one, False, reasons)) is not None]
            plain = all(one["type"] == "input_text" for one in heard)
            output = "".join(one["text"] for one in heard) if plain else heard
            return {"type": "function_call_output", "call_id": part.id, "output": output}
        case Thought(words, seal) if seal is not None and seal.maker == "openai":
            return thought(words, seal.name, seal.value)
    return None


def thought(words: str, id_: str, sealed: str) -> Json:
    """An item of reasoning, in a request or in an answer."""
    summary = [{"type": "summary_text", "text": words}] if words else []
    return {"type": "reasoning", "id": id_, "summary": summary} | ({"encrypted_content": sealed} if sealed else {})


def _content(part: Part, own: bool, reasons: Reasons) -> Json | None:
    match part:
        case Text(words) if own:
            return {"type": "output_text", "text": words, "annotations": []}
        case Text(words):
            return {"type": "input_text", "text": words}
        case Refusal(words):
            return {"type": "refusal", "refusal": words}
        case Attachment("image"):
            url = part.url or f"data:{part.type};base64,{part.data}"
            return {"type": "input_image", "image_url": url, "detail": part.detail or "auto"}
        case Attachment("document", url=str(url)) if url:
            return {"type": "input_file", "file_url": url}
        case Attachment("document"):
            data = f"data:{part.type};base64,{part.data}"
            return {"type": "input_file", "file_data": data, "filename": part.name or "document.pdf"}
        case Attachment():
            reasons.add(f"This model's provider takes no {part.kind} on its wire.")
    return None


def _function(tool: Tool) -> Json:
    return {
        "type": "function",
        "name": tool.name,
        "parameters": tool.schema or {"type": "object", "properties": {}},
        "strict": tool.strict,
    } | ({"description": tool.description} if tool.description else {})


def _chosen(choice: Choice) -> Json:
    found: Json = {"parallel_tool_calls": False} if choice.one_at_a_time else {}
    functions = [{"type": "function", "name": name} for name in choice.names]
    if choice.mode == "any" and len(functions) == 1:
        found["tool_choice"] = functions[0]
    elif functions:
        mode = "required" if choice.mode == "any" else "auto"
        found["tool_choice"] = {"type": "allowed_tools", "mode": mode, "tools": functions}
    elif choice.mode != "auto":
        found["tool_choice"] = "required" if choice.mode == "any" else "none"
    return found


def _wanted(form: Form) -> Json:
    if form.schema is None:
        return {"type": "json_object"}
    return {"type": "json_schema", "name": form.name, "schema": form.schema, "strict": form.strict}
