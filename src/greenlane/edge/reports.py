"""What a page wanted and its policy stopped, or would have stopped: told to control once for each directive and host."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import orjson

_DIRECTIVE = re.compile(r"[a-z]{1,20}(?:-[a-z]{1,20}){0,3}")
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*")
_KEYWORDS = frozenset({"inline", "eval", "wasm-eval", "data", "blob", "self"})
_FOR_ONE_DEPLOY = 200
_ALTOGETHER = 20_000

LARGEST = 16 * 1024
"""Bytes of one report."""


class Reports:
    """Takes browsers' reports; ``tell`` hears of each new wish as (deploy, directive, host)."""

    def __init__(self, tell: Callable[[str, str, str], None]) -> None:
        self._tell = tell
        self._seen: dict[str, set[tuple[str, str]]] = {}
        self._total = 0

    def take(self, deploy: str, body: bytes) -> None:
        """Read one request's reports. Anything that is not one is dropped: a browser could not do better if told."""
        for wish in _wishes(body):
            seen = self._seen.setdefault(deploy, set())
            if wish in seen or len(seen) >= _FOR_ONE_DEPLOY:
                continue
            if self._total >= _ALTOGETHER:
                self._seen = {deploy: (seen := set())}
                self._total = 0
            seen.add(wish)
            self._total += 1
            self._tell(deploy, *wish)


def _wishes(body: bytes) -> Iterator[tuple[str, str]]:
    try:
        raw = orjson.loads(body)
    except orjson.JSONDecodeError:
        return
    for item in raw if isinstance(raw, list) else [raw]:
        report = item.get("csp-report", item.get("body")) if isinstance(item, dict) else None
        if isinstance(report, dict) and (wish := _wish(report)):
            yield wish


def _wish(report: dict[str, Any]) -> tuple[str, str] | None:
    """Both shapes of a report: ``report-uri`` of CSP 2, and the Reporting API's body."""
    said = report.get("effective-directive") or report.get("effectiveDirective") or report.get("violated-directive")
    blocked = report.get("blocked-uri") or report.get("blockedURL")
    if not isinstance(said, str) or not isinstance(blocked, str):
        return None
    directive = said.split(" ", 1)[0]
    blocked = blocked.lower()
    if blocked in _KEYWORDS:
        host = blocked
    else:
        try:
            parts = urlsplit(blocked)
            host = parts.hostname or (parts.scheme if parts.scheme in _KEYWORDS else "")
        except ValueError:
            return None
        if host not in _KEYWORDS and not _HOST.fullmatch(host):
            return None
    return (directive, host) if _DIRECTIVE.fullmatch(directive) else None
