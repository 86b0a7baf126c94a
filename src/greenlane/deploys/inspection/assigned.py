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
    (?P<tail>[stpkSTPK](?i:ecrets?|okens?|ass(?:w(?:or)?d|phrase|wd)?|wd|eys?(?:[_-]?base)?|at))
    (?:
        (?P<closed>{_QUOTE})?[\])]?\s{{0,20}}
        (?::\s{{0,4}}[A-Za-z][\w.<>|?\[\] ]{{0,40}}=|:=|=>|={{1,3}}|:|\?\?=?|\|\|=?)\s{{0,20}}    # k = v, k: v, k: T = v, e.k || v
      | (?P<handed>{_QUOTE}\s{{0,4}},\s{{0,20}})(?={_QUOTE})                                                  # get("k", "v")
      | (?:{_QUOTE})?(?:[\s,]|\\n){{1,40}}(?:{_QUOTE})?[vV]alue(?:{_QUOTE})?\s{{0,4}}[:=]\s{{0,20}}       # name: k, value: v
      | (?P<blank>[ \t]{{1,4}}|(?:{_QUOTE})?>)                                                     # ENV k v, <k>v</k>
    )
    (?:[\w.?]{{1,60}}(?:[\[(]{_QUOTE}\w{{1,60}}{_QUOTE}[\])])?\s{{0,4}}(?:\|\||\?\?|\bor\b)\s{{0,4}})?  # = env.k || v
    (?:[\w.]{{1,30}}\()?                                                                           # = bytes("v")
    (?:[bfru]{{0,2}}(?P<quote>{_QUOTE}))?
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
_LAST = re.compile(r"(.*?)(secret|token|password|passwrd|passwd|passphrase|pass|pwd|key|pat|base)s?\Z")

_PASSWORDS = frozenset(["password", "passwrd", "passwd", "pass", "pwd", "passphrase"])
_SECRET_WORDS = frozenset(
    ["secret", "secrets", "private", "admin", "master", "encryption", "signing", "service", "server", "credential"]
)
"""Words that say it whatever else stands in the name."""
_PUBLIC_WORDS = frozenset(
    ["public", "publishable", "pub", "pk", "anon", "site", "only", "browser", "map", "maps", "measurement", "widget", "badge",
     "tracking", "analytics", "csrf", "xsrf", "next", "page", "continuation", "sync", "cancel", "cache", "sort", "partition",
     "primary", "foreign", "firebase", "mapbox", "maptiler", "posthog", "segment", "algolia", "docsearch", "typesense",
     "mixpanel", "amplitude", "pusher", "recaptcha", "turnstile", "hcaptcha", "giphy", "tenor", "tinymce", "tiny", "ckeditor",
     "disqus", "bugsnag", "logrocket", "rollbar", "emailjs", "forms", "vapid", "instrumentation", "client",
     "change", "subject", "default", "demo", "test", "example", "sample", "dummy", "fake", "mock"]
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
        "subscription",
        "subscription",
        "global",
        "fal",
        "kaggle",
        "cosmos",
    ]
)
"""What stands before ``Key`` in a name that is not all capitals; other keys are those of tables, events and pianos."""

_SHORTEST_PASSWORD, _SHORTEST_RANDOM_PASSWORD = 10, 12
_CLASSES = (re.compile(r"[a-z]"), re.compile(r"[A-Z]"), re.compile(r"[0-9]"), re.compile(r"[^A-Za-z0-9]"))
_SPELT = str.maketrans("@4301!$5", "aaeoiiss")
_MADE_UP = re.compile(
    r"pass|word|pwd|test|example|sample|secret|admin|change|demo|dummy|user|root|login|welcome|letmein|qwert|abc|123"
    r"|hunter|your|my[-_]|here|some|token|key|secur",
    re.IGNORECASE,
)
"""What passwords of explanations are made of."""
_CODE = re.compile(r"\$\{|\$\([A-Za-z_ -]+\)|^\$\w+$|\.(?:env|get|config|params|body|headers|props|state)\b|=>")
"""What stands where a value is looked up instead of written."""
_CROSSED = re.compile(r"[;{}]")
"""What stands between the end of one string and the beginning of the next."""
_SYNTAX = re.compile(r"[(){}\[\],;|]|^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$")
"""What no setting has without quotes, but a program does."""
_ALONE = re.compile(r"[ \t]*(?:#|\n|\r|\\n|<|\Z)")
"""What follows a value that is all of its line."""
_CALL = re.compile(r"\(\s{0,4}[bfru]{0,2}\\{0,4}[\"'`]\Z")
_TOLD = re.compile(r"secret|password|example|sample|verylong", re.IGNORECASE)
"""What a value says that explanations made up."""

