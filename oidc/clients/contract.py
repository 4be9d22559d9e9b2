"""The contract of a client, as the operator agreed it with the service: which papers, for what, how long, how often.

Read strictly: a limit that is misspelt or of the wrong type would be no limit. Whether purposes and types are in the
catalogues says `Evidence` at each request, since catalogues change.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from oidc.errors import InvalidClientMetadata

_MEMBERS = frozenset({"purposes", "retention", "contact", "acts_for"})
_TERMS = frozenset({"document_types", "max_duration", "max_reads"})
_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_PERIOD = re.compile(r"P(?=[0-9])(?:[0-9]{1,3}Y)?(?:[0-9]{1,3}M)?(?:[0-9]{1,4}D)?")
MAX_CONTACT_CHARS = 320


def check(contract: object) -> Mapping[str, Any]:
    """The contract, if each member is what it must be. Raises `InvalidClientMetadata` naming the member."""
    if not isinstance(contract, dict):
        raise InvalidClientMetadata("contract: an object")
    _refuse_unknown(contract, _MEMBERS, "contract")
    purposes = contract.get("purposes", {})
    if not isinstance(purposes, dict):
        raise InvalidClientMetadata("contract.purposes: an object")
    for code, terms in purposes.items():
        _check_terms(f"contract.purposes.{code:.64}", code, terms)
    _check_period(contract, "retention", "contract.retention")
    contact = contract.get("contact", "")
    if not isinstance(contact, str) or len(contact) > MAX_CONTACT_CHARS:
        raise InvalidClientMetadata(f"contract.contact: at most {MAX_CONTACT_CHARS} characters")
    served = contract.get("acts_for", [])
    if not isinstance(served, list) or not all(isinstance(client_id, str) and client_id for client_id in served):
        raise InvalidClientMetadata("contract.acts_for: a list of client_ids, whose tokens it may exchange (RFC 8693)")
    return contract


def _check_terms(where: str, code: str, terms: object) -> None:
    if not _CODE.fullmatch(code):
        raise InvalidClientMetadata(f"{where}: a purpose's code")
    if not isinstance(terms, dict):
        raise InvalidClientMetadata(f"{where}: an object")
    _refuse_unknown(terms, _TERMS, where)
    types = terms.get("document_types")
    if not isinstance(types, list) or not types or not all(isinstance(t, str) and _CODE.fullmatch(t) for t in types):
        raise InvalidClientMetadata(f"{where}.document_types: a list of types' codes")
    _check_period(terms, "max_duration", f"{where}.max_duration")
    reads = terms.get("max_reads", 1)
    if isinstance(reads, bool) or not isinstance(reads, int) or reads < 1:
        raise InvalidClientMetadata(f"{where}.max_reads: a number from 1")


def _check_period(members: Mapping[str, Any], name: str, where: str) -> None:
    period = members.get(name, "P1D")
    if not isinstance(period, str) or not _PERIOD.fullmatch(period):
        raise InvalidClientMetadata(f"{where}: a period such as P30D, P3M or P1Y")


def _refuse_unknown(members: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    for name in members.keys() - known:
        raise InvalidClientMetadata(f"{where}: unknown member {name!s:.40}")
