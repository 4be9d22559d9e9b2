"""A paper held inside the transaction that lends it, with the dates that are sealed beside it.

The key ring can't be asked while a transaction is open, so the safe's keys are opened before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from config.database import Transaction
from vault.documents.dates import read_dates
from vault.documents.opening import translated
from vault.encryption.owner_key import OpenOwnerKey
from vault.errors import DocumentChanged, UnknownDocument
from vault.lending.fitting import HeldPaper
from vault.protocols import DocumentId, OwnerId
from vault.store import documents, versions


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSafe:
    """A safe whose keys are open, by their ids: from `Lending.open`."""

    owner: OwnerId
    keys: Mapping[str, OpenOwnerKey] = field(repr=False)


def held_paper(tx: Transaction, safe: OpenSafe, document: DocumentId) -> HeldPaper:
    """The owner's paper, kept from being replaced or removed until the transaction ends.

    Raises `UnknownDocument`, `Damaged`, and `DocumentChanged` when another paper was erased since the safe was opened:
    every key changed with it.
    """
    paper = documents.hold(tx, safe.owner, document)
    file = versions.get(tx, paper.current_version) if paper else None
    if paper is None or file is None:
        raise UnknownDocument
    key = safe.keys.get(file.owner_key)
    if key is None:
        raise DocumentChanged
    with translated():
        dates = key.unseal("dates", file.id, file.dates) if file.dates is not None else ""
    return HeldPaper(
        owner=safe.owner,
        document=document,
        version=file.id,
        document_type=paper.document_type,
        dates=read_dates(dates),
        deposited_on=file.received_at.date(),
    )
