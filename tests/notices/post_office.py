"""A mail server and an address outside that are really there: on loopback, in threads of their own."""

from __future__ import annotations

import base64
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer


@dataclass
class MailServer:
    """As much of RFC 5321 as a client needs. ``refused`` addresses get 550; with ``login`` mail needs that user first."""

    certificate: ssl.SSLContext | None = None
    login: tuple[str, str] | None = None
    refused: set[str] = field(default_factory=set)
    port: int = 0
    mails: list[tuple[str, EmailMessage]] = field(default_factory=list)
    lines: int = 0

    def talk(self, line: socket.socket) -> None:
        """One connection, to its end."""
        self.lines += 1
        known, to, wire = self.login is None, "", line.makefile("rwb", buffering=0)

        def say(text: str) -> None:
            wire.write(text.encode() + b"\r\n")

        say("220 here")
        while said := wire.readline().decode().strip():
            word = said.partition(" ")[0].upper()
            if word == "EHLO":
                say("250-here")
                say("250-STARTTLS" if self.certificate is not None else "250-8BITMIME")
                say("250 AUTH PLAIN")
            elif word == "STARTTLS" and self.certificate is not None:
                say("220 go")
                wire.close()
                line = self.certificate.wrap_socket(line, server_side=True)
                wire = line.makefile("rwb", buffering=0)
            elif word == "AUTH":
                _, user, password = base64.b64decode(said.rpartition(" ")[2]).decode().split("\0")
                known = (user, password) == self.login
                say("235 known" if known else "535 unknown")
            elif word == "MAIL" and not known:
                say("530 who are you")
            elif word == "RCPT":
                to = said.partition("<")[2].partition(">")[0]
                say("550 nobody" if to in self.refused else "250 fine")
            elif word == "DATA":
                say("354 go")
                text = b""
                while not text.endswith(b"\r\n.\r\n"):
                    text += wire.readline()
                self.mails.append((to, message_from_bytes(text[:-3].replace(b"\r\n..", b"\r\n."), policy=default)))
                say("250 fine")
            elif word == "QUIT":
                say("221 bye")
                break
            else:
                say("250 fine")
        wire.close()
        line.close()


@contextmanager
def mail_server(server: MailServer) -> Iterator[MailServer]:
    """The server, running."""

    class Talking(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                server.talk(self.request)

    with socketserver.TCPServer(("127.0.0.1", 0), Talking) as listening:
        server.port = listening.server_address[1]
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join(10)


@dataclass
class Receiver:
    """What was told. The next ``failing`` times it answers 500. ``has`` is what it gives, and ``short`` less than it says."""

    failing: int = 0
    has: bytes = b""
    short: bool = False
    url: str = ""
    told: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answered: list[int] = field(default_factory=list)


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Something that takes webhooks, running."""
    kept = Receiver()

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            kept.told.append(({name.lower(): value for name, value in self.headers.items()}, body))
            kept.failing -= 1
            kept.answered.append(500 if kept.failing >= 0 else 204)
            self.send_response(kept.answered[-1])
            self.end_headers()

        def do_GET(self) -> None:
            self.send_response(200 if kept.has else 404)
            self.send_header("content-length", str(len(kept.has) + kept.short))
            self.end_headers()
            self.wfile.write(kept.has)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    server = HTTPServer(("127.0.0.1", 0), Taking)
    kept.url = f"http://127.0.0.1:{server.server_port}/hook?channel=7"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
