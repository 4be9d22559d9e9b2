"""What a superior allows below itself: how deep, which names, which kinds (OpenID Federation 1.0 §6.2). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from oidc.errors import TrustChainRefused
from oidc.federation.statements import Statement


def check(statements: Sequence[Statement], kind: str) -> None:
    """Hold a chain against the constraints of everybody in it.

    statements: about the leaf first, the trust anchor's last. kind: the entity type that is wanted of the leaf.
    Raises `TrustChainRefused`.
    """
    for below, statement in enumerate(statements):
        constraints = statement.member("constraints")
        _check_length(statement, constraints.get("max_path_length"), below)
        names = statement.member("constraints", "naming_constraints")
        _check_names(statement, names, [one.subject for one in statements[: below + 1]])
        kinds = constraints.get("allowed_entity_types")
        if kinds is not None and kind not in _texts(statement, "allowed_entity_types", kinds):
            raise TrustChainRefused(f"{statement.issuer}: allowed_entity_types lacks {kind}")


def _check_length(statement: Statement, longest: object, between: int) -> None:
    """§6.2.1: how many intermediates stand between who says so and the leaf."""
    if longest is None:
        return
    if isinstance(longest, bool) or not isinstance(longest, int) or longest < 0:
        raise TrustChainRefused(f"{statement.issuer}: max_path_length is a number from 0")
    if between > longest:
        raise TrustChainRefused(f"{statement.issuer}: the chain is longer than max_path_length")


def _check_names(statement: Statement, names: Mapping[str, Any], subjects: Iterable[str]) -> None:
    """§6.2.2, RFC 5280 §4.2.1.10 for URIs: a host, or with a leading dot every host below it."""
    excluded = _texts(statement, "excluded", names.get("excluded", []))
    permitted = _texts(statement, "permitted", names.get("permitted", []))
    for subject in subjects:
        host = urlsplit(subject).hostname or ""
        if any(_covers(name, host) for name in excluded):
            raise TrustChainRefused(f"{statement.issuer}: naming_constraints exclude {host}")
        if "permitted" in names and not any(_covers(name, host) for name in permitted):
            raise TrustChainRefused(f"{statement.issuer}: naming_constraints don't permit {host}")


def _covers(name: str, host: str) -> bool:
    name = name.lower()
    return host.endswith(name) and len(host) > len(name) if name.startswith(".") else host == name


def _texts(statement: Statement, name: str, value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise TrustChainRefused(f"{statement.issuer}: {name} is a list of texts")
    return value
