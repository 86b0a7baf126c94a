"""What a request asks for is read from its bytes, on every wire."""

from __future__ import annotations

import json
import struct
import zlib
from base64 import b64encode
from typing import Any

import pytest

from greenlane.gateway.wires.images import size
from greenlane.gateway.wires.reading import WIRES, Asked, Media, NotUnderstood, asked

PNG = (
    b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBBI", 13, b"IHDR", 640, 480, 8, 2, 0, 0, 0, zlib.crc32(b"")) + b"rest"
)
PNG64 = b64encode(PNG).decode()
BODIES: dict[str, dict[str, Any]] = {
    "openai-chat": {"model": "m", "messages": [{"role": "user", "content": "hi"}]},
    "openai-responses": {"model": "m", "input": "hi"},
    "openai-embeddings": {"model": "m", "input": "hi"},
    "anthropic-messages": {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]},
    "anthropic-count": {"model": "m", "messages": [{"role": "user", "content": "hi"}]},
    "gemini-generate": {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
    "gemini-embed": {"content": {"parts": [{"text": "hi"}]}},
    "gemini-count": {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
}


def read(wire: str, body: dict[str, Any], **more: Any) -> Asked:
    return asked(wire, json.dumps(body).encode(), "models/m" if wire.startswith("gemini") else "", **more)


@pytest.mark.parametrize("wire", WIRES)
def test_every_wire_names_its_model_and_counts_its_text(wire: str) -> None:
    found = read(wire, BODIES[wire])
    assert (found.wire, found.model, found.stream, found.answers, found.messages) == (wire, "m", False, 1, 1)
    assert 2 <= found.text_bytes <= 8  # on one wire the role is a text as well
    assert found.hidden == () == found.media


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"null",
        b'{"model":1}',
        b'{"a":1,"a":2}',
        b"\xff",
        b"[" * 100_000,
        b'{"n":' + b"1" * 5_000 + b"}",
    ],
)
def test_what_is_no_request_is_refused_in_words(wire: str, body: bytes) -> None:
    with pytest.raises(NotUnderstood) as error:
        asked(wire, body)
    assert error.value.message.endswith(".")
    assert error.value.status == 400


@pytest.mark.parametrize(
    "twice",
    [
        b'{"model":"cheap","model":"dear","messages":[]}',
        b'{"model" : "cheap","messages":[],"model":"dear"}',
        b'{"model":"cheap","messages":[],"\\u006dodel":"dear"}',
        b'{"model":"m","messages":[{"role":"user","content":"a","content":"b"}]}',
    ],
)
def test_a_request_that_says_a_thing_twice_is_refused(twice: bytes) -> None:
    with pytest.raises(NotUnderstood, match="twice"):
        asked("openai-chat", twice)


def test_text_that_only_looks_like_names_is_no_trouble() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": '"model":"x","model" : "\\" {"a":1}é\u00e9'}]}
    for text in (json.dumps(body), json.dumps(body, ensure_ascii=False), json.dumps(body, indent=2)):
        assert asked("openai-chat", text.encode()).model == "m"


def test_a_chat_tells_limits_answers_tools_images_and_user() -> None:
    found = read(
        "openai-chat",
        {
            "model": "gpt",
            "stream": True,
            "n": 3,
            "max_tokens": 5,
            "max_completion_tokens": 7,
            "user": "u",
            "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
            "messages": [
                {"role": "system", "content": "ü"},
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "what"},
                        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG64}", "detail": "low"}},
                        {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
                        {"type": "file", "file": {"file_id": "file-1"}},
                    ],
                },
            ],
        },
    )
    assert (found.stream, found.most, found.answers, found.user, found.tools) == (True, 7, 3, "u", 1)
    assert found.media == (
        Media("image", "image/png", len(PNG), 640, 480, detail="low"),
        Media("image", url=True),
    )
    assert found.hidden == ("file_id",)
    assert found.text_bytes >= 2 + 4 + len('[{"type":"function"')


