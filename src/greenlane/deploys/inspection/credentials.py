"""Credentials in a file: two scanners that others keep, the reviewed file of known keys, and exact values.

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

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from urllib.parse import quote

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

from greenlane.deploys.inspection.finding import Finding, Weight, hint
from greenlane.deploys.inspection.known_keys import PUBLIC, SECRET, UNCLEAR, claims_of
from greenlane.deploys.inspection.text import line_of

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
_SECRET_ADDRESSES = frozenset(["slack-webhook-url"])
_PLACEHOLDER = re.compile(
    r"example|placeholder|your[-_ ]|[-_ ]your|changeme|change[-_]me|redacted|dummy|insert[-_ ]|replace[-_ ]"
    r"|x{6,}|\*{4,}|\.{3,}|<[^>]+>|\$\{|\{\{|%[({]|process\.env|import\.meta|0{8,}",
    re.IGNORECASE,
)
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
_AT_MOST = 200
"""Findings of one file; after that many nobody reads on, and the lane is long decided."""


@dataclass(slots=True)
class _Sheet:
    """The findings of one text, each value once: what is found first stays."""

    text: str
    found: dict[str, Finding]

    def add(self, weight: Weight, kind: str, value: str, place: int | None = None, line: int | None = None) -> None:
        if len(self.found) >= _AT_MOST or any(value in other or other in value for other in self.found):
            return
        if weight == "leaked" and (softer := _softer(value)):
            weight, kind = "random", f"{kind}, {softer}"
        if line is None:
            line = line_of(self.text, self.text.find(value) if place is None else place)
        self.found[value] = Finding(weight, kind, line, hint(value))


def _softer(value: str) -> str:
    """Why a value of a secret kind is no leak; empty when it is one."""
    if _TEST_KEY.match(value):
        return "a test key"
    claims = claims_of(value)
    if claims.get("sub") == "1234567890" and claims.get("name") == "John Doe":
        return "an example from documentation"
    if not value.startswith("-----") and (_PLACEHOLDER.search(value) or len(set(value)) < 5):
        return "a placeholder"
    return ""


def find_credentials(text: str, *, lock_file: bool = False) -> tuple[Finding, ...]:
    """Everything in a text that is or looks like a credential, sorted. A lock file's checksums are not looked at."""
    # The scanner takes a C string: what follows a NUL would not be seen.
    text = _ALLOW.sub(lambda mark: mark[0].replace(":", " "), text.replace("\0", " "))
    sheet = _Sheet(text, {})
    for weight, keys in (("public", PUBLIC), ("leaked", SECRET)):
        for key in keys:
            for value, place in key.find(text):
                sheet.add("public" if weight == "public" else "leaked", key.kind, value, place)
    for one in betterleaks.scan_string(text, config_path=_RULES):
        rule = one.rule_id.partition(".")[0] if one.rule_id.rpartition(".")[2].isdigit() else one.rule_id
        general = one.confidence == "low" or rule in _GENERIC or rule in UNCLEAR
        names_only = rule not in _SECRET_ADDRESSES and _NAMES_ONLY.search(rule)
        if one.secret and not (lock_file and general):
            sheet.add(
                "random" if general or names_only else "leaked", _kind(rule), one.secret, line=one.location.start_line
            )
    lowered = text.lower()
    for word, kind, detector in _DETECTORS:
        if word in lowered:
            for value in detector.analyze_string(text):
                if value := _believed(kind, value):
                    sheet.add("leaked", kind, value)
    return tuple(sorted(sheet.found.values()))


def _believed(kind: str, value: str) -> str:
    """What detect-secrets found, without the kinds of match that are known to be wrong; empty for such a one."""
    value = value.strip("\"'")
    if kind == "Twilio key" and value.startswith("AC"):  # the account's number, not a key
        return ""
    if kind == "Password in an address" and (len(value) < 8 or any(letter in value for letter in "\"'`<>{}\\|^")):
        return ""
    if kind.startswith("AWS") and len(value) != 40:
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


class KnownValues:
    """Exact values that the platform keeps, as they could stand in a file: raw, or encoded in the usual ways.

    Values of fewer than eight characters are not searched for: they stand in every file.
    """

    def __init__(self, known: Mapping[str, str]) -> None:
        self._needles = tuple(
            (needle, name, value)
            for name, value in sorted(known.items())
            if len(value) >= 8
            for needle in sorted(_encodings(value))
        )

    def find(self, data: bytes) -> tuple[Finding, ...]:
        """Which of them a file holds: the names are the app's own, so they may be told."""
        found: dict[str, Finding] = {}
        for needle, name, value in self._needles:
            place = data.find(needle)
            if place >= 0 and name not in found:
                line = data.count(b"\n", 0, place) + 1
                found[name] = Finding("leaked", f"Value of the secret {name}", line, hint(value))
        return tuple(sorted(found.values()))


def _encodings(value: str) -> Iterator[bytes]:
    raw = value.encode()
    forms = {raw, raw.hex().encode(), raw.hex().upper().encode()}
    forms |= {quote(value, safe="").encode(), quote(value).encode()}
    forms |= {json.dumps(value)[1:-1].encode(), json.dumps(value, ensure_ascii=False)[1:-1].encode()}
    for before in range(3):
        # Base64 of a longer text holds the value in one of three alignments; letters at the seams depend on neighbours.
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            letters = encode(b"\0" * before + raw).rstrip(b"=")
            keep = len(letters) if (before + len(raw)) % 3 == 0 else len(letters) - 1
            forms.add(letters[(0, 2, 3)[before] : keep])
    yield from forms
