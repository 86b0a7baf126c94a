"""Values that look like any random text, known by the name that they are given to: ``STRIPE_WEBHOOK_SECRET``, ``mistralApiKey``.

Three things must come together: a name that says what it is (``names``), a way to give it a value in one of the languages
that people leave secrets in, and a value that a machine made (``randomness``, ``passwords``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from greenlane.deploys.inspection.names import says
from greenlane.deploys.inspection.passwords import SEALED, is_password
from greenlane.deploys.inspection.randomness import is_random

KEY, PASSWORD, TOKEN = "Key by its name", "Password by its name", "Bearer token"

_QUOTE = r"\\{0,4}[\"'`]"
_WAYS = {
    # k = v    "k": v    k: Type = v    k := v    k => v    e["k"] = v    e.k || v    k != v    **k:** v
    "assigned": rf"""(?P<closed>{_QUOTE})?[\])]?\s{{0,20}}
        (?::\s{{0,4}}[A-Za-z&][\w.<>|?\[\]&' ]{{0,40}}=|As\s\w{{1,20}}\s=|:=|=>|!?={{1,3}}|:(?:\*\*)?|\?\?=?|\|\|=?)\s{{0,20}}""",
    # get("k", "v")
    "handed": rf"{_QUOTE}\s{{0,4}},\s{{0,20}}(?={_QUOTE})",
    # name: k, value: v    "k": {"value": "v"}    name="k" content="v"
    "described": rf"""(?:{_QUOTE})?(?:\s{{0,4}}[:=]\s{{0,4}}\{{\s{{0,20}}|(?:[\s,]|\\n){{1,40}})
        (?:{_QUOTE})?(?:\w{{0,12}}[vV]alue|default|content)(?:{_QUOTE})?\s{{0,4}}[:=]\s{{0,20}}""",
    # setK("v")    .k("v")
    "called": rf"\(\s{{0,4}}(?={_QUOTE})",
    # ENV k v    k "v"    <k>v</k>
    "spoken": rf"[ \t]{{1,4}}|(?:{_QUOTE})?>",
}
_ASSIGNED = re.compile(
    rf"""
    (?P<tail>[stpkSTPK](?i:ecrets?|okens?|ass(?:w(?:or)?d|wort|phrase|wd)?|wd|eys?(?:[_-]?base)?|at))
    (?:{"|".join(f"(?P<{way}>{form})" for way, form in _WAYS.items())})
    (?:[\w.?]{{1,60}}(?:\(\)|[\[(]{_QUOTE}\w{{1,60}}{_QUOTE}[\])])?\s{{0,4}}(?:\|\||\?\?|\bor\b)\s{{0,4}})?  # = env.k || v
    (?:[\w.:]{{1,30}}\()?                                                                          # = bytes("v")
    (?:[bfruN@]{{0,2}}(?P<quote>{_QUOTE}))?
    (?:(?:[Bb]earer|[Tt]oken|SSWS|[Bb]ot|[Aa]pi-?[Kk]ey)[ ])?
    (?P<value>[^\s"'`\\<>]{{8,512}}+)
    (?P<end>{_QUOTE}|(?=[\s<]|\\n|\Z))
    """,
    re.VERBOSE,
)
"""A name's end and what it is given. The first letter stands apart because that makes the search several times as fast."""
_NAME = re.compile(r"[A-Za-z0-9_$.-]{1,64}\Z")
_LONGEST_NAME = 64
_LETTERS_OF_ESCAPES = ("n", "r", "t")
"""Letters that with a backslash before them are no part of a name: it begins a line of a text in a string."""
_BEFORE, _BESIDE = 120, 200
"""Letters before a name, and on both sides of a value, that say more about them."""

# -- what stands before a name -----------------------------------------------------------------------------------------
_BEGINS = re.compile(
    r"""(?:\A|[\n"'`]|\\n)[ \t]*(?:(?:export|set|ENV|ARG|-|\+|\#|//|\*)[ \t]+)*["'`@]?(?://[\w./:-]{1,80}:|[\w-]{1,40}:)?\Z
    |[ ](?:-e|--env|export)[ ]\Z|--[a-z-]{1,40}=\Z""",
    re.VERBOSE,
)
"""The beginning of a line, as in settings: its value needs no quotes."""
_IN_COMMENT = re.compile(r"(?:\A|\n)[^\n]{0,100}(?://|#|<!--|\*|--)[ ][^\n]{0,100}[ ,(]\Z")
_ALLOWS_BLANK = re.compile(
    r"(?:\A|\n|\\n)[ \t]*(?:ENV|ARG|setx|setenv|SetEnv|set -\w{1,3}|proxy_set_header|fastcgi_param)[ \t]+\Z|\blogin\s+\S{1,80}\s+\Z"
)
"""What stands before a name that only a blank parts from its value."""
_LINE = re.compile(r"(?:\A|\n)[ \t]*\Z")
_IN_ADDRESS = re.compile(r"[?&;]\Z")
_CALL = re.compile(r"\(\s{0,4}[bfru]{0,2}\\{0,4}[\"'`]\Z")
_SETTER = re.compile(r"\.[a-z]\w*|(?:.*\.)?(?:set|with)_?[A-Z]\w*")
"""Names of calls that are given a value; others are asked for one."""
_CONSTRUCTED = re.compile(
    r"\bnew\s+(?:\w+\.)*[A-Z]\w{2,40}\(\s{0,20}\{[^{}]{0,100}\Z|\b[A-Z]\w{2,40}\((?:\s|\w+=[^,()]+,){0,8}\Z"
    r"|\bparams\s?[=:]\s?\{[^{}]{0,60}\Z"
)
"""A client that is made, or a request: ``new Mistral({timeout: 9, ``, ``AcmeClient(``, ``params={``."""

# -- what a value is made of -------------------------------------------------------------------------------------------
_EXPLAINED = re.compile(r"secret|password|example|sample|verylong", re.IGNORECASE)
"""What a value says that explanations made up."""
_PUBLIC_VALUE = re.compile(r"0x[0-9a-fA-F]{40}|css-\w+")
"""An address on a chain, a class of a style."""
_CROSSED = re.compile(r"[;{}]")
"""What stands between the end of one string and the beginning of the next."""
_SYNTAX = re.compile(r"[(){}\[\],;|]|^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$")
"""What no setting has without quotes, but a program does."""
_ALONE = re.compile(r"[ \t]*(?:#|\n|\r|\\n|<|-->|\*/|\Z)")
"""What follows a value that is all of its line."""
_GOES_ON = re.compile(r"&\w+=")
"""What parts the values of an address."""
_SHORTEST, _SHORTEST_IN_ADDRESS = 10, 20
"""Letters of a value, and of a key in an address; pages name themselves in shorter ones."""

# -- where a name alone says too little --------------------------------------------------------------------------------
_FOR_BROWSERS = re.compile(
    r"firebase|authDomain|algolia|docsearch|indexName|app(?:lication)?Id\b|typesense|giphy|tinymce|ckeditor|editor|maptiler|mapbox|maps?\b"
    r"|platform|tile|\{[xyz]\}|bugsnag|amplitude|mixpanel|segment|posthog|rudder|heap|analytics|beacon|logrocket|rollbar|datadog|telemetry"
    r"|disqus|intercom|recaptcha|csrf|xsrf|<input|hidden|contentful|storyblok|sanity|prismic|shopify|pusher|ably",
    re.IGNORECASE,
)
"""Whose keys are made for browsers although they are called ``apiKey`` or ``token``."""
_SHORTEST_STRONG, _SHORTEST_ONE_CASE = 24, 40
"""Letters of a value in both cases that is more than a number of something, and of one in a single case."""

_IN_HEADER = re.compile(
    r"Bearer (?:\$?\{|[\"'`]\s{0,20}(?:\+|,|\.concat\()\s{0,20})(?P<name>[A-Za-z_$][\w$]{0,40})(?![\w$.(\[])"
)
"""A variable that is put into a header."""
_FAR, _MOST_HEADERS = 4000, 200
"""Letters before that header in which the variable is given its value, and headers of a text that are followed."""


def assigned(text: str) -> Iterator[tuple[str, str, int]]:
    """Values that are known by the name they are given to: the kind, the value, its place."""
    place = 0
    while (match := _ASSIGNED.search(text, place)) is not None:
        # From the name's end: what it is given may itself be a name, as in `key = process.env.SECRET || "…"`.
        place = match.end("tail")
        if found := _found(_Assignment(text, match)):
            yield *found, match.start("value")
    yield from _in_headers(text)


class _Assignment:
    """A name and what it seems to be given, with what stands before it."""

    def __init__(self, text: str, match: re.Match[str]) -> None:
        self.text, self.match = text, match
        end = match.end("tail")
        name = _NAME.search(text, max(0, end - _LONGEST_NAME), end)
        self.name = name[0] if name else ""
        start = end - len(self.name)
        if text[max(0, start - 1) : start] == "\\" and self.name[:1] in _LETTERS_OF_ESCAPES:
            self.name, start = self.name[1:], start + 1
        self.before = text[max(0, start - _BEFORE) : start]
        self.blank = self.name.startswith("--") or _ALLOWS_BLANK.search(self.before) is not None
        self.says = says(self.name)

    def value(self) -> str:
        """The value without what follows it; empty where it is none after all."""
        match, value = self.match, self.match["value"]
        if match["spoken"] is not None:
            if match["spoken"].endswith(">"):
                return value if not match["end"] and self.before.endswith(("<", '="')) else ""
            alone = self.says == "password" and _LINE.search(self.before)
            if self.name.lower() == "pass" or not (self.blank or match["quote"] or alone):
                return ""  # in a sentence to pass is a verb
        if match["called"] is not None and not _SETTER.fullmatch(self.name):
            return ""
        if match["quote"]:
            whole = match["end"] and not _CROSSED.search(value)
            return value if whole and (match["handed"] is None or _CALL.search(self.before)) else ""
        if _IN_ADDRESS.search(self.before) or _GOES_ON.search(value):
            value = re.split(r"[&;,#)]", value, maxsplit=1)[0]
            return value if len(value) >= _SHORTEST_IN_ADDRESS or self.says == "password" else ""
        return "" if match["closed"] else self._without_quotes()

    def _without_quotes(self) -> str:
        match, value = self.match, self.match["value"]
        wrapped = bool(match["end"]) and match["end"][-1] == self.before[-1:]
        if match["end"] and not wrapped:
            return ""
        begins = self.blank or _BEGINS.search(self.before) is not None
        if match["described"] is not None:
            return value if _ALONE.match(self.text, match.end()) else ""
        large = self.text[match.start("tail") : match.start("value")].isupper() and self.text[match.end("tail")] == "="
        if self.blank or (large and (begins or self.before.endswith(" "))):
            return value.rstrip(",;")
        if not (begins or _IN_COMMENT.search(self.before)):
            return ""
        return value if (wrapped or _ALONE.match(self.text, match.end())) and not _SYNTAX.search(value) else ""

    def for_a_server(self, value: str) -> bool:
        """Whether a value with a name of browsers' keys as well is one that they have not: strong, and nothing public beside."""
        start, end = self.match.span("value")
        beside = self.text[max(0, start - _BESIDE) : end + _BESIDE].replace(value, "")
        if _FOR_BROWSERS.search(beside) or "=" in (self.match["described"] or ""):
            return False
        if _CONSTRUCTED.search(self.before) or _IN_ADDRESS.search(self.before):
            return True
        one_case = value in (value.lower(), value.upper())
        return len(value) >= (_SHORTEST_ONE_CASE if one_case else _SHORTEST_STRONG)


def _found(one: _Assignment) -> tuple[str, str] | None:
    """The kind and the value of what is assigned; None where the name says nothing, or no machine made the value."""
    value = one.value() if one.says else ""
    if len(value) < _SHORTEST or value.startswith("--"):  # a flag of a command
        return None
    if one.says == "password":
        return (PASSWORD, value) if is_password(value) else None
    if not is_random(value) or _PUBLIC_VALUE.fullmatch(value) or SEALED.search(value):
        return None
    if _EXPLAINED.search(value) or one.name.lower() in value.lower():  # a class of a style, or what is to stand there
        return None
    return (KEY, value) if one.says != "perhaps a key" or one.for_a_server(value) else None


def _in_headers(text: str) -> Iterator[tuple[str, str, int]]:
    """Values of variables that are put into a header: ``t="…", Authorization: `Bearer ${t}` ``."""
    for match in islice(_IN_HEADER.finditer(text), _MOST_HEADERS):
        given = re.compile(
            rf"(?<![\w$.]){re.escape(match['name'])}\s{{0,4}}=\s{{0,4}}[\"'`]([A-Za-z0-9._~+/=-]{{20,512}})[\"'`]"
        )
        values = list(given.finditer(text, max(0, match.start() - _FAR), match.start()))
        if values and is_random(values[-1][1]):
            yield TOKEN, values[-1][1], values[-1].start(1)
