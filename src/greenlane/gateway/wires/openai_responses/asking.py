"""What a request for a response asks for.

Facts: ``openai.types.responses.response_create_params``, ``response_input_item_param``, ``tool_param``.
"""

from __future__ import annotations

from typing import Any

from greenlane.gateway.wires.asked import Asked, NotUnderstood, Wire
from greenlane.gateway.wires.members import Json, count, flag, needed, object_, objects, text
from greenlane.gateway.wires.tally import Tally

_HIDING = (
    "previous_response_id",
    "conversation",
    "prompt",
    "background",
    "background_options",
    "context_management",
    "moderation",
    "plugins",
    "models",
)
"""What lies or works at the provider; plugins, and models that stand in for the one that is named, are OpenRouter's."""
_CALLERS_TOOLS = frozenset(("function", "custom", "local_shell", "apply_patch"))
"""Tools whose work is done by the caller; every other is done at the provider, out of sight. A namespace groups some."""
_DESCRIBED = frozenset(("local_shell", "apply_patch"))
"""Those of them that the provider describes to the model."""
_SAID = frozenset(
    (
        "function_call",
        "custom_tool_call",
        "reasoning",
        "local_shell_call",
        "local_shell_call_output",
        "apply_patch_call",
        "apply_patch_call_output",
        "web_search_call",
        "file_search_call",
        "code_interpreter_call",
        "mcp_list_tools",
        "mcp_call",
        "mcp_approval_request",
        "mcp_approval_response",
        "image_generation_call",
        "computer_call",
        "shell_call",
        "shell_call_output",
        "compaction",
    )
)
"""Items that carry all of their words with them."""
_PLAIN_TIERS = frozenset((None, "auto", "default", "flex"))
_CONTENT = frozenset(("content", "output"))


def asked(wire: Wire, body: Json, model_in_path: str, stream_in_path: bool) -> Asked:
    """Read it."""
    tally = Tally()
    tally.hide_given(body, _HIDING)
    if body.get("service_tier") not in _PLAIN_TIERS:
        tally.hide("service_tier")
    reasoning = object_(body, "reasoning")
    if reasoning.get("mode") not in (None, "standard"):
        tally.hide("reasoning.mode")
    tally.text(body.get("instructions"))
    tally.text(body.get("text"))
    tools = _tools(tally, objects(body, "tools"))
    given = body.get("input")
    messages = 1
    if type(given) is list:
        messages = len(given)
        for item in given:
            tools += _item(tally, item)
    else:
        tally.text(given)
    return Asked(
        wire=wire,
        model=model_in_path or needed(body, "model"),
        stream=stream_in_path or flag(body, "stream"),
        most=count(body, "max_output_tokens"),
        answers=1,
        thinking=None,
        text_bytes=tally.text_bytes,
        messages=messages + ("instructions" in body),
        tools=len(tools),
        media=tuple(tally.media),
        hidden=tally.hidden,
        user=text(body, "safety_identifier") or text(body, "user") or None,
        defined=sum(tool.get("type") in _DESCRIBED for tool in tools),
    )


def _tools(tally: Tally, tools: list[Json]) -> list[Json]:
    """All that there are, a namespace and each that it groups among them."""
    tally.text(tools or None)
    grouped = [inner for tool in tools if tool.get("type") == "namespace" for inner in objects(tool, "tools")]
    for tool in (*(one for one in tools if one.get("type") != "namespace"), *grouped):
        if tool.get("type") not in _CALLERS_TOOLS:
            tally.hide(f"tools.{tool.get('type')}")
    return [*tools, *grouped]


def _item(tally: Tally, item: Any) -> list[Json]:
    """Count an item; the tools that it brings with it."""
    if type(item) is not dict:
        raise NotUnderstood("An item of 'input' is not an object.", field="input")
    kind = item.get("type") or ("message" if "content" in item else "item_reference")
    if kind == "message" or kind.endswith("_call_output"):
        tally.members(item, _CONTENT)
        for name in _CONTENT:
            _content(tally, item.get(name))
    elif kind == "additional_tools":
        return _tools(tally, objects(item, "tools"))
    else:
        tally.text(item)
        if kind not in _SAID:
            tally.hide(f"input.{kind}")
    return []


def _content(tally: Tally, content: Any) -> None:
    if type(content) is not list:
        parts = [content] if type(content) is dict else []
        if not parts:
            tally.text(content)
            return
    else:
        parts = content
    for part in parts:
        kind = part.get("type") if type(part) is dict else None
        if kind in ("input_text", "output_text", "text", "refusal", "summary_text", "reasoning_text"):
            tally.text(part.get("refusal" if kind == "refusal" else "text"))
        elif kind in ("input_image", "computer_screenshot"):
            _linked(tally, part, "image", part.get("image_url"))
        elif kind == "input_file":
            tally.text(part.get("filename"))
            _linked(tally, part, "document", part.get("file_url") or part.get("file_data"))
        elif kind == "input_audio":
            audio = object_(part, "input_audio")
            tally.inline("audio", text(audio, "format"), audio.get("data"), field="input_audio.data")
        else:
            tally.text(part)
            tally.hide(f"input.content.{kind}")


def _linked(tally: Tally, part: Json, kind: Any, where: Any) -> None:
    if part.get("file_id") is not None:
        tally.hide("file_id")
    elif type(where) is str and where[:5].lower() != "data:" and "://" not in where[:12]:
        tally.inline(kind, "", where, text(part, "detail"), field="file_data")
    else:
        tally.linked(kind, where, text(part, "detail"), field="image_url" if kind == "image" else "file_url")
