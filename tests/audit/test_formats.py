"""The pure formats: known roots, borders, and properties over any size."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import VerificationError
from audit.tlog import checkpoint as notes
from audit.tlog import merkle, tiles
from audit.tlog.checkpoint import Checkpoint, Verifier
from audit.tlog.leaf import Leaf, commit, field_key, fields_root, not_back_dated
from audit.tlog.readable import Erasures, open_fields
from audit.tlog.receipt import Receipt

# RFC 6962's reference inputs and the roots that certificate-transparency publishes for their first n.
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
    assert len(bundle) == sum(2 + len(entry) for entry in entries)
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
    verifier = Verifier(origin, VERIFIER.public_key)
    note = notes.sign(Checkpoint(origin, size, root), KEY, origin)
    assert notes.verify(note, verifier) == Checkpoint(origin, size, root)
    raw = note.encode()
    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 1 << size % 8]) + raw[place + 1 :]
        with pytest.raises((VerificationError, UnicodeDecodeError)):
            notes.verify(changed.decode(), verifier)


def resigned(text: str) -> str:
    """A note of any text, signed with the log's key."""
    return f"{text}\n— log.example {base64.b64encode(VERIFIER.key_id + KEY.sign(text.encode())).decode()}\n"


ROOT = base64.b64encode(b"r" * 32).decode()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(f"log.example\n01\n{ROOT}\n", "malformed", id="a leading zero"),
        pytest.param(f"log.example\n-1\n{ROOT}\n", "malformed", id="a sign"),
        pytest.param(f"log.example\n\u0661\n{ROOT}\n", "malformed", id="digits of another script"),
        pytest.param(f"\n1\n{ROOT}\n", "malformed", id="no origin"),
        pytest.param(f"log.example\n1\n{ROOT}\n\nx\n", "malformed", id="an empty extension line"),
        pytest.param("log.example\n1\n", "malformed", id="no root"),
        pytest.param("log.example\n1\nAAAA\n", "wrong length", id="a short root"),
        pytest.param(f"log.example\n1\n{ROOT[:-2]}r=\n", "form", id="a root with bits beyond its end"),
        pytest.param(f"log.example\n1\n{ROOT}\r\n", "not a signed note", id="a control character"),
        pytest.param(f"other.example\n1\n{ROOT}\n", "other.example", id="another log, same key"),
    ],
)
def test_a_checkpoint_of_another_form_is_refused_even_when_signed(text: str, said: str) -> None:
    with pytest.raises(VerificationError, match=said):
        notes.verify(resigned(text), VERIFIER)


def test_extension_lines_are_read_over_and_too_many_signatures_refused() -> None:
    note = resigned(f"log.example\n1\n{ROOT}\nsomething more\n")
    assert notes.verify(note, VERIFIER).size == 1
    other = f"— witness.example {base64.b64encode(b'abcd' + b's' * 64).decode()}\n"
    assert notes.verify(note + other * 16, VERIFIER).size == 1
    with pytest.raises(VerificationError):
        notes.verify(note + other * 64, VERIFIER)


def test_the_example_of_the_specification_is_read_as_a_verifier_key_says() -> None:
    # C2SP signed-note's own example: the key id is the first four bytes of the signature line.
    line = (
        "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcX"
        "xj99ihAQwaqP3ZekRwNtIc="
    )
    name, signature = notes._signature(line)
    assert (name, signature[:4].hex(), len(signature)) == ("quasimodo.example/salvatore", "367ba04b", 68)


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


@given(st.binary(max_size=400))
def test_what_parses_as_a_bundle_serializes_to_the_same_bytes(data: bytes) -> None:
    try:
        entries = tiles.decode_bundle(data)
    except VerificationError:
        return
    assert tiles.encode_bundle(entries) == data


@given(st.binary(max_size=50))
def test_what_parses_as_a_leaf_serializes_to_the_same_bytes(data: bytes) -> None:
    try:
        leaf = Leaf.parse(data)
    except VerificationError:
        return
    assert leaf.encode() == data


@given(st.integers(0, 2**64 - 1), st.binary(min_size=32, max_size=32))
def test_leaves_come_back(time: int, root: bytes) -> None:
    encoded = Leaf(time, root).encode()
    assert len(encoded) == 41
    assert Leaf.parse(encoded) == Leaf(time, root)


def test_a_receipt_without_extra_data_has_no_such_line() -> None:
    text = Receipt(3, (b"h" * 32,), b"", "note\n").encode()
    assert text.split("\n")[1] == "index 3"
    assert Receipt.parse(text).extra == b""
    with pytest.raises(VerificationError):
        Receipt.parse(text.replace("index 3", "extra \nindex 3"))


