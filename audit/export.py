"""Export: the signed bundle that `audit.verification` checks offline, and the table as CSV or JSON lines."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from audit.archive import Archive
from audit.entries import ActorKind, LedgerExported, PersonId
from audit.errors import UnknownEntry
from audit.ledger import Ledger
from audit.search import Filters, Found, Search
from audit.sequencer import Sequencer
from audit.store import entries
from audit.tlog import checkpoint as notes
from audit.tlog import tiles
from audit.verification import KEPT, KEPT_AT
from config.database import Database
from config.object_store import ObjectStore

COLUMNS = ("time", "index", "kind", "outcome", "client", "document_type", "purpose", "persons", "id")
PAGE = 1_000


class Export:
    """Takes the log out of the house."""

    def __init__(
        self,
        database: Database,
        store: ObjectStore,
        ledger: Ledger,
        sequencer: Sequencer,
        search: Search,
        archive: Archive | None = None,
    ) -> None:
        """store: the bucket of the live log, read through `sequencer`. archive: whose checkpoints bundles hold too."""
        self._database = database
        self._archive = archive
        self._ledger = ledger
        self._sequencer = sequencer
        self._search = search

    def bundle(self, auditor: PersonId, target: Path | IO[bytes]) -> int:
        """Write the signed bundle of everything published; how many entries. Itself an entry (in the next bundle).

        Raises `UnknownEntry` when nothing is published yet.
        """
        current = self._sequencer.current()
        published = self._sequencer.published(current)
        if published is None:
            raise UnknownEntry
        size = published.checkpoint.size
        with self._database.transaction() as tx:
            self._ledger.append(
                tx,
                LedgerExported(actor_kind=ActorKind.AUDITOR, actor=auditor, first="0", end=str(size)),
            )
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bundle:
            bundle.writestr("checkpoint", published.note)
            verifier = self._sequencer.verifier(current.origin)
            bundle.writestr("vkey", verifier.vkey())
            with bundle.open("leaves", "w") as leaves:
                for row in self._rows(current.generation, size):
                    leaves.write(tiles.encode_bundle([row.leaf]))
            with bundle.open("readable.jsonl", "w") as lines:
                for row in self._rows(current.generation, size):
                    if row.readable:
                        line = {"index": row.leaf_index, "fields": json.loads(row.readable)}
                        lines.write(json.dumps(line).encode() + b"\n")
            for when, note in self._archive.checkpoints(current.generation) if self._archive else ():
                if notes.verify(note, verifier).size <= size:
                    bundle.writestr(f"{KEPT}{when.strftime(KEPT_AT)}", note)
        return size

    def csv(self, auditor: PersonId, filters: Filters, reason: str = "") -> Iterator[str]:
        """The entries that fit as CSV lines, heading first; no cell begins a formula."""
        yield _line(list(COLUMNS))
        for found in self._all(auditor, filters, reason):
            yield _line([_harmless(value) for value in _columns(found)])

    def json_lines(self, auditor: PersonId, filters: Filters, reason: str = "") -> Iterator[str]:
        """The entries that fit, a JSON object a line."""
        for found in self._all(auditor, filters, reason):
            yield (
                json.dumps({"id": found.id, "index": found.index, "time": found.time.isoformat(), **found.values})
                + "\n"
            )

    def _all(self, auditor: PersonId, filters: Filters, reason: str) -> Iterator[Found]:
        cursor = ""
        while True:
            page = self._search.search(auditor, filters, cursor=cursor, limit=200, reason=reason)
            yield from page.entries
            cursor = page.cursor
            if not cursor:
                return

    def _rows(self, generation: int, size: int) -> Iterator[entries.EntryRow]:
        for first in range(0, size, PAGE):
            with self._database.reading() as tx:
                rows = entries.at(tx, generation, first, min(first + PAGE, size))
            yield from rows


def _columns(found: Found) -> list[str]:
    given = {**found.values, "time": found.time.isoformat(), "id": found.id}
    given["index"] = "" if found.index is None else str(found.index)
    return [given.get(name, "") for name in COLUMNS]


def _harmless(value: str) -> str:
    """A cell that a spreadsheet does not take for a formula (CWE-1236)."""
    return f"'{value}" if value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value


def _line(cells: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
