"""The ledger whole: what is appended is sequenced, published, proven, read by whom it concerns, and by nobody else."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, text

from audit.entries import AccountCreated, ActorKind, DocumentRead, ReadablePartsErased
from audit.errors import BadCursor, ReasonNeeded, UnknownEntry, VerificationError
from audit.search import Filters
from audit.verification import verify_bundle, verify_receipt
from config.database import Database
from config.object_store import ObjectStore
from config.settings import Settings
from tests.audit.ledger_house import ALICE, AUDITOR, BOB, LedgerHouse, build, exported, fill, know, read
from tests.clocks import FixedClock


@pytest.fixture
def house(database: Database, settings: Settings, tmp_path: Path, clock: FixedClock) -> LedgerHouse:
    store = ObjectStore(settings.s3, settings.s3.ledger_bucket)
    store.ensure_bucket()
    made = build(database, store, tmp_path / "keys", clock)
    know(made, ALICE, BOB)
    return made


def test_an_entry_is_published_and_its_receipt_verifies_alone(house: LedgerHouse) -> None:
    fill(house, 5)
    entry = read(house)
    fill(house, 300)
    assert house.recovery.run_once() == 306
    mine = next(found for found in house.search.of_person(ALICE).entries if found.id == entry)
    assert mine.values["document"] == "paper-1"
    assert mine.values["agent"] == "desk-7"
    receipt = house.proofs.receipt(mine.id, mine.opened)
    checkpoint, leaf, values = verify_receipt(receipt, house.proofs.state().vkey)
    assert checkpoint.size == 306
    assert leaf.time == int(house.clock.now().timestamp())
    assert values["document"] == "paper-1"
    assert values["client"] == "school"
    clear = verify_receipt(house.proofs.receipt(mine.id), house.proofs.state().vkey)[2]
    assert "document" not in clear
    assert "paper-1" not in house.proofs.receipt(mine.id)


def test_what_was_rolled_back_never_appears(house: LedgerHouse) -> None:
    with contextlib.suppress(RuntimeError), house.database.transaction() as tx:
        house.ledger.append(tx, AccountCreated(actor_kind=ActorKind.CITIZEN))
        raise RuntimeError
    assert house.recovery.run_once() == 0


def test_no_new_entry_makes_no_new_checkpoint(house: LedgerHouse) -> None:
    fill(house, 1)
    house.recovery.run_once()
    before = house.proofs.checkpoint()
    house.recovery.run_once()
    assert house.proofs.checkpoint() == before


def test_sealed_fields_stand_nowhere_in_clear_and_open_for_nobody_else(house: LedgerHouse) -> None:
    read(house, ALICE, document="canary-paper")
    with house.database.reading() as tx:
        dump = str(tx.execute(text("select * from audit_entries")).all())
        dump += str(tx.execute(text("select * from audit_halves")).all())
    assert "canary-paper" not in dump
    assert [mine.values["kind"] for mine in house.search.of_person(BOB).entries] == ["ledger_opened"]
    found = house.search.search(AUDITOR, Filters(client="school")).entries[0]
    assert "document" not in found.values
    assert ALICE not in found.values.values()


def test_every_search_of_an_auditor_is_an_entry_and_a_person_needs_a_reason(house: LedgerHouse) -> None:
    read(house)
    with pytest.raises(ReasonNeeded):
        house.search.pseudonym(AUDITOR, ALICE, "curiosity")
    pseudonym = house.search.pseudonym(AUDITOR, ALICE, "complaint") or ""
    with pytest.raises(ReasonNeeded):
        house.search.search(AUDITOR, Filters(pseudonym=pseudonym))
    page = house.search.search(AUDITOR, Filters(pseudonym=pseudonym), reason="complaint")
    assert [found.values["kind"] for found in page.entries] == ["document_read"]
    kinds = [found.values["kind"] for found in house.search.search(AUDITOR, Filters(kind="ledger_searched")).entries]
    assert len(kinds) == 3


def test_pages_follow_each_other_and_a_made_up_cursor_is_refused(house: LedgerHouse) -> None:
    for number in range(7):
        read(house, document=f"paper-{number}")
    first = house.search.of_person(ALICE, limit=4)
    second = house.search.of_person(ALICE, limit=4, cursor=first.cursor)
    shown = [mine.values.get("document") for mine in [*first.entries, *second.entries]]
    assert [name for name in shown if name] == [f"paper-{n}" for n in reversed(range(7))]
    with pytest.raises(BadCursor):
        house.search.of_person(ALICE, cursor="AAAAAAAAAAEAAAAAAAAAAAAAAAA")


def test_an_append_costs_two_inserts_and_a_look_at_the_persons(house: LedgerHouse) -> None:
    queries: list[str] = []
    event.listen(house.database.engine, "before_cursor_execute", lambda *args: queries.append(args[2]))
    read(house)
    assert len(queries) == 3


def test_a_bundle_verifies_offline_and_continues_an_older_checkpoint(house: LedgerHouse, tmp_path: Path) -> None:
    fill(house, 260)
    house.recovery.run_once()
    older = house.proofs.checkpoint()
    read(house)
    house.recovery.run_once()
    verified = verify_bundle(exported(house, tmp_path), vkey=house.proofs.state().vkey, older=[older])
    assert (verified.checkpoint.size, verified.readable, verified.erased) == (261, 261, 0)


def test_closing_destroys_one_key_and_sets_the_other_aside(house: LedgerHouse, tmp_path: Path) -> None:
    read(house)
    code, code_sha256 = house.keys.new_code()
    with house.database.transaction() as tx:
        house.ledger.append(tx, AccountCreated(actor_kind=ActorKind.CITIZEN, persons=(ALICE,)))
        house.keys.close(tx, ALICE, code_sha256, house.clock.now() + timedelta(days=1096))
    house.recovery.run_once()
    with pytest.raises(UnknownEntry):
        house.search.of_person(ALICE)
    assert set(house.keys.open_with_code(code, "cause").private) == {"exchange"}
    with pytest.raises(UnknownEntry):
        house.keys.open_with_code(code + "x", "cause")
    house.clock.advance(timedelta(days=1097))
    assert house.keys.destroy_due() == 1
    with pytest.raises(UnknownEntry):
        house.keys.open_with_code(code, "cause")
    verify_bundle(exported(house, tmp_path))


def _tampered(bundle: Path, folder: Path, name: str, change: object) -> Path:
    target = folder / "tampered.zip"
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(target, "w") as new:
        for member in old.namelist():
            data = old.read(member)
            new.writestr(member, change(data) if member == name else data)  # type: ignore[operator]
    return target


def _without_line(data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    return b"".join(lines[:2] + lines[3:])


def _other_value(data: bytes) -> bytes:
    lines = [json.loads(line) for line in data.splitlines()]
    lines[-1]["fields"]["client"][0] = "other"
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def _moved(data: bytes) -> bytes:
    return data[43:86] + data[:43] + data[86:]


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        pytest.param("leaves", _moved, "do not make the root", id="reordered"),
        pytest.param("leaves", lambda data: data[:-43], "the bundle holds", id="truncated"),
        pytest.param("leaves", lambda data: data + data[:43], "the bundle holds", id="inserted"),
        pytest.param("leaves", lambda data: data[:-1] + bytes([data[-1] ^ 1]), "do not make the root", id="edited"),
        pytest.param("readable.jsonl", _without_line, "is missing and no later entry says", id="erased in silence"),
        pytest.param("readable.jsonl", _other_value, "not the ones that the log committed", id="field edited"),
        pytest.param("checkpoint", lambda data: data.replace(b"\n", b"x\n", 1), "not the log's", id="other origin"),
        pytest.param("checkpoint", lambda _: b"", "not a signed note", id="no checkpoint"),
    ],
)
def test_every_change_to_a_bundle_is_found(
    house: LedgerHouse,
    tmp_path: Path,
    name: str,
    change: object,
    said: str,
) -> None:
    fill(house, 4)
    read(house)
    house.recovery.run_once()
    bundle = exported(house, tmp_path)
    verify_bundle(bundle)
    with pytest.raises(VerificationError, match=said):
        verify_bundle(_tampered(bundle, tmp_path, name, change))


def test_history_rewritten_and_signed_again_contradicts_a_checkpoint_that_someone_holds(
    house: LedgerHouse,
    tmp_path: Path,
    settings: Settings,
    clock: FixedClock,
) -> None:
    fill(house, 10)
    house.recovery.run_once()
    older = house.proofs.checkpoint()
    other = Database(f"sqlite:///{tmp_path / 'rewritten.db'}")
    from config.database import metadata  # noqa: PLC0415 -- here only

    metadata.create_all(other.engine)
    store = ObjectStore(settings.s3, f"{settings.s3.ledger_bucket}-2")
    store.ensure_bucket()
    rewritten = build(other, store, tmp_path / "keys", clock)
    rewritten.signers = house.signers
    rewritten.sequencer._signers = house.signers
    fill(rewritten, 20)
    rewritten.recovery.run_once()
    bundle = exported(rewritten, tmp_path, "rewritten.zip")
    verify_bundle(bundle)
    with pytest.raises(VerificationError, match="history was rewritten"):
        verify_bundle(bundle, older=[older])
    other.close()


def test_an_erased_readable_part_is_accepted_when_a_later_entry_says_so(house: LedgerHouse, tmp_path: Path) -> None:
    fill(house, 3)
    house.recovery.run_once()
    with house.database.transaction() as tx:
        tx.execute(text("update audit_entries set readable = null, kind = null where leaf_index < 2"))
        said = ReadablePartsErased(actor_kind=ActorKind.JOB, reason="term", first="0", end="2")
        house.ledger.append(tx, said)
    house.recovery.run_once()
    assert verify_bundle(exported(house, tmp_path)).erased == 2


def test_csv_holds_no_formula(house: LedgerHouse) -> None:
    with house.database.transaction() as tx:
        house.ledger.append(tx, DocumentRead(actor_kind=ActorKind.SERVICE, client="=cmd()"))
    assert "'=cmd()" in "".join(house.export.csv(AUDITOR, Filters(client="=cmd()")))


def test_a_bundle_can_be_written_to_a_stream(house: LedgerHouse) -> None:
    fill(house, 1)
    house.recovery.run_once()
    stream = io.BytesIO()
    assert house.export.bundle(AUDITOR, stream) == len(stream.getvalue())
    assert verify_bundle(stream).checkpoint.size == 1  # type: ignore[arg-type]


def test_a_bundle_is_sent_in_pieces_whatever_its_size(house: LedgerHouse, tmp_path: Path) -> None:
    fill(house, 1_500)
    house.recovery.run_once()
    chunks = list(house.export.chunks(AUDITOR))
    assert len(chunks) > 3
    assert max(map(len, chunks)) < 256 * 1024
    (tmp_path / "sent.zip").write_bytes(b"".join(chunks))
    assert verify_bundle(tmp_path / "sent.zip").readable == 1_500
