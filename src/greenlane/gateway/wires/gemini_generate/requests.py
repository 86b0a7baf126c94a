"""A request to generate content, read as a conversation and written from one.

Facts: https://ai.google.dev/api/generate-content; https://ai.google.dev/gemini-api/docs/thought-signatures, with the
documented value for calls that another model made; efforts as https://ai.google.dev/gemini-api/docs/openai maps them.
"""

from __future__ import annotations

import mimetypes
from typing import Any
from urllib.parse import urlsplit

import orjson

from greenlane.gateway.wires import seals
from greenlane.gateway.wires.gemini_generate.asking import kind_of
from greenlane.gateway.wires.gemini_generate.names import count_of, member, object_of, objects_of, text_of, written
from greenlane.gateway.wires.gemini_generate.schemas import json_schema
from greenlane.gateway.wires.members import Json, number
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
    Seal,
    Text,
    Thought,
    Tool,
    Turn,
)
from greenlane.gateway.wires.refused import Reasons
from greenlane.gateway.wires.turns import instructions, joined, sealed

FOREIGN_CALL = "skip_thought_signature_validator"
"""Stands for the seal of a call that another model made, or whose seal its caller lost; Gemini 3 refuses none at all."""
_WITHOUT_SEALS = ("gemini-1", "gemini-2")
_BUDGETS: dict[Effort, int] = {"none": 0, "minimal": 1024, "low": 1024, "medium": 8192, "high": 24576}
_LEVELS: dict[Effort, str] = {"minimal": "MINIMAL", "low": "LOW", "medium": "MEDIUM", "high": "HIGH"}
_EFFORTS: dict[str, Effort] = {"MINIMAL": "minimal", "LOW": "low", "MEDIUM": "medium", "HIGH": "high", "XHIGH": "xhigh"}
_EFFORTS_BY_BUDGET: tuple[tuple[int, Effort], ...] = ((1024, "low"), (8192, "medium"))
_ONLY_THEIRS = ("generativelanguage.googleapis.com", "www.youtube.com", "youtube.com", "youtu.be")
_BODY = ("contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "model")
_HINTS = ("safetySettings", "labels", "serviceTier", "store")
_WANTED = (
    *("maxOutputTokens", "stopSequences", "temperature", "topP", "topK", "seed", "presencePenalty", "frequencyPenalty"),
    *("candidateCount", "responseMimeType", "responseSchema", "responseJsonSchema", "thinkingConfig"),
    *("responseModalities", "mediaResolution"),
)
_PART = ("text", "thought", "thoughtSignature", "inlineData", "fileData", "functionCall", "functionResponse")


def read(body: Json, reasons: Reasons) -> Conversation:
    """A request as a conversation; what has no neutral word goes to ``reasons``."""
    wanted = object_of(body, "generationConfig")
    _unless_known(body, _BODY + _HINTS, "", reasons)
    _unless_known(wanted, _WANTED, "generationConfig.", reasons)
    if (count_of(wanted, "candidateCount") or 1) != 1:
        reasons.add("'candidateCount' asks for several answers, and a translated call gives one.")
    if any(str(one).upper() != "TEXT" for one in member(wanted, "responseModalities") or ()):
        reasons.add("'responseModalities' asks for more than text.")
    thinking = object_of(wanted, "thinkingConfig")
    budget = count_of(thinking, "thinkingBudget")
    tools, choice = _tools(objects_of(body, "tools"), object_of(body, "toolConfig"), reasons)
    return Conversation(
        turns=_turns(body, reasons),
        tools=tools,
        choice=choice,
        form=_form(wanted, reasons),
        most=count_of(wanted, "maxOutputTokens") or None,
        stop=tuple(member(wanted, "stopSequences") or ()),
        temperature=number(wanted, written(wanted, "temperature")),
        top_p=number(wanted, written(wanted, "topP")),
        top_k=count_of(wanted, "topK"),
        seed=count_of(wanted, "seed"),
        presence_penalty=number(wanted, written(wanted, "presencePenalty")),
        frequency_penalty=number(wanted, written(wanted, "frequencyPenalty")),
        effort=_EFFORTS.get(text_of(thinking, "thinkingLevel").upper()) or _effort(budget),
        budget=budget if budget is not None and budget > 0 else None,
        show_thoughts=bool(member(thinking, "includeThoughts")),
    )


def _unless_known(value: Json, known: tuple[str, ...], where: str, reasons: Reasons) -> None:
    reasons.unless_known(value, frozenset(written(value, name) for name in known), where)


def _effort(budget: int | None) -> Effort | None:
    if budget is None or budget < 0:
        return None
    if budget == 0:
        return "none"
    return next((effort for most, effort in _EFFORTS_BY_BUDGET if budget <= most), "high")


class _Ids:
    """Ids for calls that have none: counted through the conversation, answered in the order in which they were made."""

    def __init__(self) -> None:
        self._made = 0
        self._open: list[tuple[str, str]] = []

    def called(self, id_: str, name: str) -> str:
        self._made += 1
        id_ = id_ or f"call_{self._made}"
        self._open.append((id_, name))
        return id_

    def answered(self, id_: str, name: str) -> str:
        for place, (open_id, open_name) in enumerate(self._open):
            if open_id == id_ or (not id_ and open_name == name):
                return self._open.pop(place)[0]
        return id_


def _turns(body: Json, reasons: Reasons) -> tuple[Turn, ...]:
    ids = _Ids()
    turns = []
    if system := object_of(body, "systemInstruction"):
        turns.append(Turn("system", _parts(system, ids, reasons)))
    for content in objects_of(body, "contents"):
        role: Any = {"": "user", "user": "user", "function": "user", "model": "assistant"}.get(text_of(content, "role"))
        if role is None:
            reasons.add(f"'contents.role' is '{content.get('role')}', which has no counterpart.")
        else:
            turns.append(Turn(role, _parts(content, ids, reasons)))
    return joined(turns)


def _parts(content: Json, ids: _Ids, reasons: Reasons) -> tuple[Part, ...]:
    found: list[Part] = []
    for part in objects_of(content, "parts"):
        _unless_known(part, _PART, "contents.parts.", reasons)
        found += part_of(part, ids.called, reasons)
        if result := object_of(part, "functionResponse"):
            found.append(_result(result, ids, reasons))
    return sealed(found)


def part_of(part: Json, named: Any, reasons: Reasons) -> list[Part]:
    """A part, in a request or in an answer: its seal first, then what it says. ``named`` gives a call its id."""
    seal = seal_of(part)
    words = text_of(part, "text")
    if part.get("thought"):
        return [Thought(words, seal)]
    found: list[Part] = [Thought(seal=seal)] if seal is not None and seal.value != FOREIGN_CALL else []
    if words:
        found.append(Text(words))
    if call := object_of(part, "functionCall"):
        name = text_of(call, "name")
        arguments = orjson.dumps(object_of(call, "args")).decode()
        found.append(Call(named(text_of(call, "id"), name), name, arguments))
    if (media := _attachment(part, reasons)) is not None:
        found.append(media)
    return found


def seal_of(part: Json) -> Seal | None:
    """The seal of a part."""
    return seals.read(seals.unpacked(text_of(part, "thoughtSignature")), "gemini")


def _attachment(part: Json, reasons: Reasons) -> Attachment | None:
    if inlined := object_of(part, "inlineData"):
        type_ = text_of(inlined, "mimeType")
        return Attachment(kind_of(type_), type_, text_of(inlined, "data"), name=text_of(inlined, "displayName"))
    if linked := object_of(part, "fileData"):
        url, type_ = text_of(linked, "fileUri"), text_of(linked, "mimeType")
        address = urlsplit(url)
        if address.scheme not in ("http", "https") or address.hostname in _ONLY_THEIRS:
            reasons.add("'fileData.fileUri' names a file that only its own provider has.")
            return None
        type_ = type_ or mimetypes.guess_type(address.path)[0] or ""
        return Attachment(kind_of(type_), type_, url=url)
    return None


def _result(result: Json, ids: _Ids, reasons: Reasons) -> Result:
    name, response = text_of(result, "name"), object_of(result, "response")
    failed = set(response) == {"error"}
    plain = response.get("error" if failed else "output") if len(response) == 1 else None
    words = plain if isinstance(plain, str) else orjson.dumps(response).decode()
    heard: Any = (Text(words),) if words else ()
    for part in objects_of(result, "parts"):
        if (media := _attachment(part, reasons)) is not None:
            heard += (media,)
    return Result(ids.answered(text_of(result, "id"), name), name, heard, failed)


def _tools(tools: list[Json], config: Json, reasons: Reasons) -> tuple[tuple[Tool, ...], Choice]:
    calling = object_of(config, "functionCallingConfig")
    _unless_known(config, ("functionCallingConfig",), "toolConfig.", reasons)
    mode = text_of(calling, "mode").upper() or "AUTO"
    if mode not in ("AUTO", "ANY", "NONE", "VALIDATED", "MODE_UNSPECIFIED"):
        reasons.add(f"'toolConfig.functionCallingConfig.mode' is '{mode}', which has no counterpart.")
    found = []
    for tool in tools:
        _unless_known(tool, ("functionDeclarations",), "tools.", reasons)
        for one in objects_of(tool, "functionDeclarations"):
            _unless_known(
                one, ("name", "description", "parameters", "parametersJsonSchema"), "functionDeclarations.", reasons
            )
            schema = object_of(one, "parametersJsonSchema") or json_schema(object_of(one, "parameters"))
            found.append(Tool(text_of(one, "name"), text_of(one, "description"), schema, mode == "VALIDATED"))
    names = tuple(member(calling, "allowedFunctionNames") or ())
    choices: dict[str, Any] = {"ANY": "any", "NONE": "none"}
    return tuple(found), Choice(choices.get(mode, "auto"), names)


def _form(wanted: Json, reasons: Reasons) -> Form | None:
    type_ = text_of(wanted, "responseMimeType")
    if type_ not in ("", "text/plain", "application/json"):
        reasons.add(f"'responseMimeType' is '{type_}', which has no counterpart.")
    schema = object_of(wanted, "responseJsonSchema") or json_schema(object_of(wanted, "responseSchema"))
    if type_ != "application/json":
        return None
    return Form(schema or None)


def write(conversation: Conversation, model: str, stream: bool, reasons: Reasons) -> Json:
    """A conversation as a request; what this wire has no word for goes to ``reasons``. Model and stream are the path's."""
    system, turns = instructions(conversation.turns)
    body: Json = {}
    if system:
        body["systemInstruction"] = {"parts": [{"text": one} for one in system]}
    body["contents"] = [_content(turn, model, reasons) for turn in turns]
    if conversation.tools:
        body["tools"] = [{"functionDeclarations": _declarations(conversation)}]
        body |= _chosen(conversation, reasons)
    given = {
        "maxOutputTokens": conversation.most,
        "stopSequences": list(conversation.stop) or None,
        "temperature": conversation.temperature,
        "topP": conversation.top_p,
        "topK": conversation.top_k,
        "seed": conversation.seed,
        "presencePenalty": conversation.presence_penalty,
        "frequencyPenalty": conversation.frequency_penalty,
        "thinkingConfig": _thinking(conversation, model) or None,
    }
    wanted: Json = {name: value for name, value in given.items() if value is not None}
    if conversation.form is not None:
        wanted["responseMimeType"] = "application/json"
        if conversation.form.schema is not None:
            wanted["responseJsonSchema"] = conversation.form.schema
    return body | ({"generationConfig": wanted} if wanted else {})


def _content(turn: Turn, model: str, reasons: Reasons) -> Json:
    if turn.role == "system":
        reasons.add(
            "A message of the system stands in the middle of the conversation, and Gemini takes them at its start alone."
        )
    parts: list[Json] = []
    seal = ""
    first = not model.startswith(_WITHOUT_SEALS)
    for part in turn.parts:
        match part:
            case Thought(words, kept):
                if kept is not None and kept.maker == "gemini":
                    seal = kept.value
                if words and (kept is None or kept.maker == "gemini"):
                    parts.append({"text": words, "thought": True})
                continue
            case Call():
                seal = seal or (FOREIGN_CALL if first else "")
                first = False
                arguments = reasons.arguments(part.arguments)
                found: Json | None = {"functionCall": {"id": part.id, "name": part.name, "args": arguments}}
            case _:
                found = _part(part, reasons)
        if found is not None:
            parts.append(found | ({"thoughtSignature": seal} if seal else {}))
            seal = ""
    if seal:
        parts.append({"text": "", "thoughtSignature": seal})
    return {"role": "model" if turn.role == "assistant" else "user", "parts": parts}


def _part(part: Part, reasons: Reasons) -> Json | None:
    match part:
        case Text(words) | Refusal(words):
            return {"text": words}
        case Attachment():
            return _attached(part)
        case Result():
            return {"functionResponse": _answered(part, reasons)}
    return None


def _attached(part: Attachment) -> Json:
    if not part.url:
        return {"inlineData": {"mimeType": part.type, "data": part.data}}
    type_ = part.type or mimetypes.guess_type(urlsplit(part.url).path)[0]
    return {"fileData": {"fileUri": part.url} | ({"mimeType": type_} if type_ else {})}


def _answered(part: Result, reasons: Reasons) -> Json:
    if not part.name:
        reasons.add(
            f"The result '{part.id}' answers no call of this conversation, and Gemini needs the name of its tool."
        )
    words = "".join(one.text for one in part.parts if isinstance(one, Text))
    response: Json = {"error" if part.failed else "output": words}
    if not part.failed and words[:1] == "{":
        try:
            response = orjson.loads(words)
        except orjson.JSONDecodeError:
            response = {"output": words}
    media = [_attached(one) for one in part.parts if isinstance(one, Attachment)]
    return {"id": part.id, "name": part.name, "response": response} | ({"parts": media} if media else {})


def _declarations(conversation: Conversation) -> list[Json]:
    """The tools, cut to those that may be called where they need not be: only a forced choice can name them."""
    choice = conversation.choice
    return [
        {"name": tool.name, "description": tool.description}
        | ({"parametersJsonSchema": tool.schema} if tool.schema.get("properties") else {})
        for tool in conversation.tools
        if not choice.names or tool.name in choice.names or choice.mode == "any"
    ]


def _chosen(conversation: Conversation, reasons: Reasons) -> Json:
    choice = conversation.choice
    if choice.one_at_a_time and choice.mode != "none":
        reasons.add("Tools are asked for one at a time ('parallel_tool_calls'), which Gemini cannot be told.")
    mode = "VALIDATED" if any(tool.strict for tool in conversation.tools) else ""
    if choice.mode != "auto":
        mode = choice.mode.upper()
    if not mode:
        return {}
    names = {"allowedFunctionNames": list(choice.names)} if choice.names and choice.mode == "any" else {}
    return {"toolConfig": {"functionCallingConfig": {"mode": mode, **names}}}


def _thinking(conversation: Conversation, model: str) -> Json:
    """Budgets for models that know no levels; a level otherwise, the highest for what is higher."""
    found: Json = {"includeThoughts": True} if conversation.show_thoughts else {}
    effort = conversation.effort
    if conversation.budget is not None:
        found["thinkingBudget"] = conversation.budget
    elif effort is not None and model.startswith(_WITHOUT_SEALS):
        found["thinkingBudget"] = _BUDGETS.get(effort, _BUDGETS["high"])
    elif effort == "none":
        found["thinkingBudget"] = 0
    elif effort is not None:
        found["thinkingLevel"] = _LEVELS.get(effort, "HIGH")
    return found
