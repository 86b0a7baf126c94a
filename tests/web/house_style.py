"""The house style as rules over the text of stylesheets, templates and scripts. Each rule carries what it must find.

Nothing is rendered here, so the rules are quick and also hold for pages that no test opens yet. What only a browser can
know (is it visible, does it fit, is it covered) is in ``tests/stories/test_every_page.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

WEB = Path(__file__).parents[2] / "src" / "greenlane" / "web"
TOKENS = WEB / "static" / "css" / "tokens.css"


def stylesheets() -> dict[str, str]:
    """Every stylesheet by its name, without the tokens: those define what the others may use."""
    return {one.name: one.read_text() for one in sorted((WEB / "static" / "css").glob("*.css")) if one != TOKENS}


def templates() -> dict[str, str]:
    """Every template by its path."""
    folder = WEB / "templates"
    return {str(one.relative_to(folder)): one.read_text() for one in sorted(folder.rglob("*.html"))}


def scripts() -> dict[str, str]:
    """Our own scripts by their names; what is vendored has its own law."""
    return {one.name: one.read_text() for one in sorted((WEB / "static" / "js").glob("*.js"))}


# -- stylesheets -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Declaration:
    """One line of a stylesheet: the conditions around it, its selector, what is set to what."""

    around: str
    selector: str
    name: str
    value: str

    def __str__(self) -> str:
        return f"{self.selector} {{ {self.name}: {self.value} }}"


def declarations(css: str) -> Iterator[Declaration]:
    """What a stylesheet declares. Understands what ours are made of: blocks, conditions around them, no nesting."""
    open_blocks: list[str] = []
    for text, mark in re.findall(r"([^{};]*)([{};])", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)):
        said = " ".join(text.split())
        if mark == "{":
            open_blocks.append(said)
            continue
        if said and open_blocks and ":" in said:
            name, _, value = said.partition(":")
            around = " ".join(one for one in open_blocks if one.startswith("@"))
            selector = " ".join(one for one in open_blocks if not one.startswith("@"))
            yield Declaration(around, selector, name.strip(), value.strip())
        if mark == "}" and open_blocks:
            open_blocks.pop()


def tokens(css: str) -> dict[str, dict[str, str]]:
    """The tokens of each scheme: ``light`` and ``dark``, the dark one laid over the light one."""
    found: dict[str, dict[str, str]] = {"light": {}, "dark": {}}
    for one in declarations(css):
        if one.name.startswith("--"):
            found["dark" if "dark" in one.around else "light"][one.name] = one.value
    return {"light": found["light"], "dark": found["light"] | found["dark"]}


def channels(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of ``#abc`` or ``#aabbcc``, each 0 to 255."""
    digits = colour.removeprefix("#")
    digits = "".join(one * 2 for one in digits) if len(digits) == 3 else digits
    return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2, 1 to 21: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""

    def luminance(colour: str) -> float:
        linear = [
            v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255 for c in channels(colour))
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@dataclass(frozen=True)
class Rule:
    """One rule. ``finds`` gives every breach of it in a text; ``bad`` are examples that it must find, ``good`` must pass."""

    name: str
    finds: Callable[[str], list[str]]
    bad: tuple[str, ...]
    good: tuple[str, ...] = ()


def _of(wrong: Callable[[Declaration], bool]) -> Callable[[str], list[str]]:
    """A rule over single declarations."""
    return lambda css: [str(one) for one in declarations(css) if wrong(one)]


def _matches(pattern: str, flags: int = re.IGNORECASE) -> Callable[[str], list[str]]:
    """A rule over a text as it stands."""
    compiled = re.compile(pattern, flags)
    return lambda text: [" ".join(found[0].split()) for found in compiled.finditer(text)]


