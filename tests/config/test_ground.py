"""Transactions, rate limits, the store: what each refuses."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from botocore.httpsession import URLLib3Session
from sqlalchemy import select

from config.database import Database
from config.errors import ObjectExists, ObjectMissing, ObjectStoreError, TransactionError
from config.object_store import PART_BYTES, ObjectStore
from config.rate_limits import RateLimits, TooManyRequests, address_key, counters
from config.settings import Settings
from tests.clocks import FixedClock


def test_no_transaction_opens_inside_another(database: Database) -> None:
    ways = (database.transaction, database.reading, database.looking)
    for outer in ways:
        for inner in ways:
            with outer(), pytest.raises(TransactionError), inner():
                pass
    with database.transaction():
        pass


def test_a_rate_limit_counts_by_bucket_key_and_window(database: Database, clock: FixedClock) -> None:
    limits = RateLimits(database, clock)
    for _ in range(3):
        limits.check("sign-in", "1.2.3.4", 3, timedelta(minutes=1))
    with pytest.raises(TooManyRequests) as refused:
        limits.check("sign-in", "1.2.3.4", 3, timedelta(minutes=1))
    assert timedelta() < refused.value.retry_after <= timedelta(minutes=1)
    limits.check("sign-in", "1.2.3.5", 3, timedelta(minutes=1))
    limits.check("reset", "1.2.3.4", 3, timedelta(minutes=1))
    clock.advance(timedelta(minutes=1))
    limits.check("sign-in", "1.2.3.4", 3, timedelta(minutes=1))
    limits.sweep()


def test_a_limit_holds_across_nodes_that_count_at_the_same_moment(database: Database, clock: FixedClock) -> None:
    passed: list[int] = []

    def node(number: int) -> None:
        limits = RateLimits(database, clock)  # a node of its own: nothing is shared but the database
        for _ in range(5):
            with suppress(TooManyRequests):
                limits.check("sign-in", "1.2.3.4", 7, timedelta(minutes=1))
                passed.append(number)

    nodes = [threading.Thread(target=node, args=(number,)) for number in range(4)]
    for one in nodes:
        one.start()
    for one in nodes:
        one.join()
    assert len(passed) == 7
    RateLimits(database, clock).check("sign-in", "1.2.3.5", 7, timedelta(minutes=1))
    RateLimits(database, clock).check("sign-up", "1.2.3.4", 7, timedelta(minutes=1))


def test_a_limit_keeps_no_address(database: Database, clock: FixedClock) -> None:
    RateLimits(database, clock).check("sign-in", "192.0.2.77", 7, timedelta(minutes=1))
    with database.reading() as tx:
        [row] = tx.execute(select(counters)).all()
    assert "192.0.2.77" not in repr(row)
    assert row.subject_hash == hashlib.sha256(b"192.0.2.77").digest()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:1.2.3.4", "1.2.3.4", True),
        ("1.2.3.4", "1.2.3.5", False),
    ],
)
def test_an_ipv6_neighbourhood_counts_as_one_address(one: str, other: str, same: bool) -> None:
    assert (address_key(one) == address_key(other)) is same


@pytest.fixture
def store(settings: Settings) -> ObjectStore:
    made = ObjectStore(settings.s3, settings.s3.papers_bucket)
    made.ensure_bucket()
    return made


@pytest.mark.parametrize("size", [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES + 7])
def test_objects_of_every_size_come_back_and_ranges_are_slices(store: ObjectStore, size: int) -> None:
    data = bytes(i % 251 for i in range(min(size, 4096))) * (size // min(size, 4096) + 1) if size else b""
    data = data[:size]
    digest = store.put_parts("o", (data[i : i + 100_000] for i in range(0, size, 100_000)))
    assert digest == hashlib.sha256(data).digest()
    assert b"".join(store.read("o")) == data
    if size > 10:
        assert b"".join(store.read("o", 3, 9)) == data[3:10]


def test_a_name_is_written_once_and_the_same_bytes_again_are_success(store: ObjectStore) -> None:
    store.put("o", b"one")
    store.put("o", b"one")
    with pytest.raises(ObjectExists):
        store.put("o", b"two")
    with pytest.raises(ObjectExists):
        store.put_parts("o", [b"x" * (PART_BYTES + 1)])
    assert store.get("o")[0] == b"one"


@pytest.mark.parametrize("size", [1, PART_BYTES + 1])
def test_a_body_that_was_changed_on_its_way_is_refused(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    send = URLLib3Session.send

    def changed(session: URLLib3Session, request: Any) -> Any:
        if request.method == "PUT":
            request.body = b"y" * int(request.headers["Content-Length"])
        return send(session, request)

    monkeypatch.setattr(URLLib3Session, "send", changed)
    with pytest.raises(ObjectStoreError):
        store.put_parts("o", [b"x" * size])
    with pytest.raises(ObjectStoreError):
        store.replace("o", b"x", if_match=None)
    assert list(store.list()) == []


def test_an_upload_that_breaks_off_leaves_no_object(store: ObjectStore) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * (2 * PART_BYTES)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        store.put_parts("o", broken())
    with pytest.raises(ObjectMissing):
        store.head("o")
    assert list(store.list()) == []


def test_of_two_writers_with_the_same_etag_one_wins(store: ObjectStore) -> None:
    etag = store.replace("c", b"1", if_match=None)
    store.replace("c", b"2", if_match=etag)
    for stale in (etag, None):
        with pytest.raises(ObjectExists):
            store.replace("c", b"3", if_match=stale)
    assert store.get("c")[0] == b"2"


def test_the_store_is_not_called_inside_a_transaction(store: ObjectStore, sqlite: Database) -> None:
    with sqlite.transaction(), pytest.raises(TransactionError):
        store.put("o", b"x")
