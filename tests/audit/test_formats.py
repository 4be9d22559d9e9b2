"""The pure formats: known roots, borders, and properties over any size."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import VerificationError
from audit.tlog import checkpoint as notes
from audit.tlog import merkle, tiles
from audit.tlog.checkpoint import Checkpoint, Verifier
from audit.tlog.receipt import Receipt

# RFC 6962's reference inputs and the roots that certificate-transparency publishes for their first n.
INPUTS = [
    b"", b"\x00", b"\x10", b" !", b"01", b"@ABC", b"PQRSTUVW", b"`abcdefghijklmno",
]  # fmt: skip
INPUTS = [
    bytes.fromhex(x)
    for x in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
VERIFIER = Verifier("log.example", KEY.public_key().public_bytes_raw())


def hashes(size: int) -> list[bytes]:
    return [merkle.leaf_hash(n.to_bytes(4, "big")) for n in range(size)]


def node_of(leaves: list[bytes]) -> merkle.Node:
    return lambda level, index: merkle.root_of(leaves[index << level : (index + 1) << level])


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_are_the_published_ones(size: int) -> None:
    leaves = [merkle.leaf_hash(data) for data in INPUTS[:size]]
    assert merkle.root_of(leaves).hex() == ROOTS[size - 1]
    assert merkle.root(node_of(leaves), size).hex() == ROOTS[size - 1]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert merkle.root_of([]) == hashlib.sha256().digest()


@given(st.data(), st.integers(1, 700))
def test_inclusion_proofs_hold_and_any_change_is_refused(data: Any, size: int) -> None:
    leaves = hashes(size)
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(node_of(leaves), index, size)
    root = merkle.root_of(leaves)
    merkle.verify_inclusion(leaves[index], index, size, proof, root)
    for changed in (
        (merkle.leaf_hash(b"x"), index, size, proof, root),
        (leaves[index], (index + 1) % (size + 1), size, proof, root),
        (leaves[index], index, size, [*proof, root], root),
        (leaves[index], index, size, proof, merkle.leaf_hash(b"x")),
    ):
        with pytest.raises(VerificationError):
            merkle.verify_inclusion(*changed)
    for cut in range(len(proof)):
        with pytest.raises(VerificationError):
            merkle.verify_inclusion(leaves[index], index, size, proof[:cut] + proof[cut + 1 :], root)


@given(st.data(), st.integers(1, 700))
def test_consistency_proofs_hold_and_any_change_is_refused(data: Any, size: int) -> None:
    leaves = hashes(size)
    first = data.draw(st.integers(1, size))
    proof = merkle.consistency_proof(node_of(leaves), first, size)
    before, now = merkle.root_of(leaves[:first]), merkle.root_of(leaves)
    merkle.verify_consistency(first, size, before, now, proof)
    with pytest.raises(VerificationError):
        merkle.verify_consistency(first, size, merkle.leaf_hash(b"x"), now, proof)
    with pytest.raises(VerificationError):
        merkle.verify_consistency(first, size, before, merkle.leaf_hash(b"x"), proof)
    with pytest.raises(VerificationError):
        merkle.verify_consistency(size + 1, size, before, now, proof)
    for cut in range(len(proof)):
        with pytest.raises(VerificationError):
            merkle.verify_consistency(first, size, before, now, proof[:cut] + proof[cut + 1 :])


@pytest.mark.parametrize(
    ("index", "width", "path"),
    [
        (0, 256, "tile/0/000"),
        (67, 256, "tile/0/067"),
        (1234067, 256, "tile/0/x001/x234/067"),
        (5, 17, "tile/0/005.p/17"),
    ],
)
def test_tile_paths_are_those_of_the_specification(index: int, width: int, path: str) -> None:
    assert tiles.hash_path(0, index, width) == path
    assert tiles.bundle_path(index, width) == path.replace("/0/", "/entries/", 1)


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_bundles_come_back_and_a_cut_one_is_refused(entries: list[bytes]) -> None:
    bundle = tiles.encode_bundle(entries)
    assert tiles.decode_bundle(bundle) == entries
    if bundle and entries[-1]:
        with pytest.raises(VerificationError):
            tiles.decode_bundle(bundle[:-1])


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 65_535, 65_536, 65_537])
def test_the_shape_of_a_tree_counts_every_hash_once(size: int) -> None:
    assert sum(width for level, _, width in tiles.shape(size) if level == 0) == size
    assert sum(width for level, _, width in tiles.shape(size) if level == 1) == size // 256


@given(st.text(alphabet="abc./-", min_size=1, max_size=30), st.integers(0, 2**60), st.binary(min_size=32, max_size=32))
def test_a_signed_checkpoint_comes_back_and_every_flipped_bit_is_refused(origin: str, size: int, root: bytes) -> None:
    note = notes.sign(Checkpoint(origin, size, root), KEY, VERIFIER.name)
    assert notes.verify(note, VERIFIER) == Checkpoint(origin, size, root)
    raw = note.encode()
    for place in range(0, len(raw), 7):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        with pytest.raises((VerificationError, UnicodeDecodeError)):
            notes.verify(changed.decode(), VERIFIER)


def test_signatures_of_others_are_ignored_but_ours_must_be_there() -> None:
    note = notes.sign(Checkpoint("log.example", 1, b"r" * 32), KEY, VERIFIER.name)
    other = base64.b64encode(b"abcd" + b"s" * 64).decode()
    assert notes.verify(note + f"— witness.example {other}\n", VERIFIER).size == 1
    alone = note.partition("\n\n")[0] + f"\n\n— witness.example {other}\n"
    with pytest.raises(VerificationError, match="not signed by this log"):
        notes.verify(alone, VERIFIER)


def test_verifier_keys_come_back_and_a_wrong_one_is_refused() -> None:
    assert Verifier.parse(VERIFIER.vkey()) == VERIFIER
    for wrong in ("", "a+b", VERIFIER.vkey().replace("log", "lag"), VERIFIER.vkey()[:-4] + "AAAA"):
        with pytest.raises(VerificationError):
            Verifier.parse(wrong)


@given(st.binary(max_size=60), st.integers(0, 2**60), st.lists(st.binary(min_size=32, max_size=32), max_size=20))
def test_receipts_parse_to_themselves(extra: bytes, index: int, path: list[bytes]) -> None:
    text = Receipt(index, tuple(path), extra, "note\n").encode()
    assert Receipt.parse(text).encode() == text


@given(st.text(max_size=200))
def test_only_the_one_error_leaves_the_parsers(garbage: str) -> None:
    for parse in (Receipt.parse, Verifier.parse, lambda text: notes.verify(text, VERIFIER)):
        with pytest.raises(VerificationError):
            parse(garbage)
