"""A bound is never below what a call then costs, and a small budget gets a shorter answer instead of none."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from greenlane.gateway import bounds, pictures
from greenlane.gateway.bounds import LEAST, Bound, Unbounded, bound, least
from greenlane.gateway.prices.rates import Rates
from greenlane.gateway.usage import Usage
from greenlane.gateway.wires.asked import Asked, Media

RATES = Rates(3, 1, 4, 6, 15, 15, 3, 15, 3, 10_000, 2)
ASKED = Asked("openai-chat", "gpt-5", False, 1_000, 1, None, 4_000, 3, 0, (), (), None)


def bounded(asked: Asked, **said: object) -> Bound:
    found = bound(asked, RATES, **said)  # type: ignore[arg-type]
    assert isinstance(found, Bound)
    return found


rates = some.builds(Rates, *[some.integers(0, 10**9)] * 16)
requests = some.builds(
    Asked,
    some.just("openai-chat"),
    some.just("gpt-5"),
    some.booleans(),
    some.none() | some.integers(1, 10**6),
    some.integers(1, 8),
    some.none() | some.integers(0, 10**5),
    some.integers(0, 10**7),
    some.integers(0, 500),
    some.integers(0, 128),
    some.just(()),
    some.just(()),
    some.none(),
)


@given(requests, rates, some.data())
def test_no_way_of_charging_the_same_call_costs_more(asked: Asked, rates: Rates, data: some.DataObject) -> None:
    found = bound(asked, rates)
    assert isinstance(found, Bound)
    most_read = asked.text_bytes + 3 + 4 * asked.messages + 10 * asked.tools + (804 if asked.tools else 0)
    read = data.draw(some.integers(0, most_read))
    cached = data.draw(some.integers(0, read))
    written = data.draw(some.integers(0, read - cached))
    hourly = data.draw(some.integers(0, read - cached - written))
    said = data.draw(some.integers(0, found.most * asked.answers))
    shown = data.draw(some.integers(0, said))
    usage = Usage(
        input=read - cached - written - hourly,
        cache_read=cached,
        cache_write=written,
        cache_write_hour=hourly,
        output=said - shown,
        output_image=shown,
        reasoning=data.draw(some.integers(0, said - shown)),
    )
    assert rates.cost(usage) <= found.pico


@given(requests, rates, some.integers(0, 10**18))
def test_a_clamped_call_fits_what_is_left_or_is_not_clamped(asked: Asked, rates: Rates, left: int) -> None:
    whole, fitted = bound(asked, rates), bound(asked, rates, clamp_to=left)
    assert isinstance(whole, Bound)
    assert isinstance(fitted, Bound)
    if whole.pico <= left:
        assert fitted == whole
    elif fitted.clamped:
        assert fitted.pico <= left
        assert LEAST <= fitted.most < whole.most
        assert fitted.pico + rates.writes * asked.answers > left, "no token is given away"
    else:
        assert fitted == whole
        assert least(whole, rates, asked.answers) > left or whole.most <= LEAST


def test_a_shorter_answer_says_that_it_is_shorter_and_why() -> None:
    found = bounded(ASKED, clamp_to=bounded(replace(ASKED, most=100)).pico)
    assert (found.most, found.clamped) == (100, True)
    assert found.reasons[0].startswith("The answer has at most 100 tokens instead of 1000, because the budget has $")


def test_a_model_whose_answers_cost_nothing_has_nothing_to_make_shorter() -> None:
    found = bound(ASKED, Rates(input=3), clamp_to=0)
    assert isinstance(found, Bound)
    assert (found.most, found.clamped) == (1_000, False)


def test_a_request_that_names_no_limit_gets_one() -> None:
    assert bounded(replace(ASKED, most=None)).most == 4_096
    assert bounded(replace(ASKED, most=None), otherwise_most=99).most == 99


def test_thoughts_and_further_answers_are_counted() -> None:
    one = bounded(ASKED)
    assert bounded(replace(ASKED, answers=4)).pico == one.pico + 3 * 1_000 * 15
    assert bounded(replace(ASKED, thinking=5_000)).most == 5_000


def test_what_stands_around_texts_counts_and_what_carries_pictures_does_not() -> None:
    plain = bounded(ASKED).read
    assert bounded(ASKED, size=9_000).read == plain + 5_000
    assert bounded(ASKED, size=10).read == plain
    seen = replace(ASKED, media=(Media("image", "image/png", bytes=3_000, width=10, height=10),))
    assert (
        bounded(seen, size=9_000 + 4_000).read == bounded(seen, size=9_000).read + 4_000 == bounded(seen).read + 5_000
    )


def test_counting_tokens_costs_nothing_and_embedding_has_no_answer() -> None:
    assert bounded(replace(ASKED, wire="anthropic-count")).pico == 0
    embedded = bounded(replace(ASKED, wire="openai-embeddings"))
    assert embedded.most == 0
    assert embedded.pico == embedded.read * RATES.reads + RATES.call


def test_a_tool_that_its_provider_describes_is_bounded_by_what_that_takes() -> None:
    plain = bounded(replace(ASKED, tools=2), size=300)
    described = bounded(replace(ASKED, tools=2, defined=2), size=300)
    assert described.read - plain.read >= 2 * (735 + 499)


def test_an_embedding_is_bounded_by_its_texts_and_not_by_what_is_written_around_them() -> None:
    short = replace(ASKED, wire="gemini-embed", text_bytes=2, messages=1, most=0)
    found = bound(short, RATES, size=4_000)
    assert isinstance(found, Bound)
    assert 2 <= found.read <= 20, "where a provider tells no usage, this is charged"


def test_state_at_the_provider_is_refused_unless_an_administrator_set_a_bound() -> None:
    asked = replace(ASKED, hidden=("previous_response_id", "web_search"))
    found = bound(asked, RATES)
    assert isinstance(found, Unbounded)
    assert "previous_response_id, web_search" in found.reasons[0]
    assert bounded(asked, beyond=10**9).pico == bounded(ASKED).pico + 10**9


def test_every_reason_is_said_at_once() -> None:
    asked = replace(
        ASKED, hidden=("container",), media=(Media("video", url=True), Media("document", "application/pdf"))
    )
    found = bound(asked, RATES)
    assert isinstance(found, Unbounded)
    assert len(found.reasons) == 3


@pytest.mark.parametrize("kind", ["image", "document", "audio", "video"])
def test_media_are_bounded_at_the_dearest_that_they_can_be_read_as(
    kind: Literal["image", "document", "audio", "video"],
) -> None:
    rates = replace(RATES, input_image=50, input_audio=60, input_video=70)
    dearest = {"image": 50, "document": 50, "audio": 60, "video": 70}[kind]
    seen = replace(ASKED, media=(Media(kind, "application/x-unknown"),))
    found = bound(seen, rates, window=1_000_000)
    without = bound(ASKED, rates)
    assert isinstance(found, Bound)
    assert isinstance(without, Bound)
    tokens = found.read - without.read
    assert tokens > 0
    assert found.pico - without.pico == tokens * dearest


def test_what_has_no_told_size_counts_as_the_whole_window() -> None:
    asked = replace(ASKED, media=(Media("document", "application/pdf", bytes=900),))
    assert bounded(asked, window=200_000).read == bounded(ASKED).read + 200_000
    several = replace(
        ASKED, media=(Media("document", "application/pdf", bytes=900), Media("video", "video/mp4", bytes=9))
    )
    assert bounded(several, window=200_000).read == bounded(ASKED).read + 200_000, "no prompt is longer than that"
    plain = replace(ASKED, media=(Media("document", "text/plain", bytes=900),))
    assert bounded(plain).read == bounded(ASKED).read + 900 + bounds.EACH_MESSAGE
    silence = replace(ASKED, media=(Media("audio", "audio/flac", bytes=900),))
    assert isinstance(bound(silence, RATES), Unbounded), "silence takes almost no bytes in this format"


@pytest.mark.parametrize(
    ("wire", "model", "size", "measured"),
    [
        # One question with one picture, as counted by the providers themselves (a public table of measurements, 2026).
        ("anthropic-messages", "claude-opus-5-5", (256, 256), 177),
        ("anthropic-messages", "claude-opus-5-5", (1024, 1024), 1_446),
        ("anthropic-messages", "claude-opus-5-5", (1920, 1080), 2_768),
        ("anthropic-messages", "claude-opus-5-5", (4032, 3024), 4_005),
        ("anthropic-messages", "claude-haiku-4-5", (4032, 3024), 1_661),
        ("gemini-generate", "gemini-3.5-flash", (4032, 3024), 1_065),
        ("gemini-generate", "gemini-3.5-flash", (256, 256), 1_090),
        ("openai-responses", "gpt-6-astra", (256, 256), 77),
        ("openai-responses", "gpt-6-astra", (1280, 720), 1_104),
        ("openai-responses", "gpt-6-astra", (4032, 3024), 14_364),
        ("openai-responses", "gpt-5.5", (4032, 3024), 11_868),
        # Examples of the providers' own pages.
        ("openai-chat", "gpt-4o", (1024, 1024), 765),
        ("openai-chat", "gpt-4o", (2048, 4096), 1_105),
        ("openai-chat", "gpt-4.1-nano", (1800, 2400), 1_452 * 246 // 100),
        ("openai-chat", "gpt-4o-mini", (1024, 1024), 2_833 + 4 * 5_667),
    ],
)
def test_no_picture_was_ever_counted_higher(wire: str, model: str, size: tuple[int, int], measured: int) -> None:
    picture = Media("image", "image/png", bytes=9_000, width=size[0], height=size[1])
    most = pictures.tokens(picture, wire, model)
    assert most is not None
    assert most >= measured


def test_a_picture_at_an_address_has_the_provider_s_own_limit_or_none() -> None:
    there = Media("image", url=True)
    assert pictures.tokens(there, "anthropic-messages", "claude-sonnet-4-5") == 4_784 + pictures.FRAME
    assert pictures.tokens(there, "gemini-generate", "gemini-3.5-flash") == 2_240 + pictures.FRAME
    assert pictures.tokens(there, "gemini-generate", "gemini-2.5-flash") is None
    assert pictures.tokens(there, "openai-chat", "gpt-6") is None
    assert pictures.tokens(replace(there, detail="high"), "openai-chat", "gpt-6") == 6_150 + pictures.FRAME
    assert pictures.tokens(replace(there, detail="low"), "openai-chat", "gpt-4o-mini") == 2_833 + pictures.FRAME
