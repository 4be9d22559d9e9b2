"""What every test may ask for: time and chance, a database of each kind, a real object store."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import hypothesis
import pytest
from pydantic import SecretStr

import citizen_account.tables  # noqa: F401 -- so that the metadata is whole
from config import logs, seaweedfs
from config.database import Database, metadata
from config.identifiers import SystemRandomness
from config.object_store import ObjectStore
from config.settings import S3, Settings, load_settings
from tests.clocks import FixedClock
from tests.postgres import PostgreSQL
from tests.softhsm import SoftHSM

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

FORBIDDEN_WORDS = ("alice", "martin", "dupont", "testville", "example.org", "boats")
"""Of the names, addresses, e-mails and passwords that the people of the tests have: no log record holds one."""

logs.configure(as_json=False, strict=True, forbidden_words=FORBIDDEN_WORDS)

ROUNDS = int(os.environ.get("ROUNDS", "3"))
# hypothesis tries as many examples as it always does, and more where more rounds are asked for; no test is timed.
hypothesis.settings.register_profile("rounds", max_examples=max(100, 33 * ROUNDS), deadline=None)
hypothesis.settings.load_profile("rounds")


@pytest.fixture(autouse=True)
def strict_logs() -> Iterator[None]:
    """Whatever a test did to the logs, the next one is a leak test again."""
    yield
    logs.configure(as_json=False, strict=True, forbidden_words=FORBIDDEN_WORDS)


@pytest.fixture(scope="session")
def rounds() -> int:
    """How many seeds, offsets or kills a repeated test tries: `ROUNDS`."""
    return ROUNDS


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def randomness() -> SystemRandomness:
    return SystemRandomness()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    with PostgreSQL() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_with_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with every table, to be copied: making the tables takes longer than many a test."""
    path = tmp_path_factory.mktemp("tables") / "test.db"
    _make_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_with_tables(postgresql: PostgreSQL) -> str:
    """The URL of a PostgreSQL database with every table, to be copied."""
    url = postgresql.fresh_database()
    _make_tables(url)
    return url


def _make_tables(url: str) -> None:
    made = Database(url)
    metadata.create_all(made.engine)
    made.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database with every table and no row, once on each kind."""
    if request.param == "sqlite":
        made = request.getfixturevalue("sqlite")
    else:
        like = request.getfixturevalue("postgresql_with_tables")
        made = Database(request.getfixturevalue("postgresql").fresh_database(like))
    yield made
    made.close()


@pytest.fixture
def sqlite(tmp_path: Path, sqlite_with_tables: Path) -> Iterator[Database]:
    """An SQLite database with every table and no row, for what does not depend on the kind."""
    shutil.copy(sqlite_with_tables, tmp_path / "test.db")
    made = Database(f"sqlite:///{tmp_path / 'test.db'}")
    yield made
    made.close()


@pytest.fixture(scope="session")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> SoftHSM:
    """A PKCS#11 library with its tokens; one for the session, since a process loads it once."""
    made = SoftHSM(tmp_path_factory.mktemp("softhsm"))
    made.begin()
    return made


@pytest.fixture(scope="session")
def seaweed() -> Iterator[seaweedfs.EmbeddedStore]:
    """A real S3 store, one for the session."""
    with tempfile.TemporaryDirectory(prefix="seaweed-", ignore_cleanup_errors=True) as folder:
        store = seaweedfs.start(Path(folder), SystemRandomness(), log=Path(folder) / "log")
        try:
            while not store.answers():
                assert store.process.poll() is None, (Path(folder) / "log").read_text()[-2000:]
            s3 = s3_settings(store)
            for bucket in (s3.papers_bucket, s3.ledger_bucket, s3.ledger_archive_bucket):
                ObjectStore(s3, bucket).ensure_bucket()
            yield store
        finally:
            store.process.kill()
            store.process.wait()


@pytest.fixture
def settings(tmp_path: Path, seaweed: seaweedfs.EmbeddedStore, bare_s3: S3Client) -> Iterator[Settings]:
    """The settings of an installation of this test's own: its folder, and buckets of its own in the store."""
    bucket = f"t{SystemRandomness().bytes(8).hex()}"
    s3 = s3_settings(seaweed).model_copy(
        update={
            "papers_bucket": f"{bucket}-papers",
            "ledger_bucket": f"{bucket}-ledger",
            "ledger_archive_bucket": f"{bucket}-archive",
        },
    )
    yield load_settings(data_dir=tmp_path / "data", s3=s3.model_dump(), mail={"local_mailbox": True})
    # Give the store its volumes back: it has room for some seventy buckets.
    for found in bare_s3.list_buckets()["Buckets"]:
        if found["Name"].startswith(bucket):
            bare_s3.delete_bucket(Bucket=found["Name"])


@pytest.fixture(scope="session")
def bare_s3(seaweed: seaweedfs.EmbeddedStore) -> S3Client:
    """boto3's own client of that store; making one takes a tenth of a second."""
    s3 = s3_settings(seaweed)
    return boto3.client(
        "s3",
        endpoint_url=s3.endpoint_url,
        region_name=s3.region,
        aws_access_key_id=s3.access_key_id,
        aws_secret_access_key=s3.secret_access_key.get_secret_value(),
    )


def s3_settings(store: seaweedfs.EmbeddedStore) -> S3:
    return S3(
        endpoint_url=store.endpoint_url,
        access_key_id=store.credentials.access_key_id,
        secret_access_key=SecretStr(store.credentials.secret_access_key),
    )