def fields() -> tuple[Leaf, dict[str, list[str]]]:
    named = {"kind": "document_read", "client": "school", "purpose": "enrolment"}
    keys = {name: field_key(b"s" * 32, name) for name in named}
    leaf = Leaf(1, fields_root([commit(keys[name], name, value) for name, value in named.items()]))
    return leaf, {name: [value, keys[name].hex()] for name, value in named.items()}


def test_the_key_of_a_field_is_what_another_hkdf_derives() -> None:
    for name in ("kind", "client", "ciphertext_sha256"):
        other = HKDF(SHA256(), 32, salt=None, info=b"citizen-account/ledger/1/" + name.encode())
        assert field_key(b"s" * 32, name) == other.derive(b"s" * 32)


def test_any_field_opens_alone_and_no_value_can_be_shown_under_another_name() -> None:
    leaf, shown = fields()
    closed = {n: [commit(bytes.fromhex(k), n, v).hex()] for n, (v, k) in shown.items()}
    assert open_fields(leaf, closed) == {}
    assert open_fields(leaf, {**closed, "client": shown["client"]}) == {"client": "school"}
    swapped = {"kind": shown["kind"], "purpose": shown["client"], "client": shown["purpose"]}
    moved = dict(reversed(shown.items()))
    for wrong in (swapped, moved, {**shown, "client": ["other", shown["client"][1]]}, {"kind": shown["kind"]}):
        with pytest.raises(VerificationError, match="not the ones that the log committed"):
            open_fields(leaf, wrong)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=70),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4))
def test_only_the_one_error_leaves_opened_fields(garbage: dict[str, Any]) -> None:
    with pytest.raises(VerificationError):
        open_fields(fields()[0], garbage)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(-5, 70), st.integers(-5, 70)), max_size=6), st.data())
def test_a_part_may_be_missing_exactly_when_a_later_entry_names_it(
    notices: list[tuple[int, int, int]],
    data: Any,
) -> None:
    erasures = Erasures("log")
    for index, first, end in notices:
        said = {"kind": "readable_parts_erased", "first": str(first), "end": str(end)}
        erasures.note(index, said)
        erasures.note(index, {**said, "first": "0", "end": "70", "origin": "another log"})
        erasures.note(index, {**said, "first": "0", "end": "70", "kind": "signed_in"})
    missing = sorted(data.draw(st.sets(st.integers(0, 60), max_size=8)))
    allowed = all(any(first <= gone < end and gone < index for index, first, end in notices) for gone in missing)
    if allowed:
        erasures.explain(missing)
    else:
        with pytest.raises(VerificationError, match="is missing and no later entry"):
            erasures.explain(missing)


def test_a_leaf_older_than_a_checkpoint_that_lacks_it_is_back_dated() -> None:
    leaves = [Leaf(time, b"r" * 32) for time in (1000, 1050, 1041)]
    not_back_dated(leaves)
    not_back_dated(leaves, kept={3: 2000, 2: 1101})
    with pytest.raises(VerificationError, match="entry 2 claims a time 61 s before"):
        not_back_dated(leaves, kept={2: 1102})
    with pytest.raises(VerificationError, match="entry 12 claims a time 61 s before"):
        not_back_dated([*leaves[:2], Leaf(989, b"r" * 32)], 10)


@given(st.integers(0, 300), st.sets(st.integers(0, 320), max_size=12))
def test_roots_on_the_way_are_those_of_each_size(size: int, sizes: set[int]) -> None:
    leaves = hashes(size)
    assert merkle.roots_at(leaves, sizes) == {n: merkle.root_of(leaves[:n]) for n in sizes if n <= size}


@given(st.binary(max_size=60), st.integers(0, 2**60), st.text(max_size=30))
def test_what_parses_as_a_receipt_serializes_to_the_same_text(extra: bytes, index: int, inserted: str) -> None:
    text = Receipt(index, (b"h" * 32,), extra, "note\n").encode()
    place = index % len(text)
    changed = text[:place] + inserted + text[place + 1 :]
    try:
        parsed = Receipt.parse(changed)
    except VerificationError:
        return
    assert parsed.encode() == changed


@given(st.text(max_size=200))
def test_only_the_one_error_leaves_the_parsers(garbage: str) -> None:
    for parse in (Receipt.parse, Verifier.parse, lambda text: notes.verify(text, VERIFIER)):
        with pytest.raises(VerificationError):
            parse(garbage)
