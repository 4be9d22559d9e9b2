"""The object store: S3 by boto3 for writes, by presigned URLs over kept connections for reads.

A presigned GET costs a fraction of boto3's own. Conditional writes are never repeated blindly: after an unknown
outcome the name is looked at, and the same length and checksum is success.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, Self, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from config.clock import SystemClock
from config.database import assert_outside
from config.errors import ObjectExists, ObjectMissing, ObjectStoreError
from config.object_reads import Asked, Reads
from config.presigned import Presigner
from config.settings import S3

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

PART_BYTES = 8 * 1024 * 1024
"""Objects up to this go in one request, larger ones in parts of this size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """What a name holds: its length, ETag and, where asked for, its SHA-256."""

    length: int
    etag: str
    sha256: bytes | None = None


@lru_cache(maxsize=4)
def _session(access_key_id: str | None, secret_access_key: str | None) -> boto3.session.Session:
    """One for all stores of these credentials: each session has a copy of S3's service model, 13 MB."""
    return boto3.session.Session(access_key_id, secret_access_key)


class ObjectStore:
    """One bucket of the S3 service."""

    def __init__(self, settings: S3, bucket: str) -> None:
        """bucket: its name; `ensure_bucket` makes it."""
        self._bucket = bucket
        given: dict[str, Any] = {
            "endpoint_url": settings.endpoint_url or None,
            "region_name": settings.region,
            "aws_access_key_id": settings.access_key_id or None,
            "aws_secret_access_key": settings.secret_access_key.get_secret_value() or None,
        }
        session = _session(given["aws_access_key_id"], given["aws_secret_access_key"])
        # Every body goes with its SHA-256, which is signed and which the store checks: no need to sign another one.
        s3 = {"addressing_style": "path", "payload_signing_enabled": False}
        common: dict[str, Any] = {"connect_timeout": 3, "read_timeout": 20, "s3": s3}
        # What may be repeated without thought, and what may not.
        self._again: S3Client = session.client(
            "s3", **given, config=Config(**common, retries={"total_max_attempts": 4})
        )
        self._once: S3Client = session.client("s3", **given, config=Config(**common, retries={"total_max_attempts": 1}))
        endpoint = self._again.meta.endpoint_url
        # What a server signs is its own clock's time, whatever time the house's tests live in.
        self._reads = Reads(endpoint, Presigner(endpoint, settings.region, session.get_credentials(), SystemClock()))

    def beside(self, bucket: str) -> Self:
        """Another bucket of the same service, over the same clients and connections."""
        other = copy(self)
        other._bucket = bucket  # noqa: SLF001 -- another of ourselves
        return other

    def ensure_bucket(self, *, object_lock: bool = False) -> None:
        """Make the bucket when it isn't there. object_lock: can only be chosen now."""
        assert_outside("object store")
        with _translated():
            try:
                self._again.head_bucket(Bucket=self._bucket)
            except ClientError:
                try:
                    self._again.create_bucket(Bucket=self._bucket, ObjectLockEnabledForBucket=object_lock)
                except ClientError as error:
                    if _code(error) not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
                        raise

    def lock(self, days: int) -> bool:
        """Keep every object written from now on for so many days against everybody (mode COMPLIANCE).

        A longer term that the bucket has stays. False when the bucket was made without object lock: then nothing is
        kept, and only a new bucket helps. Raises `ObjectStoreError`.
        """
        assert_outside("object store")
        with _translated():
            try:
                kept = self._again.get_object_lock_configuration(Bucket=self._bucket)["ObjectLockConfiguration"]
            except ClientError as error:
                if _code(error) != "ObjectLockConfigurationNotFoundError":
                    raise
                return False
            default = kept.get("Rule", {}).get("DefaultRetention", {})
            standing = default.get("Days", 0) + 365 * default.get("Years", 0)
            if default.get("Mode") != "COMPLIANCE" or standing < days:
                self._again.put_object_lock_configuration(
                    Bucket=self._bucket,
                    ObjectLockConfiguration={
                        "ObjectLockEnabled": "Enabled",
                        "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": days}},
                    },
                )
        return True

    def put(self, name: str, data: bytes | bytearray) -> bytes:
        """Write a new object in one request; the store checks its SHA-256, which is returned.

        Writing the same bytes again is success. Raises `ObjectExists` when the name holds others,
        `ObjectStoreError` when the outcome stays unknown.
        """
        assert_outside("object store")
        digest = hashlib.sha256(data).digest()
        try:
            self._once.put_object(
                Bucket=self._bucket,
                Key=name,
                Body=cast("bytes", data),  # boto3 takes any buffer, its stubs don't say so
                IfNoneMatch="*",
                ChecksumSHA256=base64.b64encode(digest).decode(),
            )
        except (ClientError, BotoCoreError) as error:
            self._settle(name, len(data), digest, error)
        return digest

    def put_parts(self, name: str, chunks: Iterable[bytes]) -> bytes:
        """Write a new object of any size with flat memory: parts of 8 MiB, each with its SHA-256; that of the whole.

        Up to one part it is a single request. An exception out of `chunks` aborts and leaves no object.
        Raises `ObjectExists` or `ObjectStoreError`; no object is left then, an unfinished upload is aborted.
        """
        assert_outside("object store")
        parts = _in_parts(chunks)
        part, more = next(parts)
        if not more:
            return self.put(name, part)
        with _translated():
            upload = self._again.create_multipart_upload(Bucket=self._bucket, Key=name, ChecksumAlgorithm="SHA256")
        upload_id = upload["UploadId"]
        try:
            return self._put_all(name, upload_id, chain([(part, more)], parts))
        except BaseException:
            self._abort(name, upload_id)
            raise

    def _put_all(self, name: str, upload_id: str, parts: Iterable[tuple[bytes | bytearray, bool]]) -> bytes:
        done: list[Any] = []
        whole = hashlib.sha256()
        with _translated():
            for number, (part, _) in enumerate(parts, start=1):
                whole.update(part)
                checksum = base64.b64encode(hashlib.sha256(part).digest()).decode()
                answer = self._again.upload_part(
                    Bucket=self._bucket,
                    Key=name,
                    UploadId=upload_id,
                    PartNumber=number,
                    Body=cast("bytes", part),
                    ChecksumSHA256=checksum,
                )
                done.append({"ETag": answer["ETag"], "PartNumber": number, "ChecksumSHA256": checksum})
            self._once.complete_multipart_upload(
                Bucket=self._bucket,
                Key=name,
                UploadId=upload_id,
                IfNoneMatch="*",
                MultipartUpload={"Parts": done},
            )
        return whole.digest()

    def _abort(self, name: str, upload_id: str) -> None:
        try:
            self._again.abort_multipart_upload(Bucket=self._bucket, Key=name, UploadId=upload_id)
        except (ClientError, BotoCoreError):
            return  # the sweep of unfinished uploads finds it

    def _settle(self, name: str, length: int, digest: bytes, error: Exception) -> None:
        refused = isinstance(error, ClientError) and _code(error) in {
            "PreconditionFailed",
            "ConditionalRequestConflict",
        }
        unknown = not isinstance(error, ClientError) or _status(error) >= 500  # noqa: PLR2004 -- a server error
        if not refused and not unknown:
            raise ObjectStoreError(str(error)) from error
        try:
            found = self.head(name)
        except ObjectMissing:
            raise ObjectStoreError(str(error)) from error
        if found.length != length or found.sha256 != digest:
            raise ObjectExists(name) from error

    def overwrite(self, name: str, data: bytes) -> None:
        """Write an object whatever the name holds: for content that its name alone determines."""
        assert_outside("object store")
        checksum = base64.b64encode(hashlib.sha256(data).digest()).decode()
        with _translated():
            self._again.put_object(Bucket=self._bucket, Key=name, Body=data, ChecksumSHA256=checksum)

    def replace(self, name: str, data: bytes, *, if_match: str | None) -> str:
        """Write over an object only if its ETag is still `if_match` (None: only if there is none); the new ETag.

        Raises `ObjectExists` when someone else wrote in between.
        """
        assert_outside("object store")
        condition: dict[str, Any] = {"IfMatch": if_match} if if_match else {"IfNoneMatch": "*"}
        checksum = base64.b64encode(hashlib.sha256(data).digest()).decode()
        with _translated():
            try:
                answer = self._once.put_object(
                    Bucket=self._bucket, Key=name, Body=data, ChecksumSHA256=checksum, **condition
                )
            except ClientError as error:
                if _code(error) in {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}:
                    raise ObjectExists(name) from error
                raise
        return answer["ETag"]

    def head(self, name: str) -> StoredObject:
        """What the name holds. Raises `ObjectMissing`."""
        assert_outside("object store")
        with _translated():
            answer = self._again.head_object(Bucket=self._bucket, Key=name, ChecksumMode="ENABLED")
        checksum = answer.get("ChecksumSHA256")
        whole = checksum is not None and "-" not in checksum
        return StoredObject(
            length=answer["ContentLength"],
            etag=answer["ETag"],
            sha256=base64.b64decode(checksum) if whole and checksum else None,
        )

    def get(self, name: str) -> tuple[bytes, str]:
        """A small object and its ETag. Raises `ObjectMissing`."""
        assert_outside("object store")
        return self._reads.whole(self._bucket, name)

    def read(self, name: str, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        """The bytes from `first` to `last` (both included; None: to the end), a piece at a time; one request.

        The request is made here, so that what is wrong is known before the first byte is promised. Raises
        `ObjectMissing` or `ObjectStoreError`; the latter also in the middle, when the connection is cut.
        """
        assert_outside("object store")
        return self._reads.pieces(self._bucket, name, first, last)

    def ask(self, name: str, first: int = 0, last: int | None = None) -> Asked:
        """Ask for what `read` gives and wait for nothing: even while a transaction is open, it doesn't wait either."""
        return self._reads.ask(self._bucket, name, first, last)

    def delete(self, name: str) -> None:
        """Remove an object; removing what isn't there is success."""
        assert_outside("object store")
        with _translated():
            self._again.delete_object(Bucket=self._bucket, Key=name)

    def abort_uploads(self, name: str) -> None:
        """Throw away the parts of uploads to that name that were begun and never completed."""
        assert_outside("object store")
        with _translated():
            for page in self._again.get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket, Prefix=name):
                for upload in page.get("Uploads", []):
                    if upload["Key"] == name:
                        self._abort(name, upload["UploadId"])

    def list(self, prefix: str = "") -> Iterator[str]:
        """The names that begin so, in order."""
        assert_outside("object store")
        with _translated():
            for page in self._again.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
                yield from (item["Key"] for item in page.get("Contents", []))


def _in_parts(chunks: Iterable[bytes]) -> Iterator[tuple[bytearray, bool]]:
    """Each part, and whether more follow. All in one buffer, so that memory stays flat: use a part before the next."""
    buffer, filled = bytearray(), 0  # it grows with the first part: most papers are far smaller
    for chunk in chunks:
        with memoryview(chunk) as view:
            at = 0
            while len(view) - at > PART_BYTES - filled:
                room = PART_BYTES - filled
                buffer[filled:] = view[at : at + room]
                yield buffer, True
                at, filled = at + room, 0
            buffer[filled : filled + len(view) - at] = view[at:]
            filled += len(view) - at
    del buffer[filled:]
    yield buffer, False


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if _code(error) in {"NoSuchKey", "404", "NotFound"}:
            raise ObjectMissing(str(error)) from error
        if _code(error) in {"PreconditionFailed", "ConditionalRequestConflict"}:
            raise ObjectExists(str(error)) from error
        raise ObjectStoreError(str(error)) from error
    except BotoCoreError as error:
        raise ObjectStoreError(str(error)) from error


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def _status(error: ClientError) -> int:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
