"""The second copy is locked: on the real store, with the lock that the archive job sets by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from audit.archive import Archive
from config.database import Database
from config.object_store import ObjectStore
from config.settings import Settings
from tests.audit.ledger_house import LedgerHouse, build, fill
from tests.clocks import FixedClock


@pytest.fixture
def client(settings: Settings) -> Any:
    s3 = settings.s3
    secret = s3.secret_access_key.get_secret_value()
    return boto3.client(
        "s3",
        endpoint_url=s3.endpoint_url,
        region_name=s3.region,
        aws_access_key_id=s3.access_key_id,
        aws_secret_access_key=secret,
    )


@pytest.fixture
def locked(settings: Settings) -> ObjectStore:
    """A bucket with object lock and no rule yet; not this test's own: what is locked there can't be removed."""
    made = ObjectStore(settings.s3, "locked-tests")
    made.ensure_bucket(object_lock=True)
    return made


@pytest.fixture
def house(sqlite: Database, store: ObjectStore, tmp_path: Path, clock: FixedClock) -> LedgerHouse:
    made = build(sqlite, store, tmp_path / "keys", clock)
    fill(made, 3)
    made.recovery.run_once()
    return made


def archive_of(house: LedgerHouse, bucket: ObjectStore, days: int) -> Archive:
    return Archive(house.database, bucket, house.sequencer, house.clock, house.ledger, days)


def test_what_the_archive_wrote_nobody_deletes_or_makes_shorter(
    house: LedgerHouse, locked: ObjectStore, client: Any
) -> None:
    assert archive_of(house, locked, 2).run_once() == 1
    (name,) = set(locked.list("checkpoints/"))
    (version,) = [
        found["VersionId"] for found in client.list_object_versions(Bucket="locked-tests", Prefix=name)["Versions"]
    ]
    retention = client.get_object_retention(Bucket="locked-tests", Key=name, VersionId=version)["Retention"]
    assert retention["Mode"] == "COMPLIANCE"
    for more in ({}, {"BypassGovernanceRetention": True}):
        with pytest.raises(ClientError, match="AccessDenied"):
            client.delete_object(Bucket="locked-tests", Key=name, VersionId=version, **more)
    sooner = {"Mode": "COMPLIANCE", "RetainUntilDate": retention["RetainUntilDate"].replace(year=2026, month=11, day=3)}
    with pytest.raises(ClientError):
        client.put_object_retention(Bucket="locked-tests", Key=name, VersionId=version, Retention=sooner)
    assert locked.get(name)[0].decode() == house.proofs.checkpoint()


def test_a_longer_rule_stays_and_a_shorter_one_is_replaced(locked: ObjectStore, client: Any) -> None:
    def days() -> int:
        rule = client.get_object_lock_configuration(Bucket="locked-tests")["ObjectLockConfiguration"]["Rule"]
        return int(rule["DefaultRetention"]["Days"])

    assert locked.lock(2)
    assert days() == 2
    assert locked.lock(1)
    assert days() == 2
    assert locked.lock(3)
    assert days() == 3


def test_a_bucket_without_lock_is_an_alarm(house: LedgerHouse, settings: Settings) -> None:
    plain = ObjectStore(settings.s3, settings.s3.ledger_archive_bucket)
    plain.ensure_bucket()
    assert archive_of(house, plain, 2).run_once() == 1
    assert [code for code, _, _ in house.search.alarms()] == ["archive_without_lock"]
