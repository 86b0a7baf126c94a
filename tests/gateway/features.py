"""What a request can ask for, written by hand on every wire that has it. Each is one row of ``docs/translation.md``."""

from __future__ import annotations

from typing import Any

from greenlane.gateway.wires.translating import TRANSLATED

Json = dict[str, Any]
CHAT, RESPONSES, ANTHROPIC, GEMINI = TRANSLATED
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
PAPER = "JVBERi0xLjQKJSVFT0YK"
SOUND = "UklGRiQAAABXQVZFZm10IBAAAAABAAEA"
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
CALLED = '{"city":"Bern"}'


def chat(*messages: Json, **more: Any) -> Json:
    return {"model": "m", "messages": list(messages) or [{"role": "user", "content": "hi"}], **more}


def responses(*items: Json, **more: Any) -> Json:
    return {"model": "m", "input": list(items) or "hi", **more}


def anthropic(*messages: Json, **more: Any) -> Json:
    return {"model": "m", "max_tokens": 100, "messages": list(messages) or [{"role": "user", "content": "hi"}], **more}


def gemini(*contents: Json, **more: Any) -> Json:
    return {"contents": list(contents) or [{"role": "user", "parts": [{"text": "hi"}]}], **more}


def config(**more: Any) -> Json:
    return gemini(generationConfig=more)


def chat_tools(*names: str, **more: Any) -> list[Json]:
    return [
        {"type": "function", "function": {"name": one, "description": one, "parameters": SCHEMA, **more}}
        for one in names
    ]


def responses_tools(*names: str, strict: bool = False) -> list[Json]:
    return [
        {"type": "function", "name": one, "description": one, "parameters": SCHEMA, "strict": strict} for one in names
    ]


def anthropic_tools(*names: str, **more: Any) -> list[Json]:
    return [{"name": one, "description": one, "input_schema": SCHEMA, **more} for one in names]


def gemini_tools(*names: str) -> list[Json]:
    one = [{"name": name, "description": name, "parametersJsonSchema": SCHEMA} for name in names]
    return [{"functionDeclarations": one}]


def calling(mode: str, *names: str) -> Json:
    return {"functionCallingConfig": {"mode": mode} | ({"allowedFunctionNames": list(names)} if names else {})}


def user(*parts: Json) -> Json:
    return {"role": "user", "content": list(parts)}