_NAMED = (
    "black|white|red|green|blue|gray|grey|silver|orange|yellow|purple|navy|teal|maroon|olive|lime|aqua|fuchsia|pink|"
    "gold|indigo|violet|tomato|crimson|slate\\w*|light\\w+|dark\\w+|medium\\w+|pale\\w+|deep\\w+|hot\\w+"
)
_COLOUR = re.compile(
    rf"#[0-9a-f]{{3,8}}\b|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color|color-mix)\(|(?<![\w-])(?:{_NAMED})(?![\w-])",
    re.IGNORECASE,
)
_SYSTEM = re.compile(r"\b(?:CanvasText|Canvas|LinkText|ButtonText|ButtonFace|Highlight|HighlightText|GrayText|Mark)\b")
_LENGTH = re.compile(r"(?<![\w.-])-?\d*\.?\d+(?:px|rem|em|ch|pt)\b")
_GAPS = re.compile(r"(?:margin|padding|gap|row-gap|column-gap|scroll-margin|scroll-padding)(?:-\w+)*")
_MOVES = re.compile(r"(?:transition|animation)(?:-\w+)*")


def _colour_of_its_own(one: Declaration) -> bool:
    if one.name.startswith("--"):  # paper has tokens of its own: print says so in the tokens' own words
        return bool(_COLOUR.search(one.value)) and "print" not in one.around
    if _SYSTEM.search(one.value) and "forced-colors" not in one.around:
        return True
    return bool(_COLOUR.search(one.value))


def _shift(one: Declaration) -> bool:
    return one.name == "margin-inline" or bool(_GAPS.fullmatch(one.name))


def _gap_of_its_own(one: Declaration) -> bool:
    return _shift(one) and any(not found.startswith(("0", "-0")) for found in _LENGTH.findall(one.value))


def _size_of_its_own(one: Declaration) -> bool:
    if one.name == "font-size":
        return not re.fullmatch(r"var\(--size-\d+\)|inherit|1em", one.value)
    return one.name == "font" and one.value != "inherit" and "var(--size-" not in one.value


def _weight_of_its_own(one: Declaration) -> bool:
    if one.name == "font-weight":
        return one.value not in {"400", "600", "inherit"}
    return one.name == "font" and bool(re.search(r"\b(?:[1-35-9]00|bold|bolder|lighter)\b", one.value))


def _seconds(value: str) -> list[float]:
    return [float(n) / (1000 if unit == "ms" else 1) for n, unit in re.findall(r"(\d*\.?\d+)(ms|s)\b", value)]


def _restless(css: str) -> list[str]:
    """Motion that is long, that moves anything but opacity and transform, or that is not behind the person's wish."""
    found = []
    for one in declarations(css):
        frame = "@keyframes" in one.around
        if frame and one.name not in {"opacity", "transform"}:
            found.append(f"{one.around}: {one}")
        if not _MOVES.fullmatch(one.name) or one.value in {"none", "0s"}:
            continue
        moved = one.value.split()[0] if one.name in {"transition", "transition-property"} else "opacity"
        if (
            moved not in {"opacity", "transform"}
            or any(seconds > 0.2 for seconds in _seconds(one.value))
            or "infinite" in one.value
        ):
            found.append(str(one))
        elif "prefers-reduced-motion: no-preference" not in one.around:
            found.append(f"{one} outside prefers-reduced-motion: no-preference")
    return found


FLOATS = re.compile(r"dialog|palette|popover|menu|toast")
"""What floats above a page, and may cast a shadow."""


def _shadow(one: Declaration) -> bool:
    casts = one.name in {"box-shadow", "text-shadow"} or "drop-shadow" in one.value
    line = re.match(
        r"inset (?:-?\d+px 0 0|0 0 0 \d+px) ", one.value
    )  # without any blur it is a line, drawn where a border has no room
    return casts and one.value != "none" and not line and not FLOATS.search(one.selector)


