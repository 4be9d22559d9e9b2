"""What must hold after any accident, looked up in the rows, in the store and at the door."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import boto3
from sqlalchemy import func, select, update

from audit.store.entries import entries
from config.jobs import queue
from tests.kills.citizen import Citizen, sha256
from tests.kills.machine import WORKER, Machine
from vault.retention import ABANDONED_AFTER
from vault.store.intents import discarded, intents
from vault.store.intents import due as due_discarded
from vault.store.renditions import renditions
from vault.store.versions import versions

Pair = TypeVar("Pair", bound=tuple[str, Any])


@dataclass
class Promises:
    """What was acknowledged, and what follows from it."""

    machine: Machine
    acknowledged: dict[str, tuple[Citizen, str]] = field(default_factory=dict)
    """Paper -> its owner and the SHA-256 of what was sent."""
    seen: set[str] = field(default_factory=set)
    """Papers and objects that were read since the last whole check: a long series looks at what is new each time."""

    def acknowledge(self, person: Citizen, document: str, content: bytes) -> None:
        """The person holds a receipt for this paper."""
        self.acknowledged[document] = person, sha256(content)

    def check(self) -> None:
        """After an accident, with everything started again: what is new since the last one."""
        self._rows_have_objects()
        self._objects_have_rows()
        self._papers_come_back()

    def check_after_a_day(self) -> None:
        """Once the jobs are done and the sweep's hour has come: nothing is left of what broke."""
        self.drained()
        self._each_job_once()
        self._make_older(ABANDONED_AFTER + timedelta(hours=1))
        self.machine.house.retention.sweep()
        assert self.left_behind() == []
        # What was erased lies there, unreadable, until the backups that could name it are gone.
        kept = self._column(renditions.c.object_name) + self._column(discarded.c.object_name)
        assert self.stored() == sorted(kept)
        assert self.unfinished() == []
        self.seen.clear()
        self.check()
        assert "are what the log committed" in self.machine.command("ledger", "verify")

    def drained(self) -> None:
        """Wait until the worker has nothing left to do; nothing may have failed for good."""
        self.machine.wait(WORKER, lambda: not self._column(queue.c.id))
        assert self.machine.house.jobs.failed() == []

    def left_behind(self) -> list[str]:
        """The names that a sweep has still to deal with."""
        with self.machine.house.database.reading() as tx:
            due = due_discarded(tx, self.machine.house.clock.now(), 1_000)
        return self._column(intents.c.object_name) + due

    def stored(self) -> list[str]:
        """The names in the bucket."""
        return sorted(self.machine.house.stores["papers"].list())

    def unfinished(self) -> list[str]:
        """The names of uploads in parts that were never completed."""
        s3 = self.machine.s3
        client: Any = boto3.client(
            "s3",
            endpoint_url=s3.endpoint_url,
            region_name=s3.region,
            aws_access_key_id=s3.access_key_id,
            aws_secret_access_key=s3.secret_access_key.get_secret_value(),
        )
        return [upload["Key"] for upload in client.list_multipart_uploads(Bucket=s3.papers_bucket).get("Uploads", [])]

    def _rows_have_objects(self) -> None:
        with self.machine.house.database.reading() as tx:
            rows = tx.execute(select(renditions.c.object_name, renditions.c.ciphertext_sha256)).all()
            originals = set(
                tx.execute(select(renditions.c.version).where(renditions.c.rendition == "original")).scalars()
            )
            kept = set(tx.execute(select(versions.c.id)).scalars())
        assert originals == kept
        for name, wanted in self._new([(row.object_name, row.ciphertext_sha256) for row in rows]):
            digest = hashlib.sha256()
            for piece in self.machine.house.stores["papers"].read(name):
                digest.update(piece)
            assert digest.digest() == wanted, name

    def _objects_have_rows(self) -> None:
        # Listed first: what is written down meanwhile is no stray.
        there = {*self.stored(), *self.unfinished()}
        known = {name for table in (renditions, intents, discarded) for name in self._column(table.c.object_name)}
        assert there <= known, "objects that no sweep would find"

    def _papers_come_back(self) -> None:
        for document, (person, wanted) in self._new(self.acknowledged.items()):
            answer = person.get(f"/papers/{document}/original")
            assert (answer.status, sha256(answer.body)) == (200, wanted), document

    def _new(self, pairs: Iterable[Pair]) -> list[Pair]:
        """Those whose name was not seen before; it is now."""
        found = [pair for pair in pairs if pair[0] not in self.seen]
        self.seen.update(pair[0] for pair in found)
        return found

    def _each_job_once(self) -> None:
        with self.machine.house.database.reading() as tx:
            made = tx.execute(
                select(versions.c.id, versions.c.preview, versions.c.pictures, func.count(renditions.c.rendition))
                .join(renditions, renditions.c.version == versions.c.id)
                .group_by(versions.c.id, versions.c.preview, versions.c.pictures),
            ).all()
            kinds = Counter(tx.execute(select(entries.c.kind)).scalars())
        for version, preview, pictures, rows in made:
            assert preview != "pending", version
            assert rows == 1 + pictures, version
        assert kinds["document_deposited"] == len(made)

    def _make_older(self, age: timedelta) -> None:
        # The rows, not the clock: entries of a clock that is ahead would make the log look back-dated.
        began_at = self.machine.house.clock.now() - age
        with self.machine.house.database.transaction() as tx:
            tx.execute(update(intents).values(began_at=began_at))

    def _column(self, column: Any) -> list[str]:
        with self.machine.house.database.reading() as tx:
            return list(tx.execute(select(column)).scalars())