_STARTS = re.compile(
    r"""(?:\A|[\n"'`]|\\n)[ \t]*(?:(?:export|set|ENV|ARG|-|\+|\#|//|\*)[ \t]+)*["'`]?(?://[\w./:-]{1,80}:)?\Z|[ ](?:-e|--env|export)[ ]\Z""",
    re.VERBOSE,
)
"""What stands before a name whose value needs no quotes: the beginning of a line, as in settings."""
_SPEAKS = re.compile(r"(?:\A|\n|\\n)[ \t]*(?:ENV|ARG)[ \t]+\Z|\blogin\s+\S{1,80}\s+\Z")
"""What stands before a name that only a blank parts from its value."""
_IN_ADDRESS = re.compile(r"[?&;]\Z")
_GOES_ON = re.compile(r"&\w+=")
"""What parts the values of an address, before one and within what looked like one."""
_SHORTEST_IN_ADDRESS = 20
"""Letters of a key in an address; pages name themselves in shorter ones."""
_BEFORE = 120

_BEARER = re.compile(
    r"[BbAa](?:earer(?:\s|%20){1,4}"
    r"|uthorization\\{0,4}[\"'`]?\]?\s{0,4}[:,=]\s{0,4}\\{0,4}[\"'`]?(?![Bb]asic)(?:[A-Za-z-]{1,16} )?)"
    r"(?P<value>[A-Za-z0-9._~+/=|-]{20,512})"
)
_BASIC = re.compile(r"[Bb_\"](?:asic\s{1,4}|_?auth\"?\s{0,4}[:=]\s{0,4}\"?)(?P<value>[A-Za-z0-9+/]{12,400}={0,2})")
_HANDED = re.compile(
    r"""[jhcFa](?:wt\.(?:sign|verify|encode|decode)\([^"'`\n()]{1,80},|mac\.new\(|reateHmac\(\s{0,4}["'`]\w{1,20}["'`],
    |ernet\(|uth\s{0,4}=\s{0,4}\(\s{0,4}["'][^"'\n]{1,80}["'],)\s{0,8}b?["'`](?P<value>[^\s"'`\\]{10,512})["'`]""",
    re.VERBOSE,
)
"""Calls of well-known libraries that take a secret without a name."""
_LOGIN = re.compile(r"([\x21-\x39\x3b-\x7e]{0,80}):([\x21-\x7e]{0,200})")


_NAMED, _PASSWORD, _TOKEN, _CALLED, _LOGIN_KIND = (
    "Key by its name", "Password by its name", "Bearer token", "Key by its call", "Password in a header",
)  # fmt: skip
BY_WHAT_STANDS_BEFORE = frozenset([_NAMED, _PASSWORD, _TOKEN, _CALLED, _LOGIN_KIND])
"""The kinds that are found here."""


def assigned(text: str) -> Iterator[tuple[str, str, int]]:
    """Values that are known by what stands before them: the kind, the value, its place."""
    place = 0
    while (match := _ASSIGNED.search(text, place)) is not None:
        # From the name's end: what it is given may itself be a name, as in `key = process.env.SECRET || "…"`.
        place = match.end("tail")
        if found := _found(text, match):
            yield *found, match.start("value")
    for kind, form in ((_TOKEN, _BEARER), (_CALLED, _HANDED)):
        for match in form.finditer(text):
            if is_random(match["value"]):
                yield kind, match["value"], match.start("value")
    for match in _BASIC.finditer(text):
        if _is_login(match["value"]):
            yield _LOGIN_KIND, match["value"], match.start("value")


