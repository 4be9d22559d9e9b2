"""Lendings and reads: what counts, what stops the next fetch, what the ledger says of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from config.errors import KeyRingError, ObjectStoreError
from config.object_reads import Asked, Reads
from tests.vault.world import World, pdf
from vault.documents import LendingState
from vault.errors import (
    Damaged,
    DocumentGone,
    LendingOver,
    LendingTakenBack,
    NotAllowedToAsk,
    RangeNotSatisfiable,
    ReadRefusal,
    ReadsUsedUp,
    RenditionPending,
    UnknownLending,
    UnknownRendition,
    Unreadable,
)
from vault.lending import ByteRange
from vault.protocols import LendingId, Permission
from vault.store.lendings import lendings
from vault.store.reads import reads

BASIS = "Code de l'éducation, art. D131-3-1"


def lent(world: World, **given: Any) -> LendingId:
    owner = world.owner()
    return world.lend(owner, world.deposit(owner, pdf(100_000)), **given)


def fetch(world: World, permission: Permission, lending: LendingId, **given: Any) -> bytes:
    content = world.lending.read(permission, lending, **given).content
    assert content
    try:
        return b"".join(content)
    finally:
        content.close()


def used(world: World, lending: LendingId) -> int:
    with world.database.reading() as tx:
        row = tx.execute(lendings.select().where(lendings.c.id == lending)).one()
    return int(row.reads_used)


def test_a_read_is_an_entry_before_its_first_byte_and_the_cause_of_the_unwrap(world: World) -> None:
    lending = lent(world)
    world.clock.advance(timedelta(seconds=61))
    answer = world.lending.read(world.permission(lending), lending, agent="agent-7")
    (entry,) = world.entries("document_read")
    assert (entry["client"], entry["purpose"], entry["rendition"]) == ("school", "school_enrolment", "original")
    assert (entry["document_type"], entry["legal_basis"]) == ("proof_of_address", BASIS)
    assert "agent-7" not in str(entry)
    assert entry["id"] in world.ring.unwraps(world.clock.now())
    assert answer.content
    assert b"".join(answer.content) == pdf(100_000)


def test_ranges_and_retries_of_one_token_are_one_read(world: World) -> None:
    lending = lent(world, reads_allowed=1)
    permission = world.permission(lending)
    whole = pdf(100_000)
    for wanted, expected in (
        (None, whole),
        (ByteRange(first=0, last=0), whole[:1]),
        (ByteRange(first=65_000, last=70_000), whole[65_000:70_001]),
        (ByteRange(suffix=10), whole[-10:]),
        (None, whole),
    ):
        assert fetch(world, permission, lending, byte_range=wanted) == expected
    assert used(world, lending) == 1
    assert len(world.entries("document_read")) == 1
    assert world.told.first_reads == [lending]


def test_another_token_is_another_read_until_none_is_left(world: World) -> None:
    lending = lent(world, reads_allowed=2)
    first = world.permission(lending)
    fetch(world, first, lending)
    world.read(lending)
    with pytest.raises(ReadsUsedUp):
        world.read(lending)
    assert fetch(world, first, lending) == pdf(100_000)  # a retry is free
    assert [entry["reason"] for entry in world.entries("read_refused")] == ["reads_used_up"]
    assert world.told.first_reads == [lending]


def test_of_many_tokens_at_once_only_as_many_win_as_are_allowed(world: World) -> None:
    lending = lent(world, reads_allowed=3)
    outcomes: list[str] = []

    def one() -> None:
        try:
            world.read(lending)
            outcomes.append("read")
        except ReadsUsedUp:
            outcomes.append("refused")

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["read"] * 3 + ["refused"] * 5
    assert used(world, lending) == 3
    assert len(world.entries("document_read")) == 3


def test_one_token_many_times_at_once_is_one_read(world: World) -> None:
    lending = lent(world, reads_allowed=1)
    permission = world.permission(lending)
    got: list[bytes] = []
    threads = [threading.Thread(target=lambda: got.append(fetch(world, permission, lending))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [pdf(100_000)] * 6
    assert len(world.entries("document_read")) == world.count(reads) == 1


def _taken_back(world: World, lending: LendingId) -> None:
    world.take_back(lending)


def _over(world: World, _: LendingId) -> None:
    world.clock.advance(timedelta(days=30))


def _deleted(world: World, lending: LendingId) -> None:
    with world.database.reading() as tx:
        row = tx.execute(lendings.select().where(lendings.c.id == lending)).one()
    world.documents.delete(row.owner, row.document)


@pytest.mark.parametrize(
    ("end", "refusal"),
    [(_taken_back, LendingTakenBack), (_over, LendingOver), (_deleted, DocumentGone)],
    ids=["taken back", "over", "paper deleted"],
)
def test_what_ended_stops_the_very_next_fetch_and_says_when(
    world: World, end: Callable[[World, LendingId], None], refusal: type[ReadRefusal]
) -> None:
    lending = lent(world)
    permission = world.permission(lending)
    fetch(world, permission, lending)
    end(world, lending)
    for attempt in (
        lambda: world.lending.read(permission, lending),
        lambda: world.lending.look(permission, lending),
        lambda: world.read(lending),
    ):
        with pytest.raises(refusal) as refused:
            attempt()
        assert refused.value.at == world.clock.now()
    assert len(world.entries("read_refused")) == 1  # merged by minute
    world.clock.advance(timedelta(minutes=1))
    with pytest.raises(refusal):
        world.read(lending)
    (first, second) = world.entries("read_refused")
    assert (first["reason"], first["outcome"], first["client"]) == (refusal.code, "refused", "school")
    assert second["reason"] == refusal.code
    assert len(world.entries("document_read")) == 1


def test_a_lending_is_nothing_to_another_client_or_another_grant(world: World) -> None:
    lending, other = lent(world), lent(world)
    for permission in (
        world.permission(lending, client="library"),
        world.permission(other),
        world.permission(),
    ):
        with pytest.raises(UnknownLending):
            world.lending.read(permission, lending)
    with pytest.raises(UnknownLending):
        world.lending.read(world.permission(LendingId("made-up")), LendingId("made-up"))
    assert used(world, lending) == 0
    assert not world.entries("document_read")
    refused = world.entries("read_refused")
    assert {entry["client"] for entry in refused} == {"library", "school"}


def test_made_up_lendings_are_one_entry_a_minute(world: World) -> None:
    for number in range(20):
        made_up = LendingId(f"made-up-{number}")
        with pytest.raises(UnknownLending):
            world.lending.read(world.permission(made_up), made_up)
    assert len(world.entries("read_refused")) == 1


def test_a_look_opens_nothing(world: World) -> None:
    lending = lent(world, reads_allowed=1)
    answer = world.lending.look(world.permission(lending), lending)
    assert (answer.length, answer.media_type, answer.content) == (100_000, "application/pdf", None)
    assert used(world, lending) == 0
    assert not world.entries("document_read")


@pytest.mark.parametrize("wanted", [ByteRange(first=100_000), ByteRange(suffix=0)])
def test_a_range_outside_is_no_read(world: World, wanted: ByteRange) -> None:
    lending = lent(world)
    with pytest.raises(RangeNotSatisfiable):
        world.lending.read(world.permission(lending), lending, byte_range=wanted)
    assert not world.entries("document_read")


def test_a_read_that_gave_nothing_does_not_count(world: World) -> None:
    lending = lent(world, reads_allowed=1)
    answer = world.lending.read(world.permission(lending), lending)
    assert used(world, lending) == 1
    assert answer.content
    answer.content.close()  # the client went away
    assert used(world, lending) == 0
    (begun,), (failed,) = world.entries("document_read"), world.entries("read_failed")
    assert failed["outcome"] == "failed"
    assert begun["id"] not in str(failed)
    assert world.read(lending) == pdf(100_000)


def test_a_read_that_gave_one_byte_counts(world: World) -> None:
    lending = lent(world, reads_allowed=1)
    content = world.lending.read(world.permission(lending), lending).content
    assert content
    assert next(content)
    content.close()
    assert used(world, lending) == 1
    assert not world.entries("read_failed")


def test_nobody_gets_a_read_for_nothing_by_hanging_up_the_first_request(world: World) -> None:
    lending = lent(world, reads_allowed=1)
    permission = world.permission(lending)
    first = world.lending.read(permission, lending)
    assert fetch(world, permission, lending) == pdf(100_000)
    assert first.content
    first.content.close()
    assert used(world, lending) == 1
    assert not world.entries("read_failed")


def _dead_store(world: World, patch: pytest.MonkeyPatch) -> None:
    def down(*_: object, **__: object) -> bytes:
        raise ObjectStoreError

    patch.setattr(Reads, "_request", down)


def _dead_ring(world: World, patch: pytest.MonkeyPatch) -> None:
    def down(*_: object, **__: object) -> bytes:
        raise KeyRingError

    patch.setattr(world.ring, "unwrap", down)


def _damaged_store(world: World, _: pytest.MonkeyPatch) -> None:
    (name,) = world.stored()
    sealed = bytearray(world.store.get(name)[0])
    sealed[1_000] ^= 1
    world.store.overwrite(name, bytes(sealed))


@pytest.mark.parametrize(
    ("accident", "refusal"),
    [(_dead_store, Unreadable), (_dead_ring, Unreadable), (_damaged_store, Damaged)],
    ids=["store down", "key ring down", "object damaged"],
)
def test_an_accident_before_the_first_byte_is_written_down_and_does_not_count(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    accident: Callable[[World, pytest.MonkeyPatch], None],
    refusal: type[Exception],
) -> None:
    lending = lent(world, reads_allowed=1)
    world.clock.advance(timedelta(seconds=61))
    with monkeypatch.context() as patch:
        accident(world, patch)
        with pytest.raises(refusal):
            world.read(lending)
    assert used(world, lending) == 0
    assert len(world.entries("document_read")) == len(world.entries("read_failed")) == 1


def test_a_page_picture_is_pending_then_a_read_of_its_own(world: World) -> None:
    owner = world.owner(agreed=True)
    lending = world.lend(owner, world.deposit(owner))
    permission = world.permission(lending)
    with pytest.raises(RenditionPending):
        world.lending.read(permission, lending, rendition="page-1")
    world.jobs.run_due()
    assert fetch(world, permission, lending, rendition="page-1").startswith(b"picture of %PDF")
    fetch(world, permission, lending)
    assert used(world, lending) == 2
    with pytest.raises(UnknownRendition):
        world.lending.read(permission, lending, rendition="page-9")


def test_lending_and_taking_back_are_entries(world: World) -> None:
    lending = lent(world)
    (entry,) = world.entries("document_lent")
    assert (entry["client"], entry["purpose"], entry["legal_basis"]) == ("school", "school_enrolment", BASIS)
    assert int(entry["until"]) == int((world.clock.now() + timedelta(days=30)).timestamp())
    world.take_back(lending, lending)
    world.take_back(lending)
    assert len(world.entries("lending_taken_back")) == 1


def test_what_stands_is_told(world: World) -> None:
    one, two = lent(world), lent(world, reads_allowed=1)
    assert world.lending.standing([one, two])
    world.read(two)
    assert not world.lending.standing([one, two])
    assert world.lending.standing([one])
    world.take_back(one)
    assert not world.lending.standing([one])
    assert not world.lending.standing([LendingId("made-up")])


def test_the_owner_sees_every_lending_and_its_last_read(world: World) -> None:
    owner = world.owner()
    lending = world.lend(owner, world.deposit(owner))
    world.clock.advance(timedelta(hours=1))
    world.read(lending)
    (view,) = world.lending.of_owner(owner)
    assert (view.state, view.reads_used, view.last_read_at) == (LendingState.STANDS, 1, world.clock.now())
    world.take_back(lending)
    (view,) = world.lending.of_owner(owner)
    assert view.state is LendingState.TAKEN_BACK


def test_lendings_that_are_over_are_forgotten_after_their_term(world: World) -> None:
    lending = lent(world)
    world.read(lending)
    world.take_back(lending)
    world.retention.sweep()
    assert (world.count(lendings), world.count(reads)) == (1, 0)
    world.clock.advance(timedelta(days=91))
    world.retention.sweep()
    assert world.count(lendings) == 0


class Queries:
    """Counts statements and transactions."""

    def __init__(self, world: World) -> None:
        self.statements: list[str] = []
        self.commits = 0
        event.listen(world.database.engine, "before_cursor_execute", self._seen)
        event.listen(world.database.engine, "commit", self._committed)

    def _seen(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            self.statements.append(statement)

    def _committed(self, _connection: Any) -> None:
        self.commits += 1


def test_a_read_is_one_transaction_of_six_queries_and_a_range_of_two(world: World) -> None:
    lending = lent(world)
    permission = world.permission(lending)
    counted = Queries(world)
    fetch(world, permission, lending)
    assert (len(counted.statements), counted.commits) == (6, 1), counted.statements
    fetch(world, permission, lending, byte_range=ByteRange(first=5))
    assert (len(counted.statements), counted.commits) == (6 + 2, 2)
    fetch(world, permission, lending, byte_range=ByteRange(first=5))
    assert (len(counted.statements), counted.commits) == (6 + 2 + 1, 3)


def test_the_store_is_asked_while_the_entry_commits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    ask, lending = world.objects.ask, lent(world)

    def asked(*given: Any) -> Asked:
        order.append("asked")
        return ask(*given)

    monkeypatch.setattr(world.objects, "ask", asked)
    event.listen(world.database.engine, "commit", lambda _: order.append("committed"))
    assert fetch(world, world.permission(lending), lending) == pdf(100_000)
    assert order == ["asked", "committed"]


def test_nothing_is_given_when_the_entry_could_not_be_committed(world: World) -> None:
    def full_disk(_: Any) -> None:
        raise OSError

    lending = lent(world)
    permission = world.permission(lending)
    event.listen(world.database.engine, "commit", full_disk)
    with pytest.raises(OSError):  # noqa: PT011 -- made here
        world.lending.read(permission, lending)
    event.remove(world.database.engine, "commit", full_disk)
    assert (used(world, lending), world.entries("document_read")) == (0, [])
    assert fetch(world, permission, lending) == pdf(100_000)


CONTRACT = {
    "purposes": {
        "school_enrolment": {
            "document_types": ["proof_of_address", "identity_card", "income_tax_notice"],
            "max_duration": "P3M",
            "max_reads": 5,
        }
    }
}
DETAIL = {
    "type": "document",
    "document_types": ["proof_of_address"],
    "actions": ["read"],
    "purpose": "school_enrolment",
    "duration": "P30D",
    "locations": ["http://localhost:8000/vault"],
}
ASKED_WRONGLY = [
    pytest.param({"type": "paper"}, "type", id="another type"),
    pytest.param({"document_types": ["love_letter"]}, "love_letter", id="unknown document type"),
    pytest.param({"document_types": ["payslip"]}, "payslip", id="not in the contract"),
    pytest.param({"document_types": ["income_tax_notice"]}, "D131-3-1", id="not allowed by law for this purpose"),
    pytest.param({"document_types": []}, "document_types", id="no document type"),
    pytest.param({"document_types": "proof_of_address"}, "document_types", id="types not a list"),
    pytest.param({"document_types": [7]}, "strings", id="type not a string"),
    pytest.param({"document_types": ["proof_of_address"] * 2}, "twice", id="type twice"),
    pytest.param({"actions": ["read", "write"]}, "actions", id="unknown action"),
    pytest.param({"purpose": "curiosity"}, "curiosity", id="unknown purpose"),
    pytest.param({"purpose": "canteen"}, "contract", id="purpose not in the contract"),
    pytest.param({"purpose": None}, "purpose", id="no purpose"),
    pytest.param({"duration": "P1Y"}, "longer", id="too long"),
    pytest.param({"duration": "P0D"}, "shorter", id="no time at all"),
    pytest.param({"duration": "a month"}, "period", id="no period"),
    pytest.param({"locations": ["https://elsewhere.example"]}, "locations", id="another vault"),
    pytest.param({"privileges": ["all"]}, "privileges", id="RFC 9396 §5 unknown member"),
]


@pytest.mark.parametrize(("change", "named"), ASKED_WRONGLY)
def test_what_a_client_may_not_ask_is_named(small: World, change: dict[str, Any], named: str) -> None:
    with pytest.raises(NotAllowedToAsk) as refused:
        small.lending.may_ask(CONTRACT, {**DETAIL, **change})
    assert named in refused.value.named


def test_what_a_client_may_ask_is_told_with_its_end_and_basis(small: World) -> None:
    asked = small.lending.may_ask(CONTRACT, DETAIL)
    assert (asked.document_types, asked.purpose, asked.reads_allowed) == (("proof_of_address",), "school_enrolment", 5)
    assert asked.until(small.clock.now()) - small.clock.now() == timedelta(days=30)
    assert "D131-3-1" in asked.legal_basis
    unsaid = {name: DETAIL[name] for name in ("type", "document_types", "purpose")}
    assert str(small.lending.may_ask(CONTRACT, unsaid).duration) == "P3M"


def test_a_scope_stands_for_a_detail_only_under_one_purpose(small: World) -> None:
    detail = small.lending.expand_scope(CONTRACT, "proof_of_address")
    assert detail
    assert small.lending.may_ask(CONTRACT, detail).purpose == "school_enrolment"
    two = {"purposes": {**CONTRACT["purposes"], "canteen": {"document_types": ["payslip"]}}}
    assert small.lending.expand_scope(two, "proof_of_address") is None
    assert small.lending.expand_scope({}, "proof_of_address") is None
