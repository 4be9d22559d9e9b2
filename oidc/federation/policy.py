"""Metadata policies: what superiors demand of a client's metadata, or decide for it (OpenID Federation 1.0 §6.1).

Pure. Merged from the trust anchor down, then applied to what the client says of itself. A policy error is never passed
over: a superior may count on any rule of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from oidc.errors import TrustChainRefused

Rules = dict[str, Any]
"""Operator -> its value, of one parameter."""
Policy = dict[str, Rules]
"""Parameter -> rules, of one entity type."""

STANDARD: Final = ("value", "add", "default", "one_of", "subset_of", "superset_of", "essential")
"""In the order in which they are applied (§6.1.3.1)."""
LISTS: Final = frozenset({"add", "one_of", "subset_of", "superset_of"})
SPACED: Final = frozenset({"scope"})
"""Parameters that are a list in one text (RFC 6749 §3.3): as lists to the operators (§6.1.3.1.1)."""


def merged(policies: Iterable[Mapping[str, Any]]) -> Policy:
    """One policy of several, the most superior first (§6.1.4.1).

    Operators that aren't standard are passed over; a critical one was refused with its statement. Raises
    `TrustChainRefused` where two contradict each other, or one itself.
    """
    made: Policy = {}
    for policy in policies:
        for parameter, rules in policy.items():
            if not isinstance(rules, dict):
                raise TrustChainRefused(f"policy of {parameter:.40}: an object")
            into = made.setdefault(parameter, {})
            for operator in STANDARD:
                if operator in rules:
                    value = _checked(parameter, operator, rules[operator])
                    into[operator] = _MERGE[operator](parameter, into[operator], value) if operator in into else value
            _check_together(parameter, into)
    return made


def applied(policy: Policy, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata under a merged policy (§6.1.4.2). Raises `TrustChainRefused` where it does not fit."""
    made = dict(metadata)
    for parameter, rules in policy.items():
        held = made.pop(parameter, None)
        if parameter in SPACED and isinstance(held, str):
            held = held.split()
        for operator in STANDARD:
            if operator in rules:
                held = _APPLY[operator](parameter, held, rules[operator])
        if held is not None:
            made[parameter] = " ".join(map(str, held)) if parameter in SPACED and isinstance(held, list) else held
    return made


def _checked(parameter: str, operator: str, value: Any) -> Any:
    if operator in LISTS and not isinstance(value, list):
        raise TrustChainRefused(f"policy of {parameter:.40}: {operator} is a list")
    if operator == "essential" and not isinstance(value, bool):
        raise TrustChainRefused(f"policy of {parameter:.40}: essential is true or false")
    if (operator == "default" and value is None) or (operator == "one_of" and not value):
        raise TrustChainRefused(f"policy of {parameter:.40}: {operator} is empty")
    if parameter in SPACED and operator in {"value", "default"} and isinstance(value, str):
        return value.split()
    return value


def _contains(wide: Any, narrow: Any) -> bool:
    return isinstance(wide, list) and isinstance(narrow, list) and all(one in wide for one in narrow)


def _check_together(parameter: str, rules: Rules) -> None:
    """Which operators may stand beside each other (§6.1.3.1, of each operator "combination")."""
    has = rules.keys()
    fits: Mapping[tuple[str, str], Callable[[], bool]] = {
        ("value", "add"): lambda: _contains(rules["value"], rules["add"]),
        ("value", "default"): lambda: rules["value"] is not None,
        ("value", "one_of"): lambda: rules["value"] in rules["one_of"],
        ("value", "subset_of"): lambda: _contains(rules["subset_of"], rules["value"]),
        ("value", "superset_of"): lambda: _contains(rules["value"], rules["superset_of"]),
        ("value", "essential"): lambda: rules["value"] is not None or not rules["essential"],
        ("add", "one_of"): lambda: False,
        ("add", "subset_of"): lambda: _contains(rules["subset_of"], rules["add"]),
        ("one_of", "subset_of"): lambda: False,
        ("one_of", "superset_of"): lambda: False,
        ("subset_of", "superset_of"): lambda: _contains(rules["subset_of"], rules["superset_of"]),
    }
    for (one, other), fit in fits.items():
        if one in has and other in has and not fit():
            raise TrustChainRefused(f"policy of {parameter:.40}: {one} and {other} contradict each other")


def _same(parameter: str, one: Any, other: Any) -> Any:
    if one != other:
        raise TrustChainRefused(f"policy of {parameter:.40}: two superiors contradict each other")
    return one


def _both(_parameter: str, one: list[Any], other: list[Any]) -> list[Any]:
    return [*one, *(value for value in other if value not in one)]


def _common(_parameter: str, one: list[Any], other: list[Any]) -> list[Any]:
    return [value for value in one if value in other]


def _common_some(parameter: str, one: list[Any], other: list[Any]) -> list[Any]:
    common = _common(parameter, one, other)
    if not common:
        raise TrustChainRefused(f"policy of {parameter:.40}: two superiors contradict each other")
    return common


def _either(_parameter: str, one: bool, other: bool) -> bool:
    return one or other


def _value(_parameter: str, _held: Any, value: Any) -> Any:
    return value


def _add(parameter: str, held: Any, value: list[Any]) -> Any:
    return _both(parameter, _listed(parameter, held if held is not None else []), value)


def _default(_parameter: str, held: Any, value: Any) -> Any:
    return value if held is None else held


def _one_of(parameter: str, held: Any, value: list[Any]) -> Any:
    if held is not None and held not in value:
        raise TrustChainRefused(f"{parameter:.40} is not one of those that a superior allows")
    return held


def _subset_of(parameter: str, held: Any, value: list[Any]) -> Any:
    # What is left may be nothing; it stays there, empty, or its default would come back in its place.
    return None if held is None else _common(parameter, _listed(parameter, held), value)


def _superset_of(parameter: str, held: Any, value: list[Any]) -> Any:
    if held is not None and not _contains(_listed(parameter, held), value):
        raise TrustChainRefused(f"{parameter:.40} lacks what a superior demands")
    return held


def _essential(parameter: str, held: Any, value: bool) -> Any:
    if value and held is None:
        raise TrustChainRefused(f"{parameter:.40} is missing, which a superior demands")
    return held


def _listed(parameter: str, held: Any) -> list[Any]:
    if not isinstance(held, list):
        raise TrustChainRefused(f"{parameter:.40} is a list")
    return held


_MERGE: Final[Mapping[str, Callable[[str, Any, Any], Any]]] = {
    "value": _same,
    "add": _both,
    "default": _same,
    "one_of": _common_some,
    "subset_of": _common,
    "superset_of": _both,
    "essential": _either,
}
_APPLY: Final[Mapping[str, Callable[[str, Any, Any], Any]]] = {
    "value": _value,
    "add": _add,
    "default": _default,
    "one_of": _one_of,
    "subset_of": _subset_of,
    "superset_of": _superset_of,
    "essential": _essential,
}
