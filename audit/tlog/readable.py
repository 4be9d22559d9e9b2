"""Readable parts: fields opened against their leaf, and what entries say was erased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audit.errors import VerificationError
from audit.tlog.leaf import Leaf, commit, fields_root

KEY_HEX = 64


def open_fields(leaf: Leaf, fields: Mapping[str, Any]) -> dict[str, str]:
    """The values of the fields that are open, after holding all commitments against the leaf.

    fields: in catalogue order, `[value, key in hex]` or `[commitment in hex]`. Raises `VerificationError`.
    """
    values: dict[str, str] = {}
    commitments = []
    try:
        for name, shown in fields.items():
            if len(shown) == 2:  # noqa: PLR2004 -- a value and its key
                value, key = shown
                if len(key) != KEY_HEX:
                    message = f"the key of field {name} is malformed"
                    raise VerificationError(message)
                values[name] = value
                commitments.append(commit(bytes.fromhex(key), name, value))
            else:
                (commitment,) = shown
                commitments.append(bytes.fromhex(commitment))
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        message = "the opened fields are malformed"
        raise VerificationError(message) from error
    if fields_root(commitments) != leaf.fields_root:
        message = "the fields shown are not the ones that the log committed"
        raise VerificationError(message)
    return values


class Erasures:
    """What entries say was erased before them."""

    def __init__(self, origin: str = "") -> None:
        """origin: the log's name; a later log may speak of an earlier one, which is another matter."""
        self._origin = origin
        self._ranges: list[tuple[int, int]] = []

    def note(self, index: int, values: Mapping[str, str]) -> None:
        """Take in what entry `index` says. Raises `VerificationError` when it is an unclear notice."""
        if values.get("kind") != "readable_parts_erased" or values.get("origin", "") not in {"", self._origin}:
            return
        try:
            first, end = int(values["first"]), int(values["end"])
        except (KeyError, ValueError) as error:
            message = f"entry {index} does not say what was erased"
            raise VerificationError(message) from error
        self._ranges.append((first, min(end, index)))

    def explain(self, missing: Sequence[int]) -> None:
        """Raises `VerificationError` for the first of these (ascending) that no later entry names."""
        ranges = sorted(self._ranges, reverse=True)
        reach = 0
        for index in missing:
            while ranges and ranges[-1][0] <= index:
                reach = max(reach, ranges.pop()[1])
            if index >= reach:
                message = f"the readable part of entry {index} is missing and no later entry says that it was erased"
                raise VerificationError(message)
