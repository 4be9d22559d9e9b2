"""The inspection of the database against the log: what a database administrator changed shows here.

Each entry is held against the tree, each clear column and readable part against the leaf, each person's half against
the persons that the leaf names; what is missing must have been erased with an entry.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from audit.errors import VerificationError
from audit.sequencer import Sequencer
from audit.store import entries
from audit.store.log import LogRow
from audit.tlog import merkle
from audit.tlog.leaf import Leaf, not_back_dated
from audit.tlog.readable import Erasures, open_fields
from config.database import Database

CHUNK = 500
_COLUMNS = ("kind", "outcome", "client", "document_type", "purpose")


def inspect(database: Database, sequencer: Sequencer, first: int = 0) -> int:
    """Hold the entries from `first` on against the log; how many were checked.

    Raises `VerificationError` naming the first that differs, `LogClosedError`.
    """
    current = sequencer.current()
    _continues(sequencer, current)
    node = sequencer.node(current.generation)
    missing: list[int] = []
    erasures = Erasures()
    leaves: list[Leaf] = []
    for row, halves in _rows(database, current, first):
        index = first + len(leaves)
        if row.leaf_index != index:
            message = f"entry {index} is missing in the database"
            raise VerificationError(message)
        if node(0, index) != merkle.leaf_hash(row.leaf):
            message = f"entry {index} is not what the log committed"
            raise VerificationError(message)
        leaves.append(Leaf.parse(row.leaf))
        if row.readable is None:
            missing.append(index)
        else:
            erasures.note(index, _held(row, index, leaves[-1], halves))
    if len(leaves) != current.size - first:
        message = f"entry {first + len(leaves)} is missing in the database"
        raise VerificationError(message)
    not_back_dated(leaves, first)
    erasures.explain(missing)
    return len(leaves)


def _continues(sequencer: Sequencer, current: LogRow) -> None:
    """The database's tree makes its own root, and begins with the published one."""
    node = sequencer.node(current.generation)
    if merkle.root(node, current.size) != current.root:
        message = "the tree in the database does not make its root"
        raise VerificationError(message)
    seen = sequencer.published(current)
    if seen is None:
        return
    size = seen.checkpoint.size
    if size > current.size or merkle.root(node, size) != seen.checkpoint.root:
        message = f"the database does not continue the published checkpoint of {size} entries"
        raise VerificationError(message)


def _rows(database: Database, current: LogRow, first: int) -> Iterator[tuple[entries.EntryRow, set[str]]]:
    for begin in range(first, current.size, CHUNK):
        with database.reading() as tx:
            rows = entries.at(tx, current.generation, begin, min(begin + CHUNK, current.size))
            halves = entries.halves_of(tx, [row.id for row in rows])
        yield from ((row, halves.get(row.id, set())) for row in rows)


def _held(row: entries.EntryRow, index: int, leaf: Leaf, halves: set[str]) -> dict[str, str]:
    """The clear values of an entry, after holding them, its columns and its halves against the leaf."""
    try:
        values = open_fields(leaf, json.loads(row.readable or ""))
    except (VerificationError, ValueError, AttributeError) as error:
        message = f"entry {index}: {error}"
        raise VerificationError(message) from error
    shown = {name: getattr(row, name) or "" for name in _COLUMNS}
    if shown != {name: values.get(name, "") for name in _COLUMNS} or row.time != datetime.fromtimestamp(leaf.time, UTC):
        message = f"entry {index} is searched by what it does not say"
        raise VerificationError(message)
    if halves != set(values.get("persons", "").split()):
        message = f"entry {index} is not readable by the persons whom it concerns"
        raise VerificationError(message)
    return values
