"""A live log as whoever watches it sees it: the checkpoint, and tiles and bundles that must fit it and each other.

The log is read by the paths of C2SP tlog-tiles: out of a folder, over HTTP, out of a bucket; the reader is handed in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from audit.errors import VerificationError
from audit.tlog import checkpoint as notes
from audit.tlog import merkle, tiles
from audit.tlog.checkpoint import Checkpoint, Verifier

Read = Callable[[str], bytes | None]
"""path -> what lies there; None when nothing does."""


@dataclass(frozen=True, slots=True)
class Live:
    """What a live log holds, after every tile and bundle was held against the signed root."""

    checkpoint: Checkpoint
    leaves: list[bytes] = field(repr=False)


def read_log(read: Read, verifier: Verifier) -> Live:
    """Read a whole log and check it. Raises `VerificationError` at the first thing that does not fit."""
    # 1. The checkpoint is the log's.
    try:
        note = (read("checkpoint") or b"").decode()
    except UnicodeDecodeError as error:
        message = "the checkpoint is not a signed note"
        raise VerificationError(message) from error
    checkpoint = notes.verify(note, verifier)
    # 2. Level 0: each bundle hashes to its tile. 3. Above: each hash is the root of the full tile below.
    leaves: list[bytes] = []
    full: list[bytes] = []
    reached = 0
    for level, index, width in tiles.shape(checkpoint.size):
        if level != reached:
            below, full, reached = full, [], level
        found = _tile(read, level, index, width)
        if level == 0:
            entries = _bundle(read, index, width)
            expected = [merkle.leaf_hash(entry) for entry in entries]
            leaves += entries
        else:
            expected = below[index * tiles.WIDTH : index * tiles.WIDTH + width]
        if found != expected:
            message = f"tile {tiles.hash_path(level, index, width)} does not fit what lies below it"
            raise VerificationError(message)
        if width == tiles.WIDTH:
            full.append(merkle.root_of(found))
    # 4. All of it makes the root that was signed.
    if merkle.root_of([merkle.leaf_hash(leaf) for leaf in leaves]) != checkpoint.root:
        message = "the leaves do not make the root that was signed: an entry was changed, moved, added or removed"
        raise VerificationError(message)
    return Live(checkpoint, leaves)


def _tile(read: Read, level: int, index: int, width: int) -> list[bytes]:
    path = tiles.hash_path(level, index, width)
    # A partial tile may go once it is full (tlog-tiles): its beginning is the same.
    data = read(path) or read(tiles.hash_path(level, index))
    if data is None:
        message = f"tile {path} is missing"
        raise VerificationError(message)
    return tiles.hashes(data)[:width]


def _bundle(read: Read, index: int, width: int) -> list[bytes]:
    path = tiles.bundle_path(index, width)
    data = read(path) or read(tiles.bundle_path(index))
    if data is None:
        message = f"bundle {path} is missing"
        raise VerificationError(message)
    return tiles.decode_bundle(data)[:width]
