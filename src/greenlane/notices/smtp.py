"""Mail by SMTP (RFC 5321) with TLS from the start or by STARTTLS (RFC 8314, RFC 3207)."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Literal

from greenlane.kit.settings import Settings
from greenlane.notices.driver import Postponed, Undeliverable

PATIENCE = 15.0
"""Seconds for each step of a talk with the mail server."""

_FOR_GOOD = 500
"""Answers from here on are meant to stay (RFC 5321, 4.2.1)."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """How mail leaves. ``sender`` is an address, with a name or without; ``me`` is what we call ourselves."""

    host: str
    port: int
    tls: Literal["starttls", "tls", "none"]
    user: str
    password_file: Path | None
    sender: str
    me: str

    @classmethod
    def of(cls, settings: Settings) -> MailServer | None:
        """The one that is set; None where none is."""
        if not settings.smtp_host:
            return None
        return cls(
            host=settings.smtp_host,
            port=settings.smtp_port,
            tls=settings.smtp_tls,
            user=settings.smtp_user,
            password_file=settings.smtp_password_file,
            sender=settings.mail_sender,
            me=settings.console_host,
        )


class Smtp:
    """Hands mail over. One line is kept open while there is something to send."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._line: smtplib.SMTP | None = None

    def send(self, message: EmailMessage, to: str) -> None:
        """Hand one message over; a line that broke since the last one is opened once more."""
        kept = self._line is not None
        try:
            self._send(message, to)
        except Postponed:
            if not kept:
                raise
            self._send(message, to)

    def _send(self, message: EmailMessage, to: str) -> None:
        _, sender = parseaddr(self._server.sender)
        try:
            line = self._line = self._line or self.connect()
            line.send_message(message, from_addr=sender, to_addrs=[to])
        except smtplib.SMTPRecipientsRefused as error:
            self._reset()
            code = max((answer[0] for answer in error.recipients.values()), default=0)
            raise _refused(code, "The mail server does not take mail for this address") from error
        except smtplib.SMTPResponseException as error:
            self.rest()
            raise _refused(error.smtp_code, "The mail server did not take the message") from error
        except smtplib.SMTPNotSupportedError as error:
            self.rest()
            raise Undeliverable("The mail server cannot send to such an address.") from error
        except (OSError, smtplib.SMTPException) as error:
            self.rest()
            raise Postponed("The mail server did not answer.", detail=repr(error)) from error

    def connect(self) -> smtplib.SMTP:
        """A line on which mail can be sent. Raises what ``smtplib`` raises, and ``OSError``."""
        server, context = self._server, ssl.create_default_context()
        line: smtplib.SMTP
        if server.tls == "tls":
            line = smtplib.SMTP_SSL(server.host, server.port, server.me, timeout=PATIENCE, context=context)
        else:
            line = smtplib.SMTP(server.host, server.port, server.me, timeout=PATIENCE)
        try:
            if server.tls == "starttls":
                line.starttls(context=context)
            if server.user and server.password_file is not None:
                line.login(server.user, server.password_file.read_text().strip())
        except BaseException:
            line.close()
            raise
        return line

    def rest(self) -> None:
        """Close the line."""
        line, self._line = self._line, None
        if line is not None:
            with suppress(OSError, smtplib.SMTPException):
                line.quit()
            line.close()

    def _reset(self) -> None:
        if self._line is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._line.rset()


def _refused(code: int, says: str) -> Postponed | Undeliverable:
    return Undeliverable(f"{says} ({code}).") if code >= _FOR_GOOD else Postponed(f"{says} now ({code}).")
