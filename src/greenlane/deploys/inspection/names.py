"""What a name says of the value that it is given: that it is a password, a key, or nothing that is a secret."""

from __future__ import annotations

import re
from typing import Literal

Says = Literal["", "password", "key", "perhaps a key"]
"""*Perhaps a key* is what many vendors call both their secret keys and those for browsers: ``apiKey``, ``token``."""

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SETTER = re.compile(r"(?:.*\.)?(?:set|with)_?(?=[A-Z_])")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PASSWORDS = _words("password passwort passwrd passwd pass pwd passphrase")
_LAST = re.compile(rf"(.*?)({'|'.join(sorted(_PASSWORDS))}|secret|token|key|pat|base)s?\Z")
"""How a name ends that says anything: before it what is written in one word with it, as in ``authtoken``."""
_SECRET = _words("secret secrets private admin master encryption signing service server credential salt")
"""Words that say it whatever else stands in the name."""
_FOR_BROWSERS = _words("public publishable pub pk anon site only browser client widget badge next") | _words(
    """firebase mapbox maptiler map maps posthog segment algolia docsearch typesense mixpanel amplitude pusher recaptcha turnstile
    hcaptcha giphy tenor tinymce tiny ckeditor disqus bugsnag logrocket rollbar emailjs vapid instrumentation measurement
    tracking analytics forms"""
)
"""Words of names whose values are made to be seen, and vendors that have hardly any others."""
_NO_SECRET = _words("page continuation sync cancel cache sort partition primary foreign change subject") | _words(
    "csrf xsrf turbo authenticity verification forgery gpg pgp kms fingerprint"
)
"""Words of names that mean something else: a key of a table, a token of a page or a form, the number of a key."""
_ABOUT_THINGS = _words(
    "id ids hash sha commit revision digest version release build trace request arn url uri dsn path file image host hosts domain flags"
)
"""Words of settings whose values look as if a machine had made them, and open nothing."""
_MADE_UP = _words("default demo test example sample dummy fake mock")
_WHOSE_KEYS = _words(
    "api access auth account role app application shared hmac deploy storage subscription global fal kaggle cosmos"
)
"""What stands before ``Key`` in a name that is not all capitals; other keys are those of tables, events and pianos."""
_PUBLIC_NAMES = re.compile(r"application_?server_?key", re.IGNORECASE)
"""Whole names of public values in which a word of secret ones stands: that one is VAPID's (RFC 8292)."""


def opens_nothing(name: str) -> bool:
    """Whether a setting by its name holds no secret: one that is published, or tells about a build or a place."""
    words = {one.lower() for one in _WORDS.findall(name)}
    return not words & _SECRET and bool(words & (_FOR_BROWSERS | _NO_SECRET | _ABOUT_THINGS))


def says(name: str) -> Says:
    """What a name says of its value; empty where that is nothing."""
    name = _SETTER.sub("", name)
    words = [one.lower() for one in _WORDS.findall(name)]
    last = _LAST.fullmatch(words[-1]) if words else None
    if last is None or (last[1] and last[2] in {"pass", "pat"}) or _PUBLIC_NAMES.search(name):  # a compass, a format
        return ""
    tail, before = last[2], [*words[:-1], *([last[1]] if last[1] else [])]
    large = name.upper() == name
    if tail in _PASSWORDS:
        return "password"
    said = {tail, *before}
    if said & _SECRET:
        return "key"
    if said & (_FOR_BROWSERS | _NO_SECRET | _MADE_UP):
        return ""
    bare = not before or before in (["api"], ["access"])
    if bare and (tail in {"token", "pat"} or before) and not (large or name.startswith("--")):
        return "perhaps a key"
    if tail in {"token", "pat"}:
        return "key"
    return "key" if before and (large or before[-1] in _WHOSE_KEYS) else ""
