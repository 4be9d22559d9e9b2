"""The offline check: of a receipt, and of an exported bundle, with neither database nor keys of the house.

A bundle is a zip: `checkpoint` (signed note), `vkey`, `leaves` (a tlog-tiles entry bundle of the whole log), and
`readable.jsonl`: for each index whose fields the auditor may see, `{"index", "fields": {name: [value, key] or
[commitment]}}`, in catalogue order; `kept/<time>` are checkpoints that the archive kept at that time. A live log is
checked by its tiles. Only `VerificationError` leaves here.
"""

from __future__ import annotations

import binascii
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from audit.errors import VerificationError
from audit.tlog import checkpoint as notes
from audit.tlog import merkle, tiles
from audit.tlog.checkpoint import Checkpoint, Verifier
from audit.tlog.leaf import LEAF_BYTES, Leaf, not_back_dated
from audit.tlog.live import Read, read_log
from audit.tlog.readable import Erasures, open_fields
from audit.tlog.receipt import Receipt

LONGEST_LINE = 64 * 1024
KEPT = "kept/"
KEPT_AT = "%Y%m%dT%H%M%SZ"
"""How a bundle names when a checkpoint was kept."""
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    OSError,
    ValueError,
    EOFError,
    RuntimeError,  # encrypted, or a compression that Python lacks
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a bundle proved."""

    checkpoint: Checkpoint
    readable: int
    """Entries whose fields were held against their leaves."""
    erased: int
    """Entries whose readable part is gone, each named by a later `readable_parts_erased`."""


def verify_receipt(text: str, vkey: str) -> tuple[Checkpoint, Leaf, dict[str, str]]:
    """Check a receipt alone: the checkpoint it rests on, the leaf, the opened fields. Raises `VerificationError`."""
    receipt = Receipt.parse(text)
    try:
        extra = json.loads(receipt.extra)
        raw = binascii.a2b_base64(extra["leaf"], strict_mode=True)
        fields = dict(extra["fields"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        message = "the receipt's leaf is malformed"
        raise VerificationError(message) from error
    checkpoint = receipt.verify(raw, Verifier.parse(vkey))
    leaf = Leaf.parse(raw)
    return checkpoint, leaf, open_fields(leaf, fields) if fields else {}


def verify_bundle(path: Path, *, vkey: str | None = None, older: Sequence[str] = ()) -> Verified:
    """Check an exported bundle.

    vkey: the log's key as the auditor holds it; without it the bundle's own is taken (then it proves only that the
    bundle is consistent in itself). older: signed notes seen before, which this log must continue.

    Raises `VerificationError` with a sentence for people at the first thing that is wrong.
    """
    try:
        with zipfile.ZipFile(path) as bundle:
            return _verify(bundle, vkey, older)
    except _UNREADABLE as error:
        message = f"the bundle can't be read: {error}"
        raise VerificationError(message) from error


def verify_log(
    read: Read,
    *,
    vkey: str,
    older: Sequence[str] = (),
    kept: Iterable[tuple[datetime, str]] = (),
) -> Checkpoint:
    """Check a live log whole: the checkpoint, every tile and bundle, that it continues what was seen before.

    read: by the paths of tlog-tiles (`folder` makes one for a copy on disk). kept: (when, signed note) of checkpoints
    whose time is known, the archive's or an auditor's own: what claims to be older than one that lacks it is found.

    Raises `VerificationError` with a sentence for people at the first thing that is wrong.
    """
    verifier = Verifier.parse(vkey)
    live = read_log(read, verifier)
    _history(live.checkpoint, live.leaves, verifier, older, kept)
    return live.checkpoint


def folder(path: Path) -> Read:
    """A reader of a log that was copied into a folder."""

    def read(name: str) -> bytes | None:
        try:
            return (path / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            message = f"{name} can't be read: {error.strerror}"
            raise VerificationError(message) from error

    return read


def _verify(bundle: zipfile.ZipFile, vkey: str | None, older: Sequence[str]) -> Verified:
    # 1. The checkpoint is the log's.
    verifier = Verifier.parse(vkey or _member(bundle, "vkey").decode())
    checkpoint = notes.verify(_member(bundle, "checkpoint").decode(), verifier)
    # 2. The leaves make its root.
    leaves = tiles.decode_bundle(_member(bundle, "leaves", checkpoint.size * (2 + LEAF_BYTES)))
    if len(leaves) != checkpoint.size:
        message = f"the checkpoint names {checkpoint.size} entries, the bundle holds {len(leaves)}"
        raise VerificationError(message)
    if merkle.root_of([merkle.leaf_hash(leaf) for leaf in leaves]) != checkpoint.root:
        message = "the leaves do not make the root that was signed: an entry was changed, moved, added or removed"
        raise VerificationError(message)
    # 3. It continues every checkpoint seen before, and nothing was slipped in with an older date.
    kept = [(_kept_at(name), _member(bundle, name).decode()) for name in bundle.namelist() if name.startswith(KEPT)]
    parsed = _history(checkpoint, leaves, verifier, [note.removesuffix("\n") + "\n" for note in older], kept)
    # 4. Each readable part is what its leaf committed; each missing one was erased with an entry.
    erasures = Erasures(checkpoint.origin)
    with bundle.open("readable.jsonl") as lines:
        readable = _readable(lines, parsed, erasures)
    missing = [index for index in range(len(parsed)) if index not in readable]
    erasures.explain(missing)
    return Verified(checkpoint=checkpoint, readable=len(readable), erased=len(missing))


def _member(bundle: zipfile.ZipFile, name: str, most: int = LONGEST_LINE) -> bytes:
    """A file of the bundle, which must not be longer than what it can be (a zip expands a thousandfold)."""
    with bundle.open(name) as file:
        data = file.read(most + 1)
    if len(data) > most:
        message = f"{name} is longer than it can be: the bundle holds more than the checkpoint names"
        raise VerificationError(message)
    return data


def _kept_at(name: str) -> datetime:
    return datetime.strptime(name.removeprefix(KEPT), KEPT_AT).replace(tzinfo=UTC)


def _history(
    checkpoint: Checkpoint,
    leaves: Sequence[bytes],
    verifier: Verifier,
    older: Iterable[str],
    kept: Iterable[tuple[datetime, str]],
) -> list[Leaf]:
    """Hold leaves against checkpoints seen before and against time; the parsed leaves."""
    parsed = [Leaf.parse(leaf) for leaf in leaves]
    times: dict[int, int] = {}
    seen = [notes.verify(note, verifier) for note in older]
    for when, note in kept:
        seen.append(notes.verify(note, verifier))
        times[seen[-1].size] = max(times.get(seen[-1].size, 0), int(when.timestamp()))
    roots = merkle.roots_at([merkle.leaf_hash(leaf) for leaf in leaves], [before.size for before in seen])
    for before in seen:
        _continues(before, checkpoint, roots)
    not_back_dated(parsed, kept=times)
    return parsed


def _continues(before: Checkpoint, now: Checkpoint, roots: Mapping[int, bytes]) -> None:
    if before.size > now.size:
        message = f"this log has {now.size} entries, fewer than the {before.size} of a checkpoint seen before"
        raise VerificationError(message)
    if roots[before.size] != before.root:
        message = (
            f"this log does not continue the checkpoint of {before.size} entries seen before: history was rewritten"
        )
        raise VerificationError(message)


def _readable(lines: IO[bytes], leaves: list[Leaf], erasures: Erasures) -> set[int]:
    readable: set[int] = set()
    for index, fields in _parsed(lines):
        if not 0 <= index < len(leaves) or index in readable:
            message = f"a readable part names entry {index}, which is not there or named twice"
            raise VerificationError(message)
        try:
            values = open_fields(leaves[index], fields)
        except VerificationError as error:
            message = f"entry {index}: {error}"
            raise VerificationError(message) from error
        readable.add(index)
        erasures.note(index, values)
    return readable


def _parsed(lines: IO[bytes]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    while line := lines.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            message = "a line of readable parts is too long"
            raise VerificationError(message)
        try:
            part = json.loads(line)
            index, fields = part["index"], dict(part["fields"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            message = "a line of readable parts is malformed"
            raise VerificationError(message) from error
        if type(index) is not int:
            message = "a line of readable parts names no entry"
            raise VerificationError(message)
        yield index, fields
