"""Google's generateContent, countTokens and embedContent (ai.google.dev/api). A body may be in camel or snake case."""

from __future__ import annotations

import hmac
import json
import re
from base64 import b64encode
from typing import Any

from tests.gateway.provider.mind import Answer, Prompt, Tool
from tests.gateway.provider.openai_embeddings import vector
from tests.gateway.provider.prices import MODELS, Counts
from tests.gateway.provider.served import Event, Json, Served, dumped
from tests.gateway.provider.tokens import count, picture, pieces
from tests.gateway.provider.wrong import Wrong, need, unknown

KNOWN = frozenset(
    [
        "contents",
        "systemInstruction",
        "tools",
        "toolConfig",
        "safetySettings",
        "generationConfig",
        "cachedContent",
        "labels",
        "serviceTier",
        "store",
        "model",
        "generateContentRequest",
    ]
)
CONFIG = frozenset(
    [
        "audioTimestamp",
        "audioTranscriptionConfig",
        "candidateCount",
        "enableAffectiveDialog",
        "enableEnhancedCivicAnswers",
        "frequencyPenalty",
        "imageConfig",
        "logprobs",
        "maxOutputTokens",
        "mediaResolution",
        "modelSelectionConfig",
        "presencePenalty",
        "responseFormat",
        "responseJsonSchema",
        "responseLogprobs",
        "responseMimeType",
        "responseModalities",
        "responseSchema",
        "routingConfig",
        "seed",
        "speechConfig",
        "stopSequences",
        "temperature",
        "thinkingConfig",
        "topK",
        "topP",
        "translationConfig",
    ]
)
STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
ANY_SEAL = ("context_engineering_is_the_way_to_go", "skip_thought_signature_validator")
"""Google's words for calls of another model (ai.google.dev/gemini-api/docs/thought-signatures)."""
_SECRET = b"the stand-in signs its calls"


def _wrong(message: str) -> Wrong:
    return Wrong(400, "INVALID_ARGUMENT", message)


def camel(value: Any, *, inside: bool = True) -> Any:
    """The names of the reference, whichever of the two spellings came; arguments and schemas stay as they are."""
    if isinstance(value, list):
        return [camel(one, inside=inside) for one in value]
    if not isinstance(value, dict) or not inside:
        return value
    free = ("args", "response", "parameters", "parametersJsonSchema", "responseSchema", "responseJsonSchema", "labels")
    named = ((re.sub(r"_(\w)", lambda found: found[1].upper(), name), one) for name, one in value.items())
    return {name: camel(one, inside=name not in free) for name, one in named}


def seal(name: str, arguments: Json) -> str:
    """The signature of a call, which must come back with it."""
    return b64encode(hmac.digest(_SECRET, name.encode() + json.dumps(arguments).encode(), "sha256")).decode()


def check_model(model: str) -> None:
    """Raises ``Wrong`` for a model that there is not."""
    what = f"models/{model} is not found for API version v1beta, or is not supported for generateContent."
    need(model in MODELS and MODELS[model].family == "gemini", Wrong(404, "NOT_FOUND", what))