CSS_RULES = (
    Rule(
        "a colour is a token",
        _of(_colour_of_its_own),
        (
            "a { color: #123456 }",
            "a { border: 1px solid rgb(1, 2, 3) }",
            "a { background: white }",
            "a { --mine: #fff }",
            "a { color: CanvasText }",
            "a { background: color-mix(in srgb, var(--ink), var(--paper)) }",
        ),
        (
            "a { color: var(--ink) }",
            "a { background: none; border-color: transparent; color: currentColor }",
            "@media print { :root { --ink: #000 } }",
            "@media (forced-colors: active) { a { fill: CanvasText } }",
            "a { white-space: pre-wrap; outline: 2px solid var(--lane-red) }",
        ),
    ),
    Rule(
        "a gap is a token",
        _of(_gap_of_its_own),
        ("a { padding: 10px }", "a { margin: 0 1.3rem }", "a { gap: var(--gap-4) 5px }", "a { margin-left: -1px }"),
        ("a { margin: 0 auto }", "a { padding: var(--gap-8) 0; gap: 0 var(--gap-16) }", "a { padding: 4vw }"),
    ),
    Rule(
        "a size of type is a token",
        _of(_size_of_its_own),
        ("a { font-size: 13px }", "a { font-size: 0.8em }", "a { font: 400 15px/1.5 sans-serif }"),
        ("a { font-size: var(--size-14) }", "a { font: inherit }"),
    ),
    Rule(
        "type is regular or half bold",
        _of(_weight_of_its_own),
        ("a { font-weight: 700 }", "a { font-weight: bold }", "a { font: 500 var(--size-14) x }"),
        ("a { font-weight: 600 }", "a { font: 400 var(--size-16) / 1.5 var(--text) }"),
    ),
    Rule(
        "motion is short, moves nothing else, and stays away where it is not wanted",
        _restless,
        (
            "a { transition: all 150ms }",
            "a { transition: opacity 150ms }",
            "@media (prefers-reduced-motion: no-preference) { a { transition: all 100ms } }",
            "@media (prefers-reduced-motion: no-preference) { a { transition: color 100ms } }",
            "@media (prefers-reduced-motion: no-preference) { a { animation: x 0.5s } }",
            "@media (prefers-reduced-motion: no-preference) { a { animation: x 100ms infinite } }",
            "@keyframes x { from { height: 0 } }",
        ),
        ("@media (prefers-reduced-motion: no-preference) { a { transition: opacity 150ms } }",),
    ),
    Rule(
        "only what floats casts a shadow",
        _of(_shadow),
        ("a { box-shadow: 0 1px 2px var(--line) }", "a { filter: drop-shadow(0 0 1px var(--line)) }"),
        (
            ".dialog { box-shadow: 0 1px 2px var(--line) }",
            "a { box-shadow: none }",
            "td { box-shadow: inset 3px 0 0 var(--edge) }",
        ),
    ),
    # What a stylesheet has that nobody thought about.
    Rule("no gradients", _matches(r"\b(?:linear|radial|conic)-gradient\("), ("a { background: linear-gradient(x) }",)),
    Rule(
        "letters are neither tracked nor turned into capitals",
        _of(
            lambda one: (
                (one.name in {"letter-spacing", "word-spacing"} and one.value not in {"0", "normal"})
                or (one.name == "text-transform" and one.value != "none")
                or (one.name.startswith("font-variant") and "caps" in one.value)
            )
        ),
        ("h1 { letter-spacing: -0.025em }", "b { text-transform: uppercase }", "b { font-variant: small-caps }"),
        ("b { font-variant-numeric: tabular-nums }",),
    ),
    Rule(
        "nothing lifts when it is pointed at",
        _of(
            lambda one: (
                ":hover" in one.selector and one.name in {"transform", "scale", "translate", "top", "box-shadow"}
            )
        ),
        ("a:hover { transform: translateY(-2px) }", "a:hover { scale: 1.02 }"),
        ("a:hover { background: var(--ground) }",),
    ),
    Rule(
        "corners are four pixels, or none",
        _of(lambda one: one.name.startswith("border-radius") and one.value not in {"0", "4px"}),
        ("a { border-radius: 12px }", "a { border-radius: 9999px }"),
        ("a { border-radius: 4px }",),
    ),
    Rule(
        "no glass, no glow, no text filled with pictures",
        _of(lambda one: "backdrop-filter" in one.name or "blur(" in one.value or "background-clip" in one.name),
        ("a { backdrop-filter: blur(4px) }", "a { -webkit-background-clip: text }"),
    ),
    Rule(
        "nothing appears by scrolling",
        _of(lambda one: "animation-timeline" in one.name or "view-timeline" in one.name),
        ("a { animation-timeline: view() }",),
    ),
    Rule(
        "no other house's tokens",
        _matches(
            r"--(?:foreground|background|muted|muted-foreground|primary|secondary|card|popover|ring|radius|tw-[\w-]+)\b"
        ),
        ("a { color: var(--muted-foreground) }", "a { --tw-ring: 1 }"),
    ),
    Rule(
        "no face that everybody has",
        _matches(r"font(?:-family)?:[^;]*\b(?:Inter|Geist|Space Grotesk|Poppins|Playfair|Fraunces|Instrument Serif)\b"),
        ("a { font-family: Inter, sans-serif }",),
    ),
    Rule(
        "a stylesheet asks nobody outside",
        _matches(r"@import|url\((?!['\"]?data:)"),
        ("@import 'x.css';", "a { background: url(https://a.example/b.png) }"),
    ),
    Rule(
        "a page may be held either way up",
        _matches(r"\(\s*orientation\s*:"),
        ("@media (orientation: portrait) { main { display: none } }",),
    ),
    Rule(
        "nothing is told by pointing alone",
        _of(
            lambda one: (
                ":hover" in one.selector
                and (
                    one.name in {"display", "visibility", "content", "max-height"}
                    or (one.name == "opacity" and one.value == "1")
                )
            )
        ),
        (".tip:hover .words { display: block }", "a:hover::after { content: 'more' }"),
        ("a:hover { text-decoration-thickness: 2px }",),
    ),
    Rule(
        "the focus is not taken away",
        _of(lambda one: one.name.startswith("outline") and one.value in {"none", "0"} and "main" not in one.selector),
        ("a:focus { outline: none }", "button { outline: 0 }"),
        ("main:focus { outline: none }",),
    ),
)
"""Over every stylesheet but the tokens."""


