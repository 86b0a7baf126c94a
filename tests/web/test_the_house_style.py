"""Every stylesheet, template and script keeps the house style, and every rule of it finds what it is there for."""

from __future__ import annotations

import re

import pytest
from tests.web.house_style import (
    CSS_RULES,
    SCRIPT_RULES,
    TEMPLATE_RULES,
    TOKENS,
    Rule,
    channels,
    contrast,
    scripts,
    stylesheets,
    templates,
    tokens,
)

HUES = {"--lane-green", "--lane-amber", "--lane-red"}
"""The closed lane is grey: three hues and a grey are the four lanes."""
TEXT = ("--ink", "--quiet", "--lane-green", "--lane-amber", "--lane-red", "--lane-closed")
GROUNDS = ("--paper", "--ground")
ALMOST_GREY = 24
"""By how much the channels of a grey may differ, of 255."""


def broken(rules: Rule, texts: dict[str, str]) -> list[str]:
    return [f"{name}: {found}" for name, text in texts.items() for found in rules.finds(text)]


@pytest.mark.parametrize("rule", [*CSS_RULES, *TEMPLATE_RULES, *SCRIPT_RULES], ids=lambda rule: rule.name)
def test_a_rule_finds_what_breaks_it_and_nothing_else(rule: Rule) -> None:
    for text in rule.bad:
        assert rule.finds(text), text
    for text in rule.good:
        assert rule.finds(text) == []


@pytest.mark.parametrize("rule", CSS_RULES, ids=lambda rule: rule.name)
def test_every_stylesheet_keeps_the_rule(rule: Rule) -> None:
    assert broken(rule, stylesheets()) == []


@pytest.mark.parametrize("rule", TEMPLATE_RULES, ids=lambda rule: rule.name)
def test_every_template_keeps_the_rule(rule: Rule) -> None:
    assert broken(rule, templates()) == []


@pytest.mark.parametrize("rule", SCRIPT_RULES, ids=lambda rule: rule.name)
def test_every_script_keeps_the_rule(rule: Rule) -> None:
    assert broken(rule, scripts()) == []


def test_contrast_is_the_ratio_of_the_recommendation() -> None:
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_controls_stand_out(scheme: str) -> None:
    """1.4.3 and 1.4.11: on each ground that they are printed on."""
    token = tokens(TOKENS.read_text())[scheme]
    for ground in GROUNDS:
        for one in TEXT:
            assert contrast(token[one], token[ground]) >= 4.5, f"{one} on {ground}"
        assert contrast(token["--edge"], token[ground]) >= 3, f"--edge on {ground}"
    for pressed in ("--ink", "--press"):
        assert contrast(token["--paper"], token[pressed]) >= 4.5, f"a button's words on {pressed}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_lanes_are_the_only_hues(scheme: str) -> None:
    token = tokens(TOKENS.read_text())[scheme]
    colours = {name: value for name, value in token.items() if value.startswith("#")}
    hued = {name for name, value in colours.items() if max(channels(value)) - min(channels(value)) > ALMOST_GREY}
    assert hued == HUES
    assert {name for name in colours if name.startswith("--lane-")} == HUES | {"--lane-closed"}


def test_dark_has_colours_of_its_own() -> None:
    """Light tokens reused on dark ground fall below the ratio."""
    light, dark = tokens(TOKENS.read_text()).values()
    assert all(light[name] != dark[name] for name in light if light[name].startswith("#"))


def test_every_page_has_one_heading_and_a_title() -> None:
    for name, text in templates().items():
        if '{% extends "layout.html" %}' in text:
            assert "{% block title %}" in text, name
            assert text.count("<h1") >= 1, name


def test_a_lane_is_a_word_and_a_shape() -> None:
    """1.4.1: each lane has a shape of its own, hidden from readers who hear, and a word beside it."""
    parts = templates()["parts.html"]
    shape = parts.partition("macro shape(lane)")[2].partition("endmacro")[0]
    assert len(set(re.findall(r"<(?:circle|path)[^>]*>", shape))) == 4
    assert 'aria-hidden="true"' in shape
    for macro in ("lane_badge", "lane_ahead"):
        printed = parts.partition(f"macro {macro}(")[2].partition("endmacro")[0]
        assert "shape(lane)" in printed
        assert all(f'"{lane}":' in printed for lane in ("green", "amber", "red", "closed"))


def test_fields_about_oneself_say_so() -> None:
    """1.3.5: a browser can fill in what it knows about its person."""
    text = "".join(templates().values())
    for name, purpose in (("name", "name"), ("email", "email")):
        assert re.search(rf'<input[^>]*name="{name}"[^>]*autocomplete="{purpose}"', text), name
