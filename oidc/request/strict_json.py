"""JSON in parameters, read strictly: two readers of one text must never understand two things (RFC 8259 §4)."""

from __future__ import annotations

import json
from typing import Any


def parse(text: str) -> Any:
    """The value.

    Raises ValueError: no JSON, a member named twice, NaN or Infinity, nested too deep, a lone surrogate.
    """
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is named twice")
    return members


def _constant(text: str) -> float:
    raise ValueError(text)
