"""One call to a model: what it cost and how that was counted, why it went where it went, for whom it was, and its proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

import orjson
from starlette.responses import Response
from starlette.routing import Route

from greenlane.gateway import accounts, lanes
from greenlane.gateway import queries as gateway
from greenlane.gateway.app_spans.queries import trace_of
from greenlane.gateway.content.queries import kept_until
from greenlane.gateway.prices.money import dollars
from greenlane.gateway.prices.rates import WITHIN, Rates
from greenlane.gateway.queries import Call
from greenlane.gateway.usage import Usage
from greenlane.identity import queries as identity
from greenlane.insights import budgets, record_proof, seeing_calls
from greenlane.web import wording
from greenlane.web.asked import Asked
from greenlane.web.site import Site

KINDS = {
    "input": "Read",
    "cache_read": "Read from a cache",
    "cache_write": "Put into a cache for minutes",
    "cache_write_hour": "Put into a cache for an hour",
    "output": "Written",
    "reasoning": "Thought",
    "input_audio": "Heard",
    "output_audio": "Spoken",
    "input_image": "Seen",
    "searches": "Searches of the web",
    "cache_read_audio": "Heard, from a cache",
    "input_video": "Watched",
    "output_image": "Pictures made",
    "output_video": "Film made",
    "file_searches": "Searches of files at the provider",
    "call": "The call itself",
}
"""Kinds of tokens, and of what is counted beside them, in words."""
WHEREFORE = {
    "run": "the app as it runs",
    "build": "a build of the app",
}
"""What a call was made for, where that was an app's."""
WIRES = {
    "openai-chat": "OpenAI’s chat completions",
    "openai-responses": "OpenAI’s responses",
    "openai-embeddings": "OpenAI’s embeddings",
    "anthropic-messages": "Anthropic’s messages",
    "anthropic-count": "Anthropic’s token counting",
    "gemini-generate": "Gemini’s content",
    "gemini-embed": "Gemini’s embeddings",
    "gemini-count": "Gemini’s token counting",
}
"""The wires, in words."""
OUTCOMES = {
    "answered": "It was answered",
    "failed": "The provider failed",
    "cut": "The answer broke off",
    "left": "Its caller left before the end, and it was counted to the end",
    "late": "Its provider said nothing in time, and somebody else was asked",
}
"""How calls ended, as sentences begin."""


RECORDS = (
    ("What was asked, written before it left", "begin"),
    ("What came of it", "end"),
    ("What it costs, counted anew", "correction"),
)
"""What each of a call's records says, and its name."""

BEGUN: Mapping[str, Any] = {
    "because": "",
    "clamped": None,
    "data": (),
    "actor": (),
    "process": "",
    "request": "",
    "instead": None,
    "after": None,
}
"""What the first record says that the page tells; of a refused call it says less."""
ENDED: Mapping[str, Any] = {
    "estimated": False,
    "prices": "",
    "masked": {},
    "answer": "",
    "tries": (),
    "footprint": None,
}
"""What the last record says that the page tells; a call that runs has none."""


@dataclass(frozen=True, slots=True)
class Counted:
    """One line of a bill: how many of what, at which price for a million (or for one), and what that makes."""

    what: str
    number: int
    price: str
    cost: str


def routes(site: Site) -> list[Route]:
    """One page."""
    return [site.page("/calls/{call}", call_page)]