FEATURES: dict[str, dict[str, Json]] = {
    "text with a system prompt": {
        CHAT: chat({"role": "developer", "content": "Be brief."}, {"role": "user", "content": "hi"}),
        RESPONSES: responses(instructions="Be brief."),
        ANTHROPIC: anthropic(system="Be brief."),
        GEMINI: gemini(systemInstruction={"parts": [{"text": "Be brief."}]}),
    },
    "a conversation of several turns": {
        CHAT: chat(*({"role": role, "content": role} for role in ("user", "assistant", "user"))),
        RESPONSES: responses(*({"role": role, "content": role} for role in ("user", "assistant", "user"))),
        ANTHROPIC: anthropic(*({"role": role, "content": role} for role in ("user", "assistant", "user"))),
        GEMINI: gemini(*({"role": role, "parts": [{"text": role}]} for role in ("user", "model", "user"))),
    },
    "a limit of output tokens": {
        CHAT: chat(max_completion_tokens=64),
        RESPONSES: responses(max_output_tokens=64),
        ANTHROPIC: anthropic(max_tokens=64),
        GEMINI: config(maxOutputTokens=64),
    },
    "temperature and top_p": {
        CHAT: chat(temperature=0.5, top_p=0.9),
        RESPONSES: responses(temperature=0.5, top_p=0.9),
        ANTHROPIC: anthropic(temperature=0.5, top_p=0.9),
        GEMINI: config(temperature=0.5, topP=0.9),
    },
    "a temperature above 1": {
        CHAT: chat(temperature=1.5),
        RESPONSES: responses(temperature=1.5),
        GEMINI: config(temperature=1.5),
    },
    "top_k": {ANTHROPIC: anthropic(top_k=40), GEMINI: config(topK=40)},
    "stop sequences": {
        CHAT: chat(stop=["END"]),
        ANTHROPIC: anthropic(stop_sequences=["END"]),
        GEMINI: config(stopSequences=["END"]),
    },
    "penalties": {
        CHAT: chat(presence_penalty=0.5, frequency_penalty=0.5),
        GEMINI: config(presencePenalty=0.5, frequencyPenalty=0.5),
    },
    "tools with parallel calls and results": {
        CHAT: chat(
            {"role": "user", "content": "weather?"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": id_, "type": "function", "function": {"name": "look", "arguments": CALLED}}
                    for id_ in ("a", "b")
                ],
            },
            {"role": "tool", "tool_call_id": "a", "content": "sun"},
            {"role": "tool", "tool_call_id": "b", "content": "rain"},
            tools=chat_tools("look"),
        ),
        RESPONSES: responses(
            {"role": "user", "content": "weather?"},
            *({"type": "function_call", "call_id": id_, "name": "look", "arguments": CALLED} for id_ in ("a", "b")),
            *(
                {"type": "function_call_output", "call_id": one, "output": two}
                for one, two in (("a", "sun"), ("b", "rain"))
            ),
            tools=responses_tools("look"),
        ),
        ANTHROPIC: anthropic(
            {"role": "user", "content": "weather?"},
            {
                "role": "assistant",
                "content": [
                    {"type": "tool_use", "id": id_, "name": "look", "input": {"city": "Bern"}} for id_ in ("a", "b")
                ],
            },
            user(
                {"type": "tool_result", "tool_use_id": "a", "content": "sun"},
                {"type": "tool_result", "tool_use_id": "b", "content": "rain"},
            ),
            tools=anthropic_tools("look"),
        ),
        GEMINI: gemini(
            {"role": "user", "parts": [{"text": "weather?"}]},
            {"role": "model", "parts": [{"functionCall": {"name": "look", "args": {"city": "Bern"}}}] * 2},
            {
                "role": "user",
                "parts": [
                    {"functionResponse": {"name": "look", "response": {"output": one}}} for one in ("sun", "rain")
                ],
            },
            tools=gemini_tools("look"),
        ),
    },
    "a tool that must be called": {
        CHAT: chat(tools=chat_tools("a", "b"), tool_choice={"type": "function", "function": {"name": "b"}}),
        RESPONSES: responses(tools=responses_tools("a", "b"), tool_choice={"type": "function", "name": "b"}),
        ANTHROPIC: anthropic(tools=anthropic_tools("a", "b"), tool_choice={"type": "tool", "name": "b"}),
        GEMINI: gemini(tools=gemini_tools("a", "b"), toolConfig=calling("ANY", "b")),
    },
    "some tool that must be called, or none": {
        CHAT: chat(tools=chat_tools("a"), tool_choice="required"),
        RESPONSES: responses(tools=responses_tools("a"), tool_choice="none"),
        ANTHROPIC: anthropic(tools=anthropic_tools("a"), tool_choice={"type": "any"}),
        GEMINI: gemini(tools=gemini_tools("a"), toolConfig=calling("NONE")),
    },
    "tools one at a time": {
        CHAT: chat(tools=chat_tools("a"), parallel_tool_calls=False),
        RESPONSES: responses(tools=responses_tools("a"), parallel_tool_calls=False),
        ANTHROPIC: anthropic(
            tools=anthropic_tools("a"), tool_choice={"type": "auto", "disable_parallel_tool_use": True}
        ),
    },
    "strict tools": {
        CHAT: chat(tools=chat_tools("a", strict=True)),
        RESPONSES: responses(tools=responses_tools("a", strict=True)),
        ANTHROPIC: anthropic(tools=anthropic_tools("a", strict=True)),
        GEMINI: gemini(tools=gemini_tools("a"), toolConfig=calling("VALIDATED")),
    },
    "an image in the result of a tool": {
        RESPONSES: responses(
            {"role": "user", "content": "look"},
            {"type": "function_call", "call_id": "a", "name": "look", "arguments": "{}"},
            {
                "type": "function_call_output",
                "call_id": "a",
                "output": [{"type": "input_image", "image_url": f"data:image/png;base64,{PIXEL}", "detail": "auto"}],
            },
        ),
        ANTHROPIC: anthropic(
            {"role": "user", "content": "look"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "look", "input": {}}]},
            user(
                {
                    "type": "tool_result",
                    "tool_use_id": "a",
                    "content": [
                        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}
                    ],
                }
            ),
        ),
        GEMINI: gemini(
            {"role": "user", "parts": [{"text": "look"}]},
            {"role": "model", "parts": [{"functionCall": {"id": "a", "name": "look", "args": {}}}]},
            {
                "role": "user",
                "parts": [
                    {
                        "functionResponse": {
                            "id": "a",
                            "name": "look",
                            "response": {"output": "seen"},
                            "parts": [{"inlineData": {"mimeType": "image/png", "data": PIXEL}}],
                        }
                    }
                ],
            },
        ),
    },
    "an inlined image": {
        CHAT: chat(user({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}})),
        RESPONSES: responses(
            user({"type": "input_image", "image_url": f"data:image/png;base64,{PIXEL}", "detail": "auto"})
        ),
        ANTHROPIC: anthropic(
            user({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}})
        ),
        GEMINI: gemini({"role": "user", "parts": [{"inlineData": {"mimeType": "image/png", "data": PIXEL}}]}),
    },
    "an image at a URL": {
        CHAT: chat(user({"type": "image_url", "image_url": {"url": "https://example.org/a.png"}})),
        RESPONSES: responses(user({"type": "input_image", "image_url": "https://example.org/a.png", "detail": "auto"})),
        ANTHROPIC: anthropic(user({"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}})),
        GEMINI: gemini(
            {"role": "user", "parts": [{"fileData": {"mimeType": "image/png", "fileUri": "https://example.org/a.png"}}]}
        ),
    },
    "an inlined PDF": {
        CHAT: chat(
            user({"type": "file", "file": {"file_data": f"data:application/pdf;base64,{PAPER}", "filename": "a.pdf"}})
        ),
        RESPONSES: responses(
            user({"type": "input_file", "file_data": f"data:application/pdf;base64,{PAPER}", "filename": "a.pdf"})
        ),
        ANTHROPIC: anthropic(
            user(
                {
                    "type": "document",
                    "title": "a.pdf",
                    "source": {"type": "base64", "media_type": "application/pdf", "data": PAPER},
                }
            )
        ),
        GEMINI: gemini({"role": "user", "parts": [{"inlineData": {"mimeType": "application/pdf", "data": PAPER}}]}),
    },
    "a PDF at a URL": {
        RESPONSES: responses(user({"type": "input_file", "file_url": "https://example.org/a.pdf"})),
        ANTHROPIC: anthropic(user({"type": "document", "source": {"type": "url", "url": "https://example.org/a.pdf"}})),
        GEMINI: gemini(
            {
                "role": "user",
                "parts": [{"fileData": {"mimeType": "application/pdf", "fileUri": "https://example.org/a.pdf"}}],
            }
        ),
    },
    "inlined audio": {
        CHAT: chat(user({"type": "input_audio", "input_audio": {"data": SOUND, "format": "wav"}})),
        GEMINI: gemini({"role": "user", "parts": [{"inlineData": {"mimeType": "audio/wav", "data": SOUND}}]}),
    },
    "a file that lies at the provider": {
        CHAT: chat(user({"type": "file", "file": {"file_id": "file-1"}})),
        RESPONSES: responses(user({"type": "input_file", "file_id": "file-1"})),
        ANTHROPIC: anthropic(user({"type": "document", "source": {"type": "file", "file_id": "file_1"}})),
        GEMINI: gemini(
            {
                "role": "user",
                "parts": [{"fileData": {"fileUri": "https://generativelanguage.googleapis.com/v1beta/files/a"}}],
            }
        ),
    },
    "JSON that keeps to a schema": {
        CHAT: chat(
            response_format={"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}}
        ),
        RESPONSES: responses(
            text={"format": {"type": "json_schema", "name": "answer", "schema": SCHEMA, "strict": True}}
        ),
        ANTHROPIC: anthropic(output_config={"format": {"type": "json_schema", "schema": SCHEMA}}),
        GEMINI: config(
            responseMimeType="application/json",
            responseSchema={"type": "OBJECT", "properties": {"city": {"type": "STRING"}}, "required": ["city"]},
        ),
    },
    "JSON of any form": {
        CHAT: chat(response_format={"type": "json_object"}),
        RESPONSES: responses(text={"format": {"type": "json_object"}}),
        GEMINI: config(responseMimeType="application/json"),
    },
    "effort of reasoning": {
        CHAT: chat(reasoning_effort="high"),
        RESPONSES: responses(reasoning={"effort": "high"}),
        ANTHROPIC: anthropic(thinking={"type": "adaptive", "display": "omitted"}, output_config={"effort": "high"}),
        GEMINI: config(thinkingConfig={"thinkingLevel": "HIGH"}),
    },
    "a budget for thoughts": {
        ANTHROPIC: anthropic(max_tokens=9000, thinking={"type": "enabled", "budget_tokens": 8000}),
        GEMINI: config(thinkingConfig={"thinkingBudget": 8000, "includeThoughts": True}),
    },
    "a message of the system in the middle": {
        CHAT: chat(*({"role": role, "content": role} for role in ("user", "assistant", "system", "user"))),
        RESPONSES: responses(*({"role": role, "content": role} for role in ("user", "assistant", "developer", "user"))),
        ANTHROPIC: anthropic(*({"role": role, "content": role} for role in ("user", "assistant", "system", "user"))),
    },
    "hosted tools": {
        CHAT: chat(web_search_options={"search_context_size": "low"}),
        RESPONSES: responses(tools=[{"type": "web_search"}]),
        ANTHROPIC: anthropic(tools=[{"type": "web_search_20250305", "name": "web_search"}]),
        GEMINI: gemini(tools=[{"googleSearch": {}}]),
    },
    "state at the provider": {
        RESPONSES: responses(previous_response_id="resp_1"),
        ANTHROPIC: anthropic(container="container_1"),
        GEMINI: gemini(cachedContent="cachedContents/1"),
    },
    "several answers": {CHAT: chat(n=2), GEMINI: config(candidateCount=2)},
    "probabilities of tokens": {
        CHAT: chat(logprobs=True, top_logprobs=2),
        RESPONSES: responses(top_logprobs=2),
        GEMINI: config(responseLogprobs=True, logprobs=2),
    },
}
_EFFORT = "as the nearest effort: up to 1,024 tokens low, up to 8,192 medium, above high"
NEAREST: dict[tuple[str, str], str] = {
    ("a budget for thoughts", CHAT): _EFFORT,
    ("a budget for thoughts", RESPONSES): _EFFORT,
}
"""What is carried as the nearest thing that the provider's wire has, and what that is."""
