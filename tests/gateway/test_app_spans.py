"""Spans of apps that trace: OpenTelemetry's own exporter sends them, names and numbers are kept, and nothing else."""

from __future__ import annotations

import gzip
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode
from sqlalchemy import func, insert, select
from tests.gateway.test_tracing import Collector, attributes, call
from tests.gateway.world import DEPLOYED, KEY, Answered, World

from greenlane.gateway import tables
from greenlane.gateway.app_spans import keeping
from greenlane.gateway.app_spans.allowed import name, value
from greenlane.gateway.app_spans.answering import taken
from greenlane.gateway.app_spans.laying import lay_down
from greenlane.gateway.app_spans.queries import around, trace_of
from greenlane.gateway.app_spans.reading import LARGEST, MOST, TooLarge, read_json, read_protobuf, unpacked
from greenlane.gateway.app_spans.sending import resource_spans
from greenlane.gateway.app_spans.tables import APP_SPAN, CALL_TRACE
from greenlane.gateway.app_spans.taking_in import TakingIn
from greenlane.gateway.deploy_keys import tracing
from greenlane.gateway.queries.calls import Call, Seen
from greenlane.gateway.serving import taking_spans
from greenlane.gateway.tracing.exporting import Exporting
from greenlane.kit.clock import FakeClock, parse
from greenlane.kit.database import Database

PROMPT = "my diagnosis is a secret"
NOW = parse("2026-11-22T10:00:30.000000Z")
OURS = frozenset({"127.0.0.1:3128"})
PATH = "/ai/otlp/v1/traces"
WHO = {"key": "deploy", "app": "board", "environment": "production", "deploy": "d1", "team": "t_1", "person": None}


@pytest.fixture
def folder(world: World, lists: Path) -> Path:
    """Where spans lie; the folder is shared with the compiled lists, and so with other tests."""
    found = lists / "spans"
    for one in found.iterdir() if found.is_dir() else ():
        one.unlink()
    return found


def laid(folder: Path) -> list[dict[str, Any]]:
    return [dict(one) for one in keeping.messages(folder).values()]


def exporter(world: World, key: str = KEY, **more: Any) -> OTLPSpanExporter:
    return OTLPSpanExporter(
        endpoint=f"http://127.0.0.1:{world.port}{PATH}", headers={"Authorization": f"Bearer {key}"}, **more
    )


def a_traced_call(exporting: OTLPSpanExporter) -> tuple[str, str]:
    """Trace one request that calls a model, as instrumentation does; the trace, and the span of the call."""
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(exporting))
    tracer = provider.get_tracer("test")
    with (
        tracer.start_as_current_span("POST /orders/{id}", kind=SpanKind.SERVER),
        tracer.start_as_current_span("chat gpt-4o-mini", kind=SpanKind.CLIENT) as asked,
    ):
        asked.set_attribute("gen_ai.operation.name", "chat")
        asked.set_attribute("gen_ai.request.model", "gpt-4o-mini")
        asked.set_attribute("gen_ai.usage.input_tokens", 12)
        asked.set_attribute("gen_ai.response.finish_reasons", ["stop"])
        asked.set_attribute("gen_ai.request.temperature", 0.5)
        asked.set_attribute("gen_ai.input.messages", PROMPT)
        asked.set_attribute("server.address", "api.openai.com")
        asked.set_attribute("server.port", 443)
        asked.add_event("gen_ai.content.prompt", {"gen_ai.prompt": PROMPT})
        asked.set_status(StatusCode.ERROR, PROMPT)
        context = asked.get_span_context()
    provider.shutdown()
    return trace.format_trace_id(context.trace_id), trace.format_span_id(context.span_id)


def post(world: World, body: bytes, kind: str = "application/json", key: str | None = KEY, **more: str) -> Answered:
    connection = world.kept()
    proof = {} if key is None else {"Authorization": f"Bearer {key}"}
    connection.request("POST", PATH, body, {**proof, "Content-Type": kind, **more})
    answer = connection.getresponse()
    found = Answered(answer.status, {name.lower(): said for name, said in answer.getheaders()}, answer.read())
    connection.close()
    return found


def document(**more: Any) -> dict[str, Any]:
    span = {
        "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
        "spanId": "00f067aa0ba902b7",
        "name": "chat gpt-5-mini",
        "kind": 3,
        "startTimeUnixNano": str(int((NOW - timedelta(seconds=20)).timestamp()) * 10**9),
        "endTimeUnixNano": str(int((NOW - timedelta(seconds=19)).timestamp()) * 10**9),
        "attributes": [{"key": "gen_ai.request.model", "value": {"stringValue": "gpt-5-mini"}}],
        **more,
    }
    return {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}


