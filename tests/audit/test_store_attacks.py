"""The ledger against the administrator of its object store: every attack on the live log is found by reading it."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.errors import VerificationError
from audit.tlog import checkpoint as notes
from audit.tlog import merkle, tiles
from audit.tlog.checkpoint import Checkpoint
from audit.verification import folder, verify_log
from config.object_store import ObjectStore
from tests.audit.conftest import SIZE
from tests.audit.ledger_house import LedgerHouse, chance_of, reader


def flip_tile(store: ObjectStore, chance: Random) -> None:
    _flip(store, tiles.hash_path(0, 0), chance)


def flip_upper_tile(store: ObjectStore, chance: Random) -> None:
    _flip(store, tiles.hash_path(1, 0, 1), chance)


def flip_bundle(store: ObjectStore, chance: Random) -> None:
    _flip(store, tiles.bundle_path(0), chance)


def flip_checkpoint(store: ObjectStore, chance: Random) -> None:
    _flip(store, "checkpoint", chance)


def _flip(store: ObjectStore, name: str, chance: Random) -> None:
    data = bytearray(store.get(name)[0])
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(7)
    store.overwrite(name, bytes(data))


def lose_tile(store: ObjectStore, chance: Random) -> None:
    store.delete(chance.choice([tiles.hash_path(0, 0), tiles.hash_path(0, 1, 44), tiles.hash_path(1, 0, 1)]))


def lose_bundle(store: ObjectStore, chance: Random) -> None:
    store.delete(chance.choice([tiles.bundle_path(0), tiles.bundle_path(1, 44)]))


def cut_bundle(store: ObjectStore, chance: Random) -> None:
    store.overwrite(tiles.bundle_path(0), store.get(tiles.bundle_path(0))[0][: -43 * chance.randrange(1, 5)])


def double_entry(store: ObjectStore, chance: Random) -> None:
    entry = store.get(tiles.bundle_path(0))[0][:43]
    store.overwrite(tiles.bundle_path(0), entry + store.get(tiles.bundle_path(0))[0][:-43])


def reorder_bundle(store: ObjectStore, chance: Random) -> None:
    held = tiles.decode_bundle(store.get(tiles.bundle_path(0))[0])
    chance.shuffle(held)
    store.overwrite(tiles.bundle_path(0), tiles.encode_bundle(held))


def change_entry_and_its_tile(store: ObjectStore, chance: Random) -> None:
    held = tiles.decode_bundle(store.get(tiles.bundle_path(0))[0])
    held[chance.randrange(256)] = bytes([1]) * 41
    store.overwrite(tiles.bundle_path(0), tiles.encode_bundle(held))
    store.overwrite(tiles.hash_path(0, 0), b"".join(merkle.leaf_hash(entry) for entry in held))


def sign_with_another_key(store: ObjectStore, chance: Random) -> None:
    key = Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))
    lines = store.get("checkpoint")[0].decode().split("\n")
    made = Checkpoint(lines[0], SIZE - 1, chance.randbytes(32))
    store.overwrite("checkpoint", notes.sign(made, key, lines[0]).encode())


def lose_checkpoint(store: ObjectStore, chance: Random) -> None:
    store.delete("checkpoint")


BY_STORE = [
    flip_tile,
    flip_upper_tile,
    flip_bundle,
    flip_checkpoint,
    lose_tile,
    lose_bundle,
    cut_bundle,
    double_entry,
    reorder_bundle,
    change_entry_and_its_tile,
    sign_with_another_key,
    lose_checkpoint,
]


def test_each_attack_of_a_store_administrator_is_found(aged: LedgerHouse, store: ObjectStore, rounds: int) -> None:
    vkey = aged.proofs.state().vkey
    whole = {name: store.get(name)[0] for name in store.list()}
    for attack in BY_STORE:
        for seed in range(rounds):
            attack(store, chance_of(seed))
            try:
                verify_log(reader(store), vkey=vkey)
            except VerificationError:
                for name, data in whole.items():
                    store.overwrite(name, data)
            else:
                pytest.fail(f"{attack.__name__} with seed {seed} was not found")
    assert verify_log(reader(store), vkey=vkey).size == SIZE


def test_a_copy_of_the_live_log_in_a_folder_verifies(aged: LedgerHouse, store: ObjectStore, tmp_path: Path) -> None:
    for name in store.list():
        target = tmp_path / "copy" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(store.get(name)[0])
    vkey = aged.proofs.state().vkey
    assert verify_log(folder(tmp_path / "copy"), vkey=vkey).size == SIZE
    (tmp_path / "copy" / "tile/0/000").unlink()
    with pytest.raises(VerificationError, match="tile/0/000 is missing"):
        verify_log(folder(tmp_path / "copy"), vkey=vkey)