def call_page(at: Asked) -> Response:
    """What its records say."""
    with at.read() as connection:
        seen = seeing_calls.seen(connection, at.me.person, at.now)
        one = seeing_calls.check(gateway.call(connection, at.named("call")), seen)
        people = {link["id"] for link in one.begun.get("actor") or () if link.get("kind") == "person"}
        names = identity.names(connection, {*people, one.person} - {""})
        run = accounts.names_of_runs(connection, [one.run]).get(one.run, "")
        teams = {team.id: team.name for team in identity.teams(connection)}
        records = [
            (*words, found)
            for words, where in zip(RECORDS, (one.begun_in, one.ended_in, (one.corrected or {}).get("in")), strict=True)
            if where and (found := record_proof.recorded(connection, at.house.blobs, at.house.trust, where)) is not None
        ]
        until = kept_until(connection, one.id)
        trace = trace_of(connection, one)
        charged = budgets.charged(connection, [str(budget) for budget, _since in one.budgets])
        instead = one.begun.get("instead")
        rules = seeing_calls.rules(connection, one, seen)
        spent = budgets.charged(connection, [str(instead["budget"])])[0][0] if instead else ""
    ended = {**ENDED, **one.ended}
    return at.page(
        "spending/call.html",
        one=one,
        begun={**BEGUN, **one.begun},
        ended=ended,
        lead=lead(one),
        decided=one.begun.get("decided"),
        lane=lanes.words(one.begun["decided"]) if one.begun.get("decided") else "",
        reasons=lanes.sentences(one.begun["decided"]) if one.begun.get("decided") else [],
        rules=orjson.dumps(rules, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode() if rules else "",
        exactly=f"{Decimal(one.pico).scaleb(-12):f}",
        bill=bill(one),
        names=names,
        whom=names.get(one.person, "somebody who was erased") if one.person else "",
        team=teams.get(one.team, one.team),
        run=run,
        charged=charged,
        spent=spent,
        wherefore=WHEREFORE.get(one.use, one.use),
        wire=WIRES.get(one.wire, one.wire),
        footprint=footprint(ended["footprint"]),
        records=records,
        looks=one.state != "refused" and at.has_somewhere("look-at-words"),
        until=until,
        steps=[(step, _took(step.us)) for step in trace.steps] if trace is not None else [],
        more_steps=trace is not None and trace.more,
    )


def lead(one: Call) -> str:
    """What became of it and what it cost, in a sentence or two."""
    if one.state == "refused":
        return "It was refused before it left, and cost nothing."
    if one.state == "open":
        return f"It is running, or its end was lost. It counts as {dollars(one.pico)}, the most that it can cost."
    said = f"{OUTCOMES.get(one.outcome, one.outcome)}. It cost {dollars(one.pico)} and took {_seconds(one.ms)}"
    return f"{said}, {_seconds(one.first_ms)} of it until the first word." if one.first_ms else f"{said}."


def bill(one: Call) -> list[Counted]:
    """Each kind of token at its price; together they are what the call cost."""
    rates: Mapping[str, int] = (one.corrected or one.ended).get("rates") or {}
    said = one.ended.get("usage") or {}
    usage = Usage(**{kind: number for kind, number in said.items() if kind in Usage.__dataclass_fields__})
    found = []
    for kind in (each.name for each in fields(Rates)):
        number = 1 if kind == "call" else getattr(usage, kind)
        if kind == "output":
            number -= usage.reasoning
        rate = rates.get(kind) or rates.get(WITHIN.get(kind, kind), 0)
        if number and (rate or kind != "call"):
            single = kind in {"call", "searches", "file_searches"}
            price = f"{dollars(rate)} each" if single else f"{dollars(rate * 1_000_000)} a million"
            found.append(Counted(KINDS[kind], number, price, dollars(rate * number)))
    return found


def footprint(told: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """What it weighs, each figure as a range in units that people know."""
    if not told:
        return []
    units = (("Energy", "uwh", "Wh"), ("Greenhouse gas", "ugco2e", "g CO₂e"), ("Water", "ul", "l"))
    return [
        (words, f"{_millionths(told[name][0])} to {_millionths(told[name][1])}{wording.NARROW}{unit}")
        for words, name, unit in units
        if name in told
    ]


def _millionths(number: int) -> str:
    """Two digits that say something: ``0.0042``, ``1.3``, ``240``."""
    return f"{float(f'{number / 1_000_000:.2g}'):,.10f}".rstrip("0").rstrip(".")


def _took(us: int) -> str:
    return f"{wording.number(us)}{wording.NARROW}µs" if us < 1_000 else _seconds(round(us / 1_000))


def _seconds(ms: int) -> str:
    return (
        f"{wording.number(ms)}{wording.NARROW}ms" if ms < 1_000 else f"{wording.number(ms / 1_000, 1)}{wording.NARROW}s"
    )
