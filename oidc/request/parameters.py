"""The parameters as they came: each name once, none without value, none too long, no control characters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from oidc.errors import InvalidRequest

MAX_NAMES = 64
MAX_BYTES = 32 * 1024
"""Of all names and values together."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Tab and line ends may stand between the members of JSON; what must not have them says so itself."""


def unrepeated(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The parameters by name.

    RFC 6749 §3.1: a parameter without a value counts as left out; a repeated one is refused, and since the repeated
    one may be the redirect_uri or the state, nothing is redirected. Raises `InvalidRequest`.
    """
    found: dict[str, str] = {}
    size = 0
    seen: set[str] = set()
    for name, value in pairs:
        size += len(name.encode()) + len(value.encode())
        if name in seen:
            raise InvalidRequest("a parameter is repeated", redirectable=False)
        seen.add(name)
        if len(seen) > MAX_NAMES or size > MAX_BYTES:
            raise InvalidRequest("the request is too long", redirectable=False)
        refuse_control_characters(name, value)
        if value:
            found[name] = value
    return found


def with_resources(pairs: Sequence[tuple[str, str]]) -> tuple[dict[str, str], list[str]]:
    """Parameters, each once, and the resources, which RFC 8707 §2 lets repeat. Raises `InvalidRequest`."""
    resources = [value for name, value in pairs if name == "resource" and value]
    return unrepeated([(name, value) for name, value in pairs if name != "resource"]), resources


def refuse_control_characters(*texts: str) -> None:
    """Raises `InvalidRequest` for a text with one: no parameter's syntax has it, and PostgreSQL keeps no NUL."""
    if _CONTROL.search("".join(texts)):
        raise InvalidRequest("a parameter has control characters", redirectable=False)
