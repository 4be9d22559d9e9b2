"""The store when it does not do what is asked: each call ends, in one error that says what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from config import ports
from config.errors import ObjectMissing, ObjectStoreError
from config.object_store import PART_BYTES, ObjectStore
from config.settings import Settings

CALLS: dict[str, Callable[[ObjectStore], Any]] = {
    "put": lambda store: store.put("o", b"x"),
    "put_parts": lambda store: store.put_parts("o", [b"x" * PART_BYTES, b"y"]),
    "replace": lambda store: store.replace("o", b"x", if_match=None),
    "head": lambda store: store.head("o"),
    "get": lambda store: store.get("o"),
    "read": lambda store: b"".join(store.read("o")),
    "list": lambda store: list(store.list()),
    "delete": lambda store: store.delete("o"),
}


@pytest.fixture
def store(settings: Settings) -> ObjectStore:
    made = ObjectStore(settings.s3, settings.s3.papers_bucket)
    made.ensure_bucket()
    made.put("kept", b"kept")
    return made


def with_s3(settings: Settings, **changes: Any) -> ObjectStore:
    s3 = settings.s3.model_copy(update=changes)
    return ObjectStore(s3, s3.papers_bucket)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_wrong_secret_is_an_error_from_every_call(settings: Settings, store: ObjectStore, call: Any) -> None:
    thief = with_s3(settings, secret_access_key=SecretStr("another-secret-than-theirs"))
    with pytest.raises(ObjectStoreError) as refused:
        call(thief)
    assert not isinstance(refused.value, ObjectMissing)
    assert "another-secret" not in str(refused.value)
    assert list(store.list()) == ["kept"]


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_store_that_is_down_is_an_error_from_every_call(settings: Settings, call: Any) -> None:
    gone = with_s3(settings, endpoint_url=f"http://127.0.0.1:{ports.free(1)[0]}")
    with pytest.raises(ObjectStoreError) as refused:
        call(gone)
    assert not isinstance(refused.value, ObjectMissing)


@pytest.mark.parametrize("call", [CALLS[name] for name in ("head", "get", "read", "list")])
def test_nothing_is_read_from_a_bucket_that_is_missing(settings: Settings, call: Any) -> None:
    # Writing is another matter: SeaweedFS makes the bucket of an administrator's first object.
    with pytest.raises(ObjectStoreError):
        call(with_s3(settings, papers_bucket="no-such-bucket"))


def test_a_bucket_is_made_once_whoever_asks_again(settings: Settings, store: ObjectStore) -> None:
    store.ensure_bucket()
    with_s3(settings).ensure_bucket()
    assert list(store.list()) == ["kept"]