@pytest.mark.parametrize(
    ("wire", "more", "hidden"),
    [
        ("openai-chat", {"web_search_options": {"search_context_size": "low"}}, "web_search_options"),
        ("openai-chat", {"web_search_options": {}}, "web_search_options"),
        ("openai-chat", {"service_tier": "priority"}, "service_tier"),
        ("openai-chat", {"modalities": ["text", "audio"]}, "modalities.audio"),
        ("openai-responses", {"previous_response_id": "resp_1"}, "previous_response_id"),
        ("openai-responses", {"conversation": "conv_1"}, "conversation"),
        ("openai-responses", {"tools": [{"type": "web_search"}]}, "tools.web_search"),
        ("openai-responses", {"tools": [{"type": "mcp", "server_url": "https://a"}]}, "tools.mcp"),
        ("openai-responses", {"input": [{"type": "item_reference", "id": "x"}]}, "input.item_reference"),
        ("openai-responses", {"input": [{"id": "msg_1"}]}, "input.item_reference"),
        ("openai-responses", {"input": [{"id": "msg_1", "type": None}]}, "input.item_reference"),
        ("anthropic-messages", {"container": "c"}, "container"),
        ("anthropic-messages", {"speed": "fast"}, "speed"),
        ("anthropic-messages", {"mcp_servers": [{"url": "https://a"}]}, "mcp_servers"),
        ("anthropic-messages", {"tools": [{"type": "web_search_20250305", "name": "w"}]}, "tools.web_search_20250305"),
        ("gemini-generate", {"cachedContent": "cachedContents/1"}, "cachedContent"),
        ("gemini-generate", {"cached_content": "cachedContents/1"}, "cachedContent"),
        ("gemini-generate", {"tools": [{"googleSearch": {}}]}, "tools.googleSearch"),
        ("gemini-generate", {"generationConfig": {"responseModalities": ["IMAGE"]}}, "responseModalities"),
        ("gemini-generate", {"contents": [{"parts": [{"fileData": {"fileUri": "files/1"}}]}]}, "fileData"),
    ],
)
def test_what_only_the_provider_can_see_is_named(wire: str, more: dict[str, Any], hidden: str) -> None:
    assert read(wire, {**BODIES[wire], **more}).hidden == (hidden,)


def test_tools_of_a_namespace_are_the_callers_own_and_each_counts() -> None:
    inner = [{"type": "function", "name": name, "parameters": {}} for name in ("look", "now")]
    asking = {"model": "gpt-5.1", "input": "hi", "tools": [{"type": "namespace", "name": "crm", "tools": inner}]}
    found = read("openai-responses", asking)
    assert (found.tools, found.hidden) == (3, ())
    inner.append({"type": "web_search"})
    assert read("openai-responses", asking).hidden == ("tools.web_search",)


def test_what_merely_looks_special_hides_nothing() -> None:
    plain = {"service_tier": "auto", "store": True, "metadata": {"a": "b"}, "prediction": None}
    assert read("openai-chat", {**BODIES["openai-chat"], **plain}).hidden == ()
    bash = {
        "tools": [{"type": "bash_20250124", "name": "bash"}, {"name": "f", "input_schema": {}}],
        "speed": "standard",
    }
    assert read("anthropic-messages", {**BODIES["anthropic-messages"], **bash}).hidden == ()


def test_tools_that_their_provider_describes_are_told_apart() -> None:
    given = [{"type": kind, "name": kind} for kind in ("computer_20251124", "text_editor_20250728", "custom")]
    found = read("anthropic-messages", {**BODIES["anthropic-messages"], "tools": given})
    assert (found.tools, found.defined, found.hidden) == (3, 2, ())
    shell = {"tools": [{"type": "local_shell"}, {"type": "function", "name": "f", "parameters": {}}]}
    found = read("openai-responses", {**BODIES["openai-responses"], **shell})
    assert (found.tools, found.defined, found.hidden) == (2, 1, ())
    later = [{"role": "user", "content": "hi"}, {"type": "additional_tools", **shell}]
    found = read("openai-responses", {**BODIES["openai-responses"], "input": later})
    assert (found.tools, found.defined, found.hidden) == (2, 1, ())
    grouped = {"tools": [{"type": "namespace", "name": "here", **shell}]}
    found = read("openai-responses", {**BODIES["openai-responses"], **grouped})
    assert (found.tools, found.defined, found.hidden) == (3, 1, ())


