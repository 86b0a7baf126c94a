"""An app traces its work with OpenTelemetry: its spans arrive by themselves, and its calls to models stand among them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.gateway.provider import KEY, Provider
from tests.stories.browser import ask
from tests.stories.running import Running, until
from tests.stories.terminal import Terminal

pytestmark = pytest.mark.xdist_group("npm")

APP = """
import json
import openai
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter()))
tracer = provider.get_tracer("orders")

def app(environ, start_response):
    with tracer.start_as_current_span("GET /orders", kind=trace.SpanKind.SERVER):
        with tracer.start_as_current_span("chat gpt-4.1-mini", kind=trace.SpanKind.CLIENT) as span:
            span.set_attribute("gen_ai.request.model", "gpt-4.1-mini")
            span.set_attribute("gen_ai.input.messages", "a secret prompt")
            headers = {}
            propagate.inject(headers)
            with openai.OpenAI(max_retries=0) as client:
                answer = client.chat.completions.create(
                    model="gpt-4.1-mini", messages=[{"role": "user", "content": "Hello"}], extra_headers=headers
                )
        with tracer.start_as_current_span("chat llama3", kind=trace.SpanKind.CLIENT) as span:
            span.set_attribute("gen_ai.request.model", "llama3")
            span.set_attribute("server.address", "models.example.com")
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer.choices[0].message.content).encode()]
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as one:
        yield one


def test_a_call_stands_in_the_work_of_its_app_and_what_goes_around_comes_to_light(
    greenlane: Running, owner: Terminal, provider: Provider, name: str, tmp_path: Path
) -> None:
    address = ("--base-url", provider.openai, "--key-stdin")
    owner.does("gateway", "provider", "add", "traced", "--kind", "openai", *address, stdin=KEY.encode())
    owner.does("gateway", "route", "set", "gpt-4.1-mini", "traced/gpt-4.1-mini")
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "requirements.txt").write_text("openai\nopentelemetry-sdk\nopentelemetry-exporter-otlp-proto-http\n")
    (tmp_path / "greenlane.toml").write_text('[run]\nkind = "wsgi"\nentry = "app:app"\n')
    ended = owner.begins("deploy", tmp_path, "--app", name).ended(600)
    assert ended.code == 0, ended.out + ended.err
    owner.does("publish", name)
    answer = greenlane.ask(name, "/", owner.token)
    assert answer.status == 200, answer.text
    assert "Hello" in json.loads(answer.text)

    until(lambda: owner.does("gateway", "calls", "--app", name)["items"], "the call")
    (call,) = owner.does("gateway", "calls", "--app", name)["items"]
    until(lambda: len(owner.does("gateway", "trace", call["id"])["items"]) == 4, "every step of the work")
    steps = owner.does("gateway", "trace", call["id"])["items"]
    assert [(one["depth"], one["name"], one["call"]) for one in steps] == [
        (0, "GET /orders", ""),
        (1, "chat gpt-4.1-mini", ""),
        (2, "call of gpt-4.1-mini", call["id"]),
        (1, "chat llama3", ""),
    ]
    around = [one for one in owner.does("gateway", "around")["items"] if one["app"] == name]
    assert [(one["model"], one["server"], one["calls"]) for one in around] == [("llama3", "models.example.com", 1)]
    signed_in = {"Authorization": f"Bearer {owner.token}"}
    page = ask(f"{greenlane.url}/v1/gateway/calls/{call['id']}/trace", headers=signed_in)
    assert "a secret prompt" not in page.text
    owner.does("gateway", "route", "remove", "gpt-4.1-mini")