@pytest.mark.parametrize("packed", ["none", "gzip"])
def test_the_official_exporter_sends_its_spans_and_no_word_of_a_prompt_is_kept(
    world: World, folder: Path, packed: str
) -> None:
    found, span = a_traced_call(exporter(world, compression=Compression(packed)))
    (message,) = laid(folder)
    assert message["who"]["person"] == "p_ada"
    by_name = {one["name"]: one for one in message["spans"]}
    asked = by_name["chat gpt-4o-mini"]
    assert (asked["trace"], asked["span"], asked["failed"]) == (found, span, True)
    assert asked["parent"] == by_name["POST /orders/{id}"]["span"]
    assert asked["attributes"] == {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.usage.input_tokens": 12,
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.request.temperature": 0.5,
        "server.address": "api.openai.com",
        "server.port": 443,
    }
    assert asked["resource"]["telemetry.sdk.language"] == "python"
    assert PROMPT not in orjson.dumps(message).decode()


def test_json_says_the_same_as_protocol_buffers(world: World, folder: Path) -> None:
    answer = post(world, gzip.compress(orjson.dumps(document())), **{"Content-Encoding": "gzip"})
    assert (answer.status, answer.headers["content-type"], answer.json) == (200, "application/json", {})
    (message,) = laid(folder)
    (span,) = message["spans"]
    assert (span["name"], span["attributes"]) == ("chat gpt-5-mini", {"gen_ai.request.model": "gpt-5-mini"})


def test_what_is_no_span_is_told_to_its_sender(world: World, folder: Path) -> None:
    answer = post(world, orjson.dumps(document(traceId="0" * 32)))
    assert answer.json["partialSuccess"]["rejectedSpans"] == "1"
    assert laid(folder) == []
    assert taken(b"application/x-protobuf", 1, "no") == b"\x0a\x06\x08\x01\x12\x02no"


@pytest.mark.parametrize(
    ("body", "kind", "more", "status"),
    [
        (b"\x0a\x05ab", "application/x-protobuf", {}, 400),
        (b"{", "application/json", {}, 400),
        (b"[]", "application/json", {}, 400),
        (b"{}", "text/plain", {}, 415),
        (b"{}", "application/json", {"Content-Encoding": "br"}, 415),
        (b"{}", "application/json", {"Content-Encoding": "gzip"}, 400),
        (gzip.compress(b" " * (LARGEST + 1)), "application/json", {"Content-Encoding": "gzip"}, 413),
    ],
)
def test_what_cannot_be_read_is_refused_for_good(
    world: World, folder: Path, body: bytes, kind: str, more: dict[str, str], status: int
) -> None:
    answer = post(world, body, kind, **more)
    assert answer.status == status
    assert "retry-after" not in answer.headers
    assert laid(folder) == []


def test_a_message_that_is_too_large_is_refused_before_it_is_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking_spans, "PACKED", 100)
    assert post(world, b" " * 101).status == 413


def test_spans_come_with_a_key_that_is_good_here(world: World, folder: Path) -> None:
    body = orjson.dumps(document())
    assert post(world, body, key=None).status == 401
    assert post(world, body, key="glk_nobody").json["code"] == 16
    assert post(world, body, key=DEPLOYED).status == 401, "the key of a deploy opens nothing outside of its sandbox"
    assert laid(folder) == []


def test_metrics_and_logs_are_refused_with_the_way_to_say_so(world: World) -> None:
    answer = world.ask("/ai/otlp/v1/metrics", {})
    assert answer.status == 404
    assert "OTEL_METRICS_EXPORTER" in answer.json["message"]
    assert world.ask(PATH, {}, method="GET").status == 405


def test_whoever_sends_too_much_is_asked_to_wait(world: World, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking_spans, "A_MINUTE", 1)
    body = orjson.dumps(document())
    assert post(world, body).status == 200
    answer = post(world, body)
    assert answer.status == 429
    assert int(answer.headers["retry-after"]) > 0


