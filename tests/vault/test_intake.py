"""Deposits: what is kept, and that a refusal leaves nothing."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from config.errors import Refusal
from tests.vault.world import World, pdf, pieces
from vault.encryption import stream
from vault.errors import (
    BadLabel,
    BadName,
    BrokenPaper,
    DocumentChanged,
    EmptyUpload,
    NotStored,
    TooLarge,
    TooManyDocuments,
    TruncatedUpload,
    TypeMismatch,
    UnknownDocument,
    UnknownDocumentType,
    UnknownMediaType,
    UnknownOwner,
)
from vault.protocols import DocumentId, OwnerId
from vault.store.documents import documents
from vault.store.intents import discarded, intents
from vault.store.renditions import renditions
from vault.store.versions import versions

MIB = 1024 * 1024


@pytest.mark.parametrize("length", [60, 65_000, 65_480, 65_481, 200_000, 9 * MIB])
def test_what_is_deposited_comes_back_byte_for_byte(world: World, length: int) -> None:
    owner = world.owner()
    content = pdf(length)
    paper = world.deposit(owner, content)
    assert world.original(owner, paper) == content
    view = world.documents.get(owner, paper)
    assert (view.length, view.media_type, view.document_type) == (length, "application/pdf", "proof_of_address")
    assert (view.label, view.untrusted_filename) == ("Electricity", "bill.pdf")
    assert not world.count(intents)


def test_the_store_sees_ciphertext_and_random_names_only(small: World) -> None:
    small.deposit(small.owner(), pdf(3_000, b"canary"))
    (name,) = small.stored()
    content, _ = small.store.get(name)
    assert len(content) == stream.ciphertext_length(3_000)
    assert b"canary" not in content
    assert b"%PDF" not in content
    with small.database.reading() as tx:
        row = tx.execute(select(renditions)).one()
    assert row.ciphertext_sha256 == hashlib.sha256(content).digest()
    assert name.startswith("papers/2026/11/")


def test_a_deposit_is_an_entry_that_commits_its_ciphertext(world: World) -> None:
    paper = world.deposit(world.owner())
    (entry,) = world.entries("document_deposited")
    assert (entry["document_type"], entry["outcome"], entry["actor_kind"]) == ("proof_of_address", "done", "citizen")
    assert paper not in str(entry)


def _cut_off() -> Iterator[bytes]:
    yield pdf(30_000)[:20_000]
    raise TruncatedUpload


REFUSALS = [
    pytest.param({"document_type": "love_letter"}, UnknownDocumentType, id="unknown type"),
    pytest.param({"document_type": "vaccination_status"}, UnknownDocumentType, id="health type, off"),
    pytest.param({"untrusted_filename": "../bill.pdf"}, BadName, id="name with path"),
    pytest.param({"untrusted_filename": "bill\u202efdp.exe"}, BadName, id="name turned round"),
    pytest.param({"untrusted_filename": "bill\n.pdf"}, BadName, id="name with control character"),
    pytest.param({"untrusted_filename": "bill.png"}, TypeMismatch, id="name says another type"),
    pytest.param({"untrusted_media_type": "image/png"}, TypeMismatch, id="declared as another type"),
    pytest.param({"label": "x" * 121}, BadLabel, id="long label"),
    pytest.param({"label": "a\u202eb"}, BadLabel, id="label turned round"),
    pytest.param({"chunks": iter(())}, EmptyUpload, id="empty"),
    pytest.param({"chunks": pieces(b"hello " * 2_000)}, UnknownMediaType, id="no paper"),
    pytest.param({"chunks": pieces(pdf(30_000)[:-200])}, BrokenPaper, id="cut short, one part"),
    pytest.param({"chunks": pieces(pdf(9 * MIB)[:-2_000])}, BrokenPaper, id="cut short, several parts"),
    pytest.param({"chunks": _cut_off()}, TruncatedUpload, id="connection cut"),
    pytest.param({"owner": OwnerId("nobody")}, UnknownOwner, id="no such safe"),
    pytest.param({"replaces": DocumentId("nothing")}, UnknownDocument, id="replaces nothing"),
]


@pytest.mark.parametrize(("change", "refusal"), REFUSALS)
def test_a_refused_deposit_leaves_no_row_and_no_object(
    small: World, change: dict[str, Any], refusal: type[Refusal]
) -> None:
    usual: dict[str, Any] = {
        "owner": small.owner(),
        "document_type": "proof_of_address",
        "label": "bill",
        "untrusted_filename": "bill.pdf",
        "untrusted_media_type": "application/pdf",
        "chunks": pieces(pdf(20_000)),
    }
    with pytest.raises(refusal):
        small.intake.receive(**{**usual, **change})
    assert small.left_nothing()
    assert not any(small.count(table) for table in (documents, versions, renditions))
    assert not small.entries("document_deposited")


@pytest.mark.parametrize("length", [50_000_001, 60_000_000])
def test_a_paper_over_the_limit_is_refused_and_leaves_nothing(small: World, length: int) -> None:
    def endless() -> Iterator[bytes]:
        yield b"%PDF-1.7\n"
        for _ in range(length // 100_000 + 1):
            yield b"%" * 100_000

    with pytest.raises(TooLarge) as refused:
        small.intake.receive(
            owner=small.owner(),
            document_type="proof_of_address",
            label="",
            untrusted_filename="a.pdf",
            untrusted_media_type="",
            chunks=endless(),
        )
    assert refused.value.max_bytes == 50_000_000
    assert small.left_nothing()


def test_a_full_safe_takes_no_more_but_replaces(small: World) -> None:
    small.intake._max_documents = 1
    owner = small.owner()
    paper = small.deposit(owner)
    with pytest.raises(TooManyDocuments):
        small.deposit(owner)
    assert small.deposit(owner, pdf(5_000), replaces=paper) == paper


def test_memory_stays_flat_for_the_largest_paper(small: World) -> None:
    owner = small.owner()
    small.deposit(owner)  # what is built once is built

    def large() -> Iterator[bytes]:
        yield b"%PDF-1.7\n"
        for _ in range(760):
            yield b"%" * 65_536
        yield b"\n%%EOF\n"

    tracemalloc.start()
    small.intake.receive(
        owner=owner,
        document_type="proof_of_address",
        label="",
        untrusted_filename="bill.pdf",
        untrusted_media_type="",
        chunks=large(),
    )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 32 * MIB


def test_a_newer_version_takes_the_place_of_the_old_and_its_keys_go(world: World) -> None:
    owner = world.owner()
    paper = world.deposit(owner, label="Electricity")
    (old,) = world.stored()
    assert world.deposit(owner, pdf(5_000), replaces=paper, label="") == paper
    assert world.original(owner, paper) == pdf(5_000)
    assert world.documents.get(owner, paper).label == "Electricity"
    assert world.count(versions) == world.count(renditions) == 1
    with world.database.reading() as tx:
        assert list(tx.execute(select(discarded.c.object_name)).scalars()) == [old]
    world.clock.advance(timedelta(days=30))
    world.retention.sweep()
    assert old not in world.stored()
    assert world.original(owner, paper) == pdf(5_000)


def test_a_version_that_is_lent_stays_until_its_lending_is_over(world: World) -> None:
    owner = world.owner()
    paper = world.deposit(owner)
    lending = world.lend(owner, paper)
    world.deposit(owner, pdf(5_000), replaces=paper)
    world.retention.sweep()
    assert world.read(lending) == pdf(3_000)
    world.take_back(lending)
    world.retention.sweep()
    assert world.count(versions) == 1


def test_a_replacement_of_another_type_is_refused(small: World) -> None:
    owner = small.owner()
    paper = small.deposit(owner)
    with pytest.raises(DocumentChanged):
        small.deposit(owner, replaces=paper, document_type="identity_card")


def test_two_replacements_at_once_keep_one(world: World) -> None:
    owner = world.owner()
    paper = world.deposit(owner)

    def slow() -> Iterator[bytes]:
        yield pdf(6_000)[:5_000]
        world.deposit(owner, pdf(5_000), replaces=paper)
        yield pdf(6_000)[5_000:]

    with pytest.raises(DocumentChanged):
        world.intake.receive(
            owner=owner,
            document_type="proof_of_address",
            label="",
            untrusted_filename="a.pdf",
            untrusted_media_type="",
            chunks=slow(),
            replaces=paper,
        )
    assert world.original(owner, paper) == pdf(5_000)
    assert not world.count(intents)
    world.clock.advance(timedelta(days=30))
    world.retention.sweep()
    assert len(world.stored()) == 1


def test_the_owner_key_may_be_replaced_while_a_paper_arrives(world: World) -> None:
    owner = world.owner()
    world.keys.opened(owner, "cause")

    def slow() -> Iterator[bytes]:
        yield pdf(6_000)[:5_000]
        old = world.keys.replace(owner, "cause")
        assert old
        with world.database.transaction() as tx:
            assert world.keys.destroy_replaced(tx, old)
        yield pdf(6_000)[5_000:]

    paper = world.intake.receive(
        owner=owner,
        document_type="proof_of_address",
        label="",
        untrusted_filename="a.pdf",
        untrusted_media_type="",
        chunks=slow(),
    )
    assert world.original(owner, paper) == pdf(6_000)


class Died(BaseException):
    """Stands for kill -9: nothing is caught on its way."""


def test_a_crash_between_object_and_row_is_swept_after_a_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> None:
        raise Died

    monkeypatch.setattr(world.intake, "_finish", die)
    with pytest.raises(Died):
        world.deposit(world.owner())
    assert len(world.stored()) == world.count(intents) == 1
    world.clock.advance(timedelta(hours=23))
    world.retention.sweep()
    assert len(world.stored()) == 1
    world.clock.advance(timedelta(hours=2))
    world.retention.sweep()
    assert world.left_nothing()
    assert not world.count(documents)


def test_what_the_sweep_took_for_abandoned_is_not_written_down(world: World) -> None:
    owner = world.owner()

    def very_slow() -> Iterator[bytes]:
        yield pdf(6_000)[:5_000]
        world.clock.advance(timedelta(hours=25))
        world.retention.sweep()
        yield pdf(6_000)[5_000:]

    with pytest.raises(NotStored):
        world.intake.receive(
            owner=owner,
            document_type="proof_of_address",
            label="",
            untrusted_filename="a.pdf",
            untrusted_media_type="",
            chunks=very_slow(),
        )
    assert world.left_nothing()


def test_after_a_restore_old_intents_wait_for_the_operator(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.intake, "_finish", lambda *_: None)
    world.deposit(world.owner())
    world.clock.advance(timedelta(days=2))
    restored = world.clock.now()
    world.retention._restored_at = lambda: restored
    world.retention.sweep()
    assert len(world.stored()) == 1
    assert world.retention.sweep_intents(confirmed=True) == 1
    world.retention.delete_discarded()
    assert world.left_nothing()
