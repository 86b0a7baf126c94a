"""The page of a call names each kind of token at the price that it had."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from greenlane.gateway.prices.money import dollars
from greenlane.gateway.prices.rates import Rates
from greenlane.gateway.queries import Call
from greenlane.gateway.usage import Usage
from greenlane.web.call_page import KINDS, bill


def test_what_a_call_used_stands_on_its_bill_at_its_price() -> None:
    usage = Usage(input=10, cache_read_audio=3, output=30, reasoning=20, output_image=5, file_searches=2)
    rates = Rates(input=4, cache_read=1, cache_read_audio=1, output=8, reasoning=8, output_image=8, file_searches=90)
    lines = {one.what: one for one in bill(call(usage, rates))}
    assert {what: one.number for what, one in lines.items()} == {
        "Read": 10,
        "Heard, from a cache": 3,
        "Written": 10,
        "Thought": 20,
        "Pictures made": 5,
        "Searches of files at the provider": 2,
    }
    assert lines["Pictures made"].price == f"{dollars(8_000_000)} a million", "it had the price of words"
    assert lines["Searches of files at the provider"].price.endswith("each")


def test_every_kind_has_its_words() -> None:
    assert KINDS.keys() == {one.name for one in fields(Rates)}


def call(usage: Usage, rates: Rates) -> Call:
    said: dict[str, Any] = dict.fromkeys(Call.__dataclass_fields__, "")
    return Call(**said | {"ended": {"usage": usage.document(), "rates": rates.document}, "corrected": None})
