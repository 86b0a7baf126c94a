"""Credentials in a text: two scanners that others keep, and the reviewed file of known keys.

betterleaks and detect-secrets are asked for what a text *looks like* and nothing else. Both could also try a credential
out against its vendor; the calls that do so are never made here, so inspecting never touches the network.

How a finding weighs:
- *leaked*: a rule made for one kind of credential matched (betterleaks with high or medium confidence, detect-secrets,
  or our file), and the value is no test key and no placeholder.
- *random*: only a general rule matched, or it is a test key, a placeholder from a vendor's documentation, or a kind
  whose public and secret keys look the same.
- *public*: the vendor publishes keys of this kind; whatever else the scanners say about it is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources

import betterleaks
from detect_secrets.plugins.artifactory import ArtifactoryDetector
from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
from detect_secrets.plugins.base import RegexBasedDetector
from detect_secrets.plugins.basic_auth import BasicAuthDetector
from detect_secrets.plugins.cloudant import CloudantDetector
from detect_secrets.plugins.discord import DiscordBotTokenDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.ibm_cloud_iam import IbmCloudIamDetector
from detect_secrets.plugins.ibm_cos_hmac import IbmCosHmacDetector
from detect_secrets.plugins.mailchimp import MailchimpDetector
from detect_secrets.plugins.npm import NpmDetector
from detect_secrets.plugins.sendgrid import SendGridDetector
from detect_secrets.plugins.slack import SlackDetector
from detect_secrets.plugins.softlayer import SoftlayerDetector
from detect_secrets.plugins.square_oauth import SquareOAuthDetector
from detect_secrets.plugins.twilio import TwilioKeyDetector

from greenlane.deploys.inspection.assigned import KEY, PASSWORD, TOKEN, assigned
from greenlane.deploys.inspection.finding import Finding, Weight, hint, mark_of
from greenlane.deploys.inspection.known_keys import PLACES, PUBLIC, SECRET, UNCLEAR, claims_of
from greenlane.deploys.inspection.passwords import is_kept
from greenlane.deploys.inspection.pieces import Piece, Reading
from greenlane.deploys.inspection.randomness import is_random
from greenlane.deploys.inspection.text import around

_RULES = str(resources.files("greenlane.deploys.data").joinpath("betterleaks.toml"))
_ALLOW = re.compile(r"(gitleaks|betterleaks):allow", re.IGNORECASE)
"""Marks by which a file could talk its own finding away. Who uploads does not decide what is looked at."""

_DETECTORS: tuple[tuple[str, str, RegexBasedDetector], ...] = (
    # a word (lower case) without which it is not asked, since its expression is slow; what people read; the detector
    ("aws", "AWS secret access key", AWSKeyDetector()),
    ("akc", "Artifactory token", ArtifactoryDetector()),
    ("accountkey", "Azure storage key", AzureStorageKeyDetector()),
    ("://", "Password in an address", BasicAuthDetector()),
    ("cloudant", "Cloudant credential", CloudantDetector()),
    (".", "Discord bot token", DiscordBotTokenDetector()),
    ("gh", "GitHub token", GitHubTokenDetector()),
    ("ibm", "IBM Cloud key", IbmCloudIamDetector()),
    ("ibm", "IBM Cloud storage key", IbmCosHmacDetector()),
    ("-us", "Mailchimp key", MailchimpDetector()),
    ("npm", "npm token", NpmDetector()),
    ("sg.", "SendGrid key", SendGridDetector()),
    ("slack", "Slack webhook", SlackDetector()),
    ("xox", "Slack token", SlackDetector()),
    ("softlayer", "SoftLayer credential", SoftlayerDetector()),
    ("sq0csp", "Square secret", SquareOAuthDetector()),
    ("sk", "Twilio key", TwilioKeyDetector()),
)
_GENERIC = frozenset(["generic-api-key", "jwt-base64"])
_NAMES_ONLY = re.compile(r"-(?:id|name|username|address|url|number)(?:\.\d+)?$|public|-pub-")
"""Rules of betterleaks for identifiers, which it uses to pair them with a secret."""
_LOGIN = "curl-auth-user"
"""The rule that takes every login for a secret, those of explanations too."""
_SECRET_ADDRESSES = frozenset(["slack-webhook-url"])
_PLACEHOLDER = re.compile(
    r"example|placeholder|your[-_ ]|[-_ ]your|changeme|change[-_]me|redacted|dummy|insert[-_ ]|replace[-_ ]"
    r"|\*{4,}|process\.env|import\.meta",
    re.IGNORECASE,
)
_FILLED_IN = re.compile(r"\.{3,}|<[^>]+>|\$\{|\{\{|%\(\w+\)s|%\{")
"""Signs in whose place something is put; chance makes them too, in a long value of signs."""
_SHORTEST_OF_SIGNS = 40
_REPEATED = re.compile(r"([A-Za-z0-9])\1{5,}", re.IGNORECASE)
"""What explanations write instead of letters. Some keys have it too, where zeros are encoded: the rest of those is random."""
_SAMPLE_HOST = re.compile(
    r"@(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]|host(?:name)?|my-?host|server|proxy(?:host)?|address"
    r"|(?:[\w-]+\.)*(?:example|invalid|test)(?:\.(?:com|org|net))?|domain\.(?:com|tld)|(?:[\w-]+\.)?foo(?:\.\w+)?)(?![\w.-])",
    re.IGNORECASE,
)
_SAMPLE_PASSWORD = re.compile(
    r":(?:p(?:%40|@)?ass(?:word|wd)?\d*|p%40ss\w*|pwd|pw|(?:(?:my|a|the|your|some)(?:%20|[-_])?)?(?:secret|password)|hunter2|root|admin|user|test|tiger|postgres|mysql|mongo|redis"
    r"|letmein|123\d*|abc\d*|foo|bar|baz|qux)@",
    re.IGNORECASE,
)
"""Passwords and hosts of which everybody knows that they are none."""
_SAMPLE_CLAIMS: tuple[dict[str, str], ...] = ({"some": "payload"}, {"foo": "bar"}, {"hello": "world"}, {"a": "b"})
_OF_NOBODY = frozenset(["name", "admin", "iat", "exp", "nbf"])
"""Claims that say for nobody what a token is for: those of explanations."""
_LONG_AGO = 1_609_459_200
"""The first moment of 2021, in seconds since the epoch: what ended before that opens nothing any more."""
_KEY_MATERIAL = re.compile(r"[A-Za-z0-9+/]{32,}")
"""What the first line of a key in PEM (RFC 7468) has at least: 64 letters, and the shortest key there is 64 altogether."""
_SHORTEST_SLACK = 24
"""Letters of Slack's shortest tokens; what explanations show is shorter."""
_LEFT_OUT = re.compile(r"\.{3}|…")
"""What explanations write where a key goes on; no key in PEM has a dot."""
_CHECKSUM = re.compile(r"sha(?:1|256|384|512)[-=][A-Za-z0-9+/_-]{0,90}$")
"""What stands before a part of a checksum, as in a page's `integrity` and a wheel's RECORD."""
_EXCHANGE = re.compile(r"\bHTTP/1\.1\b(?!\")")
"""A request that a protocol is explained by; a server's log has a quote after it."""
_EXAMPLE = re.compile(r"[Ff]or example\b|\brealm=\\?\"Example")
_SEALED = re.compile(r"SealedSecret|encryptedData:|\bsops:")
"""What stands above values that are encrypted for somebody."""
_BY_PLACE = frozenset([KEY, PASSWORD, TOKEN, *(one.kind for one in PLACES)])
"""Kinds that are known by what stands before them alone."""
_TEST_KEY = re.compile(r"[sr]k_test_")
_WORDS = {
    "access": "access", "api": "API", "aws": "AWS", "gcp": "Google Cloud", "github": "GitHub", "gitlab": "GitLab",
    "openai": "OpenAI", "npm": "npm", "pypi": "PyPI", "pat": "personal access token", "jwt": "JSON Web Token",
    "url": "URL", "id": "id", "ai": "AI", "xai": "xAI", "oauth": "OAuth", "mongodb": "MongoDB", "posthog": "PostHog",
    "sendgrid": "SendGrid", "digitalocean": "DigitalOcean", "huggingface": "Hugging Face", "ptt": "trigger token",
}  # fmt: skip
_PLAIN = frozenset(
    ["access", "account", "app", "application", "bot", "client", "connection", "credential", "deploy", "fine",
     "grained", "integration", "key", "live", "password", "personal", "private", "project", "public",
     "secret", "service", "session", "shared", "signing", "storage", "string", "token", "uri", "user",
     "webhook", "refresh", "server", "admin"]
)  # fmt: skip
"""Words of a rule's name that are written small; the others are vendors."""
_NEAR = 500
"""Letters on either side of a word within which what belongs to it stands."""

