"""Logs: static event names, values as fields, nothing personal and no secret.

A field named like personal data or a secret, or a value that looks like one, is dropped in production and raises in
the tests (`strict`), so that every test is a leak test.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, MutableMapping, Sequence
from typing import Any

import structlog

FORBIDDEN_NAMES = re.compile(
    r"(e?mail|address|phone|given_name|family_name|birth|password|secret|token|code|cookie|authorization|label|"
    r"file_?name|ip|user_agent|key)$",
)
FORBIDDEN_VALUES = re.compile(
    r"X-Amz-Signature|eyJ[\w-]{8,}\.|[\w.+-]+@[\w-]+\.[a-z]{2,}|\+\d{9,15}\b|\b[A-Za-z0-9_-]{43}\b|-----BEGIN",
)
ALLOWED_NAMES = {"error_code", "event", "level", "module", "timestamp", "exception"}
"""Ours; their values are looked at all the same."""


class LeakError(AssertionError):
    """A test's log record held something that no log may hold."""


class _Sieve:
    """Finds what must not be logged, then raises or drops it."""

    def __init__(self, *, strict: bool, words: Sequence[str]) -> None:
        """words: forbidden as well, in any case."""
        self._strict = strict
        self._words = re.compile("|".join(map(re.escape, words)), re.IGNORECASE) if words else None

    def __call__(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        # An exception is a class and places in code by now, and a function's name may be as long as a secret.
        found = [name for name, value in event.items() if name != "exception" and self._is_leak(name, value)]
        if found and self._strict:
            message = f"{event.get('module')} {event.get('event')}: {', '.join(found)}"
            raise LeakError(message)
        for name in found:
            event[name] = "(dropped)"
        return event

    def _is_leak(self, name: str, value: object) -> bool:
        return bool(name not in ALLOWED_NAMES and FORBIDDEN_NAMES.search(name)) or self._is_forbidden(value)

    def _is_forbidden(self, value: object) -> bool:
        text = value if isinstance(value, str) else repr(value)
        return bool(FORBIDDEN_VALUES.search(text) or (self._words and self._words.search(text)))


def _without_values(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception's message may quote what it met (an address, a row): keep its class and where it was raised."""
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        frames = []
        trace = error.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            frames.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno} {code.co_name}")
            trace = trace.tb_next
        event["exception"] = f"{type(error).__name__} at {' < '.join(reversed(frames[-8:]))}"
    return event


class _Libraries(logging.Handler):
    """What libraries say goes the same way as our own records; the message of an exception is left out there too."""

    def emit(self, record: logging.LogRecord) -> None:
        """Hand the record over. In the tests a leak raises here, hence where the library spoke."""
        log = structlog.get_logger(module=record.name)
        error = record.exc_info[1] if record.exc_info else None
        log.log(record.levelno, "library", said=record.getMessage(), **({"exc_info": error} if error else {}))


def configure(
    *, as_json: bool = True, strict: bool = False, level: str = "info", forbidden_words: Sequence[str] = ()
) -> None:
    """Set up logging for this process; the arguments are the settings of the section `logs`."""
    least = logging.getLevelNamesMapping()[level.upper()]
    processors: list[Callable[..., Any]] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_values,
        _Sieve(strict=strict, words=forbidden_words),
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False),
    ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    # Warnings and above: libraries quote requests at debug.
    logging.basicConfig(level=logging.WARNING, handlers=[_Libraries()], force=True)
    # Its warnings quote the addresses that it tries again, ours with the signatures that open papers.
    logging.getLogger("urllib3").setLevel(logging.ERROR)


def get_logger(name: str) -> Any:
    """A logger whose records name the module."""
    return structlog.get_logger(module=name)
