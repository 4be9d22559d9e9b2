"""The offline check: of a receipt, and of an exported bundle, with neither database nor keys of the house.

A bundle is a zip: `checkpoint` (signed note), `vkey`, `leaves` (a tlog-tiles entry bundle of the whole log), and
`readable.jsonl`: for each index whose fields the auditor may see, `{"index", "fields": {name: [value, key] or
[commitment]}}`, in catalogue order; `older/` may hold checkpoints seen before. Only `VerificationError` leaves here.
"""

from __future__ import annotations

import binascii
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from audit.errors import VerificationError
from audit.tlog import checkpoint as notes
from audit.tlog import merkle, tiles
from audit.tlog.checkpoint import Checkpoint, Verifier
from audit.tlog.leaf import Leaf, commit, fields_root
from audit.tlog.receipt import Receipt

CLOCK_SECONDS = 60
"""How much younger than a checkpoint that lacks it a leaf may claim to be older."""
LONGEST_LINE = 64 * 1024
KEY_HEX = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a bundle proved."""

    checkpoint: Checkpoint
    readable: int
    """Entries whose fields were held against their leaves."""
    erased: int
    """Entries whose readable part is gone, each named by a later `readable_parts_erased`."""


def open_fields(leaf: Leaf, fields: Mapping[str, Any]) -> dict[str, str]:
    """The values of the fields that are open, after holding all commitments against the leaf.

    fields: in catalogue order, `[value, key in hex]` or `[commitment in hex]`. Raises `VerificationError`.
    """
    values: dict[str, str] = {}
    commitments = []
    try:
        for name, shown in fields.items():
            if len(shown) == 2:  # noqa: PLR2004 -- a value and its key
                value, key = shown
                if len(key) != KEY_HEX:
                    message = f"the key of field {name} is malformed"
                    raise VerificationError(message)
                values[name] = value
                commitments.append(commit(bytes.fromhex(key), value))
            else:
                (commitment,) = shown
                commitments.append(bytes.fromhex(commitment))
    except (ValueError, TypeError, AttributeError) as error:
        message = "the opened fields are malformed"
        raise VerificationError(message) from error
    if fields_root(commitments) != leaf.fields_root:
        message = "the fields shown are not the ones that the log committed"
        raise VerificationError(message)
    return values


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


def verify_bundle(path: Path, *, vkey: str | None = None, older: list[str] | None = None) -> Verified:
    """Check an exported bundle.

    vkey: the log's key as the auditor holds it; without it the bundle's own is taken (then it proves only that the
    bundle is consistent in itself). older: signed notes seen before, which this log must continue.

    Raises `VerificationError` with a sentence for people at the first thing that is wrong.
    """
    try:
        with zipfile.ZipFile(path) as bundle:
            return _verify(bundle, vkey, older or [])
    except (zipfile.BadZipFile, KeyError, OSError, UnicodeDecodeError, EOFError, NotImplementedError) as error:
        message = f"the bundle can't be read: {error}"
        raise VerificationError(message) from error


def _verify(bundle: zipfile.ZipFile, vkey: str | None, older: list[str]) -> Verified:
    # 1. The checkpoint is the log's.
    verifier = Verifier.parse(vkey or bundle.read("vkey").decode())
    checkpoint = notes.verify(bundle.read("checkpoint").decode(), verifier)
    # 2. The leaves make its root.
    leaves = tiles.decode_bundle(bundle.read("leaves"))
    if len(leaves) != checkpoint.size:
        message = f"the checkpoint names {checkpoint.size} entries, the bundle holds {len(leaves)}"
        raise VerificationError(message)
    hashes = [merkle.leaf_hash(leaf) for leaf in leaves]
    if merkle.root_of(hashes) != checkpoint.root:
        message = "the leaves do not make the root that was signed: an entry was changed, moved, added or removed"
        raise VerificationError(message)
    # 3. It continues every checkpoint seen before, and nothing was slipped in with an older date.
    parsed = [Leaf.parse(leaf) for leaf in leaves]
    seen = [note.removesuffix("\n") + "\n" for note in older]
    seen += [bundle.read(name).decode() for name in bundle.namelist() if name.startswith("older/")]
    for note in seen:
        _continues(notes.verify(note, verifier), checkpoint, hashes)
    _not_back_dated(parsed)
    # 4. Each readable part is what its leaf committed; each missing one was erased with an entry.
    with bundle.open("readable.jsonl") as lines:
        readable, erased = _readable(lines, parsed)
    missing = [index for index in range(len(parsed)) if index not in readable and index not in erased]
    if missing:
        message = f"the readable part of entry {missing[0]} is missing and no later entry says that it was erased"
        raise VerificationError(message)
    return Verified(checkpoint=checkpoint, readable=len(readable), erased=len(parsed) - len(readable))


def _continues(before: Checkpoint, now: Checkpoint, hashes: list[bytes]) -> None:
    if before.size > now.size:
        message = f"this log has {now.size} entries, fewer than the {before.size} of a checkpoint seen before"
        raise VerificationError(message)
    if merkle.root_of(hashes[: before.size]) != before.root:
        message = (
            f"this log does not continue the checkpoint of {before.size} entries seen before: history was rewritten"
        )
        raise VerificationError(message)


def _not_back_dated(leaves: list[Leaf]) -> None:
    """An entry is integrated within seconds: one that is much older than its neighbours before it was slipped in."""
    newest = 0
    for index, leaf in enumerate(leaves):
        if leaf.time < newest - CLOCK_SECONDS:
            message = f"entry {index} claims a time {newest - leaf.time} s before an entry that precedes it: back-dated"
            raise VerificationError(message)
        newest = max(newest, leaf.time)


def _readable(lines: IO[bytes], leaves: list[Leaf]) -> tuple[set[int], set[int]]:
    readable: set[int] = set()
    erased: set[int] = set()
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
        if values.get("kind") == "readable_parts_erased":
            try:
                first, end = int(values["first"]), int(values["end"])
            except (KeyError, ValueError) as error:
                message = f"entry {index} does not say what was erased"
                raise VerificationError(message) from error
            erased |= set(range(first, min(end, index)))
    return readable, erased


def _parsed(lines: IO[bytes]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    while line := lines.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            message = "a line of readable parts is too long"
            raise VerificationError(message)
        try:
            part = json.loads(line)
            yield int(part["index"]), dict(part["fields"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            message = "a line of readable parts is malformed"
            raise VerificationError(message) from error