AT_MOST = 200
"""Findings of one file; after that many nobody reads on, and the lane is long decided."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential in a text, with its value: never handed out of this folder but into the platform's own keeping."""

    weight: Weight
    kind: str
    value: str
    place: int


@dataclass(slots=True)
class _Sheet:
    """What was found in one text, each value once: what is found first stays, unless it merely looked random."""

    text: str
    found: dict[str, Credential]

    def add(self, weight: Weight, kind: str, value: str, place: int | None = None) -> None:
        if place is None:
            place = max(0, self.text.find(value))
        if weight == "leaked" and (softer := _softer(value) or _beside(kind, self.text, place, value)):
            weight, kind = "random", f"{kind}, {softer}"
        for other in [one for one in self.found if value in one or one in value]:
            if self.found[other].weight != "random" or weight == "random":
                return
            del self.found[other]
        if len(self.found) >= AT_MOST:
            return
        self.found[value] = Credential(weight, kind, value, place)


def _softer(value: str) -> str:
    """Why a value of a secret kind is no leak; empty when it is one."""
    if _TEST_KEY.match(value):
        return "a test key"
    claims = claims_of(value)
    if claims.get("sub") == "1234567890" and claims.get("name") == "John Doe":
        return "an example from documentation"
    if claims in _SAMPLE_CLAIMS or ("name" in claims and claims.keys() <= _OF_NOBODY):
        return "an example from documentation"
    if isinstance(ends := claims.get("exp"), int) and ends < _LONG_AGO:
        return "a token that ended long ago"
    if value.startswith("-----") and not _KEY_MATERIAL.search(value):
        return "a heading without a key"
    if value.startswith("-----") and _LEFT_OUT.search(value):
        return "an example from documentation"
    if not value.startswith("-----") and (_PLACEHOLDER.search(value) or len(set(value)) < 5):
        return "a placeholder"
    if not value.startswith("-----") and _FILLED_IN.search(value) and not _is_of_signs(value):
        return "a placeholder"
    if not value.startswith("-----") and _REPEATED.search(value) and not is_random(_REPEATED.sub("", value)):
        return "a placeholder"
    return ""


