"""Resource indicators (RFC 8707 §2): repeatable by its specification, so they are read before `unrepeated`."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from oidc.errors import InvalidTarget


def accept(asked: Sequence[str], known: Collection[str]) -> tuple[str, ...]:
    """The resources of a request. known: ours. Raises `InvalidTarget` for any other, a fragment included."""
    for resource in asked:
        if resource not in known:
            raise InvalidTarget("the resource is not one of ours")
    return tuple(dict.fromkeys(asked))
