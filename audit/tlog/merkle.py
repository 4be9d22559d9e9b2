"""The Merkle tree: hashes, inclusion and consistency proofs, made and verified (RFC 6962 §2.1 = RFC 9162 §2.1).

Whoever makes proofs hands in `node(level, index)`: the hash of the complete subtree of 2**level leaves that begins at
leaf index * 2**level.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from functools import reduce

from audit.errors import VerificationError

Node = Callable[[int, int], bytes]
HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256().digest()


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256(0x00 ‖ leaf): RFC 6962 §2.1."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right): RFC 6962 §2.1."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over leaf hashes that are all at hand."""
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        paired = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = paired + level[len(paired) * 2 :]
    return level[0]


def roots_at(hashes: Sequence[bytes], sizes: Iterable[int]) -> dict[int, bytes]:
    """The roots of the first n leaf hashes for each n of `sizes` that there is, in one pass."""
    wanted = set(sizes)
    found = {0: EMPTY_ROOT} if 0 in wanted else {}
    edge: list[bytes] = []  # the complete subtrees from left to right, each smaller than the one before
    for size, digest in enumerate(hashes, 1):
        edge.append(digest)
        for _ in range((size & -size).bit_length() - 1):
            right = edge.pop()
            edge.append(node_hash(edge.pop(), right))
        if size in wanted:
            found[size] = reduce(lambda right, left: node_hash(left, right), edge[-2::-1], edge[-1])
    return found


def root(node: Node, size: int) -> bytes:
    """The root of the first `size` leaves."""
    return _range(node, 0, size) if size else EMPTY_ROOT


def inclusion_proof(node: Node, index: int, size: int) -> list[bytes]:
    """PATH(index, D[size]), nearest first (RFC 6962 §2.1.1). 0 <= index < size."""
    if not 0 <= index < size:
        message = f"no leaf {index} in a tree of {size}"
        raise ValueError(message)
    low, high = 0, size
    path: list[bytes] = []
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_range(node, middle, high))
            high = middle
        else:
            path.append(_range(node, low, middle))
            low = middle
    return path[::-1]


def consistency_proof(node: Node, first: int, second: int) -> list[bytes]:
    """PROOF(first, D[second]) (RFC 6962 §2.1.2). 0 <= first <= second; empty for 0 and for equal sizes."""
    if not 0 <= first <= second:
        message = f"no consistency from {first} to {second}"
        raise ValueError(message)
    if first in {0, second}:
        return []
    low, high, known = 0, second, True
    proof: list[bytes] = []
    while first - low < high - low:
        middle = low + _split(high - low)
        if first <= middle:
            proof.append(_range(node, middle, high))
            high = middle
        else:
            proof.append(_range(node, low, middle))
            low, known = middle, False
    if not known:
        proof.append(_range(node, low, high))
    return proof[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes) -> None:
    """Check that a leaf hash is at `index` of the tree (RFC 9162 §2.1.3.2). Raises `VerificationError`."""
    if not 0 <= index < size:
        message = f"there is no entry {index} in a log of {size}"
        raise VerificationError(message)
    fn, sn, r = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            message = "the inclusion proof is too long"
            raise VerificationError(message)
        if fn & 1 or fn == sn:
            r = node_hash(sibling, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0 or r != expected_root:
        message = f"entry {index} is not in the log that this checkpoint names"
        raise VerificationError(message)


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of `second` leaves begins with that of `first` (RFC 9162 §2.1.4.2).

    Raises `VerificationError`, which then is the proof that history was rewritten.
    """
    if first > second:
        message = f"the log shrank from {first} to {second} entries"
        raise VerificationError(message)
    if first in {0, second}:
        if proof or (first == second and first_root != second_root) or (first == 0 and first_root != EMPTY_ROOT):
            message = f"two different logs of {first} entries"
            raise VerificationError(message)
        return
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    if not path:
        message = "the consistency proof is empty"
        raise VerificationError(message)
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            message = "the consistency proof is too long"
            raise VerificationError(message)
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0 or fr != first_root or sr != second_root:
        message = f"the log of {second} entries does not continue the one of {first}: history was rewritten"
        raise VerificationError(message)


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def _range(node: Node, low: int, high: int) -> bytes:
    """MTH of the leaves [low, high); `low` is a multiple of the largest power of two below the width."""
    width = high - low
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return node(level, low >> level)
    middle = low + _split(width)
    return node_hash(_range(node, low, middle), _range(node, middle, high))