def _is_of_signs(value: str) -> bool:
    """Whether a value is long and of every sign there is, as the keys of WordPress and Django are."""
    return len(value) >= _SHORTEST_OF_SIGNS and len(set(re.findall(r"[^A-Za-z0-9\s]", value))) > _SHORTEST_OF_SIGNS / 5


def _beside(kind: str, text: str, place: int, value: str) -> str:
    """Why a value is no leak, from what stands beside it: it is a part of a checksum, of a request that a protocol is
    explained by, or a password in an address that explanations use.
    """
    if _CHECKSUM.search(text[max(0, place - 100) : place]):
        return "a checksum"
    if kind in _BY_PLACE and (
        _EXCHANGE.search(text, max(0, place - 400), place + len(value) + 400)
        or _EXAMPLE.search(text, max(0, place - 150), place)
    ):
        return "an example from documentation"
    if kind in _BY_PLACE and _SEALED.search(text, max(0, place - 2000), place):
        return "encrypted"
    if not kind.startswith("Password in a"):
        return ""
    beside = text[max(0, place - 200) : place + len(value) + 100]
    sample = _SAMPLE_PASSWORD.search(f":{value.rpartition(':')[2]}@") or _SAMPLE_HOST.search(beside)
    return "an example from documentation" if sample else ""


