"""Export: the signed bundle that `audit.verification` checks offline, and the table as CSV or JSON lines."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import IO, cast

from audit.archive import Archive
from audit.entries import ActorKind, LedgerExported, PersonId
from audit.errors import UnknownEntry
from audit.ledger import Ledger
from audit.search import Filters, Found, Search
from audit.sequencer import Published, Sequencer
from audit.store import entries
from audit.store.log import LogRow
from audit.tlog import checkpoint as notes
from audit.tlog import tiles
from audit.verification import KEPT, KEPT_AT
from config.database import Database
from config.object_store import ObjectStore

COLUMNS = ("time", "index", "kind", "outcome", "client", "document_type", "purpose", "persons", "id")
PAGE = 1_000
CHUNK_BYTES = 64 * 1024
"""How much of a bundle is held before it is sent on."""


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
        """Write the signed bundle of everything published; how many bytes. See `chunks`."""
        chunks = self.chunks(auditor)
        with target.open("wb") if isinstance(target, Path) else nullcontext(target) as file:
            return sum(file.write(chunk) for chunk in chunks)

    def chunks(self, auditor: PersonId) -> Iterator[bytes]:
        """The signed bundle of everything published, a piece at a time, whatever its size.

        Itself an entry (in the next bundle), written before the first piece is asked for. Raises `UnknownEntry` when
        nothing is published yet.
        """
        current = self._sequencer.current()
        published = self._sequencer.published(current)
        if published is None:
            raise UnknownEntry
        with self._database.transaction() as tx:
            exported = LedgerExported(
                actor_kind=ActorKind.AUDITOR, actor=auditor, first="0", end=str(published.checkpoint.size)
            )
            self._ledger.append(tx, exported)
        return self._zipped(current, published)

    def _zipped(self, current: LogRow, published: Published) -> Iterator[bytes]:
        sink, verifier, size = _Sink(), self._sequencer.verifier(current.origin), published.checkpoint.size
        with zipfile.ZipFile(cast("IO[bytes]", sink), "w", zipfile.ZIP_DEFLATED) as bundle:
            bundle.writestr("checkpoint", published.note)
            bundle.writestr("vkey", verifier.vkey())
            with bundle.open("leaves", "w", force_zip64=True) as leaves:
                for row in self._rows(current.generation, size):
                    leaves.write(tiles.encode_bundle([row.leaf]))
                    yield from sink.full()
            with bundle.open("readable.jsonl", "w", force_zip64=True) as lines:
                for row in self._rows(current.generation, size):
                    if row.readable:
                        line = {"index": row.leaf_index, "fields": json.loads(row.readable)}
                        lines.write(json.dumps(line).encode() + b"\n")
                        yield from sink.full()
            for when, note in self._archive.checkpoints(current.generation) if self._archive else ():
                if notes.verify(note, verifier).size <= size:
                    bundle.writestr(f"{KEPT}{when.strftime(KEPT_AT)}", note)
        yield sink.rest()

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


class _Sink:
    """What a zip is written to while it is sent: it can't be sought in, and is emptied as it fills."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        """Take it in."""
        self._held += data
        return len(data)

    def flush(self) -> None:
        """Nothing to do: whoever sends asks for what is held."""

    def full(self) -> Iterator[bytes]:
        """What is held, once it is worth sending."""
        if len(self._held) >= CHUNK_BYTES:
            yield self.rest()

    def rest(self) -> bytes:
        """What is held."""
        taken = bytes(self._held)
        self._held.clear()
        return taken


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
