"""Unusual answers of Gemini."""

from __future__ import annotations

from tests.gateway.unusual.shapes import FLASH, GIVEN, STREAMED, Exchange, by, gemini, generated, pretty, sse

PRO = "gemini-2.5-pro"
GEMINI = (
    Exchange(
        "thoughts, tools of the provider and a cache, by modality",
        gemini("gemini-2.5-flash"),
        {**GIVEN, "tools": [{"googleSearch": {}}, {"codeExecution": {}}], "cachedContent": "cachedContents/a"},
        pretty(
            generated(
                "gemini-2.5-flash",
                {
                    "promptTokenCount": 1_000,
                    "candidatesTokenCount": 50,
                    "totalTokenCount": 1_480,
                    "cachedContentTokenCount": 600,
                    "promptTokensDetails": by(TEXT=300, AUDIO=400, IMAGE=258, VIDEO=42),
                    "cacheTokensDetails": by(TEXT=300, AUDIO=300),
                    "toolUsePromptTokenCount": 230,
                    "toolUsePromptTokensDetails": by(TEXT=200, DOCUMENT=30),
                    "thoughtsTokenCount": 200,
                },
                {"executableCode": {"language": "PYTHON", "code": "print(1)"}},
                {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1\n"}},
                {"text": "1"},
                groundingMetadata={"webSearchQueries": ["a", "b"], "groundingChunks": [], "searchEntryPoint": {}},
            )
        ),
        {
            "input": 200,
            "cache_read": 300,
            "cache_read_audio": 300,
            "input_audio": 100,
            "input_image": 288,
            "input_video": 42,
            "output": 250,
            "reasoning": 200,
            "searches": 1,
        },
        FLASH,
    ),
    Exchange(
        "searches of a newer model, each of which is billed",
        gemini("gemini-3-flash-preview"),
        {**GIVEN, "tools": [{"googleSearch": {}}]},
        pretty(
            generated(
                "gemini-3-flash-preview",
                {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15},
                {"text": "a"},
                groundingMetadata={"webSearchQueries": ["", "a", "b", "a"]},
            )
        ),
        {"input": 10, "output": 5, "searches": 2},
        {"input": 0.5, "output": 3.0, "searches": 14.0},
    ),
    Exchange(
        "a picture is made, with words and thoughts beside it",
        gemini("gemini-3-pro-image-preview"),
        {**GIVEN, "generationConfig": {"responseModalities": ["TEXT", "IMAGE"], "maxOutputTokens": 5_000}},
        pretty(
            generated(
                "gemini-3-pro-image-preview",
                {
                    "promptTokenCount": 9,
                    "candidatesTokenCount": 1_140,
                    "thoughtsTokenCount": 300,
                    "totalTokenCount": 1_449,
                    "candidatesTokensDetails": by(IMAGE=1_120),
                },
                {"text": "Here."},
                {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}, "thoughtSignature": "EsA="},
            )
        ),
        {"input": 9, "output": 320, "reasoning": 300, "output_image": 1_120},
        {"input": 2.0, "output": 12.0, "output_image": 120.0},
    ),
    Exchange(
        "a picture whose provider does not tell it from words",
        gemini("gemini-2.5-flash-image"),
        GIVEN,
        pretty(
            generated(
                "gemini-2.5-flash-image",
                {"promptTokenCount": 9, "candidatesTokenCount": 1_290, "totalTokenCount": 1_299},
                {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
            )
        ),
        {"input": 9, "output_image": 1_290},
        {"input": 0.3, "output_image": 30.0},
    ),
    Exchange(
        "a prompt that is blocked",
        gemini(PRO),
        GIVEN,
        pretty(
            {
                "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
                "usageMetadata": {"promptTokenCount": 7, "totalTokenCount": 7, "promptTokensDetails": by(TEXT=7)},
                "modelVersion": PRO,
            }
        ),
        {"input": 7},
        {"input": 1.25},
    ),
    Exchange(
        "a stream whose prompt is blocked",
        gemini(PRO, "streamGenerateContent", STREAMED),
        GIVEN,
        sse(
            {
                "promptFeedback": {"blockReason": "SAFETY"},
                "usageMetadata": {"promptTokenCount": 7, "totalTokenCount": 7},
            }
        ),
        {"input": 7},
        {"input": 1.25},
    ),
    Exchange(
        "an answer that is stopped for safety, with nothing said",
        gemini(PRO),
        GIVEN,
        pretty(
            {
                "candidates": [
                    {
                        "finishReason": "SAFETY",
                        "index": 0,
                        "safetyRatings": [{"category": "HARM", "probability": "HIGH"}],
                    }
                ],
                "usageMetadata": {"promptTokenCount": 8, "totalTokenCount": 58, "thoughtsTokenCount": 50},
                "modelVersion": PRO,
            }
        ),
        {"input": 8, "output": 50, "reasoning": 50},
        {"input": 1.25, "output": 10.0},
    ),
    Exchange(
        "a stream as one array",
        gemini(PRO, "streamGenerateContent"),
        GIVEN,
        pretty(
            [
                generated(
                    PRO, {"promptTokenCount": 8, "totalTokenCount": 8}, {"text": 'a}],"usageMetadata"'}, finish=None
                ),
                generated(
                    PRO,
                    {"promptTokenCount": 8, "candidatesTokenCount": 6, "totalTokenCount": 14},
                    {"functionCall": {"name": "look", "args": {}}},
                ),
            ]
        ),
        {"input": 8, "output": 6},
        {"input": 1.25, "output": 10.0},
    ),
    Exchange(
        "a stream of several pieces and carriage returns",
        gemini(PRO, "streamGenerateContent", STREAMED),
        GIVEN,
        sse(
            generated(
                PRO,
                {"promptTokenCount": 8, "totalTokenCount": 58, "thoughtsTokenCount": 50},
                {"text": "a", "thought": True},
                finish=None,
            ),
            generated(
                PRO,
                {"promptTokenCount": 8, "candidatesTokenCount": 3, "totalTokenCount": 61, "thoughtsTokenCount": 50},
                {"text": "b"},
                finish="MAX_TOKENS",
            ),
        ).replace(b"\n", b"\r\n"),
        {"input": 8, "output": 53, "reasoning": 50},
        {"input": 1.25, "output": 10.0},
    ),
    Exchange(
        "an answer for more than the usual money",
        gemini("gemini-2.5-flash"),
        {**GIVEN, "serviceTier": "priority"},
        pretty(
            generated(
                "gemini-2.5-flash",
                {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15, "serviceTier": "priority"},
                {"text": "a"},
            )
        ),
        {"input": 10, "output": 5},
        {"input": 0.3, "output": 2.5},
        speed={"service_tier": "priority"},
    ),
    Exchange(
        "tokens that are counted",
        gemini(PRO, "countTokens"),
        {"contents": GIVEN["contents"]},
        pretty({"totalTokens": 31, "promptTokensDetails": by(TEXT=31)}),
        {},
        {},
    ),
    Exchange(
        "one embedding of a document",
        gemini("gemini-embedding-2", "embedContent"),
        {"content": {"parts": [{"text": "Hi"}]}, "taskType": "RETRIEVAL_QUERY", "outputDimensionality": 8},
        pretty(
            {
                "embedding": {"values": [0.1, -0.2]},
                "usageMetadata": {"promptTokenCount": 300, "promptTokensDetails": by(TEXT=42, DOCUMENT=258)},
            }
        ),
        {"input": 42, "input_image": 258},
        {"input": 0.2, "input_image": 0.45},
    ),
    Exchange(
        "several embeddings",
        gemini("gemini-embedding-001", "batchEmbedContents"),
        {
            "requests": [
                {"model": "models/gemini-embedding-001", "content": {"parts": [{"text": one}]}} for one in ("a", "b")
            ]
        },
        pretty({"embeddings": [{"values": [0.1]}, {"values": [0.2]}], "usageMetadata": {"promptTokenCount": 2}}),
        {"input": 2},
        {"input": 0.15},
    ),
)
