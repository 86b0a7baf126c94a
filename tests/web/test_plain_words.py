"""What people read is short, common and said by somebody: on pages, in policies, in the words of verbs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.web.plain_words import (
    SOURCE,
    TEMPLATES,
    bare_numbers,
    by_colour_or_place,
    contracted,
    from_below,
    hard_words,
    of_code,
    of_template,
    on_the_pages,
    passives,
    shouted,
    too_long,
    unexplained,
)

from greenlane.web.wording import day, without_commands

Finds = Callable[[str], list[str]]

PLANTED: dict[str, tuple[Finds, tuple[str, ...], tuple[str, ...]]] = {
    "a sentence has at most twenty words": (
        too_long,
        (
            "Every byte of every receipt is read again and held against what was signed and against what the witness saw once.",
        ),
        ("One two three. " * 20, "Say it shortly: and then say the other thing, which is a thought of its own."),
    ),
    "words are common ones": (
        hard_words,
        ("The backend failed to respond.", "Oops, an invalid token", "Learn more", "Seamlessly empower your team"),
        ("The address is missing.", "A green lane", "Cancelled"),
    ),
    "a not is written out": (
        contracted,
        ("You can't open it.", "It isn\u2019t there"),
        ("You cannot open Ana\u2019s app.",),
    ),
    "nothing is shouted": (shouted, ("Welcome!", "This is VERY good", "One \u2014 two"), ("an API token", "a != b")),
    "a name of the trade stands behind its words": (
        unexplained,
        ("Download the SBOM",),
        ("the list of what is inside (SBOM)",),
    ),
    "nothing is found by its colour or its place alone": (
        by_colour_or_place,
        ("Press the green button", "The list on the right", "Use the button below"),
        ("the right role", "goes through the green lane"),
    ),
    "a number has its unit": (
        bare_numbers,
        ("<p>{{ count | number }}</p>", "<strong>{{ x.y | number(2) }}</strong>"),
        ("<p>{{ count | plural('app') }}</p>", "<p>{{ ms | number }} ms</p>", '<td class="num">{{ x | number }}</td>'),
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_rule_finds_what_breaks_it_and_nothing_else(name: str) -> None:
    finds, bad, good = PLANTED[name]
    for text in bad:
        assert finds(text), text
    for text in good:
        assert finds(text) == [], text


@pytest.mark.parametrize("name", [name for name in PLANTED if PLANTED[name][0] is not bare_numbers])
def test_what_people_read_keeps_the_rule(name: str) -> None:
    finds = PLANTED[name][0]
    assert [
        f"{one.where}: {found}: {one.text}" for one in (*on_the_pages(), *from_below()) for found in finds(one.text)
    ] == []


def test_no_page_prints_a_number_without_its_unit() -> None:
    pages = sorted(TEMPLATES.rglob("*.html"))
    assert [f"{one.relative_to(SOURCE)}: {found}" for one in pages for found in bare_numbers(one.read_text())] == []


def test_text_is_read_as_a_reader_reads_it() -> None:
    template = (
        '<p>You {% if a %}approved{% else %}sent back{% endif %} <a href="/x">{{ name }}</a>.</p>'
        '<p>{{ empty("Nothing waits for you.", "/new") }}</p><svg><title>No words</title></svg>'
    )
    assert list(of_template(template)) == ["Nothing waits for you.", "You sent back it.", "it"]


def test_sentences_in_code_are_read_and_its_documentation_is_not() -> None:
    code = '"""A module does not speak."""\nx = f"The app {name} is asleep."\ny = "not-a-sentence"\nz = "Two words."'
    assert sorted(of_code(code)) == ["The app it is asleep.", "Two words."]


def test_the_report_knows_a_passive() -> None:
    assert passives("It was published by Ana.") == ["was published"]
    assert passives("Ana published it.") == []


def test_there_is_something_to_read() -> None:
    """A rule over nothing holds always."""
    assert len(on_the_pages()) > 100
    assert len(from_below()) > 200


def test_advice_on_a_page_has_no_command_and_a_day_has_a_month() -> None:
    assert (
        without_commands("Open it to everyone here instead (--audience everyone).")
        == "Open it to everyone here instead."
    )
    assert without_commands("Look at what became of it: greenlane approvals --all.") == "Look at what became of it."
    assert without_commands("Wait for the answer.") == "Wait for the answer."
    assert without_commands("`greenlane people` lists everybody.") == ""
    assert without_commands("Make one with `greenlane token create`. Then try again.") == "Then try again."
    assert (day("2026-10-24"), day("Up to 1 minute")) == ("24 October 2026", "Up to 1 minute")
