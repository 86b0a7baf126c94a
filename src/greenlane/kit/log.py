"""Structured logs: one JSON object a line to standard error, and the newest ones in memory for whoever may read them.

What is logged are codes, ids and durations. Values that a person typed do not belong in a log.
"""

from __future__ import annotations

import logging
import sys
from collections import deque
from collections.abc import MutableMapping, Sequence
from typing import Any

import structlog

KEPT = 2000
"""Lines kept in memory."""

_LEVELS = ("debug", "info", "warning", "error")
_newest: deque[dict[str, Any]] = deque(maxlen=KEPT)


def _keep(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    _newest.append(dict(event))
    return event


def configure(process: str, level: str) -> None:
    """Set logging up for this process; the standard library's loggers end in the same lines."""
    chain: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*chain, _keep, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=chain,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _keep,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for name in ("uvicorn.access", "uvicorn.error", "alembic", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)


def newest(limit: int, level: str) -> Sequence[dict[str, Any]]:
    """The newest lines of at least that level, the oldest of them first."""
    wanted = set(_LEVELS[_LEVELS.index(level) :]) if level in _LEVELS else set(_LEVELS)
    return [line for line in _newest if line.get("level") in wanted][-limit:]
