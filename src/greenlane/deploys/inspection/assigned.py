"""Values that look like any random text, known by what stands before them: a name that says what they are, or a header.

Three things must come together: a name (``STRIPE_WEBHOOK_SECRET``, ``mistralApiKey``), a way to give it a value in one of
the languages that people leave secrets in, and a value that a machine made.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from greenlane.deploys.inspection.randomness import is_random

_QUOTE = r"\\{0,4}[\"'`]"
_ASSIGNED = re.compile(
    rf"""
    (?P<tail>[stpkSTPK](?i:ecrets?|okens?|assw(?:or)?d|assphrase|asswd|wd|eys?(?:[_-]?base)?|at))
    (?:
        (?:{_QUOTE})?[\])]?\s{{0,20}}
        (?::\s{{0,4}}[A-Za-z][\w.<>|?\[\] ]{{0,40}}=|:=|=>|={{1,3}}|:|\?\?=?|\|\|=?)\s{{0,20}}    # k = v, k: v, k: T = v, e.k || v
      | {_QUOTE}\s{{0,4}},\s{{0,20}}(?={_QUOTE})                                                  # get("k", "v")
      | (?:{_QUOTE})?[\s,]{{1,40}}(?:{_QUOTE})?[vV]alue(?:{_QUOTE})?\s{{0,4}}[:=]\s{{0,20}}       # name: k, value: v
      | (?P<blank>[ \t]{{1,4}}|(?:{_QUOTE})?>)                                                     # ENV k v, <k>v</k>
    )
    (?:[\w.?]{{1,60}}(?:[\[(]{_QUOTE}\w{{1,60}}{_QUOTE}[\])])?\s{{0,4}}(?:\|\||\?\?|\bor\b)\s{{0,4}})?  # = env.k || v
    (?:[\w.]{{1,30}}\()?                                                                           # = bytes("v")
    (?P<quote>{_QUOTE})?
    (?:(?:[Bb]earer|[Tt]oken|SSWS|[Bb]ot|[Aa]pi-?[Kk]ey)[ ])?
    (?P<value>[^\s"'`\\<>]{{10,512}}+)
    (?P<end>{_QUOTE}|(?=[\s<]|\\n|\Z))
    """,
    re.VERBOSE,
)
"""A name's end and what it is given. The first letter stands apart because that makes the search several times as fast."""
_NAME = re.compile(r"[A-Za-z0-9_$.-]{1,64}\Z")
_LONGEST_NAME = 64
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LAST = re.compile(r"(.*?)(secret|token|password|passwrd|passwd|passphrase|pwd|key|pat|base)s?\Z")

_PASSWORDS = frozenset(["password", "passwrd", "passwd", "pwd", "passphrase"])
_SECRET_WORDS = frozenset(
    ["secret", "secrets", "private", "admin", "master", "encryption", "signing", "service", "server", "credential"]
)
"""Words that say it whatever else stands in the name."""
_PUBLIC_WORDS = frozenset(
    ["public", "publishable", "pub", "pk", "anon", "site", "only", "browser", "map", "maps", "measurement", "widget", "badge",
     "tracking", "analytics", "csrf", "xsrf", "next", "page", "continuation", "sync", "cancel", "cache", "sort", "partition",
     "primary", "foreign", "firebase", "mapbox", "maptiler", "posthog", "segment", "algolia", "docsearch", "typesense",
     "mixpanel", "amplitude", "pusher", "recaptcha", "turnstile", "hcaptcha", "giphy", "tenor", "tinymce", "tiny", "ckeditor",
     "disqus", "bugsnag", "logrocket", "rollbar", "emailjs", "forms", "vapid", "instrumentation", "client"]
)  # fmt: skip
"""Words of names whose values are made for browsers, or that mean no secret: a key of a table, a token of a page."""
_WHOSE_KEYS = frozenset(
    [
        "api",
        "access",
        "auth",
        "account",
        "role",
        "app",
        "application",
        "shared",
        "hmac",
        "deploy",
        "storage",
        "global",
        "fal",
        "kaggle",
        "cosmos",
    ]
)
"""What stands before ``Key`` in a name that is not all capitals; other keys are those of tables, events and pianos."""

_SHORTEST_PASSWORD = 10
_CLASSES = (re.compile(r"[a-z]"), re.compile(r"[A-Z]"), re.compile(r"[0-9]"), re.compile(r"[^A-Za-z0-9]"))
_FEWEST_CLASSES = 3
_SPELT = str.maketrans("@4301!$5", "aaeoiiss")
_MADE_UP = re.compile(
    r"pass|word|pwd|test|example|sample|secret|admin|change|demo|dummy|user|root|login|welcome|letmein|qwert|abc|123"
    r"|hunter|your|my[-_]|here|some|token|key",
    re.IGNORECASE,
)
"""What passwords of explanations are made of."""
_CODE = re.compile(r"\$\{|\$\([A-Za-z_ -]+\)|^\$\w+$|\.(?:env|get|config|params|body|headers|props|state)\b|=>")
"""What stands where a value is looked up instead of written."""

_STARTS = re.compile(
    r"""(?:\A|[\n"'`]|\\n)[ \t]*(?:(?:export|set|ENV|ARG|-|\+|\#|//|\*)[ \t]+)*["'`]?(?://[\w./:-]{1,80}:)?\Z|[ ](?:-e|--env|export)[ ]\Z""",
    re.VERBOSE,
)
"""What stands before a name whose value needs no quotes: the beginning of a line, as in settings."""
_SPEAKS = re.compile(r"(?:\A|\n)[ \t]*(?:ENV|ARG)[ \t]+\Z|\blogin[ \t]+\S{1,80}[ \t]+\Z")
"""What stands before a name that only a blank parts from its value."""
_IN_ADDRESS = re.compile(r"[?&;]\Z")
_BEFORE = 120

_BEARER = re.compile(r"[Bb]earer(?:\s|%20){1,4}(?P<value>[A-Za-z0-9._~+/=-]{20,512})")
_BASIC = re.compile(
    r"(?:[Bb]asic\s{1,4}|\"_?auth\"\s{0,4}:\s{0,4}\"|_auth\s{0,2}=\s{0,2}\"?)(?P<value>[A-Za-z0-9+/]{12,400}={0,2})"
)
_LOGIN = re.compile(r"([\x21-\x39\x3b-\x7e]{0,80}):([\x21-\x7e]{0,200})")


def assigned(text: str) -> Iterator[tuple[str, str, int]]:
    """Values that are known by what stands before them: the kind, the value, its place."""
    place = 0
    while (match := _ASSIGNED.search(text, place)) is not None:
        # From the name's end: what it is given may itself be a name, as in `key = process.env.SECRET || "…"`.
        place = match.end("tail")
        if found := _found(text, match):
            yield *found, match.start("value")
    for match in _BEARER.finditer(text):
        if is_random(match["value"]):
            yield "Bearer token", match["value"], match.start("value")
    for match in _BASIC.finditer(text):
        if _is_login(match["value"]):
            yield "Password in a header", match["value"], match.start("value")


def _found(text: str, match: re.Match[str]) -> tuple[str, str] | None:
    """The kind and the value of what is assigned; None where the name says nothing, or no machine made the value."""
    value = _cut(text, match)
    kind = _kind(_name(text, match)) if value else ""
    if kind == "Password by its name" and _is_password(value):
        return kind, value
    return (kind, value) if kind and is_random(value) and not _CODE.search(value) else None


def _name(text: str, match: re.Match[str]) -> str:
    end = match.end("tail")
    found = _NAME.search(text, max(0, end - _LONGEST_NAME), end)
    return found[0] if found else ""


def _cut(text: str, match: re.Match[str]) -> str:
    """The value of an assignment without what follows it; empty where it is none after all."""
    start = match.end("tail") - len(_name(text, match))
    before = text[max(0, start - _BEFORE) : start]
    value = match["value"]
    if match["blank"] and match["blank"].endswith(">"):
        return value if match["end"] == "" and before.endswith(("<", '="')) else ""
    if match["blank"] is not None and not (text.startswith("--", start) or _SPEAKS.search(before)):
        return ""
    if match["quote"]:
        return value if match["end"] else ""
    if _IN_ADDRESS.search(before):
        return re.split(r"[&;,#)]", value, maxsplit=1)[0]
    if match["end"] and match["end"][-1] != before[-1:]:
        return ""
    return value.rstrip(",;") if _STARTS.search(before) or match["blank"] or text.startswith("--", start) else ""


def _kind(name: str) -> str:
    """What a name says of its value; empty where that is nothing."""
    words = [one.lower() for one in _WORDS.findall(name)]
    last = _LAST.fullmatch(words[-1]) if words else None
    if last is None:
        return ""
    tail, before = last[2], [*words[:-1], *([last[1]] if last[1] else [])]
    large = name.upper() == name
    if tail in _PASSWORDS:
        return "Password by its name"
    said = {tail, *before}
    if said & _SECRET_WORDS:
        return "Key by its name"
    if said & _PUBLIC_WORDS or not (before or (tail == "token" and (large or name.startswith("--")))):
        return ""
    known = tail in {"token", "pat"} or large or (before[-1] in _WHOSE_KEYS and before != ["api"])
    return "Key by its name" if known else ""


def _is_password(value: str) -> bool:
    """Whether a value could be somebody's password, and is none that explanations use."""
    kinds = sum(bool(one.search(value)) for one in _CLASSES)
    sample = _MADE_UP.search(value) or _MADE_UP.search(value.translate(_SPELT))
    return len(value) >= _SHORTEST_PASSWORD and kinds >= _FEWEST_CLASSES and not sample and not _CODE.search(value)


def _is_login(value: str) -> bool:
    """Whether Base64 holds a name and a password (RFC 7617) that could be somebody's."""
    try:
        content = base64.b64decode(value + "=" * (-len(value) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        return False
    login = _LOGIN.fullmatch(content)
    return login is not None and any(_is_password(one) or is_random(one) for one in login.groups())
