"""What may leave for a provider: what is found in a request, what is masked, and what stays as it was."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.features import FEATURES

from greenlane.gateway.perimeter.classes import WORDS
from greenlane.gateway.perimeter.marks import Marks, marks_of
from greenlane.gateway.perimeter.masks import MASK
from greenlane.gateway.perimeter.patterns import NotAPattern, check
from greenlane.gateway.perimeter.perimeter import Perimeter, Seen
from greenlane.gateway.perimeter.places import freely, places
from greenlane.gateway.wires.editing import respelled

KEY = b"k" * 32
EVERYTHING = (*(one for one in WORDS if one != "attachment"), "project")
PATTERNS = {"project": {"pattern": r"Project [A-Z]\w+"}}
VALUES = ("postgres://app:S3cr3tPw99@db.internal:5432/app", "p@ss!w0rd#20", "sk-live-AbCdEf123456789")


def perimeter(action: str = "mask", **more: Any) -> Perimeter:
    marks = frozenset().union(*(marks_of(one, KEY) for one in VALUES))
    rules = {name: {"action": action} for name in EVERYTHING}
    return Perimeter(rules | more.pop("rules", {}), PATTERNS, marks, KEY, **more)


def asking(text: str) -> bytes:
    return orjson.dumps({"model": "m", "messages": [{"role": "user", "content": text}]})


def said(seen: Seen) -> str:
    return str(json.loads(seen.body)["messages"][0]["content"])


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("email", "alice.o'hara+news@mail.example.co.uk"),
        ("email", "jörg@münchen.example"),
        ("phone", "+49 30 12345678"),
        ("phone", "+14155552671"),
        ("phone", "0049 30 12345678"),
        ("phone", "(415) 555-2671"),
        ("phone", "0171 1234567"),
        ("card", "4111 1111 1111 1111"),
        ("card", "4111-1111-1111-1111"),
        ("card", "378282246310005"),
        ("card", "3782 822463 10005"),
        ("iban", "DE89 3704 0044 0532 0130 00"),
        ("iban", "GB29NWBK60161331926819"),
        ("national-id", "536-90-4399"),
        ("national-id", "RSSMRA85T10A562S"),
        ("national-id", "54362315K"),
        ("national-id", "2 95 10 99 126 111 93"),
        ("national-id", "131052-308T"),
        ("national-id", "756.9217.0769.85"),
        ("secret", "S3cr3tPw99"),
        ("secret", "p@ss!w0rd#20"),
        ("secret", base64.b64encode(b"sk-live-AbCdEf123456789").decode().rstrip("=")),
        ("secret", b"sk-live-AbCdEf123456789".hex()),
        ("project", "Project Falcon"),
    ],
)
def test_each_class_is_found_as_people_write_it_and_nothing_beside_it_is_touched(kind: str, written: str) -> None:
    for before, after in (("", ""), ("See ", " and 7 more."), ('say "', '", then'), ("(", ").\n")):
        seen = perimeter().look(asking(before + written + after))
        assert seen.found == (kind,)
        assert seen.masked == {kind: 1}
        assert seen.staying == ()
        masked = said(seen)
        assert masked.startswith(before)
        assert masked.endswith(after)
        assert MASK.fullmatch(masked.removeprefix(before).removesuffix(after))


@pytest.mark.parametrize(
    "text",
    [
        "On 2026-11-22 at 17:15:03 it was 1763831703000, order 12345678901.",
        "git@github.com:owner/name.git, @decorator, a @ b, x@y",
        "3.141592653589793 and 0x12345678 and 192.168.100.200 and 1,234,567,890",
        "commit 4f3c2a1b9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a, 123e4567-e89b-12d3-a456-426614174000",
        "4111 1111 1111 1112 and DE88 3704 0044 0532 0130 00 and 536-00-4399",
        "postgres database internal application something considerable",
    ],
)
def test_what_only_looks_alike_is_left_alone(text: str) -> None:
    body = asking(text)
    seen = perimeter().look(body)
    assert seen.found == ()
    assert seen.body is body


def test_a_mask_is_the_same_for_the_same_in_every_call_and_another_for_another() -> None:
    one, two = (said(perimeter().look(asking(text))) for text in ("alice@example.com", "To alice@example.com"))
    assert two == f"To {one}"
    assert said(perimeter().look(asking("bob@example.com"))) != one
    assert said(perimeter().look(asking(one))) == one, "a mask is nothing to mask"


def test_bytes_beside_a_mask_stay_as_they_are() -> None:
    body = b'{ "model":"m" ,"temperature":1.50,"seed":123456789012345678901, "messages":[{"content":"\\u0061lice@example.com \\/","role":"user"}]}'
    seen = perimeter().look(body)
    before, after = seen.body.split(b"[email:")
    assert body.startswith(before)
    assert after[9:] == b' /","role":"user"}]}'


@pytest.mark.parametrize("feature", FEATURES)
def test_requests_with_nothing_to_mask_go_on_as_they_came(feature: str) -> None:
    for request in FEATURES[feature].values():
        body = orjson.dumps(request)
        assert perimeter().look(body).body is body


MAIL = "alice@example.com"
INNER = '{"to": "alice@example.com", "n": 1.0}'


@pytest.mark.parametrize(
    "request_",
    [
        {"messages": [{"role": "system", "content": [{"type": "text", "text": MAIL}]}]},
        {"messages": [{"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": INNER}}]}]},
        {"messages": [{"role": "tool", "tool_call_id": "c", "content": MAIL}]},
        {"input": MAIL},
        {"input": [MAIL, "more"]},
        {"instructions": MAIL, "input": []},
        {"input": [{"type": "function_call_output", "call_id": "c", "output": INNER}]},
        {"system": [{"type": "text", "text": MAIL}], "messages": []},
        {"messages": [{"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {"id": MAIL}}]}]},
        {"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": MAIL}]}]}]},
        {"messages": [{"role": "user", "content": [{"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": MAIL}}]}]},
        {"contents": [{"parts": [{"text": MAIL}]}]},
        {"contents": [{"parts": [{"functionCall": {"name": "f", "args": {"deep": [{"to": MAIL}]}}}]}]},
        {"contents": [{"parts": [{"functionResponse": {"name": "f", "response": {MAIL: 1}}}]}]},
        {"systemInstruction": {"parts": [{"text": MAIL}]}, "contents": []},
        {"user": MAIL, "messages": []},
        {"metadata": {"user_id": MAIL}, "messages": []},
        {"tools": [{"type": "function", "function": {"name": "f", "description": f"Writes to {MAIL}"}}]},
        {"something_new": {"words": MAIL}},
    ],
)  # fmt: skip
def test_words_are_found_wherever_a_wire_has_them(request_: dict[str, Any]) -> None:
    seen = perimeter().look(orjson.dumps(request_))
    assert seen.masked == {"email": 1}
    assert b"alice" not in seen.body
    json.loads(seen.body)


def test_a_document_within_a_text_stays_a_document() -> None:
    call = {"function": {"name": "f", "arguments": '{"note": "\\nalice@example.com", "n": 1.0}'}}
    seen = perimeter().look(orjson.dumps({"messages": [{"tool_calls": [call]}]}))
    arguments = json.loads(seen.body)["messages"][0]["tool_calls"][0]["function"]["arguments"]
    assert MASK.fullmatch(json.loads(arguments)["note"].removeprefix("\n"))
    assert arguments.endswith('", "n": 1.0}')


def test_identifiers_and_seals_are_not_words() -> None:
    body = orjson.dumps({"messages": [{"tool_call_id": MAIL, "signature": MAIL}], "model": MAIL})
    assert perimeter().look(body).found == ()


def test_what_may_not_be_changed_is_refused_where_it_needs_a_mask() -> None:
    seen = perimeter().look(orjson.dumps({"messages": [{"role": "user", "name": MAIL, "content": "hi"}]}))
    assert seen.refused == ("email",)
    assert seen.problem is not None
    assert "cannot be masked" in seen.problem.message


def test_refusing_names_what_was_found_and_never_says_it() -> None:
    seen = perimeter("refuse").look(asking(f"{MAIL} and 4111 1111 1111 1111"))
    assert seen.refused == ("email", "card")
    assert seen.problem is not None
    assert seen.problem.status == 403
    assert seen.problem.message == (
        "The prompt holds an e-mail address and the number of a payment card, which may not go to a model."
    )


def test_asking_waits_for_a_person_and_goes_on_once_they_agreed() -> None:
    body = asking(MAIL)
    seen = perimeter("ask").look(body)
    assert seen.asked == ("email",)
    assert seen.problem is not None
    assert seen.problem.code == "data-needs-a-person"
    again = perimeter("ask").look(body, allowed=("email",))
    assert again.problem is None
    assert again.staying == ("email",)
    assert again.body is body


def test_what_is_allowed_goes_on_and_is_known_to_routes() -> None:
    body = asking(MAIL)
    seen = perimeter("allow").look(body)
    assert seen.problem is None
    assert seen.found == seen.staying == ("email",)
    assert seen.body is body


def test_without_rules_nothing_is_looked_at() -> None:
    body = asking(MAIL)
    assert Perimeter({}, {}, (), KEY).look(body) == Seen(body)


def test_strictest_counts_where_two_classes_overlap() -> None:
    strict = perimeter(rules={"project": {"action": "refuse"}})
    assert strict.look(asking("Project Falcon@example.com")).refused == ("project",)


@pytest.mark.parametrize(
    ("part", "opaque"),
    [
        ({"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}, True),
        ({"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}, True),
        ({"type": "input_audio", "input_audio": {"format": "wav", "data": "aGk="}}, True),
        ({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}, True),
        ({"inlineData": {"mimeType": "application/pdf", "data": "aGk="}}, True),
        ({"inlineData": {"mimeType": "text/csv", "data": "aGk="}}, False),
        ({"type": "file", "file": {"file_data": "data:text/plain;base64,aGk="}}, False),
    ],
)
def test_attachments_that_cannot_be_looked_into_are_a_class_of_their_own(part: dict[str, Any], opaque: bool) -> None:
    body = orjson.dumps({"messages": [{"role": "user", "content": [part]}]})
    refusing = Perimeter({"attachment": {"action": "refuse"}}, {}, (), KEY)
    assert refusing.look(body).refused == (("attachment",) if opaque else ())
    assert perimeter().look(body).problem is None


def test_texts_that_are_attached_are_looked_into() -> None:
    data = base64.b64encode(b"name,mail\nAlice,alice@example.com\n").decode()
    for body in (
        orjson.dumps({"contents": [{"parts": [{"inlineData": {"mimeType": "text/csv", "data": data}}]}]}),
        orjson.dumps({"messages": [{"content": [{"file": {"file_data": f"data:text/csv;base64,{data}"}}]}]}),
    ):
        seen = perimeter().look(body)
        assert seen.masked == {"email": 1}
        sent = seen.body.decode().split('"')[-2].removeprefix("data:text/csv;base64,")
        assert base64.b64decode(sent).startswith(b"name,mail\nAlice,[email:")


def test_what_is_too_large_is_told_with_both_sizes() -> None:
    problem = perimeter(largest=100).look(asking("x" * 101)).problem
    assert problem is not None
    assert problem.status == 413
    assert "100 are allowed" in problem.message
    image = orjson.dumps({"source": {"type": "base64", "media_type": "image/png", "data": "aGk=" * 100}})
    problem = perimeter(largest_attachment=200).look(image).problem
    assert problem is not None
    assert "300 bytes" in problem.message


def test_countries_of_a_rule_widen_the_search() -> None:
    assert perimeter().look(asking("My BSN is 111222333.")).found == ()
    dutch = perimeter(rules={"national-id": {"action": "mask", "countries": ["NL"]}})
    assert dutch.look(asking("My BSN is 111222333.")).found == ("national-id",)


@pytest.mark.parametrize("pattern", ["(?=x)y", "(a)\\1", "x*", "(", "a" * 1001, "(?:(?:(?:a{100}){100}){100})"])
def test_patterns_that_cannot_be_bounded_are_refused_with_the_reason(pattern: str) -> None:
    with pytest.raises(NotAPattern) as refused:
        check(pattern)
    assert refused.value.next_step


def test_a_pattern_that_ruins_others_takes_linear_time() -> None:
    check("(a+)+b")
    own = Perimeter({"x": {"action": "mask"}}, {"x": {"pattern": "(a+)+b"}}, (), KEY)
    began = time.process_time()
    assert own.look(asking("a" * 200_000)).found == ()
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "unit", ["1", "1 ", "a@", "@", "+1 ", "DE89 ", "4111 ", "12.", "x-1", "{", '["', "((1", "A1B2"]
)
def test_no_text_takes_more_than_linear_time(unit: str) -> None:
    looking = perimeter()
    looking.look(asking(unit * 100))
    took = []
    for times in (10_000, 40_000):
        body = asking(unit * (times // len(unit)))
        began = time.process_time()
        looking.look(body)
        took.append(time.process_time() - began)
    assert took[1] < 10 * took[0] + 0.05


@given(
    st.text(max_size=200),
    st.sampled_from(["alice@example.com", "S3cr3tPw99", "4111111111111111"]),
    st.text(max_size=200),
)
def test_nothing_that_is_masked_leaves_whatever_stands_around_it(before: str, value: str, after: str) -> None:
    text = f"{before} {value} {after}".encode("utf-8", "replace").decode()
    body = asking(text)
    seen = perimeter().look(body)
    assert value not in said(seen)
    assert perimeter().look(seen.body).body == seen.body, "a second look finds nothing more to do"


@given(
    st.recursive(
        st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
        max_leaves=12,
    )
)
def test_a_document_keeps_all_but_its_masked_strings(content: Any) -> None:
    try:
        body = orjson.dumps({"messages": content, "tail": [MAIL, content]})
    except TypeError:
        return  # half a surrogate is no JSON
    changed = json.loads(perimeter().look(body).body)
    assert MASK.fullmatch(changed["tail"][0])
    if "@" not in str(content) and not any(letter.isdigit() for letter in str(content)):
        assert changed["messages"] == content


@given(st.text(alphabet=st.characters(codec="ascii", min_codepoint=33), min_size=12, max_size=40))
def test_marks_find_a_value_and_tell_none(value: str) -> None:
    marks = marks_of(value, KEY)
    assert all(len(one) == 16 and value not in one for one in marks)
    if marks:
        assert Marks(marks, KEY).may_hold(f"the value is {value} today")
    assert not Marks(marks, b"another key").may_hold(f"the value is {value} today") or not marks


def test_plain_words_have_no_marks() -> None:
    for value in ("production", "correct horse battery staple", "short1", ""):
        assert marks_of(value, KEY) == frozenset()


@given(st.text(alphabet="0123456789 -./+()ABKXYZ", max_size=60))
def test_no_row_of_digits_breaks_a_check(text: str) -> None:
    perimeter().look(asking(text))
    perimeter().look(asking("510000199001010017"))


WORDS_OF_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**19), 10**19) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | st.sampled_from(["input", "content", "data", "id"]), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(st.dictionaries(st.text(max_size=8), WORDS_OF_JSON, max_size=6), st.booleans(), st.sampled_from([None, 1]))
def test_a_word_s_place_in_the_row_is_its_place_in_the_bytes(
    request_: Any, ascii_only: bool, indent: int | None
) -> None:
    try:
        body = json.dumps(request_, ensure_ascii=ascii_only, indent=indent).encode()
        document = orjson.loads(body)
    except (UnicodeEncodeError, orjson.JSONDecodeError):
        return  # half a surrogate, or a number that is too large to be read
    for rows in (places(document), freely(document)):
        everything = {number: f"word {number}" for number in range(len(rows) + 9)}
        assert respelled(body, everything).count(b'"word ') == len(rows), "no more words in the bytes than in the row"
        for number, one in enumerate(rows):
            if one.kind in ("text", "json", "fixed"):
                assert orjson.loads(respelled(body, {number: one.text})) == document
            elif one.kind == "number":
                assert f'"{one.text}"'.encode() in respelled(body, {number: one.text})
                assert one.text.encode() in body