# -- templates -------------------------------------------------------------------------------------------------------

_TAG = re.compile(r"<(?P<name>[a-z][\w-]*)(?P<rest>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>", re.IGNORECASE)


def _plain(template: str) -> str:
    """A template in which no expression holds a sign that a tag could begin or end with."""

    def quiet(found: re.Match[str]) -> str:
        return re.sub(r"[<>\"']", "~", found[0])

    without = re.sub(r"\{#.*?#\}", "", template, flags=re.DOTALL)
    return re.sub(r"\{\{.*?\}\}|\{%.*?%\}", quiet, without, flags=re.DOTALL)


def tags(template: str) -> Iterator[tuple[str, str]]:
    """The tags of a template: name and the rest, in which expressions have no quotes of their own."""
    for found in _TAG.finditer(_plain(template)):
        yield found["name"].lower(), found["rest"]


def _tagged(wrong: Callable[[str, str], bool]) -> Callable[[str], list[str]]:
    return lambda template: [
        f"<{name}{' '.join(rest.split())[:120]}>" for name, rest in tags(template) if wrong(name, f" {rest} ")
    ]


def _value(rest: str, name: str) -> str | None:
    found = re.search(rf"\s{name}\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", rest)
    return next((one for one in found.groups() if one is not None), "") if found else None


def _inline_script(name: str, rest: str) -> bool:
    return name == "script" and not (_value(rest, "src") and "nonce=" in rest)


def _unstamped(name: str, rest: str) -> bool:
    return bool(re.search(r"\s(?:data-)?hx-[a-z]", rest)) and "{{ hx() }}" not in rest


def _surprise(name: str, rest: str) -> bool:
    """A verb that begins because somebody typed, chose, pointed, scrolled or came."""
    writes = re.search(r"\shx-(?:post|put|patch|delete)", rest)
    trigger = _value(rest, "hx-trigger")
    itself = name in {"input", "select", "textarea"} and trigger is None
    return bool(writes and (itself or (trigger and not re.fullmatch(r"(?:click|submit)\b.*", trigger))))