def find_credentials(text: str, *, lock_file: bool = False, key: bytes = b"") -> tuple[Finding, ...]:
    """Everything in a text that is or looks like a credential, sorted, as findings that tell no value."""
    reading = Reading([Piece(text)])
    return tuple(sorted(told(one, reading, key) for one in credentials_in(text, lock_file=lock_file)))


def told(one: Credential, reading: Reading, key: bytes) -> Finding:
    """A credential in a reading as a finding: its kind and place, and no value."""
    where, line, column = reading.at(one.place)
    return Finding(one.weight, one.kind, line, hint(one.value), column, where, mark_of(one.value, key))


def credentials_in(
    text: str, parts: Iterable[tuple[str, int, int]] = (), *, lock_file: bool = False
) -> list[Credential]:
    """Everything in a text that is or looks like a credential. A lock file's checksums are not looked at.

    ``parts`` are the files in it: the name of each, where it starts and where it ends.
    """
    # The scanner takes a C string: what follows a NUL would not be seen.
    text = _ALLOW.sub(lambda mark: mark[0].replace(":", " "), text.replace("\0", " "))
    sheet = _Sheet(text, {})
    for weight, keys in (("public", PUBLIC), ("leaked", SECRET)):
        for key in keys:
            for value, place in key.find(text):
                sheet.add("public" if weight == "public" else "leaked", key.kind, value, place)
    for kind, value, place in _in_places(text, parts):
        sheet.add("leaked", kind, value, place)
    for one in betterleaks.scan_string(text, config_path=_RULES):
        rule = one.rule_id.partition(".")[0] if one.rule_id.rpartition(".")[2].isdigit() else one.rule_id
        general = one.confidence == "low" or rule in _GENERIC or rule in UNCLEAR
        general = general or (rule == _LOGIN and not is_kept(one.secret.rpartition(":")[2]))
        names_only = rule not in _SECRET_ADDRESSES and _NAMES_ONLY.search(rule)
        if not one.secret or (lock_file and general):
            continue
        sheet.add("random" if general or names_only else "leaked", _kind(rule), one.secret)
    lowered = text.lower()
    for word, kind, detector in _DETECTORS:
        for start, end in around(lowered, word, _NEAR):
            for value in detector.analyze_string(text[start:end]):
                if value := _believed(kind, value):
                    sheet.add("leaked", kind, value)
    for kind, value, place in assigned(text):
        sheet.add("leaked", kind, value, place)
    return list(sheet.found.values())


def _in_places(text: str, parts: Iterable[tuple[str, int, int]]) -> Iterator[tuple[str, str, int]]:
    """Values that are secret because of where they stand: the kind, the value, its place."""
    for one in PLACES:
        if one.files is None:
            yield from ((one.kind, *found) for found in one.find(text))
    for path, start, end in parts:
        name = path.replace("\\", "/").rpartition("/")[2].lower()
        for one in PLACES:
            if one.files is not None and one.files.fullmatch(name):
                yield from ((one.kind, value, start + place) for value, place in one.find(text[start:end]))


def _believed(kind: str, value: str) -> str:
    """What detect-secrets found, without the kinds of match that are known to be wrong; empty for such a one."""
    value = value.strip("\"'")
    if kind == "Twilio key" and value.startswith("AC"):  # the account's number, not a key
        return ""
    if kind == "Password in an address" and (len(value) < 8 or any(letter in value for letter in "\"'`<>{}\\|^")):
        return ""
    if kind.startswith("AWS") and len(value) != 40:
        return ""
    if kind.startswith("Slack") and value.startswith("xox") and len(value) < _SHORTEST_SLACK:
        return ""
    return value


def _kind(rule: str) -> str:
    """A scanner's rule in words: `stripe-access-token` is a Stripe access token."""
    if rule == "generic-credential-uri":
        return "Password in an address"
    if rule == "generic-api-key":
        return "Something like a key"
    words = [_WORDS.get(part, part if part in _PLAIN else part.capitalize()) for part in rule.split("-")]
    text = " ".join(words)
    return text[0].upper() + text[1:] if words[0] in _PLAIN else text
