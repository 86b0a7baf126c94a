"""Reaching the server's own address, whatever this machine's resolver thinks of it.

Browsers take every name under ``localhost`` for this machine; Python's resolver does not. So those names are dialled
here at ``::1`` and then ``127.0.0.1``, while the Host header and the name in TLS stay what they were.
"""

from __future__ import annotations

import ssl

import httpx2

LOOPBACK = ("::1", "127.0.0.1")
"""Where names under ``localhost`` are found, in the order of trying."""


def is_local(host: str) -> bool:
    """Whether a host is this machine by name (RFC 6761, section 6.3)."""
    return host == "localhost" or host.endswith(".localhost")


class Loopback(httpx2.BaseTransport):
    """Dials names under ``localhost`` at the loopback addresses and remembers which one answered.

    ``secure``: whether it is asked by https. The machine's certificates are read for that alone, because it takes as long as
    all the rest of a command; without them nobody is trusted.
    """

    def __init__(self, *, secure: bool) -> None:
        self._wire = httpx2.HTTPTransport(verify=secure or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        self._addresses: tuple[str, ...] = LOOPBACK

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """One request. ConnectError when no address answers."""
        name = request.url.host
        if not is_local(name):
            return self._wire.handle_request(request)
        request.extensions = {**request.extensions, "sni_hostname": name}
        for address in self._addresses:
            request.url = request.url.copy_with(host=address)
            try:
                response = self._wire.handle_request(request)
            except httpx2.ConnectError:
                if address == self._addresses[-1]:
                    raise
            else:
                self._addresses = (address,)
                return response
        raise AssertionError("there is a loopback address to try")

    def close(self) -> None:
        """Hang up."""
        self._wire.close()
