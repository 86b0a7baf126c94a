"""What a message looks like: mail in text and HTML, and a webhook's JSON with its signature. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape

import orjson

from greenlane.notices.actions import CHOICES

LONGEST_SUBJECT = 120
"""Letters of a subject: what a list of mails shows."""

PREFIX = "whsec_"
"""How a webhook's secret begins (Standard Webhooks 1.0)."""

WAY_OUT = "/do/choose-mail"
"""The console's page on which somebody chooses what they hear of by mail."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a message tells: one or two sentences, the console's page about it, and the work that it belongs to."""

    says: str
    page: str
    process: str = ""


def mail(
    told: Told,
    *,
    key: str,
    to: str,
    name: str,
    choice: str,
    sender: str,
    console: str,
    organisation: str,
    now: datetime,
) -> EmailMessage:
    """A mail without pictures and without anything that tells who read it. ``key`` is the same for every try."""
    domain = console.partition("://")[2].partition(":")[0] or "localhost"
    why = f"You choose what comes by mail. Now it is {CHOICES[choice]}."
    one = EmailMessage(policy=SMTP)
    one["From"] = sender
    one["To"] = _address(name, to)
    one["Subject"] = _short(told.says)
    one["Date"] = format_datetime(now)
    one["Message-ID"] = f"<{key}@{domain}>"
    if told.process:
        one["References"] = f"<{told.process}@{domain}>"
    one["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday notice answers it
    one["List-Unsubscribe"] = f"<{console}{WAY_OUT}>"
    page = f"{console}{told.page}"
    one.set_content(
        f"{told.says}\n\nLook at it: {page}\n\n--\n{organisation}\n{why}\nChoose something else: {console}{WAY_OUT}\n"
    )
    one.add_alternative(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>'
        f"{escape(_short(told.says))}</title></head><body>"
        f'<p>{escape(told.says)}</p><p><a href="{escape(page)}">Look at it</a></p>'
        f'<p><small>{escape(organisation)}<br>{escape(why)} <a href="{escape(console + WAY_OUT)}">'
        "Choose something else</a></small></p></body></html>\n",
        subtype="html",
    )
    return one


def _address(name: str, to: str) -> Address | str:
    """The name beside the address where it can stand there; an address is never kept back by a strange name."""
    try:
        return Address(display_name=" ".join(name.split()), addr_spec=to)
    except (ValueError, IndexError):
        return to


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_SUBJECT else line[: LONGEST_SUBJECT - 1].rstrip() + "…"


def webhook(told: Told, console: str) -> bytes:
    """What Slack and those who read the same way show: a text, and the same as a block with its link."""
    says, page = _slack(told.says), _slack(f"{console}{told.page}")
    text = f"{says} <{page}|Look at it>"
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}]
    return orjson.dumps({"text": f"{says} {page}", "blocks": blocks})


def _slack(text: str) -> str:
    """The three letters that mean something to Slack are spelt out, so that nobody's name calls a whole channel."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def signed(secret: str, key: str, body: bytes, now: datetime) -> Mapping[str, str]:
    """The headers of Standard Webhooks 1.0: who checks them knows that it was us, when, and whether it came before."""
    at = str(int(now.timestamp()))
    mac = hmac.digest(base64.b64decode(secret.removeprefix(PREFIX)), f"{key}.{at}.".encode() + body, hashlib.sha256)
    return {
        "content-type": "application/json",
        "user-agent": "greenlane",
        "webhook-id": key,
        "webhook-timestamp": at,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }
