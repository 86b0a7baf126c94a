"""What a request for a message asks for.

Facts: ``anthropic.types.message_create_params``, ``content_block_param``, ``tool_union_param``.
"""

from __future__ import annotations

from typing import Any

from greenlane.gateway.wires.asked import Asked, NotUnderstood, Wire
from greenlane.gateway.wires.members import Json, count, flag, needed, object_, objects, text
from greenlane.gateway.wires.tally import Tally

_HIDING = ("container", "mcp_servers", "inference_geo", "fallbacks", "thread")
"""State and tools at the provider, and what changes the price of every token."""
_CALLERS_TOOLS = ("bash_", "text_editor_", "memory_", "computer_")
"""Tools that Anthropic defines and the caller carries out (https://docs.anthropic.com/en/docs/agents-and-tools/tool-use)."""
_SAID = frozenset(
    (
        "thinking",
        "redacted_thinking",
        "tool_use",
        "server_tool_use",
        "search_result",
        "web_search_tool_result",
        "web_fetch_tool_result",
        "code_execution_tool_result",
        "bash_code_execution_tool_result",
        "text_editor_code_execution_tool_result",
        "tool_search_tool_result",
        "tool_reference",
    )
)
"""Blocks that carry all of their words with them; the signature of a thought is as long as what it seals."""
_RESULT = frozenset(("content",))
_SOURCE = frozenset(("source",))


def asked(wire: Wire, body: Json, model_in_path: str, stream_in_path: bool) -> Asked:
    """Read it. A request to count tokens writes none, so its limit is zero."""
    tally = Tally()
    tally.hide_given(body, _HIDING)
    if body.get("speed") not in (None, "standard"):
        tally.hide("speed")
    if not only_shortens(object_(body, "context_management")):
        tally.hide("context_management")
    system = body.get("system")
    if type(system) is list:
        _blocks(tally, system)
    else:
        tally.text(system)
    messages = objects(body, "messages")
    for message in messages:
        content = message.get("content")
        if type(content) is list:
            _blocks(tally, content)
        else:
            tally.text(content)
    tools = objects(body, "tools")
    tally.text(tools or None)
    defined = 0
    for tool in tools:
        kind = tool.get("type")
        if kind not in (None, "custom"):
            if str(kind).startswith(_CALLERS_TOOLS):
                defined += 1
            else:
                tally.hide(f"tools.{kind}")
    tally.text(object_(body, "output_config").get("format"))
    counting = wire == "anthropic-count"
    return Asked(
        wire=wire,
        model=model_in_path or needed(body, "model"),
        stream=not counting and (stream_in_path or flag(body, "stream")),
        most=0 if counting else count(body, "max_tokens"),
        answers=1,
        thinking=count(object_(body, "thinking"), "budget_tokens"),
        text_bytes=tally.text_bytes,
        messages=len(messages) + (system is not None),
        tools=len(tools),
        media=tuple(tally.media),
        hidden=tally.hidden,
        user=text(object_(body, "metadata"), "user_id") or None,
        defined=defined,
    )


def only_shortens(managed: Json) -> bool:
    """Whether what a caller lets the provider do with its context can only leave things out: clearing is free, summing
    up is written and billed (https://platform.claude.com/docs/en/build-with-claude/context-editing).
    """
    return all(str(one.get("type")).startswith("clear_") for one in objects(managed, "edits"))


def _blocks(tally: Tally, blocks: list[Any]) -> None:
    for block in blocks:
        kind = block.get("type") if type(block) is dict else None
        if kind == "text":
            tally.text(block.get("text"))
        elif kind in ("image", "document"):
            tally.members(block, _SOURCE)
            _source(tally, kind, object_(block, "source"))
        elif kind == "tool_result":
            tally.members(block, _RESULT)
            content = block.get("content")
            if type(content) is list:
                _blocks(tally, content)
            else:
                tally.text(content)
        elif kind is None:
            raise NotUnderstood("A block of 'messages.content' is not an object with a type.", field="messages.content")
        else:
            tally.text(block)
            if kind not in _SAID:
                tally.hide(f"messages.content.{kind}")


def _source(tally: Tally, kind: Any, source: Json) -> None:
    match source.get("type"):
        case "base64":
            tally.inline(kind, text(source, "media_type"), source.get("data"), field="source.data")
        case "url":
            tally.linked(kind, source.get("url"), field="source.url")
        case "text":
            tally.text(source.get("data"))
        case "content":
            content = source.get("content")
            if type(content) is list:
                _blocks(tally, content)
            else:
                tally.text(content)
        case other:
            tally.hide("file_id" if other == "file" else f"source.{other}")
