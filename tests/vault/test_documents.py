"""The owner's side: list, open, name, pictures, agreement, and erasure in two steps."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from audit.entries import ActorKind
from config.database import Database
from config.errors import KeyRingError
from config.key_ring import WrappedKey
from tests.vault.world import WINDOW, World, pdf
from vault.documents import MakePictures, Preview
from vault.encryption.owner_key import DoesNotOpen
from vault.errors import BadLabel, Damaged, UnknownDocument, UnknownLending, UnknownOwner, Unreadable
from vault.protocols import DocumentId
from vault.store.documents import documents
from vault.store.intents import intents
from vault.store.lendings import lendings
from vault.store.owner_keys import owner_keys
from vault.store.owners import owners
from vault.store.renditions import RenditionRow, renditions
from vault.store.versions import versions


def test_a_new_safe_is_empty(world: World) -> None:
    owner = world.owner()
    assert world.documents.list(owner) == []
    assert world.documents.agreement(owner) is None


def test_papers_are_listed_newest_first_with_who_may_see_them(world: World) -> None:
    owner = world.owner()
    first = world.deposit(owner, label="first")
    world.clock.advance(timedelta(days=1))
    second = world.deposit(owner, label="second")
    lending = world.lend(owner, first)
    newest, oldest = world.documents.list(owner)
    assert (newest.document, newest.lendings) == (second, ())
    assert [view.lending for view in oldest.lendings] == [lending]
    assert oldest == world.documents.get(owner, first)
    world.take_back(lending)
    assert world.documents.get(owner, first).lendings == ()


def test_no_label_and_no_file_name_lies_in_clear(small: World, tmp_path: Path) -> None:
    small.deposit(small.owner(), label="Canary label", untrusted_filename="canary-name.pdf")
    small.database.close()
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert b"anary" not in file.read_bytes(), file


def test_nobody_opens_another_safes_paper(world: World) -> None:
    alice, bob = world.owner(), world.owner()
    paper = world.deposit(alice)
    for attempt in (
        lambda: world.documents.get(bob, paper),
        lambda: world.documents.open_original(bob, paper),
        lambda: world.documents.open_page(bob, paper, 1),
        lambda: world.documents.relabel(bob, paper, "mine"),
        lambda: world.documents.delete(bob, paper),
        lambda: world.lend(bob, paper),
    ):
        with pytest.raises(UnknownDocument):
            attempt()
    assert world.original(alice, paper) == pdf(3_000)


def test_opening_an_original_is_an_entry_before_its_key_is_opened(world: World) -> None:
    owner = world.owner()
    paper = world.deposit(owner)
    world.clock.advance(timedelta(seconds=61))
    opened = world.documents.open_original(owner, paper, "counter-7", ActorKind.FACILITATOR, what="takeout")
    (entry,) = world.entries("document_opened")
    assert (entry["what"], entry["actor_kind"]) == ("takeout", "facilitator")
    assert entry["id"] in world.ring.unwraps(world.clock.now())
    assert (opened.length, opened.media_type, opened.filename) == (3_000, "application/pdf", "bill.pdf")
    assert b"".join(opened.chunks) == pdf(3_000)


def test_listing_opens_no_key_a_second_time_within_a_minute(world: World) -> None:
    owner = world.owner()
    world.deposit(owner)
    for _ in range(3):
        world.documents.list(owner)
    assert not world.entries("document_opened")  # the deposit had opened the key
    world.clock.advance(timedelta(seconds=61))
    for _ in range(3):
        world.documents.list(owner)
    (entry,) = world.entries("document_opened")
    assert entry["what"] == "descriptions"


def test_a_label_can_be_changed(world: World) -> None:
    owner = world.owner()
    paper = world.deposit(owner, label="one")
    world.documents.relabel(owner, paper, "  Facture   d'électricité ")
    assert world.documents.get(owner, paper).label == "Facture d'électricité"
    with pytest.raises(BadLabel):
        world.documents.relabel(owner, paper, "a\x00b")


def test_pictures_are_made_once_by_a_job_and_merged_in_the_ledger(world: World) -> None:
    owner = world.owner(agreed=True)
    paper = world.deposit(owner, pdf(2_500))
    assert world.documents.get(owner, paper).preview is Preview.PENDING
    with pytest.raises(UnknownDocument):
        world.documents.open_page(owner, paper, 1)
    assert world.jobs.run_due() == 1
    view = world.documents.get(owner, paper)
    assert (view.preview, view.pictures, view.page_count) == (Preview.READY, 3, 3)
    world.pictures.make(MakePictures(version=view.version))  # delivered twice
    assert world.count(renditions) == 4
    assert not world.count(intents)
    assert world.documents.open_page(owner, paper, 2) == b"picture of " + pdf(2_500)[1024:1040]
    assert world.documents.open_page(owner, paper, 1)
    looked = [entry for entry in world.entries("document_opened") if entry["actor_kind"] == "citizen"]
    assert [entry["what"] for entry in looked] == ["preview"]
    with pytest.raises(UnknownDocument):
        world.documents.open_page(owner, paper, 4)


def test_who_wants_papers_kept_unread_gets_no_pictures(world: World) -> None:
    owner = world.owner(agreed=False)
    paper = world.deposit(owner)
    assert world.jobs.run_due() == 0
    assert world.documents.get(owner, paper).preview is Preview.NOT_AGREED
    world.documents.record_agreement(owner, True)
    world.jobs.run_due()
    assert world.documents.get(owner, paper).preview is Preview.READY
    world.documents.record_agreement(owner, False)
    world.jobs.run_due()
    assert world.documents.get(owner, paper).preview is Preview.NOT_AGREED
    assert world.count(renditions) == 1
    assert world.original(owner, paper) == pdf(3_000)
    assert [entry["agreed"] for entry in world.entries("agreement_recorded")] == ["no", "yes", "no"]
    world.clock.advance(WINDOW)
    world.retention.sweep()
    assert len(world.stored()) == 1


def test_a_picture_job_for_a_deleted_paper_does_nothing(world: World) -> None:
    owner = world.owner(agreed=True)
    paper = world.deposit(owner)
    version = world.documents.get(owner, paper).version
    world.documents.delete(owner, paper)
    world.pictures.make(MakePictures(version=version))
    assert not world.count(renditions)


@pytest.mark.parametrize(
    ("size", "at", "comes_before"),
    [
        pytest.param(100_000, 0, False, id="header"),
        pytest.param(100_000, 40, False, id="first segment"),
        pytest.param(100_000, 70_000, False, id="second segment of the first run"),
        pytest.param(100_000, -1, False, id="last byte"),
        pytest.param(1_200_000, -1, True, id="last byte of a later run"),
    ],
)
def test_a_changed_object_gives_nothing_of_its_changed_run(
    world: World, size: int, at: int, comes_before: bool
) -> None:
    owner = world.owner()
    content = pdf(size)
    paper = world.deposit(owner, content)
    (name,) = world.stored()
    sealed = bytearray(world.store.get(name)[0])
    sealed[at] ^= 1
    world.store.overwrite(name, bytes(sealed))
    taken: list[bytes] = []
    with pytest.raises(Damaged):
        taken.extend(world.documents.open_original(owner, paper).chunks)
    assert content.startswith(b"".join(taken))
    assert bool(taken) is comes_before
    assert len(b"".join(taken)) < size


def test_swapped_and_rolled_back_objects_are_refused(world: World) -> None:
    owner = world.owner()
    one, two = world.deposit(owner, pdf(5_000)), world.deposit(owner, pdf(5_000, b"two"))
    with world.database.reading() as tx:
        rows = tx.execute(select(renditions.c.document, renditions.c.object_name)).all()
    names = {row.document: row.object_name for row in rows}
    first, second = (world.store.get(names[paper])[0] for paper in (one, two))
    world.store.overwrite(names[one], second)
    world.store.overwrite(names[two], first)
    for paper in (one, two):
        with pytest.raises(Damaged):
            world.original(owner, paper)


def test_a_missing_object_is_damage_and_a_dead_ring_is_told_apart(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = world.owner()
    paper = world.deposit(owner)
    world.clock.advance(timedelta(seconds=61))

    def down(*_: object, **__: object) -> bytes:
        raise KeyRingError

    with monkeypatch.context() as patch:
        patch.setattr(world.ring, "unwrap", down)
        with pytest.raises(Unreadable):
            world.original(owner, paper)
    world.store.delete(world.stored()[0])
    with pytest.raises(Damaged):
        world.original(owner, paper)


def test_deleting_a_paper_removes_rows_and_keys_at_once_and_the_object_after_the_window(world: World) -> None:
    owner = world.owner(agreed=True)
    stays, goes = world.deposit(owner, pdf(4_000)), world.deposit(owner)
    world.jobs.run_due()
    lending = world.lend(owner, goes)
    old_key = world.keys.opened(owner, "cause").id
    receipt = world.documents.delete(owner, goes)
    assert receipt.gone_from_backups_by - receipt.erased_at == WINDOW
    with world.database.reading() as tx:
        for table in (documents, versions, renditions):
            column = table.c.id if table is documents else table.c.document
            assert tx.execute(select(column).where(column == goes)).first() is None
    with pytest.raises(UnknownDocument):
        world.documents.delete(owner, goes)
    world.jobs.run_due()
    with world.database.reading() as tx:
        assert list(tx.execute(select(owner_keys.c.id)).scalars()) != [old_key]
    assert world.original(owner, stays) == pdf(4_000)
    kept = len(world.stored())
    world.clock.advance(WINDOW - timedelta(hours=1))
    world.retention.sweep()
    assert len(world.stored()) == kept
    world.clock.advance(timedelta(hours=1))
    world.retention.sweep()
    assert len(world.stored()) == 1 + world.documents.get(owner, stays).pictures
    assert [entry["outcome"] for entry in world.entries("document_deleted")] == ["done"]
    assert [entry["purpose"] for entry in world.entries("lending_taken_back")] == ["school_enrolment"]
    assert world.entries("owner_key_replaced")
    assert lending


def test_each_deletion_replaces_a_key_that_may_be_older_than_it(world: World) -> None:
    owner = world.owner()
    papers = [world.deposit(owner) for _ in range(3)]
    stays = world.deposit(owner, pdf(4_000))
    for paper in papers:
        world.documents.delete(owner, paper)
    assert world.jobs.run_due() == 3
    world.clock.advance(timedelta(seconds=5))
    assert world.jobs.run_due() == 0
    assert world.count(owner_keys) == 1
    assert world.original(owner, stays) == pdf(4_000)


def test_what_a_backup_holds_of_an_erased_paper_opens_with_no_key_that_lives_on(small: World, tmp_path: Path) -> None:
    """A copy of database and objects, put back on day 1 and on day 31, with all that the operator then holds."""
    owner = small.owner()
    goes, stays = small.deposit(owner), small.deposit(owner, pdf(4_000))
    small.clock.advance(timedelta(seconds=5))
    small.database.close()
    shutil.copy(tmp_path / "test.db", tmp_path / "backup.db")
    small.documents.delete(owner, goes)
    small.jobs.run_due()
    small.retention.renew_root()
    assert small.original(owner, stays) == pdf(4_000)

    backup = Database(f"sqlite:///{tmp_path / 'backup.db'}")
    with backup.reading() as tx:
        old_key = tx.execute(select(owner_keys)).mappings().one()
        lost = tx.execute(select(renditions).where(renditions.c.document == goes)).mappings().one()
    # Day 1: the live owner key does not open what the backup holds.
    with pytest.raises(DoesNotOpen):
        small.objects.read(RenditionRow(**lost), small.keys.opened(owner, "restore"))
    # After the window: the backup's own owner key opens no more either, and its object is gone.
    small.clock.advance(WINDOW)
    small.retention.renew_root()
    small.retention.sweep()
    with pytest.raises(KeyRingError):
        small.ring.unwrap(WrappedKey.decode(old_key["wrapped"]), {"owner": owner, "key": "owner"}, cause="restore")
    assert lost["object_name"] not in small.stored()
    assert small.original(owner, stays) == pdf(4_000)
    backup.close()


def test_a_promise_is_kept_even_when_the_operator_rotates_later(world: World) -> None:
    owner = world.owner()
    paper = world.deposit(owner)
    receipt = world.documents.delete(owner, paper)
    world.clock.advance(timedelta(days=3))
    world.retention.rotate_root("root", ActorKind.OPERATOR)
    old = next(root for root in world.ring.versions() if root.version == receipt.root_version)
    assert old.destroy_at == receipt.gone_from_backups_by
    world.clock.advance(timedelta(days=27))
    assert world.retention.destroy_due() == [receipt.root_version]


def test_a_root_version_is_not_destroyed_while_an_owner_key_needs_it(world: World) -> None:
    owner = world.owner()
    paper = world.deposit(owner)
    world.ring.rotate(world.clock.now() + WINDOW)
    world.clock.advance(WINDOW)
    assert world.retention.destroy_due() == []
    world.retention.rewrap()
    assert world.retention.destroy_due() == [1]
    assert world.original(owner, paper) == pdf(3_000)


def test_erasing_a_safe_leaves_nothing_of_it(world: World) -> None:
    owner, other = world.owner(agreed=True), world.owner()
    paper, kept = world.deposit(owner), world.deposit(other)
    world.jobs.run_due()
    lending = world.lend(owner, paper)
    with world.database.transaction() as tx:
        receipt = world.documents.delete_all(tx, owner)
    assert receipt.documents == 1
    with world.database.reading() as tx:
        for table in (documents, versions, renditions, lendings, owner_keys, owners):
            assert owner not in set(tx.execute(select(table.c.owner)).scalars())
    with pytest.raises(UnknownOwner):
        world.documents.list(owner)
    with pytest.raises(UnknownLending):
        world.read(lending)
    world.clock.advance(WINDOW)
    world.jobs.run_due()
    world.retention.sweep()
    assert len(world.stored()) == 1
    assert world.original(other, kept) == pdf(3_000)


def test_an_unknown_paper_is_unknown(world: World) -> None:
    with pytest.raises(UnknownDocument):
        world.documents.get(world.owner(), DocumentId("nothing"))