def _unlabelled(template: str) -> list[str]:
    plain = _plain(template)
    labelled = set(re.findall(r"<label[^>]*\sfor=\"([^\"]*)\"", plain))
    inside = " ".join(re.findall(r"<label\b.*?</label>", plain, re.DOTALL))
    found = []
    for name, rest in tags(template):
        unseen = _value(f" {rest}", "type") in {"hidden", "submit"} or re.search(r"\shidden$", rest)
        if name not in {"input", "select", "textarea"} or unseen:
            continue
        named = re.search(r"\saria-label(?:ledby)?=", rest) or _value(f" {rest}", "id") in labelled
        if not named and f"<{name}{rest}>" not in inside:
            found.append(f"<{name}{' '.join(rest.split())[:120]}>")
    return found


def buttons(template: str) -> Iterator[tuple[str, str]]:
    """What the buttons of a template are called, as far as the text knows: the rest of the tag, and the name."""
    for rest, inside in re.findall(
        r"<button\b((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>(.*?)</button>", _plain(template), re.DOTALL
    ):
        label = _value(f" {rest}", "aria-label")
        yield rest, " ".join(re.sub(r"<[^>]*>|\{%.*?%\}", " ", label or inside).split())


EMPTY_LABELS = re.compile(
    r"(?:ok|okay|yes|no|continue|submit|confirm|next|proceed|go|done|apply|cancel|close|save|send|update|delete|remove|edit|"
    r"create|add|click here|learn more|get started|more|view|details)[.!]?",
    re.IGNORECASE,
)
"""Labels that say nothing about what happens to what."""


def _says_nothing(label: str) -> bool:
    words = label.split()
    if "{{" in label or not words:
        return not words
    return bool(EMPTY_LABELS.fullmatch(label)) or len(words) < 2


TEMPLATE_RULES = (
    Rule(
        "no style in an element",
        _tagged(lambda name, rest: name == "style" or _value(rest, "style") is not None),
        ("<p style='color:red'>", "<style>", '<p class="{{ "a" }}" style="x">'),
        ('<p class="style">',),
    ),
    Rule(
        "no script in an element or in a page",
        _tagged(lambda name, rest: bool(re.search(r"\son[a-z]+\s*=", rest)) or _inline_script(name, rest)),
        ("<a onclick='x()'>", "<script>x()</script>", '<script src="x.js"></script>'),
        ('<script nonce="{{ nonce }}" src="{{ asset("x.js") }}" defer></script>', '<a href="/on">on = off</a>'),
    ),
    Rule(
        "no address that is a script",
        _matches(r"javascript:|\bjs:|hx-on\b|hx-live\b|hx-vals=.js:|\bsrcdoc="),
        ("<a href='javascript:x'>", '<a hx-on:click="x">'),
    ),
    Rule(
        "what htmx may touch is stamped",
        _tagged(_unstamped),
        ('<a hx-get="/x">', '<a data-hx-get="/x">'),
        ('<a {{ hx() }} hx-get="/x">',),
    ),
    Rule(
        "no verb begins on a change or on focus",
        _tagged(_surprise),
        (
            '<select {{ hx() }} hx-post="/do/x">',
            '<form {{ hx() }} hx-post="/x" hx-trigger="change">',
            '<div {{ hx() }} hx-post="/x" hx-trigger="load">',
        ),
        ('<form {{ hx() }} hx-post="/x">', '<input {{ hx() }} hx-get="/" hx-trigger="input changed delay:200ms">'),
    ),
    Rule(
        "every field has its label",
        _unlabelled,
        ('<input name="a">', '<label for="b">B</label><input id="a">', '<select id="{{ a }}"></select>'),
        (
            '<label for="{{ a }}">A</label><input id="{{ a }}">',
            '<label><input type="radio" name="a"> A</label>',
            '<input type="hidden" name="a">',
            '<input aria-label="Find an app">',
        ),
    ),
    Rule(
        "a button says what it does to what",
        lambda template: [label for _, label in buttons(template) if _says_nothing(label)],
        ("<button>OK</button>", "<button>Continue</button>", "<button></button>", "<button>Delete</button>"),
        (
            "<button>Publish to Sales</button>",
            "<button>{{ label }}</button>",
            '<button aria-label="Undo: {{ says }}">Undo</button>',
        ),
    ),
    Rule(
        "a verb is a form and a link only leads on",
        _tagged(
            lambda name, rest: (
                (name == "form" and (_value(rest, "method") or "get").lower() not in {"get", "post", "dialog"})
                or (name == "a" and _value(rest, "role") == "button")
                or (name in {"div", "span", "li", "tr"} and bool(re.search(r"\sdata-href=|role=\"button\"", rest)))
            )
        ),
        ('<a role="button" href="#">', '<div role="button">', '<form method="delete">'),
        ('<form method="post">', "<form>"),
    ),
    Rule(
        "nothing waits behind a number of the keyboard's order",
        _tagged(lambda name, rest: (_value(rest, "tabindex") or "0") not in {"0", "-1"}),
        ('<a tabindex="2">',),
        ('<main tabindex="-1">', '<pre tabindex="0">'),
    ),
    Rule(
        "a picture has its words, or is decoration",
        _tagged(
            lambda name, rest: (
                (name == "img" and _value(rest, "alt") is None)
                or (
                    name == "svg"
                    and not re.search(r"aria-hidden=\"true\"|aria-label|aria-labelledby|role=\"img\"", rest)
                )
            )
        ),
        ('<img src="a.png">', '<svg viewBox="0 0 1 1">'),
        ('<img src="a.png" alt="">', '<svg aria-hidden="true">'),
    ),
    Rule(
        "no sound, no film, no frame",
        _tagged(lambda name, _: name in {"video", "audio", "object", "embed", "marquee", "blink", "canvas"}),
        ("<video>", "<audio src=x>"),
    ),
    Rule(
        "no classes of another house, no icon of a set",
        _matches(
            r"class=\"[^\"]*\b(?:(?:bg|text|border|ring)-(?:\w+-)?\d{2,3}|(?:px|py|mx|my|mt|mb)-\d|rounded-(?:lg|xl|full)|"
            r"shadow-(?:sm|md|lg)|backdrop-blur|font-(?:semibold|medium)|tracking-\w+)\b|\blucide\b|heroicon"
        ),
        ('<p class="px-4 text-gray-500">', '<i class="lucide lucide-x">'),
    ),
    Rule(
        "no little pictures among the words",
        lambda text: re.findall("[\U0001f300-\U0001faff\u2600-\u27bf\u2b50\u2728]", text),
        ("<p>Done \u2728</p>", "<p>\U0001f680 Go</p>", "<p>\u2713 Verified</p>"),
    ),
    Rule(
        "paste is never in the way",
        _matches(r"onpaste|autocomplete=\"(?:nope|false)\"|data-no-paste"),
        ('<input onpaste="return false">',),
    ),
)
"""Over every template."""

