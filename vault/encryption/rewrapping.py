"""Moving rows from one owner key to another: rewrapped data keys, resealed columns; the objects stay as they are."""

from __future__ import annotations

from config.database import Database
from vault.encryption.owner_key import OpenOwnerKey, Paper, Written
from vault.store import documents, renditions, versions
from vault.store.renditions import RenditionRow

BATCH = 50
"""Rows in one transaction, so that other writers wait a few milliseconds."""


def paper_of(row: RenditionRow) -> Paper:
    """What names the row's object."""
    return Paper(document=row.document, version=row.version, rendition=row.rendition)


def written_of(row: RenditionRow) -> Written:
    """What the row says of its object, to be proved by the wrap."""
    return Written(format=row.format, header=row.header, length=row.length, ciphertext_sha256=row.ciphertext_sha256)


def rewrap_some(database: Database, old: OpenOwnerKey, new: OpenOwnerKey) -> int:
    """Move up to `BATCH` rows of each kind from `old` to `new`; how many were still under `old`."""
    with database.transaction() as tx:
        keys = renditions.under_key(tx, old.id, BATCH)
        for key in keys:
            paper, written = paper_of(key), written_of(key)
            again = new.wrap(old.unwrap(key.data_key, paper, written), paper, written)
            renditions.rewrap(tx, key, new.id, again)
        papers = documents.under_key(tx, old.id, BATCH)
        for paper_row in papers:
            label = old.unseal("label", paper_row.id, paper_row.label)
            documents.reseal(tx, paper_row, new.id, new.seal("label", paper_row.id, label))
        files = versions.under_key(tx, old.id, BATCH)
        for file in files:
            name = old.unseal("filename", file.id, file.filename)
            dates = None
            if file.dates is not None:
                dates = new.seal("dates", file.id, old.unseal("dates", file.id, file.dates))
            versions.reseal(tx, file, new.id, new.seal("filename", file.id, name), dates)
        return len(keys) + len(papers) + len(files)
