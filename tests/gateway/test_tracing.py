"""Recorded calls as spans: what OpenTelemetry's conventions ask for, sent to a collector that may be away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import insert

from greenlane.gateway import tables
from greenlane.gateway.queries.calls import Call
from greenlane.gateway.tracing.exporting import AT_ONCE, MOST_WAITING, Exporting, headers_in
from greenlane.gateway.tracing.spans import span
from greenlane.kit.database import Database
from greenlane.kit.errors import Unavailable

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def call(**more: Any) -> Call:
    said: dict[str, Any] = {
        "id": "call_1",
        "state": "settled",
        "at": "2026-11-22T10:00:00.000000Z",
        "key": "deploy",
        "app": "board",
        "environment": "production",
        "deploy": "d1",
        "use": "run",
        "run": "",
        "team": "t_1",
        "person": "",
        "wire": "openai-chat",
        "asked": "fast",
        "provider": "openai",
        "model": "gpt-4o-mini",
        "reserved": 100,
        "pico": 90,
        "micro_cents": 9,
        "read": 10,
        "written": 5,
        "ms": 1500,
        "first_ms": 300,
        "outcome": "answered",
        "status": 200,
        "code": "",
        "budgets": [],
        "begun": {"because": "alias", "data": ["email"]},
        "ended": {"usage": {"input": 6, "cache_read": 4, "output": 5}, "estimated": False},
        "begun_in": "",
        "ended_in": "",
    }
    return Call(**said | more)


def attributes(found: dict[str, Any]) -> dict[str, Any]:
    return {one["key"]: next(iter(one["value"].values())) for one in found["attributes"]}


def test_a_call_is_a_span_of_the_conventions() -> None:
    found = span(call())
    assert found["name"] == "chat fast"
    assert found["kind"] == 3
    assert found["status"] == {}
    assert int(found["endTimeUnixNano"]) - int(found["startTimeUnixNano"]) == 1_500_000_000
    said = attributes(found)
    assert said["gen_ai.provider.name"] == "openai"
    assert (said["gen_ai.request.model"], said["gen_ai.response.model"]) == ("fast", "gpt-4o-mini")
    assert (said["gen_ai.usage.input_tokens"], said["gen_ai.usage.output_tokens"]) == ("10", "5")
    assert said["gen_ai.usage.cache_read.input_tokens"] == "4"
    assert said["greenlane.cost.micro_cents"] == "9"
    assert said["greenlane.data.classes"] == {"values": [{"stringValue": "email"}]}
    assert len(found["traceId"]) == 32
    assert len(found["spanId"]) == 16
    assert span(call()) == found, "sent twice, it is the same span"


def test_a_caller_s_trace_goes_on() -> None:
    found = span(call(begun={"trace": TRACE}))
    assert found["traceId"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert found["parentSpanId"] == "00f067aa0ba902b7"


@pytest.mark.parametrize(
    "trace", ["", "x", f"00-{'0' * 32}-{'1' * 16}-01", f"00-{'1' * 32}-{'0' * 16}-01", TRACE.upper()]
)
def test_what_is_no_trace_begins_one(trace: str) -> None:
    assert "parentSpanId" not in span(call(begun={"trace": trace}))


def test_a_refused_call_is_an_error_that_cost_nothing() -> None:
    found = span(call(state="refused", code="budget-spent", status=402, provider="", model="", ended={}))
    assert found["status"] == {"code": 2, "message": "budget-spent"}
    said = attributes(found)
    assert said["error.type"] == "budget-spent"
    assert "gen_ai.usage.input_tokens" not in said
    assert "gen_ai.provider.name" not in said


class Collector:
    def __init__(self) -> None:
        self.got: list[tuple[str, Mapping[str, str], Any]] = []
        self.away = False

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        if self.away:
            raise Unavailable("The address did not answer.")
        self.got.append((url, headers, orjson.loads(body)))


@pytest.fixture
def kept(database: Database) -> Callable[..., None]:
    def keep(*calls: Call) -> None:
        with database.engine.begin() as connection:
            for one in calls:
                values = {name: getattr(one, name) for name in Call.__dataclass_fields__}
                connection.execute(insert(tables.CALL).values(**values, slot=0, worker="w", day=one.at[:10]))

    return keep


def ended(*ids: str) -> list[bytes]:
    return [orjson.dumps({"k": "end", "call": one}) for one in ids]


def test_ended_calls_are_sent_with_their_app_as_the_service(database: Database, kept: Callable[..., None]) -> None:
    collector = Collector()
    exporting = Exporting(database, collector, "https://otel.example/", {"x-key": "k"})
    kept(call(), call(id="call_2", app="", environment="", deploy=""), call(id="call_3", state="open"))
    exporting.heard([*ended("call_1", "call_2", "call_3"), b'{"k":"begin","call":"call_4"}'])
    assert exporting.send() == 3
    ((url, headers, sent),) = collector.got
    assert url == "https://otel.example/v1/traces"
    assert headers == {"x-key": "k", "Content-Type": "application/json"}
    names = [attributes(one["resource"])["service.name"] for one in sent["resourceSpans"]]
    assert sorted(names) == ["board", "greenlane-gateway"]
    assert sum(len(one["scopeSpans"][0]["spans"]) for one in sent["resourceSpans"]) == 2
    assert exporting.send() == 0


def test_spans_wait_while_the_collector_is_away_and_not_without_bound(
    database: Database, kept: Callable[..., None]
) -> None:
    collector = Collector()
    collector.away = True
    exporting = Exporting(database, collector, "https://otel.example", {})
    kept(call())
    exporting.heard(ended("call_1"))
    with pytest.raises(Unavailable):
        exporting.send()
    collector.away = False
    assert exporting.send() == 1
    exporting.heard(ended(*(f"call_{number}" for number in range(MOST_WAITING + 7))))
    assert exporting.left_out == 7
    assert exporting.send() == AT_ONCE


def test_headers_stand_in_a_file_a_line_for_each(tmp_path: Path) -> None:
    file = tmp_path / "headers"
    file.write_text("Authorization: Bearer a:b\n\nX-Team:  one \n")
    assert headers_in(file) == {"Authorization": "Bearer a:b", "X-Team": "one"}
    assert headers_in(None) == {}
    file.write_text("nothing of the kind")
    with pytest.raises(ValueError, match="no header"):
        headers_in(file)
