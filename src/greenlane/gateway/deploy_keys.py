"""The keys with which apps' own code calls models, and the variables in which ordinary libraries find them.

A key is a message authentication code over app, environment and deploy (RFC 2104), so nothing about it is stored, and
it ends with the deploy: the gateway knows those of what is placed at this moment, and takes each from its own sandbox
alone. Copied out of the sandbox it opens nothing.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping

PREFIX = "gla_"

FAMILIES: Mapping[str, tuple[str, str, str]] = {
    "openai": ("OPENAI_API_KEY", "OPENAI_BASE_URL", "/ai/openai/v1"),
    "anthropic": ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "/ai/anthropic"),
    "gemini": ("GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL", "/ai/gemini"),
}
"""For each family of libraries the variables of its key and its address, and the path at which the gateway speaks it.

The names that the official libraries of openai, anthropic and google-genai read by themselves.
"""

_ALSO = {"gemini": ("GOOGLE_API_KEY",), "anthropic": ("ANTHROPIC_AUTH_TOKEN",), "openai": ("OPENAI_API_BASE",)}
"""Further variables by which a program says that it calls a provider on its own account."""


def deploy_key(secret: bytes, app: str, environment: str, deploy: str) -> str:
    """The key of a deploy in an environment, or of a build. ``secret`` is at least 32 bytes, known to control alone."""
    code = hmac.digest(secret, f"{app}|{environment}|{deploy}".encode(), "sha256")
    return PREFIX + urlsafe_b64encode(code).decode()[:43]


def variables(key: str, address: str, own: Mapping[str, str]) -> dict[str, str]:
    """What a program that calls models is started with. ``address`` is the gateway's, such as ``http://127.0.0.1:3128``.

    ``own`` is what the program has of its own: for a family of which it sets a key or an address itself it is given
    nothing, so that no key of its own goes to the gateway, and none of ours to an address of its own.
    """
    given: dict[str, str] = {}
    for family, (key_name, address_name, path) in FAMILIES.items():
        if not own.keys() & {key_name, address_name, *_ALSO[family]}:
            given |= {key_name: key, address_name: address + path}
    return given


TRACES = "/ai/otlp"
"""Where the gateway takes spans: exporters add ``/v1/traces``."""


def tracing(key: str, address: str, own: Mapping[str, str], app: str) -> dict[str, str]:
    """What makes an app that traces with OpenTelemetry send its spans to the gateway, and nothing else of it.

    Empty where the app says in ``own`` where its telemetry goes. Facts:
    https://opentelemetry.io/docs/specs/otel/protocol/exporter/ and .../configuration/sdk-environment-variables/.
    """
    if any(name.startswith("OTEL_EXPORTER_OTLP") for name in own):
        return {}
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": address + TRACES,
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{address}{TRACES}/v1/traces",
        "OTEL_EXPORTER_OTLP_HEADERS": f"Authorization=Bearer%20{key}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_SERVICE_NAME": app,
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
    }
