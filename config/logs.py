"""Logs: static event names, values as fields, nothing personal and no secret.

A field named like personal data or a secret, or a value that looks like one, is dropped in production and raises in
the tests (`strict`), so that every test is a leak test.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog

FORBIDDEN_NAMES = re.compile(
    r"(e?mail|address|phone|given_name|family_name|birth|password|secret|token|code|cookie|authorization|label|"
    r"file_?name|ip|user_agent|key)$",
)
FORBIDDEN_VALUES = re.compile(
    r"eyJ[\w-]{8,}\.|[\w.+-]+@[\w-]+\.[a-z]{2,}|\b[A-Za-z0-9_-]{43}\b|-----BEGIN",
)
ALLOWED_NAMES = {"error_code", "event", "level", "module", "timestamp", "exc_info", "exception"}


class LeakError(AssertionError):
    """A test's log record held something that no log may hold."""


def leaks(event: MutableMapping[str, Any]) -> list[str]:
    """The names of the fields that must not be logged."""
    return [
        name
        for name, value in event.items()
        if name not in ALLOWED_NAMES
        and (FORBIDDEN_NAMES.search(name) or (isinstance(value, str) and FORBIDDEN_VALUES.search(value)))
    ]


def _raise_on_leak(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    found = leaks(event)
    if found:
        message = f"{event.get('event')}: {', '.join(found)}"
        raise LeakError(message)
    return event


def _drop_leaks(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in leaks(event):
        event[name] = "(dropped)"
    return event


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


def configure(*, json: bool = True, strict: bool = False, level: int = logging.INFO) -> None:
    """Set up logging for this process. strict: raise on a leak instead of dropping it (tests)."""
    processors: list[Callable[..., Any]] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_values,
        _raise_on_leak if strict else _drop_leaks,
        structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False),
    ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    # Libraries speak through logging: warnings and above, for they quote requests at debug.
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, force=True)


def get_logger(name: str) -> Any:
    """A logger whose records name the module."""
    return structlog.get_logger(module=name)
