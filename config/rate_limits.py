"""Rate limits, shared by every node through the database: fixed windows, one statement each."""

from __future__ import annotations

import hashlib
import ipaddress
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import ClassVar

from sqlalchemy import Column, Integer, LargeBinary, String, Table, delete

from config.clock import Clock
from config.database import Database, UtcSeconds, metadata
from config.errors import Refusal
from config.upsert import insert

counters = Table(
    "job_rate_limits",
    metadata,
    Column("bucket", String(64), primary_key=True, comment="clear: what is limited"),
    Column("subject_hash", LargeBinary(32), primary_key=True),
    Column("window_start", UtcSeconds, primary_key=True),
    Column("used", Integer, nullable=False),
    Column("ends_at", UtcSeconds, nullable=False, index=True),
)


class TooManyRequests(Refusal):
    """The limit is used up until `retry_after`."""

    code: ClassVar[str] = "too_many_requests"
    status: ClassVar[HTTPStatus] = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, bucket: str, retry_after: timedelta) -> None:
        """bucket: for the log. retry_after: when the next try may succeed."""
        super().__init__(bucket)
        self.retry_after = retry_after


class RateLimits:
    """Counts uses by bucket (what is limited) and key (whose); keys are kept hashed."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """database: where the counters lie."""
        self._database = database
        self._clock = clock

    def check(self, bucket: str, key: str, limit: int, window: timedelta) -> None:
        """Count one use. Raises `TooManyRequests` when more than `limit` fell into this window."""
        now = self._clock.now()
        seconds = int(window.total_seconds())
        start = datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, now.tzinfo)
        values = {
            "bucket": bucket,
            "subject_hash": hashlib.sha256(key.encode()).digest(),
            "window_start": start,
            "used": 1,
            "ends_at": start + window,
        }
        counted = (
            insert(counters, self._database.engine.dialect.name)
            .values(values)
            .on_conflict_do_update(
                index_elements=["bucket", "subject_hash", "window_start"],
                set_={"used": counters.c.used + 1},
            )
            .returning(counters.c.used)
        )
        with self._database.transaction() as tx:
            used = tx.execute(counted).scalar_one()
        if used > limit:
            raise TooManyRequests(bucket, start + window - now)

    def sweep(self) -> None:
        """Forget windows that are over."""
        with self._database.transaction() as tx:
            tx.execute(delete(counters).where(counters.c.ends_at < self._clock.now()))


def address_key(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 of an IPv6 one; the text itself when it is neither."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