def prompt(body: Json, model: str) -> Prompt:
    """What the model reads. Raises ``Wrong``."""
    check_model(model)
    body = camel(body)
    body = body.get("generateContentRequest") or body
    if (name := unknown(body, KNOWN)) is not None:
        raise _wrong(f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.')
    config = body.get("generationConfig") or {}
    if (name := unknown(config, CONFIG)) is not None:
        raise _wrong(
            f"Invalid JSON payload received. Unknown name \"{name}\" at 'generation_config': Cannot find field."
        )
    need(body.get("contents"), _wrong("* GenerateContentRequest.contents: contents is not specified\n"))
    parts: list[tuple[str, int, str]] = []
    tools = _tools(body, parts)
    for part in (body.get("systemInstruction") or {}).get("parts") or ():
        _part(part, parts, [])
    cues, results = "", []
    for content in body["contents"]:
        answered: list[str] = []
        texts = [_part(part, parts, answered) for part in content.get("parts") or ()]
        if answered:
            results += answered
        elif content.get("role", "user") == "user":
            cues, results = "\n".join(texts), []
    calling = (body.get("toolConfig") or {}).get("functionCallingConfig") or {}
    allowed = calling.get("allowedFunctionNames") or ["any"]
    thinking = (config.get("thinkingConfig") or {}).get("thinkingBudget")
    return Prompt(
        parts,
        cues,
        tuple(results),
        tools,
        allowed[0] if calling.get("mode") == "ANY" else "",
        config.get("maxOutputTokens"),
        config.get("candidateCount") or 1,
        0 if thinking == 0 or not (MODELS[model].thinks or thinking) else 24,
        config.get("responseJsonSchema") or config.get("responseSchema"),
    )


def _tools(body: Json, parts: list[tuple[str, int, str]]) -> tuple[Tool, ...]:
    found = []
    for group in body.get("tools") or ():
        for one in group.get("functionDeclarations") or ():
            text = json.dumps(one)
            parts.append((text, count(text), ""))
            found.append(Tool(one["name"], one.get("parametersJsonSchema") or one.get("parameters") or {}))
    return tuple(found)


def _part(part: Json, parts: list[tuple[str, int, str]], answered: list[str]) -> str:
    if "text" in part:
        parts.append((part["text"], count(part["text"]), ""))
        return "" if part.get("thought") else str(part["text"])
    if (data := part.get("inlineData")) is not None:
        shown = data["mimeType"].startswith("image/")
        parts.append((data["data"][:100], picture("gemini", data["data"]) if shown else 250, ""))
    elif "fileData" in part:
        parts.append(("file", 258, ""))
    elif (call := part.get("functionCall")) is not None:
        own = seal(call["name"], call.get("args") or {})
        sealed = _one_alphabet(part.get("thoughtSignature", own))
        known = sealed in map(_one_alphabet, (own, *ANY_SEAL, *(b64encode(one.encode()).decode() for one in ANY_SEAL)))
        need(known, _wrong("Thought signature is not valid."))
        text = json.dumps(call)
        parts.append((text, count(text), ""))
    elif (told := part.get("functionResponse")) is not None:
        text = json.dumps(told)
        parts.append((text, count(text), ""))
        said = told.get("response") or {}
        answered.append(str(said.get("output", said.get("result", said))))
    else:
        raise _wrong("Unable to submit request because it must have a text parameter.")
    return ""


def _one_alphabet(text: str) -> str:
    """Base64 in its usual alphabet; the library writes the one for URLs."""
    return text.replace("-", "+").replace("_", "/")


def _answer_parts(answer: Answer, *, told: bool) -> list[Json]:
    parts: list[Json] = [{"text": answer.thought, "thought": True}] if answer.thought and told else []
    if answer.text:
        parts.append({"text": answer.text})
    for at, call in enumerate(answer.calls):
        said: Json = {"functionCall": {"name": call.name, "args": json.loads(call.arguments), "id": call.number[:8]}}
        if at == 0:
            said["thoughtSignature"] = seal(call.name, said["functionCall"]["args"])
        parts.append(said)
    return parts


def _told(served: Served) -> bool:
    """Whether the caller wants to read the thoughts."""
    config = camel(served.body).get("generationConfig") or {}
    return bool((config.get("thinkingConfig") or {}).get("includeThoughts"))


def _ended(answer: Answer) -> str:
    return "MAX_TOKENS" if answer.ended == "length" else "STOP"


def _frame(served: Served, candidates: list[Json], counts: Json) -> Json:
    return {
        "candidates": candidates,
        **({"usageMetadata": counts} if served.counted else {}),
        "modelVersion": served.model,
        "responseId": served.id(""),
    }


def whole(served: Served) -> Json:
    """Candidates, all of them at once."""
    candidates = []
    for at, answer in enumerate(served.answers):
        content = {"parts": _answer_parts(answer, told=_told(served)), "role": "model"}
        candidates.append({"content": content, "finishReason": _ended(answer), "index": at})
    return _frame(served, candidates, usage(served.counts))


def pieces_of(served: Served) -> list[Event]:
    """The responses of a stream, without what stands around them: each candidate after the other, counts in each."""
    found: list[Event] = []
    before = 0

    def piece(at: int, parts: list[Json], said: int, thought: int, ended: str | None = None) -> None:
        candidate: Json = {"content": {"parts": parts, "role": "model"}, "index": at}
        if ended:
            candidate["finishReason"] = ended
        counts = Counts(served.counts.plain, served.counts.cached, said=said, thought=thought)
        found.append((dumped(_frame(served, [candidate], usage(counts))), said))

    thought = 0
    for at, answer in enumerate(served.answers):
        said = before
        for part in _answer_parts(answer, told=True):
            if part.get("thought"):
                said += answer.thinking
                thought += answer.thinking
                if _told(served):
                    piece(at, [part], said, thought)
            elif "text" in part:
                tokens = pieces(part["text"])
                for start in range(0, len(tokens), 4):
                    said += len(tokens[start : start + 4])
                    piece(at, [{"text": "".join(tokens[start : start + 4])}], said, thought)
            else:
                said += count(part["functionCall"]["name"]) + 1
                piece(at, [part], min(said, before + answer.said), thought)
        before += answer.said
        piece(at, [{"text": ""}], before, thought, _ended(answer))
    return found


def usage(counts: Counts) -> Json:
    """What was used."""
    said: Json = {"promptTokenCount": counts.read, "totalTokenCount": counts.read + counts.said}
    if counts.said > counts.thought:
        said["candidatesTokenCount"] = counts.said - counts.thought
    if counts.cached:
        said["cachedContentTokenCount"] = counts.cached
        said["cacheTokensDetails"] = [{"modality": "TEXT", "tokenCount": counts.cached}]
    said["promptTokensDetails"] = [{"modality": "TEXT", "tokenCount": counts.read}]
    if counts.thought:
        said["thoughtsTokenCount"] = counts.thought
    return said


def events(served: Served) -> list[Event]:
    """Server-sent events."""
    return [(b"data: " + piece + b"\r\n\r\n", said) for piece, said in pieces_of(served)]


def elements(served: Served) -> list[Event]:
    """One JSON array, as streams are without ``alt=sse``."""
    found = pieces_of(served)
    last = len(found) - 1
    return [
        ((b"[" if at == 0 else b"") + piece + (b"]" if at == last else b",\r\n"), said)
        for at, (piece, said) in enumerate(found)
    ]


def texts_to_embed(body: Json, model: str) -> list[str]:
    """What is to be embedded: of one request, or of a batch. Raises ``Wrong``."""
    check_model(model)
    body = camel(body)
    need(MODELS[model].numbers, Wrong(404, "NOT_FOUND", f"models/{model} is not supported for embedContent."))
    requests = body.get("requests") or [body]
    return ["".join(part.get("text", "") for part in one["content"]["parts"]) for one in requests]


def embedded(served: Served) -> Json:
    """The vectors, and no usage: the interface has none."""
    body = camel(served.body)
    numbers = (body.get("requests") or [body])[0].get("outputDimensionality") or MODELS[served.model].numbers
    found = [{"values": vector(text, numbers)} for text in texts_to_embed(body, served.model)]
    return {"embeddings": found} if "requests" in body else {"embedding": found[0]}


def counted(served: Served) -> Json:
    """How many tokens a prompt has."""
    tokens = served.prompt.tokens
    return {"totalTokens": tokens, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": tokens}]}


def refusal(wrong: Wrong) -> bytes:
    """An error's body."""
    error: Json = {"code": wrong.status, "message": wrong.message, "status": wrong.kind}
    if wrong.status == 429:
        error["details"] = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1s"}]
    return json.dumps({"error": error}, indent=2).encode()


def of_status(status: int) -> Wrong:
    """What a fault with a status says."""
    words = {
        401: "Request had invalid authentication credentials.",
        403: "Your API key was reported as leaked. Please use another API key.",
        429: "You exceeded your current quota, please check your plan and billing details.",
        503: "The model is overloaded. Please try again later.",
    }
    return Wrong(status, STATUSES.get(status, "INTERNAL"), words.get(status, "An internal error has occurred."))


def trouble() -> bytes:
    """An error in the middle of a stream."""
    return (
        b"data: "
        + dumped({"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}})
        + b"\r\n\r\n"
    )
