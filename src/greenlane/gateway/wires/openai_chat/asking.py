"""What a request for a chat completion asks for.

Facts: ``openai.types.chat.completion_create_params`` and the ``*_message_param`` types beside it.
"""

from __future__ import annotations

from typing import Any

from greenlane.gateway.wires.asked import Asked, NotUnderstood, Wire
from greenlane.gateway.wires.members import Json, count, flag, needed, object_, objects, text
from greenlane.gateway.wires.tally import Tally

_HIDING = ("prediction", "moderation", "plugins", "models")
"""Predicted outputs, whose rejected tokens are billed beside the limit; plugins, and models that stand in for
the one that is named, are OpenRouter's.
"""
_PLAIN_TIERS = frozenset((None, "auto", "default", "flex"))
_UNUSUAL = frozenset(
    ("tools", "functions", "response_format", *_HIDING, "web_search_options", "service_tier", "modalities")
)
_APART = frozenset(("content", "audio"))


def asked(wire: Wire, body: Json, model_in_path: str, stream_in_path: bool) -> Asked:
    """Read it. The path says nothing on this wire, but Azure's path names the deployment that serves."""
    tally = Tally()
    messages = objects(body, "messages")
    for message in messages:
        _message(tally, message)
    tools = 0 if _UNUSUAL.isdisjoint(body) else _unusual(tally, body)
    limits = [limit for name in ("max_completion_tokens", "max_tokens") if (limit := count(body, name)) is not None]
    answers = count(body, "n")
    return Asked(
        wire=wire,
        model=model_in_path or needed(body, "model"),
        stream=stream_in_path or flag(body, "stream"),
        most=max(limits, default=None),
        answers=answers or 1,
        thinking=count(object_(body, "reasoning"), "max_tokens"),
        text_bytes=tally.text_bytes,
        messages=len(messages),
        tools=tools,
        media=tuple(tally.media),
        hidden=tally.hidden,
        user=text(body, "safety_identifier") or text(body, "user") or None,
    )


def _unusual(tally: Tally, body: Json) -> int:
    """What few requests say, counted or hidden. How many tools and functions there are."""
    tools = objects(body, "tools")
    for tool in tools:
        if tool.get("type") not in ("function", "custom"):
            tally.hide(f"tools.{tool.get('type')}")
    functions = objects(body, "functions")
    for read in ("tools", "functions", "response_format"):
        tally.text(body.get(read))
    tally.hide_given(body, _HIDING)
    if body.get("web_search_options") is not None:  # nothing in it is a search as well
        tally.hide("web_search_options")
    if body.get("service_tier") not in _PLAIN_TIERS:
        tally.hide("service_tier")
    if "audio" in (body.get("modalities") or ()):
        tally.hide("modalities.audio")
    return len(tools) + len(functions)


def _message(tally: Tally, message: Json) -> None:
    tally.members(message, _APART)
    if message.get("audio") is not None:
        tally.hide("messages.audio")
    content = message.get("content")
    if type(content) is list:
        for part in content:
            _part(tally, part)
    else:
        tally.text(content)


def _part(tally: Tally, part: Any) -> None:
    if type(part) is not dict:
        raise NotUnderstood("A part of 'messages.content' is not an object.", field="messages.content")
    kind = part.get("type")
    if kind in ("text", "refusal"):
        tally.text(part.get(kind))
    elif kind == "image_url":
        image = part.get("image_url")
        image = {"url": image} if type(image) is str else object_(part, "image_url")
        tally.linked("image", image.get("url"), text(image, "detail"), field="image_url.url")
    elif kind == "input_audio":
        audio = object_(part, "input_audio")
        tally.inline("audio", text(audio, "format"), audio.get("data"), field="input_audio.data")
    elif kind == "file":
        _file(tally, object_(part, "file"))
    elif kind == "video_url":
        tally.linked("video", object_(part, "video_url").get("url"), field="video_url.url")
    else:
        tally.text(part)
        tally.hide(f"messages.content.{kind}")


def _file(tally: Tally, file: Json) -> None:
    tally.text(file.get("filename"))
    if file.get("file_id") is not None:
        tally.hide("file_id")
    if file.get("file_data") is not None:
        data = file["file_data"]
        if type(data) is str and data[:5].lower() != "data:" and "://" not in data[:12]:
            tally.inline("document", "", data, field="file.file_data")
        else:
            tally.linked("document", data, field="file.file_data")