SCRIPT_RULES = (
    Rule(
        "a script makes no markup out of text",
        _matches(r"\.innerHTML|\.outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function\(|DOMParser"),
        ("a.innerHTML = b", "eval(a)"),
    ),
    Rule(
        "a script sends no form because somebody typed or chose",
        lambda text: [
            found[0][:80]
            for found in re.finditer(
                r"addEventListener\(\s*\"(?:change|focus|focusin|blur|input)\".{0,300}", text, re.DOTALL
            )
            if re.search(
                r"requestSubmit\(|\.submit\(",
                found[0].partition("addEventListener(")[2].partition("addEventListener(")[0],
            )
        ],
        ('select.addEventListener("change", () => select.form.requestSubmit())',),
        ('a.addEventListener("change", show);\nb.addEventListener("click", () => form.requestSubmit())',),
    ),
    Rule(
        "a paste is never stopped",
        _matches(r"[\"']paste[\"'][^;]*preventDefault"),
        ("a.addEventListener('paste', e => e.preventDefault())",),
    ),
    Rule("a script asks nobody outside", _matches(r"[\"'`]https?://"), ('fetch("https://a.example")',)),
    Rule("nothing is revealed by scrolling", _matches(r"IntersectionObserver"), ("new IntersectionObserver(x)",)),
    Rule(
        "a script sets no style", _matches(r"\.style\b(?!\w)|cssText|setAttribute\(\"style\""), ('a.style.color = "x"',)
    ),
    Rule(
        "nobody is asked by the browser's own box",
        _matches(r"\b(?:alert|confirm|prompt)\("),
        ('if (confirm("Sure?"))',),
    ),
)
"""Over every script of ours."""
