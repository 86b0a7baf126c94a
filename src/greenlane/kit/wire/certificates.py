"""TLS from files, taken up anew when the files change, without dropping a connection.

A pair of files is read into a fresh context; only when that worked does it replace the old one, and only new
handshakes see it. A broken pair is refused and the old one stays.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from pathlib import Path

_LOG = logging.getLogger(__name__)


class Certificates:
    """One pair for everybody, and optionally a folder with ``<host name>.crt`` and ``<host name>.key`` for single names.

    ``context`` is what a listener takes. Raises ``ssl.SSLError`` or ``OSError`` when the first reading fails.
    """

    def __init__(self, certificate: Path, key: Path, folder: Path | None = None) -> None:
        self._certificate = certificate
        self._key = key
        self._folder = folder
        self._stamps: dict[Path, tuple[int, int]] = {}
        self._default = _load(certificate, key)
        self._named: dict[str, ssl.SSLContext] = {}
        self._remember(certificate, key)
        self.context = _fresh()
        self.context.load_cert_chain(certificate, key)
        self.context.sni_callback = self._choose
        self.refresh()

    def _choose(self, connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = self._named.get((name or "").lower(), self._default)

    def refresh(self) -> None:
        """Take up what has changed on the disk since the last look."""
        if self._changed(self._certificate, self._key):
            self._replace(self._certificate, self._key, self._set_default)
        pairs: dict[str, tuple[Path, Path]] = {}
        if self._folder is not None and self._folder.is_dir():
            for certificate in self._folder.glob("*.crt"):
                pairs[certificate.stem.lower()] = (certificate, certificate.with_suffix(".key"))
        for name in set(self._named) - set(pairs):
            del self._named[name]
        for name, (certificate, key) in pairs.items():
            if name not in self._named or self._changed(certificate, key):
                self._replace(certificate, key, lambda context, name=name: self._named.__setitem__(name, context))  # type: ignore[misc]

    def _set_default(self, context: ssl.SSLContext) -> None:
        self._default = context

    def _replace(self, certificate: Path, key: Path, put: Callable[[ssl.SSLContext], None]) -> None:
        try:
            context = _load(certificate, key)
            self._remember(certificate, key)
        except (OSError, ssl.SSLError) as error:
            _LOG.warning("The certificate %s could not be taken up, the one before stays: %s", certificate.name, error)
            return
        put(context)

    def _remember(self, *paths: Path) -> None:
        for path in paths:
            self._stamps[path] = _stamp(path)

    def _changed(self, *paths: Path) -> bool:
        try:
            return any(self._stamps.get(path) != _stamp(path) for path in paths)
        except OSError:
            return False


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_ino


def _fresh() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _load(certificate: Path, key: Path) -> ssl.SSLContext:
    context = _fresh()
    context.load_cert_chain(certificate, key)
    return context