def _found(text: str, match: re.Match[str]) -> tuple[str, str] | None:
    """The kind and the value of what is assigned; None where the name says nothing, or no machine made the value."""
    value = _cut(text, match)
    kind = _kind(_name(text, match)) if value else ""
    if kind == _PASSWORD and _is_password(value):
        return kind, value
    return (kind, value) if kind and is_random(value) and not (_CODE.search(value) or _TOLD.search(value)) else None


def _name(text: str, match: re.Match[str]) -> str:
    end = match.end("tail")
    found = _NAME.search(text, max(0, end - _LONGEST_NAME), end)
    return found[0] if found else ""


def _cut(text: str, match: re.Match[str]) -> str:
    """The value of an assignment without what follows it; empty where it is none after all."""
    start = match.end("tail") - len(_name(text, match))
    before = text[max(0, start - _BEFORE) : start]
    spoken = text.startswith("--", start) or _SPEAKS.search(before) is not None
    if match["blank"] is not None:
        if match["blank"].endswith(">"):
            return match["value"] if not match["end"] and before.endswith(("<", '="')) else ""
        if not (spoken or (match["quote"] and match["tail"] == "PASSWORD")):
            return ""
    if match["quote"]:
        whole = match["end"] and not _CROSSED.search(match["value"]) and (not match["handed"] or _CALL.search(before))
        return match["value"] if whole else ""
    if _IN_ADDRESS.search(before) or _GOES_ON.search(match["value"]):
        value = re.split(r"[&;,#)]", match["value"], maxsplit=1)[0]
        return value if len(value) >= _SHORTEST_IN_ADDRESS or _kind(_name(text, match)) == _PASSWORD else ""
    if match["closed"] or not (spoken or _STARTS.search(before)):
        return ""
    setting = spoken or (text[match.start("tail") : match.start("value")].isupper() and text[match.end("tail")] == "=")
    if match["end"] and not (setting and match["end"][-1] == before[-1:]):
        return ""
    if setting:
        return match["value"].rstrip(",;")
    return match["value"] if _ALONE.match(text, match.end()) and not _SYNTAX.search(match["value"]) else ""


def _kind(name: str) -> str:
    """What a name says of its value; empty where that is nothing."""
    words = [one.lower() for one in _WORDS.findall(name)]
    last = _LAST.fullmatch(words[-1]) if words else None
    if last is None or (last[1] and last[2] in {"pass", "pat"}):  # a compass, a format
        return ""
    tail, before = last[2], [*words[:-1], *([last[1]] if last[1] else [])]
    large = name.upper() == name
    if tail in _PASSWORDS:
        return _NAMED if tail == "pass" and not large else _PASSWORD
    said = {tail, *before}
    if said & _SECRET_WORDS:
        return _NAMED
    if said & _PUBLIC_WORDS or not (before or (tail == "token" and (large or name.startswith("--")))):
        return ""
    known = tail in {"token", "pat"} or large or (before[-1] in _WHOSE_KEYS and before != ["api"])
    return _NAMED if known else ""


def _is_password(value: str) -> bool:
    """Whether a value could be somebody's password, and is none that explanations use."""
    if _CODE.search(value) or _MADE_UP.search(value) or _MADE_UP.search(value.translate(_SPELT)):
        return False
    mixed = len(value) >= _SHORTEST_PASSWORD and all(one.search(value) for one in _CLASSES)
    return mixed or is_random(value, _SHORTEST_RANDOM_PASSWORD)


def _is_login(value: str) -> bool:
    """Whether Base64 holds a name and a password (RFC 7617) that could be somebody's."""
    try:
        content = base64.b64decode(value + "=" * (-len(value) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        return False
    login = _LOGIN.fullmatch(content)
    return login is not None and any(_is_password(one) or is_random(one) for one in login.groups())
