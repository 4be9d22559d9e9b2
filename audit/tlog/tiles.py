"""Tiles: the tree cut into pieces of 256 hashes, and entries in bundles of 256 (C2SP tlog-tiles)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from audit.errors import VerificationError
from audit.tlog.merkle import HASH_BYTES, Node, root_of

WIDTH = 256
LEVELS_PER_TILE = 8

Tile = Callable[[int, int], bytes]
"""(tile level, tile index) -> its hashes, concatenated: as many as there are complete ones."""


def hash_path(level: int, index: int, width: int = WIDTH) -> str:
    """Where a tile of hashes is found: `tile/0/x001/x234/067`, `.p/<width>` when it isn't full."""
    return f"tile/{level}/{_number(index)}{_partial(width)}"


def bundle_path(index: int, width: int = WIDTH) -> str:
    """Where a bundle of entries is found."""
    return f"tile/entries/{_number(index)}{_partial(width)}"


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Entries one after the other, each after its length (2 bytes, big-endian)."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def decode_bundle(bundle: bytes) -> list[bytes]:
    """The reverse. Raises `VerificationError` when anything is left over or cut."""
    entries, at = [], 0
    while at < len(bundle):
        length = int.from_bytes(bundle[at : at + 2], "big")
        entry = bundle[at + 2 : at + 2 + length]
        if at + 2 > len(bundle) or len(entry) != length:
            message = "a bundle of entries is cut"
            raise VerificationError(message)
        entries.append(entry)
        at += 2 + length
    return entries


def shape(size: int) -> Iterator[tuple[int, int, int]]:
    """(level, index, width) of every tile of a tree of `size` leaves, lowest level first."""
    level = 0
    while size:
        full, rest = divmod(size, WIDTH)
        yield from ((level, index, WIDTH) for index in range(full))
        if rest:
            yield level, full, rest
        size, level = full, level + 1


def hashes(tile: bytes) -> list[bytes]:
    """The hashes of a tile. Raises `VerificationError` when its length is wrong."""
    if not tile or len(tile) % HASH_BYTES or len(tile) > WIDTH * HASH_BYTES:
        message = "a tile has a wrong length"
        raise VerificationError(message)
    return [tile[i : i + HASH_BYTES] for i in range(0, len(tile), HASH_BYTES)]


def node_from(tile: Tile) -> Node:
    """The `node` function of a tree kept in tiles. Raises `VerificationError` when a tile lacks what it should hold."""

    def node(level: int, index: int) -> bytes:
        above, inside = divmod(level, LEVELS_PER_TILE)
        count = 1 << inside
        number, offset = divmod(index * count, WIDTH)
        found = hashes(tile(above, number))[offset : offset + count]
        if len(found) != count:
            message = f"tile {above}/{number} is not complete"
            raise VerificationError(message)
        return root_of(found)

    return node


def push(tile: Tile, edge: dict[tuple[int, int], bytes], index: int, digest: bytes) -> None:
    """Put a leaf hash at the right edge of a tree; a tile that becomes full puts its root on the level above.

    tile: what is held so far, `edge` included. edge: the changed tiles, by (level, index).
    """
    level = 0
    while True:
        number, place = divmod(index, WIDTH)
        held = tile(level, number)[: place * HASH_BYTES] + digest
        edge[level, number] = held
        if place + 1 < WIDTH:
            return
        digest, index, level = root_of(hashes(held)), number, level + 1


def _number(index: int) -> str:
    parts = [f"{index % 1000:03d}"]
    while index >= 1000:  # noqa: PLR2004 -- three digits an element
        index //= 1000
        parts.insert(0, f"x{index % 1000:03d}")
    return "/".join(parts)


def _partial(width: int) -> str:
    return "" if width == WIDTH else f".p/{width}"