def test_no_answers_at_all_are_bounded_as_one() -> None:
    assert read("openai-chat", {**BODIES["openai-chat"], "n": 0}).answers == 1


def test_thinking_is_read_where_a_wire_has_a_budget_for_it() -> None:
    thinking = {"thinking": {"type": "enabled", "budget_tokens": 2048}}
    assert read("anthropic-messages", {**BODIES["anthropic-messages"], **thinking}).thinking == 2048
    config = {"generation_config": {"thinking_config": {"thinking_budget": "99"}, "max_output_tokens": 100}}
    found = read("gemini-generate", {**BODIES["gemini-generate"], **config}, stream_in_path=True)
    assert (found.thinking, found.most, found.stream) == (99, 100, True)
    boundless = {"generationConfig": {"thinkingConfig": {"thinkingBudget": -1}, "candidateCount": 2}}
    found = read("gemini-generate", {**BODIES["gemini-generate"], **boundless})
    assert (found.thinking, found.most, found.answers) == (None, None, 2)


def test_gemini_in_two_spellings_at_once_is_refused() -> None:
    with pytest.raises(NotUnderstood, match="are the same"):
        read("gemini-generate", {**BODIES["gemini-generate"], "generationConfig": {}, "generation_config": {}})


def test_counting_writes_nothing() -> None:
    assert read("anthropic-count", {**BODIES["anthropic-count"], "max_tokens": 50}).most == 0
    counted = {"generateContentRequest": {"model": "models/m", **BODIES["gemini-generate"]}}
    assert read("gemini-count", counted).text_bytes >= 2


def test_embeddings_count_tokens_that_are_given_as_numbers() -> None:
    found = read("openai-embeddings", {"model": "m", "input": [[1, 2, 3], [4]]})
    assert (found.text_bytes, found.messages, found.most) == (4, 2, 0)
    assert read("openai-embeddings", {"model": "m", "input": [1, 2, 3]}).text_bytes == 3


def test_a_batch_of_embeddings_names_one_model() -> None:
    batch = {"requests": [{"model": "models/m", "content": {"parts": [{"text": "a"}]}}] * 2}
    assert read("gemini-embed", batch).messages == 2
    batch["requests"].append({"model": "models/dearer", "content": {"parts": []}})
    with pytest.raises(NotUnderstood, match="dearer"):
        read("gemini-embed", batch)


def test_anthropic_reads_blocks_results_and_sources() -> None:
    body = {
        **BODIES["anthropic-messages"],
        "system": [{"type": "text", "text": "abc", "cache_control": {"type": "ephemeral"}}],
        "metadata": {"user_id": "u"},
        "messages": [
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}]},
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "t",
                        "content": [
                            {"type": "text", "text": "x" * 1000},
                            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG64}},
                        ],
                    },
                    {"type": "document", "source": {"type": "url", "url": "https://example.org/a.pdf"}},
                ],
            },
        ],
    }
    found = read("anthropic-messages", body)
    assert found.text_bytes > 1003
    assert found.messages == 3
    assert found.user == "u"
    assert [(one.kind, one.width, one.url) for one in found.media] == [("image", 640, False), ("document", None, True)]


def test_images_tell_their_size_in_their_first_bytes() -> None:
    jpeg = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08" + struct.pack(">HH", 300, 200) + b"\x03" * 8
    gif = b"GIF89a" + struct.pack("<HH", 10, 20) + b"\x00" * 4
    lossless = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + struct.pack("<I", 99 | 49 << 14) + b"\0" * 8
    extended = b"RIFF\0\0\0\0WEBPVP8X" + b"\0" * 8 + (999).to_bytes(3, "little") + (799).to_bytes(3, "little")
    for data, expected in (
        (PNG, (640, 480)),
        (jpeg, (200, 300)),
        (gif, (10, 20)),
        (lossless, (100, 50)),
        (extended, (1000, 800)),
    ):
        assert size(b64encode(data).decode()) == expected
    assert size("not base64!") == size(b64encode(b"plain").decode()) == size("") == (None, None)
