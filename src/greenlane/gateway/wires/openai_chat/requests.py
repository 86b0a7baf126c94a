"""A request for a chat completion, read as a conversation and written from one.

Facts: ``openai.types.chat.completion_create_params`` and the types beside it. Thoughts have no place on this wire: words
stand in ``reasoning_content``, as many servers write them; Gemini's seals in ``extra_content`` of a call, as Google's own
imitation of this wire has it (https://ai.google.dev/gemini-api/docs/thought-signatures); other seals in ``extra_content``
of the message, under our name.
"""

from __future__ import annotations

from typing import Any

from greenlane.gateway.wires import seals
from greenlane.gateway.wires.images import of_data_url
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
    Seal,
    Text,
    Thought,
    Tool,
    Turn,
)
from greenlane.gateway.wires.refused import Reasons
from greenlane.gateway.wires.turns import joined, names_of_calls, sealed

_READ = frozenset(
    (
        *("model", "messages", "tools", "tool_choice", "parallel_tool_calls", "response_format", "n", "stream"),
        *("max_completion_tokens", "max_tokens", "stop", "temperature", "top_p", "seed", "stream_options"),
        *("presence_penalty", "frequency_penalty", "reasoning_effort", "user", "safety_identifier", "modalities"),
    )
)
_HINTS = frozenset(
    (
        *("metadata", "store", "service_tier", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention"),
        *("verbosity", "prediction"),
    )
)
"""What changes neither the meaning nor the form of an answer."""
_IN_MESSAGES = frozenset(
    (
        "role",
        "content",
        "tool_calls",
        "tool_call_id",
        "refusal",
        "reasoning_content",
        "reasoning",
        "extra_content",
        "annotations",
    )
)
ON_THIS_WIRE = "chat"
"""The name of a seal that Google gave on this wire, which its own imitation of it wants back."""
_IN_TOOLS = frozenset(("name", "description", "parameters", "strict"))


def read(body: Json, reasons: Reasons) -> Conversation:
    """A request as a conversation; what has no neutral word goes to ``reasons``."""
    reasons.unless_known(body, _READ | _HINTS)
    if count(body, "n") not in (None, 1):
        reasons.add("'n' asks for several answers, and a translated call gives one.")
    if body.get("modalities") not in (None, ["text"]):
        reasons.add("'modalities' asks for more than text.")
    stop = body.get("stop")
    limit = count(body, "max_completion_tokens")
    return Conversation(
        turns=_turns(objects(body, "messages"), reasons),
        tools=tuple(_tool(one, reasons) for one in objects(body, "tools")),
        choice=_choice(body, reasons),
        form=_form(object_(body, "response_format"), reasons),
        most=count(body, "max_tokens") if limit is None else limit,
        stop=(stop,) if isinstance(stop, str) else tuple(stop or ()),
        temperature=number(body, "temperature"),
        top_p=number(body, "top_p"),
        seed=body.get("seed"),
        presence_penalty=number(body, "presence_penalty"),
        frequency_penalty=number(body, "frequency_penalty"),
        effort=body.get("reasoning_effort"),
        user=text(body, "safety_identifier") or text(body, "user"),
    )


def _turns(messages: list[Json], reasons: Reasons) -> tuple[Turn, ...]:
    turns: list[Turn] = []
    for message in messages:
        reasons.unless_known(message, _IN_MESSAGES, "messages.")
        match message.get("role"):
            case "system" | "developer":
                turns.append(Turn("system", _parts(message.get("content"), reasons)))
            case "user":
                turns.append(Turn("user", _parts(message.get("content"), reasons)))
            case "assistant":
                turns.append(Turn("assistant", spoken(message, reasons, "")))
            case "tool":
                id_ = text(message, "tool_call_id")
                heard: Any = _parts(message.get("content"), reasons)
                turns.append(Turn("user", (Result(id_, names_of_calls(turns).get(id_, ""), heard),)))
            case other:
                reasons.add(f"'messages.role' is '{other}', which has no counterpart.")
    return joined(turns)


def spoken(message: Json, reasons: Reasons, where: str) -> tuple[Part, ...]:
    """What an assistant's message says, in a request or in an answer: thoughts, text, calls.

    ``where`` goes with the seals of calls: those that a provider gave on this wire go back to it on this wire.
    """
    kept = objects(object_(object_(message, "extra_content"), "greenlane"), "thoughts")
    parts: list[Part] = [Thought(text(one, "text"), seals.read(text(one, "seal"), None)) for one in kept]
    words = text(message, "reasoning_content") or text(message, "reasoning")
    if words and not parts:
        parts.append(Thought(words))
    parts += _parts(message.get("content"), reasons)
    if refusal := text(message, "refusal"):
        parts.append(Refusal(refusal))
    for call in objects(message, "tool_calls"):
        function = object_(call, "function")
        if call.get("type", "function") != "function":
            reasons.add(f"'messages.tool_calls.type' is '{call.get('type')}', which has no counterpart.")
        if value := text(object_(object_(call, "extra_content"), "google"), "thought_signature"):
            parts.append(Thought(seal=Seal("gemini", value, where)))
        parts.append(Call(text(call, "id"), text(function, "name"), text(function, "arguments") or "{}"))
    return sealed(parts)


def _parts(content: Any, reasons: Reasons) -> tuple[Part, ...]:
    if isinstance(content, str):
        return (Text(content),) if content else ()
    return tuple(found for part in content or () if (found := _part(part, reasons)) is not None)


def _part(part: Json, reasons: Reasons) -> Part | None:
    match part.get("type"):
        case "text":
            return Text(text(part, "text"))
        case "refusal":
            return Refusal(text(part, "refusal"))
        case "image_url":
            image = object_(part, "image_url")
            return linked("image", text(image, "url"), detail=text(image, "detail"))
        case "input_audio":
            audio = object_(part, "input_audio")
            return Attachment("audio", f"audio/{text(audio, 'format')}", text(audio, "data"))
        case "file" if text(object_(part, "file"), "file_data"):
            file = object_(part, "file")
            return linked("document", text(file, "file_data"), name=text(file, "filename"))
        case "file":
            reasons.add("'file.file_id' names a file that only its own provider has.")
        case other:
            reasons.add(f"'messages.content.type' is '{other}', which has no counterpart.")
    return None


def linked(kind: Any, url: str, *, name: str = "", detail: str = "") -> Attachment:
    """Media at a URL, which may be a ``data:`` URL, or bare base64."""
    if (inlined := of_data_url(url)) is not None:
        return Attachment(kind, inlined[0], inlined[1], name=name, detail=detail)
    if "://" in url[:12]:
        return Attachment(kind, "", url=url, name=name, detail=detail)
    return Attachment(kind, "application/pdf", url, name=name, detail=detail)


def _tool(tool: Json, reasons: Reasons) -> Tool:
    if tool.get("type") != "function":
        reasons.add(f"'tools.type' is '{tool.get('type')}', which has no counterpart.")
    function = object_(tool, "function")
    reasons.unless_known(function, _IN_TOOLS, "tools.function.")
    return Tool(
        text(function, "name"), text(function, "description"), object_(function, "parameters"), flag(function, "strict")
    )


def _choice(body: Json, reasons: Reasons) -> Choice:
    chosen = body.get("tool_choice")
    alone = body.get("parallel_tool_calls") is False
    match chosen:
        case None | "auto":
            return Choice("auto", one_at_a_time=alone)
        case "none":
            return Choice("none", one_at_a_time=alone)
        case "required":
            return Choice("any", one_at_a_time=alone)
        case {"type": "function", "function": {"name": str(name)}}:
            return Choice("any", (name,), alone)
        case {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": list(tools)}}:
            names = tuple(text(object_(one, "function"), "name") for one in tools)
            return Choice("any" if mode == "required" else "auto", names, alone)
    reasons.add("'tool_choice' is not one that has a counterpart.")
    return Choice()


def _form(wanted: Json, reasons: Reasons) -> Form | None:
    match wanted.get("type"):
        case None | "text":
            return None
        case "json_object":
            return Form()
        case "json_schema":
            schema = object_(wanted, "json_schema")
            return Form(object_(schema, "schema"), text(schema, "name", "answer"), flag(schema, "strict"))
        case other:
            reasons.add(f"'response_format.type' is '{other}', which has no counterpart.")
    return None


def write(conversation: Conversation, model: str, stream: bool, reasons: Reasons) -> Json:
    """A conversation as a request; what this wire has no word for goes to ``reasons``."""
    if conversation.top_k is not None:
        reasons.add("'top_k' has no counterpart at this model's provider.")
    body: Json = {"model": model, "messages": _messages(conversation.turns, reasons)}
    if conversation.tools:
        body["tools"] = [{"type": "function", "function": _function(tool)} for tool in conversation.tools]
        body |= _chosen(conversation.choice)
    if conversation.form is not None:
        body["response_format"] = _wanted(conversation.form)
    given = {
        "max_completion_tokens": conversation.most,
        "stop": list(conversation.stop) or None,
        "temperature": conversation.temperature,
        "top_p": conversation.top_p,
        "seed": conversation.seed,
        "presence_penalty": conversation.presence_penalty,
        "frequency_penalty": conversation.frequency_penalty,
        "reasoning_effort": conversation.effort,
        "user": conversation.user or None,
    }
    body |= {name: value for name, value in given.items() if value is not None}
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return body


def _messages(turns: tuple[Turn, ...], reasons: Reasons) -> list[Json]:
    messages: list[Json] = []
    for turn in turns:
        if turn.role == "assistant":
            messages.append(message(turn.parts, asking=True))
            continue
        said: list[Json] = []
        for part in turn.parts:
            match part:
                case Result():
                    messages.append({"role": "tool", "tool_call_id": part.id, "content": _heard(part, reasons)})
                case Text():
                    said.append({"type": "text", "text": part.text})
                case Attachment():
                    said.append(_attached(part, reasons))
        if said:
            plain = len(said) == 1 and "text" in said[0]
            messages.append({"role": turn.role, "content": said[0]["text"] if plain else said})
    return messages


def message(parts: tuple[Part, ...], *, asking: bool = False) -> Json:
    """An assistant's message, in an answer, or in a request (``asking``): there it has nothing that OpenAI does not know.

    Thoughts of other makers mean nothing to it, and a seal of Google's goes back alone where it came on this wire.
    """
    found: Json = {
        "role": "assistant",
        "content": "".join(part.text for part in parts if isinstance(part, Text)) or None,
    }
    if refusal := "".join(part.text for part in parts if isinstance(part, Refusal)):
        found["refusal"] = refusal
    calls: list[Json] = []
    thoughts: list[Json] = []
    sealed_by: Json = {}
    for part, next_ in zip(parts, (*parts[1:], None), strict=False):
        if isinstance(part, Call):
            calls.append(called(part.id, part.name, part.arguments) | sealed_by)
            sealed_by = {}
        elif isinstance(part, Thought) and part.seal is not None:
            if part.seal.maker == "gemini" and isinstance(next_, Call):
                sealed_by = seal_of_call(part.seal) if not asking or part.seal.name == ON_THIS_WIRE else {}
            else:
                thoughts.append({"text": part.text, "seal": seals.written(part.seal, None)})
    words = "\n".join(part.text for part in parts if isinstance(part, Thought) and part.text)
    if words and not asking:
        found["reasoning_content"] = words
    if calls:
        found["tool_calls"] = calls
    if thoughts and not asking:
        found["extra_content"] = {"greenlane": {"thoughts": thoughts}}
    return found


def called(id_: str, name: str, arguments: str) -> Json:
    """A call."""
    return {"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}


def seal_of_call(seal: Seal) -> Json:
    """Gemini's seal, as a member of a call."""
    return {"extra_content": {"google": {"thought_signature": seal.value}}}


def _heard(result: Result, reasons: Reasons) -> str:
    if any(isinstance(part, Attachment) for part in result.parts):
        reasons.add("The result of a tool carries an image or a document, and this model's provider takes text alone.")
    return "".join(part.text for part in result.parts if isinstance(part, Text))


def _attached(part: Attachment, reasons: Reasons) -> Json:
    match part.kind:
        case "image":
            url = part.url or f"data:{part.type};base64,{part.data}"
            return {"type": "image_url", "image_url": {"url": url} | ({"detail": part.detail} if part.detail else {})}
        case "audio" if part.data and part.type.rpartition("/")[2] in ("wav", "mp3", "mpeg"):
            kind = part.type.rpartition("/")[2].replace("mpeg", "mp3")
            return {"type": "input_audio", "input_audio": {"data": part.data, "format": kind}}
        case "document" if part.data:
            file = {"file_data": f"data:{part.type};base64,{part.data}", "filename": part.name or "document.pdf"}
            return {"type": "file", "file": file}
    where = "at a URL" if part.url else f"of type {part.type}"
    reasons.add(f"This model's provider takes no {part.kind} {where}.")
    return {}


def _function(tool: Tool) -> Json:
    function: Json = {"name": tool.name, "parameters": tool.schema or {"type": "object", "properties": {}}}
    if tool.description:
        function["description"] = tool.description
    return function | ({"strict": True} if tool.strict else {})


def _chosen(choice: Choice) -> Json:
    found: Json = {"parallel_tool_calls": False} if choice.one_at_a_time else {}
    functions = [{"type": "function", "function": {"name": name}} for name in choice.names]
    if choice.mode == "any" and len(functions) == 1:
        found["tool_choice"] = functions[0]
    elif functions:
        mode = "required" if choice.mode == "any" else "auto"
        found["tool_choice"] = {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": functions}}
    elif choice.mode != "auto":
        found["tool_choice"] = "required" if choice.mode == "any" else "none"
    return found


def _wanted(form: Form) -> Json:
    if form.schema is None:
        return {"type": "json_object"}
    return {"type": "json_schema", "json_schema": {"name": form.name, "schema": form.schema, "strict": form.strict}}