def test_while_control_is_away_senders_keep_their_spans(
    world: World, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("greenlane.gateway.app_spans.laying.MOST", 1)
    assert post(world, orjson.dumps(document())).status == 200
    answer = post(world, orjson.dumps(document()))
    assert (answer.status, answer.headers["retry-after"]) == (503, "2")
    assert len(laid(folder)) == 1


def test_a_program_with_its_environment_alone_sends_to_the_gateway(
    world: World, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, said in tracing(KEY, f"http://127.0.0.1:{world.port}", {}, "board").items():
        monkeypatch.setenv(variable, said)
    a_traced_call(OTLPSpanExporter())
    (message,) = laid(folder)
    assert message["spans"][0]["resource"]["service.name"] == "board"
    assert tracing("gla_x", "http://127.0.0.1:3128", {"OTEL_EXPORTER_OTLP_ENDPOINT": "https://own"}, "board") == {}


@pytest.mark.parametrize(
    "said", ["ada@example.com", "Tell Ada that she is ill, please", "+41 44 668 18 00", "4111111111111111"]
)
def test_values_that_may_tell_of_people_are_not_kept(said: str) -> None:
    assert value(said) is None
    assert name(said) == ""


@pytest.mark.parametrize(
    "said", ["claude-sonnet-4-5-20250929", "model@20250929", "openai/gpt-5-mini", "api.openai.com"]
)
def test_names_of_programs_are_kept(said: str) -> None:
    assert value(said) == said


def test_reading_has_bounds() -> None:
    with pytest.raises(TooLarge):
        unpacked(gzip.compress(b"0" * (LARGEST + 1)))
    with pytest.raises(ValueError, match="cut off"):
        unpacked(gzip.compress(b"0" * 1000)[:-9])
    with pytest.raises(ValueError, match="does not end"):
        read_protobuf(b"\xff" * 20)
    many = document()
    many["resourceSpans"][0]["scopeSpans"][0]["spans"] *= MOST + 3
    found = read_json(orjson.dumps(many))
    assert (len(found.spans), found.rejected) == (MOST, 3)


# What control makes of it.


class Kept:
    """Spans and calls in a database, as the parts of control write them."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def span(self, who: Any = WHO, **more: Any) -> None:
        spans = [vars_of(one) for one in read_json(orjson.dumps(document(**more))).spans]
        self.write(keeping.rows_of([{"who": who, "spans": spans}], NOW - timedelta(seconds=15), OURS))

    def call(self, one: Call, trace: str | None = None) -> None:
        values = {each: getattr(one, each) for each in Call.__dataclass_fields__}
        record = {"k": "begin", "call": one.id, "at": one.at, "trace": trace}
        self.write(keeping.traces_of([orjson.dumps(record)]))
        self.write(lambda c: void(c.execute(insert(tables.CALL).values(**values, slot=0, worker="w", day=one.at[:10]))))

    def write(self, rows: Any) -> None:
        with self.database.engine.begin() as connection:
            rows(connection)

    def ask(self, question: Any, *given: Any, **more: Any) -> Any:
        with self.database.read() as connection:
            return question(connection, *given, **more)

    def around(self, **more: Any) -> list[str]:
        found = self.ask(around, NOW, since=NOW - timedelta(days=1), **more)
        return [f"{one.calls} {one.model} {one.server}".strip() for one in found]


def vars_of(span: Any) -> dict[str, Any]:
    return {each: getattr(span, each) for each in span.__dataclass_fields__}


def void(_: object) -> None:
    return None


def said(**pairs: Any) -> list[dict[str, Any]]:
    kinds = {str: "stringValue", int: "intValue"}
    return [{"key": each.replace("__", "."), "value": {kinds[type(one)]: one}} for each, one in pairs.items()]


@pytest.fixture
def kept(database: Database) -> Kept:
    return Kept(database)


MODEL = {"gen_ai__request__model": "gpt-5-mini"}
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_call_shows_the_work_that_it_belongs_to(kept: Kept) -> None:
    kept.span(spanId="a" * 16, name="POST /orders", kind=2, attributes=[])
    kept.span(parentSpanId="a" * 16)
    kept.span(who={**WHO, "app": "other"}, spanId="b" * 16, name="of another app")
    one = call(at="2026-11-22T10:00:10.500000Z")
    kept.call(one, PARENT)
    found = kept.ask(trace_of, one)
    assert [(step.depth, step.name, step.call) for step in found.steps] == [
        (0, "POST /orders", ""),
        (1, "chat gpt-5-mini", ""),
        (2, "call of fast", "call_1"),
    ]
    assert not found.more


def test_a_call_without_a_trace_belongs_to_nothing(kept: Kept) -> None:
    one = call()
    kept.call(one)
    assert kept.ask(trace_of, one) is None


def test_models_that_were_called_elsewhere_come_to_light(kept: Kept) -> None:
    kept.span(attributes=said(**MODEL, server__address="api.openai.com", server__port=443))
    kept.span(spanId="c" * 16, attributes=said(**MODEL, server__address="127.0.0.1", server__port=3128))
    kept.span(spanId="d" * 16, attributes=said(gen_ai__operation__name="invoke_agent", **MODEL))
    assert kept.around() == ["1 gpt-5-mini api.openai.com:443"]
    assert kept.around(seen=Seen("p_ada")) == []
    assert kept.around(seen=Seen("p_ada", apps=frozenset({"board"}))) == ["1 gpt-5-mini api.openai.com:443"]


def test_a_span_that_says_no_address_is_around_where_no_call_of_ours_belongs_to_it(kept: Kept) -> None:
    kept.span()
    assert kept.ask(around, NOW - timedelta(seconds=10), since=NOW - timedelta(days=1)) == [], "its call may still come"
    later = NOW + timedelta(seconds=60)
    (found,) = kept.ask(around, later, since=NOW - timedelta(days=1))
    assert (found.app, found.environment, found.model, found.calls) == ("board", "production", "gpt-5-mini", 1)
    kept.call(call(at="2026-11-22T09:00:00.000000Z"), PARENT)
    assert kept.ask(around, later, since=NOW - timedelta(days=1)) == []


def test_a_span_that_says_no_address_is_ours_where_the_same_model_was_called_meanwhile(kept: Kept) -> None:
    kept.span()
    kept.call(call(asked="gpt-5-mini", at="2026-11-22T10:00:10.500000Z"))
    assert kept.ask(around, NOW + timedelta(seconds=60), since=NOW - timedelta(days=1)) == []


def test_the_same_span_twice_is_one_and_a_clock_that_is_far_off_is_not_believed(kept: Kept) -> None:
    kept.span()
    kept.span()
    kept.span(spanId="e" * 16, startTimeUnixNano="1", endTimeUnixNano="2")
    assert kept.ask(lambda c: c.scalar(select(func.count()).select_from(APP_SPAN))) == 1


def test_spans_are_let_go_of_in_time_and_whoever_sends_too_many_loses_the_oldest(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.span()
    kept.call(call(at="2026-11-22T10:00:10.500000Z"), PARENT)
    assert kept.ask(keeping.let_go, NOW, 14) is None
    monkeypatch.setattr(keeping, "MOST_OF_ONE", 0)
    kept.write(kept.ask(keeping.let_go, NOW, 14))
    assert kept.ask(lambda c: c.scalar(select(func.count()).select_from(APP_SPAN))) == 0
    kept.write(kept.ask(keeping.let_go, NOW + timedelta(days=15), 14))
    assert kept.ask(lambda c: c.scalar(select(func.count()).select_from(CALL_TRACE))) == 0


def test_what_a_person_s_programs_traced_is_erased_with_the_person(kept: Kept) -> None:
    kept.span()
    kept.span(who={**WHO, "key": "gk_1", "app": None, "deploy": None, "person": "p_ada"})
    kept.write(keeping.erased("p_ada"))
    assert kept.ask(lambda c: c.scalars(select(APP_SPAN.c.source)).all()) == ["board/production"]


def test_what_lies_there_is_taken_in_once_and_handed_on(database: Database, tmp_path: Path) -> None:
    collector = Collector()
    exporting = Exporting(database, collector, "https://otel.example", {})

    def write(rows: Any) -> None:
        with database.engine.begin() as connection:
            rows(connection)

    for days, kept in ((0, 0), (14, 1)):
        lay_down(tmp_path / str(days), WHO, read_json(orjson.dumps(document())).spans)
        (tmp_path / str(days) / "broken").write_text("{")
        taking_in = TakingIn(
            database, write, FakeClock(NOW), folder=tmp_path / str(days), days=days, own=OURS, exporting=exporting
        )
        taking_in.round()
        taking_in.round()
        assert list((tmp_path / str(days)).iterdir()) == []
        with database.read() as connection:
            assert connection.scalar(select(func.count()).select_from(APP_SPAN)) == kept, "0 days keep nothing"
        assert exporting.hand_on()
        assert not exporting.hand_on()


def test_spans_go_on_to_the_collector_under_the_name_of_their_app(database: Database) -> None:
    spans = [vars_of(one) for one in read_json(orjson.dumps(document())).spans]
    spans[0]["resource"] = {"service.name": "somebody-else", "telemetry.sdk.language": "python"}
    collector = Collector()
    exporting = Exporting(database, collector, "https://otel.example", {})
    exporting.heard_of_apps(resource_spans([{"who": WHO, "spans": spans}]))
    assert exporting.hand_on()
    assert not exporting.hand_on()
    ((_, _, sent),) = collector.got
    (resource,) = sent["resourceSpans"]
    told = attributes(resource["resource"])
    assert (told["service.name"], told["telemetry.sdk.language"]) == ("board", "python")
    (span,) = resource["scopeSpans"][0]["spans"]
    assert span["traceId"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert attributes(span) == {"gen_ai.request.model": "gpt-5-mini"}
